# test_off.py - a node that was off for a while does not run again what others ran meanwhile, and gets its jobs back.
import time

import fleet
import history
import story
import trio

TRIGGERS = {  # kind of job: options, period in ms
    "each": (("--every", "2s", "--catch-up", "all:1h", "--busy", "queue"), 2000),  # one after the other, however late
    "plain": (("--every", "2s"), 2000),  # what has no options catches up the last one
    "cron": (("--cron", "* * * * *", "--zone", "UTC", "--catch-up", "all:1h"), 60000),
}
NEAR_MS = 2000  # what it was doing when it died nobody can know


class Off(trio.Story):
    def test_a_node_that_boots_runs_nothing_that_others_ran(self):
        owner = self.nodes[2]
        self.jobs, self.marks = {}, {kind: self.mark(kind) for kind in TRIGGERS}
        for kind, (options, _) in TRIGGERS.items():
            self.jobs[kind] = self.add_owned_by(owner, kind, *options, "--shell", self.marks[kind].line)
        for kind in ("each", "plain"):
            self.wait_started(kind, owner, 0)
        off_ms = trio.now_ms()
        owner.kill()
        time.sleep(fleet.count(62, 300))  # that it is off for so long is the story
        on_ms = trio.now_ms()
        owner.start()
        for kind in TRIGGERS:
            fleet.wait_until(lambda: self.owner_of(self.jobs[kind]) is owner, 60, f"it owns {kind} again")
        for kind in ("each", "plain"):
            self.wait_started(kind, owner, on_ms)
        until_ms = trio.now_ms()
        for kind in TRIGGERS:
            self.check_starts(kind, owner, off_ms, on_ms)
            self.check_history(kind, until_ms, off_ms, on_ms)

    def wait_started(self, kind, owner, since_ms):
        """Until the owner has started three due times after that."""
        def dues():
            return [due for due, _, node, _ in self.marks[kind].starts() if node == owner.name and due > since_ms]
        fleet.wait_until(lambda: len(dues()) >= 3, 60, f"{owner.name} starts {kind}")
        if since_ms:
            self.report(f"from the boot to its first own due time of {kind}", round((dues()[0] - since_ms) / 1000, 1), "s")

    def check_starts(self, kind, owner, off_ms, on_ms):
        starts = [start for start in self.marks[kind].starts() if abs(start[0] - off_ms) > NEAR_MS]
        dues = [due for due, _, _, _ in starts]
        twice = [start for start in starts if dues.count(start[0]) > 1]
        self.assertFalse(twice, f"{kind} ran twice")
        again = [start for start in starts if start[2] == owner.name and off_ms < start[0] < on_ms]
        self.assertFalse(again, f"{owner.name} ran {kind} of the time it was off")
        away = [start for start in starts if off_ms < start[0] < on_ms]
        self.assertTrue(away, f"the others ran {kind} meanwhile")
        self.report(f"due times of {kind} that others ran while it was off", len(away), "none of them twice")

    def check_history(self, kind, until_ms, off_ms, on_ms):
        for node in self.nodes:
            # Until something was due after that: up to a minute, once.
            rows = fleet.wait_until(lambda: trio.settled(node, self.jobs[kind], until_ms), 90, f"{kind} is settled")
            history.check_every_due_time_once(rows, TRIGGERS[kind][1])
            history.check_never_early(rows)
            self.marks[kind].check_ran(rows, self.nodes)
            listed = {history.ms_of(row["due"]) for row in node.runs(self.jobs[kind], "--duplicates")}
            self.assertFalse([due for due in listed if abs(due - off_ms) > NEAR_MS], "listed as run twice")
            bad = [row for due, row in history.due_times(rows)
                   if kind != "plain" and row["outcome"] != "ok" and abs(due - off_ms) > NEAR_MS]
            self.assertFalse(bad, f"{node.name}: all of {kind} is caught up")
            after = [row for due, row in history.due_times(rows) if due > on_ms]
            self.assertEqual({row["outcome"] for row in after} - {"ok"}, set(), "the way back misses nothing")
        self.report(f"due times of {kind}, each with one outcome", len(history.due_times(rows)),
                    str(history.outcomes(rows)))


if __name__ == "__main__":
    story.main()
