# test_sleep.py - a machine stops dead for a while and goes on: it takes its jobs anew before it starts anything.
import time

import fleet
import history
import story
import trio


class Sleep(trio.Story):
    def test_a_node_that_slept_takes_its_jobs_anew(self):
        self.tick, self.each = self.mark("tick"), self.mark("each")
        self.nodes[0].add("tick", "--every", "1s", "--shell", self.tick.line)
        self.nodes[0].add("each", "--every", "1s", "--spread", "all", "--shell", self.each.line)
        owner = self.owner_of("tick")
        fleet.wait_until(lambda: len(owner.ended("tick", "ok")) >= 3 and len(self.each.starts()) >= 9, 30, "they run")
        slept_ms, woke_ms = self.sleep(owner)
        self.wait_back(owner, woke_ms)
        self.check_what_it_started(owner, slept_ms, woke_ms)
        self.check_due_times(slept_ms)
        self.check_each_node(owner, slept_ms, woke_ms)
        self.check_story(owner, slept_ms, woke_ms)

    def sleep(self, owner):
        """Stops agent and jobs for longer than it takes to be held dead. Returns from when to when."""
        last = self.tick.starts()[-1][0]
        fleet.wait_until(lambda: self.tick.starts()[-1][0] > last, 10, "it started something a moment ago")
        slept_ms, length_s = trio.now_ms(), fleet.count(10, 30)
        owner.freeze()
        time.sleep(length_s)
        self.count_while_away = len([due for due, _, node, _ in self.tick.starts() if due > slept_ms])
        owner.thaw()
        return slept_ms, trio.now_ms()

    def wait_back(self, owner, woke_ms):
        def is_back():
            return [due for due, _, node, _ in self.tick.starts() if node == owner.name and due > woke_ms]
        fleet.wait_until(is_back, 60, "it starts its job again")
        self.report("from waking to the first start of its own job", round((is_back()[0] - woke_ms) / 1000, 1), "s")
        fleet.wait_until(lambda: len(is_back()) > 3, 20, "it goes on")

    def check_what_it_started(self, owner, slept_ms, woke_ms):
        """Nothing of the time it slept through, and nothing before it took the job."""
        self.assertTrue(self.count_while_away, "the others went on")
        started = [due for due, _, node, _ in self.tick.starts() if node == owner.name and due > slept_ms]
        self.assertFalse([due for due in started if due < woke_ms], "it started what it had claimed before it slept")
        lines = owner.ask("why", "tick", history.text_of(started[0]))["story"]
        took = [line["at"] for line in lines
                if line["node"] == owner.name and line["what"].startswith("took ") and history.ms_of(line["at"]) > woke_ms]
        self.assertTrue(took, f"{owner.name} tells that it took the job: {lines}")
        self.assertGreaterEqual(started[0], history.ms_of(took[0]) - 1000)

    def check_due_times(self, slept_ms):
        for node in self.nodes:
            rows = trio.wait_settled(node, "tick")
            count = history.check_every_due_time_once(rows, 1000)
            history.check_never_early(rows)
        # What it was doing when it fell asleep nobody can know.
        starts = [due for due, _, _, _ in self.tick.starts() if abs(due - slept_ms) > 1000]
        self.assertEqual(len(starts), len(set(starts)), "started twice")
        self.report("due times, each with one outcome", count, str(history.outcomes(rows)))
        self.report("doubled", len(starts) - len(set(starts)), "", "0")

    def check_each_node(self, owner, slept_ms, woke_ms):
        """What each node does for itself: the others' went on, its own was caught up once."""
        starts = self.each.starts()
        self.assertEqual(len(starts), len({(due, node) for due, _, node, _ in starts}), "started twice")
        caught_up = [due for due, _, node, _ in starts if node == owner.name and slept_ms + 1000 < due < woke_ms - 5000]
        self.assertFalse(caught_up, "it ran what was long past")
        for node in self.nodes:
            rows = [row for row in trio.wait_settled(node, "each") if owner.name in (row["node"], row["owner"])]
            history.check_every_due_time_once(rows, 1000)

    def check_story(self, owner, slept_ms, woke_ms):
        lines = [line["what"] for line in owner.ask("why", "tick", self.due_before(woke_ms))["story"]]
        slept = [line for line in lines if "stopped or asleep" in line]
        self.assertTrue(slept, f"it tells that it slept: {lines}")

    def due_before(self, at_ms):
        return history.text_of(max(due for due, _, _, _ in self.tick.starts() if due < at_ms))


if __name__ == "__main__":
    story.main()
