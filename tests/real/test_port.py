# test_port.py - a port that is left to the kernel stays when the network process, or the agent, starts anew.
import re

import fleet
import story


def ports_of(node):
    """Of each start of a network process, in order."""
    return re.findall(r"listening on [0-9.]+:(\d+)", node.log_text())


class Port(story.Story):
    def test_a_new_process_listens_where_the_one_before_did(self):
        node = self.fleet.node("one")
        node.init()
        node.start(port=0)
        first, = ports_of(node)
        for count in (2, 3):
            node.kill_network_process()
            fleet.wait_until(lambda: len(ports_of(node)) == count, 30, "a new one listens")
            node.wait_ready()
        node.stop()
        node.start(port=0)
        self.assertEqual(ports_of(node), [first] * 4)
        member, = node.ask("members")["items"]
        self.assertIn(f":{first}", str(member))


if __name__ == "__main__":
    story.main()
