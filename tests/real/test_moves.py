# test_moves.py - planned moves under a job that is due every second: nothing missed, nothing doubled.
import os
import random
import time

import fleet
import history
import story
import trio


class Moves(trio.Story):
    def test_drain_and_undo_lose_nothing(self):
        seed = int(os.environ.get("KATYDID_SEED", str(random.randrange(1 << 32))))
        print(f"KATYDID_SEED={seed}")
        self.chance = random.Random(seed)
        self.tick, self.work = self.mark("tick"), self.mark("work")
        self.nodes[0].add("tick", "--every", "1s", "--shell", self.tick.line)
        self.nodes[0].add("work", "--every", "2s", "--shell", f"{self.work.line}; sleep 0.7")
        fleet.wait_until(lambda: len(self.tick.starts()) >= 2 and self.work.starts(), 30, "they run")
        rounds = fleet.count(20, 100)
        begun_ms, longest_s = trio.now_ms(), 0.0
        for _ in range((rounds + 1) // 2):
            longest_s = max(longest_s, self.move_away_and_back())
        self.check("tick", self.tick, 1000, begun_ms)
        self.check("work", self.work, 2000, begun_ms)
        self.report("planned moves by drain and back", rounds, "", "100")
        self.report("longest drain", round(longest_s, 1), "s")

    def move_away_and_back(self):
        """Two moves of `tick`, and perhaps of the other job. Returns how long the drain took, in seconds."""
        owner = self.owner_of("tick")
        time.sleep(self.chance.uniform(0, 1))  # when it strikes is what is varied; nothing waits for it
        begun = time.monotonic()
        moved = owner.ask("drain")["moved"]
        took_s = time.monotonic() - begun
        self.assertIn("tick", [item["job"] for item in moved])
        self.wait_last_start(lambda node: node != owner.name)
        time.sleep(self.chance.uniform(0, 1))
        owner.run("drain", "--undo")
        self.wait_last_start(lambda node: node == owner.name)
        return took_s

    def wait_last_start(self, is_wanted):
        fleet.wait_until(lambda: is_wanted(self.tick.starts()[-1][2]), 30, "the job has moved")

    def check(self, job, mark, period_ms, begun_ms):
        for node in self.nodes:
            rows = trio.wait_settled(node, job)
            history.check_every_due_time_once(rows, period_ms)
            history.check_never_early(rows)
            dues = [(due, row) for due, row in history.due_times(rows) if due > begun_ms]
            bad = [row for _, row in dues if row["outcome"] != "ok" or row["attempt"] != 1]
            self.assertFalse(bad, f"{len(bad)} of {len(dues)} due times did not run at once on {node.name}")
            self.assertEqual(node.runs(job, "--duplicates"), [])
        starts = [due for due, _, _, _ in mark.starts() if due > begun_ms]
        self.assertEqual(len(starts), len(set(starts)), "started twice")
        late_ms = max(history.ms_of(row["started"]) - due for due, row in dues)
        self.report(f"due times of {job} during the moves", len(dues), "missed 0, doubled 0")
        self.report(f"latest start of {job} during the moves", late_ms, "ms")


if __name__ == "__main__":
    story.main()
