# test_quiet.py - nodes whose tables are equal send nothing to repair them, by counter.
import time

import fleet
import story
import trio


class Quiet(trio.Story):
    def test_equal_tables_cost_nothing(self):
        node = self.nodes[0]
        for number in range(20):
            node.add(f"job-{number}", "--every", "30d", "--", "true")
        node.run("pause", "job-1")
        node.run("rm", "job-2")
        node.add("tick", "--every", "1s", "--", "true")  # the ledger is not the table: it may talk
        self.wait_equal_tables()
        # A mismatch that was seen a moment ago may still be looked into.
        fleet.wait_until(lambda: self.is_quiet_for(3), 60, "what had to be repaired is repaired")
        before, length_s = self.repair_bytes(), fleet.count(15, 60)
        time.sleep(length_s)
        after = self.repair_bytes()
        self.assertEqual(after, before)
        self.assertEqual(len({node.status()["table_digest"] for node in self.nodes}), 1)
        self.report(f"bytes of table repair in {length_s} s of pings, all nodes together",
                    sum(after) - sum(before), "bytes", "0 in 60 s")

    def repair_bytes(self):
        return [node.status()["repair_bytes"] for node in self.nodes]

    def is_quiet_for(self, seconds):
        before = self.repair_bytes()
        time.sleep(seconds)
        return self.repair_bytes() == before


if __name__ == "__main__":
    story.main()
