# test_cut.py - the network is cut in two and heals: both sides go on, and afterwards all tell the same.
import glob
import os
import shutil
import sqlite3
import tempfile
import time

import fleet
import history
import network
import story
import trio

GOAL_S = 10


class Cut(trio.Story):
    network_kind = network.Namespaces

    def test_both_ways(self):
        alone, others = self.begin()
        cut_ms = self.cut(alone, others, both_ways=True)
        alone.add("from-alone", "--every", "30d", "--", "true")
        others[0].add("from-others", "--every", "30d", "--", "true")
        self.wait_cut_over(cut_ms)
        healed_ms = self.heal(alone, others)
        self.wait_equal(healed_ms)
        self.check_side({alone.name}, cut_ms, healed_ms)
        self.check_side({node.name for node in others}, cut_ms, healed_ms)
        self.check_history(healed_ms, "both ways")
        self.assertEqual({job["name"] for job in alone.ask("jobs")}, {"tick", "from-alone", "from-others"})
        self.check_each_disk(healed_ms)

    def test_one_way(self):
        alone, others = self.begin()
        cut_ms = self.cut(alone, others, both_ways=False)
        others[0].add("from-others", "--every", "30d", "--", "true")
        self.wait_cut_over(cut_ms)
        healed_ms = self.heal(alone, others)
        self.wait_equal(healed_ms)
        self.check_side({node.name for node in others}, cut_ms, healed_ms)
        self.check_history(healed_ms, "one way")

    def begin(self):
        """A job that is due every second. Returns its owner, which will be alone, and the others."""
        self.tick = self.mark("tick")
        self.nodes[0].add("tick", "--every", "1s", "--shell", self.tick.line)
        owner = self.owner_of("tick")
        fleet.wait_until(lambda: len(owner.ended("tick", "ok")) >= 3, 30, "it runs")
        return owner, self.others(owner)

    def cut(self, alone, others, both_ways):
        for node in others:
            self.fleet.network.cut(alone.index, node.index)
            if both_ways:
                self.fleet.network.cut(node.index, alone.index)
        return trio.now_ms()

    def wait_cut_over(self, cut_ms):
        """The cut lasts as long as it was meant to, and at least until both sides have been at work."""
        length_s = fleet.count(20, 60)
        while trio.now_ms() < cut_ms + length_s * 1000:
            time.sleep(0.1)

    def heal(self, alone, others):
        for node in others:
            self.fleet.network.heal(alone.index, node.index)
            self.fleet.network.heal(node.index, alone.index)
        return trio.now_ms()

    def wait_equal(self, healed_ms):
        def told():
            digests = {node.status()["table_digest"] for node in self.nodes}
            answers = [node.ask("runs", "tick", "--limit", "10000", status=None) for node in self.nodes]
            rows = [[row for row in answer["items"] if history.ms_of(row["due"]) <= healed_ms] for answer in answers]
            is_open = [row for row in rows[0] if row["outcome"] is None]
            is_equal = len(digests) == 1 and all(answer["complete"] for answer in answers) and not is_open
            return is_equal and rows[0] == rows[1] == rows[2]
        fleet.wait_until(told, 60, "all tell the same")
        took_s = (trio.now_ms() - healed_ms) / 1000
        self.report("from the heal to equal tables and outcomes", round(took_s, 1), "s", f"<= {GOAL_S}")
        self.assertLessEqual(took_s, GOAL_S * fleet.PATIENCE)

    def check_side(self, names, cut_ms, healed_ms):
        """This side, for itself, started every due time of the cut once it had noticed."""
        dues = sorted({due for due, _, node, _ in self.tick.starts() if node in names and cut_ms < due <= healed_ms})
        self.assertTrue(dues, f"{names} never ran the job")
        silent_s = (dues[0] - cut_ms) / 1000
        self.report(f"from the cut to a start by {'its owner' if len(names) == 1 else 'the others'}",
                    round(silent_s, 1), "s", "<= 15")
        self.assertLessEqual(silent_s, 15 * fleet.PATIENCE)
        holes = [(history.text_of(due), history.text_of(following)) for due, following in zip(dues, dues[1:])
                 if following - due != 1000]
        self.assertFalse(holes, f"{names} left due times out")

    def check_history(self, healed_ms, how):
        starts = self.tick.starts()
        ran = {}
        for due, run, _, _ in starts:
            ran.setdefault(due, set()).add(run)
        self.assertEqual(len(starts), sum(len(runs) for runs in ran.values()), "one run was started twice")
        doubled = {due for due, runs in ran.items() if len(runs) > 1 and due <= healed_ms}
        for node in self.nodes:
            rows = trio.wait_settled(node, "tick")
            count = history.check_every_due_time_once(rows, 1000)
            history.check_never_early(rows)
            listed = {}
            for row in node.runs("tick", "--duplicates"):
                listed.setdefault(history.ms_of(row["due"]), set()).add(row["run"])
            listed = {due: runs for due, runs in listed.items() if due <= healed_ms}
            self.assertEqual(listed, {due: ran[due] for due in doubled}, "what ran twice is listed")
        after = {due for due, runs in ran.items() if len(runs) > 1 and due > healed_ms + 10000}
        self.assertFalse(after, "still doubled after the heal")
        self.report(f"due times, cut {how}, each with one outcome", count, str(history.outcomes(rows)))
        self.report(f"due times that ran on both sides, cut {how}, all listed", len(doubled))

    def check_each_disk(self, healed_ms):
        """Cut off from all others, each node still tells the same: it has the records itself."""
        fleet.wait_until(lambda: len({self.records_of(node) for node in self.nodes}) == 1, 60, "all disks hold the same")
        self.report("from the heal to equal disks, at most", round((trio.now_ms() - healed_ms) / 1000, 1), "s")
        for node in self.nodes:
            self.fleet.network.unplug(node.index)
        told = []
        for node in self.nodes:
            fleet.wait_until(lambda: trio.alive_count(node) == 1, 60, "it is alone")
            rows = node.ask("runs", "tick", "--limit", "10000", status=fleet.PARTIAL)["items"]
            told.append([row for row in rows if history.ms_of(row["due"]) <= healed_ms])
        self.assertTrue(told[0])
        for node, rows in zip(self.nodes, told):
            for own, row in zip(rows, told[0]):
                self.assertEqual(own, row, f"{node.name} and {self.nodes[0].name} have different records")
            self.assertEqual(len(rows), len(told[0]))

    def records_of(self, node):
        """The ids of the ledger's records on the disk of a node that runs, in a copy: it does not share its files."""
        with tempfile.TemporaryDirectory() as copy:
            for path in glob.glob(os.path.join(node.directory, "net", "katydid.db*")):
                shutil.copy(path, copy)
            try:
                store = sqlite3.connect(os.path.join(copy, "katydid.db"))
                ids = frozenset(row[0] for row in store.execute("SELECT id FROM ledger"))
                store.close()
            except sqlite3.DatabaseError:
                return node.name  # copied while it was written: as no other one
        return ids


if __name__ == "__main__":
    story.main()
