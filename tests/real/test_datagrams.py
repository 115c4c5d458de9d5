# test_datagrams.py - UDP is blocked where streams get through: nobody dies of it, and jobs run where they ran.
import time

import fleet
import network
import story
import trio


class Datagrams(trio.Story):
    network_kind = network.Namespaces

    def test_a_node_without_datagrams_lives_by_streams(self):
        tick = self.mark("tick")
        self.nodes[0].add("tick", "--every", "1s", "--shell", tick.line)
        owner = self.owner_of("tick")
        fleet.wait_until(lambda: len(owner.ended("tick", "ok")) >= 3, 30, "it runs")
        for node in self.others(owner):
            self.fleet.network.block_datagrams(owner.index, node.index)
            self.fleet.network.block_datagrams(node.index, owner.index)
        blocked = time.monotonic()
        while time.monotonic() < blocked + fleet.count(30, 120):
            for node in self.nodes:
                states = {member["name"]: member["state"] for member in node.ask("members")["items"]}
                self.assertNotIn("dead", states.values(), f"{node.name}: {states}")
            time.sleep(0.5)
        self.assertIs(self.owner_of("tick"), owner)
        rows = trio.wait_settled(self.others(owner)[0], "tick")
        tick.check_ran(rows, self.nodes)
        self.assertEqual({node for _, _, node, _ in tick.starts()}, {owner.name})


if __name__ == "__main__":
    story.main()
