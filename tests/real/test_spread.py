# test_spread.py - where a job runs: on each node, also while cut off; by label, by name; and nowhere, which is said.
import time

import fleet
import history
import network
import story
import trio


class Spread(trio.Story):
    network_kind = network.Namespaces
    labels = {"bert": ["role=gateway"], "cleo": ["role=gateway"]}

    def test_each_node_also_while_cut_off(self):
        self.each, self.gates = self.mark("each"), self.mark("gates")
        self.nodes[0].add("each", "--every", "1s", "--spread", "all", "--shell", self.each.line)
        self.nodes[0].add("gates", "--every", "1s", "--spread", "all", "--where", "role=gateway",
                          "--shell", self.gates.line)
        fleet.wait_until(lambda: len({node for _, _, node, _ in self.each.starts()}) == 3, 30, "it runs everywhere")
        away = self.fleet.node("bert")
        cut_ms = trio.now_ms()
        self.fleet.network.unplug(away.index)
        for node in self.nodes:
            fleet.wait_until(lambda: trio.alive_count(node) < 3, 30, "the cut is noticed")
        time.sleep(fleet.count(5, 30))
        # Nobody speaks for the absent node: what is not known is said to be unknown.
        answer = self.nodes[0].ask("runs", "each", "--limit", "30", status=fleet.PARTIAL)
        self.assertEqual((answer["complete"], answer["unreachable"]), (False, ["bert"]))
        self.assertFalse([row for row in answer["items"] if row["node"] == "bert" and row["outcome"] and
                          history.ms_of(row["due"]) > cut_ms + 1000], "somebody judged for it")
        self.fleet.network.plug(away.index)
        healed_ms = trio.now_ms()
        for node in self.nodes:
            fleet.wait_until(lambda: trio.alive_count(node) == 3, 30, "the cable is back")
        self.check("each", self.each, {"anna", "bert", "cleo"}, cut_ms, healed_ms)
        self.check("gates", self.gates, {"bert", "cleo"}, cut_ms, healed_ms)
        self.check_handed_over(away, healed_ms)

    def check(self, job, mark, names, cut_ms, healed_ms):
        starts = mark.starts()
        self.assertEqual({node for _, _, node, _ in starts}, names)
        self.assertEqual(len(starts), len({(due, node) for due, _, node, _ in starts}), "started twice")
        for name in names:
            dues = sorted(due for due, _, node, _ in starts if node == name and cut_ms < due < healed_ms)
            self.assertTrue(dues and dues[-1] - dues[0] == (len(dues) - 1) * 1000, f"{name} left out due times of {job}")
        for node in self.nodes:
            rows = trio.wait_settled(node, job)
            for name in names:
                own = [row for row in rows if name in (row["node"], row["owner"])]
                count = history.check_every_due_time_once(own, 1000)
                during = [row for row in own if cut_ms < history.ms_of(row["due"]) < healed_ms]
                self.assertEqual({row["outcome"] for row in during}, {"ok"}, f"{name}, told by {node.name}")
        self.report(f"due times of {job} on each of {len(names)} nodes, one cut off for a while", count)

    def check_handed_over(self, away, healed_ms):
        """What the absent node did is with the others: they tell it when it is gone again."""
        self.fleet.network.unplug(away.index)
        for node in self.others(away):
            rows = node.ask("runs", "each", "--limit", "10000", status=fleet.PARTIAL)["items"]
            own = [row for row in rows if row["node"] == away.name and history.ms_of(row["due"]) <= healed_ms]
            history.check_every_due_time_once(own, 1000)
            self.assertFalse([row for row in own if not row["outcome"]])


class Where(trio.Story):
    labels = {"bert": ["role=gateway"], "cleo": ["role=gateway"]}

    def test_labels_names_and_nowhere(self):
        node = self.nodes[0]
        gate, mine, boat = self.mark("gate"), self.mark("mine"), self.mark("boat")
        for number in range(6):
            node.add(f"gate-{number}", "--every", "1s", "--where", "role=gateway", "--shell", gate.line)
        node.add("mine", "--every", "1s", "--node", "anna", "--shell", mine.line)
        node.add("boat", "--every", "1s", "--where", "role=boat", "--shell", boat.line)
        fleet.wait_until(lambda: len(gate.starts()) > 12 and len(mine.starts()) > 2, 30, "they run")
        self.assertLessEqual({name for _, _, name, _ in gate.starts()}, {"bert", "cleo"})
        self.assertEqual({name for _, _, name, _ in mine.starts()}, {"anna"})
        self.check_nowhere(boat)
        self.check_waits_for_its_node(mine)

    def check_nowhere(self, boat):
        """No node matches: nothing runs, and every node says why not."""
        self.assertEqual(boat.starts(), [])
        for node in self.nodes:
            job = next(job for job in node.ask("jobs") if job["name"] == "boat")
            self.assertIn("no eligible node", job["problem"])
            self.assertTrue([line for line in node.status()["problems"] if "boat" in line], node.status()["problems"])
            self.assertIn("no eligible node", node.ask("why", "boat")["reason"])

    def check_waits_for_its_node(self, mine):
        """The only node that may run it dies: the others say so, and do not run it. Back, it goes on."""
        only = self.fleet.node("anna")
        only.kill()
        killed_ms = trio.now_ms()
        for node in self.others(only):
            fleet.wait_until(lambda: "no eligible node" in (next(
                job for job in node.ask("jobs") if job["name"] == "mine")["problem"] or ""), 30, "it says so")
        only.start()
        fleet.wait_until(lambda: mine.starts()[-1][0] > killed_ms, 30, "it goes on")
        self.assertEqual({name for _, _, name, _ in mine.starts()}, {"anna"})
        for node in self.nodes:
            history.check_every_due_time_once(trio.wait_settled(node, "mine"), 1000)


if __name__ == "__main__":
    story.main()
