# test_events.py - jobs that wait for something to happen: an event, a boot, a node that comes or dies.
import os

import fleet
import trio


class Events(trio.Story):
    def lines(self, path):
        try:
            with open(path) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_lines(self, path, count, what):
        return fleet.wait_until(lambda: len(self.lines(path)) >= count and self.lines(path), 30, what)

    def test_an_event_told_to_one_node_runs_the_job_on_its_owner_with_the_data(self):
        out, raw = self.fleet.path("deploys"), self.fleet.path("input")
        anna = self.nodes[0]
        anna.add("deploy", "--event", "deploy", "--shell",
                 f'echo "$KATYDID_CAUSE $KATYDID_EVENT $KATYDID_EVENT_DATA from $KATYDID_EVENT_FROM" >> {out}')
        anna.add("input", "--event", "deploy", "--stdin", "event", "--shell",
                 f'cat >> {raw}; echo "${{KATYDID_EVENT_DATA-none}}" >> {raw}')
        owner = self.owner_of("deploy")
        other = self.others(owner)[0]
        self.wait_equal_tables()
        emitted = anna.ask("emit", "deploy", "--data", "v42 'quoted'\nsecond line")
        self.assertEqual(emitted["event"], "main/deploy")
        lines = self.wait_lines(out, 2, "the job ran")
        self.assertRegex("\n".join(lines), r"^event main/deploy v42 'quoted'\nsecond line from \S+$")
        fleet.wait_until(lambda: anna.ended("input", "ok"), 30, "the other job ran")  # it writes twice
        self.assertEqual(self.lines(raw), ["v42 'quoted'", "second linenone"])
        row = fleet.wait_until(lambda: other.ended("deploy", "ok"), 30, "all know")[0]
        self.assertEqual(row["node"], owner.name)
        self.assertIn("event main/deploy from", row["reason"])
        self.assertIn("made due by event main/deploy from", owner.run("why", "deploy", status=None).stdout)
        self.assertEqual(len(other.ended("deploy")), 1)

    def test_whose_events_count(self):
        out = self.fleet.path("heard")
        anna, bert = self.nodes[:2]
        anna.add("people", "--event", "usb/*", "--shell", f"echo people $KATYDID_EVENT_FROM >> {out}")
        anna.add("machines", "--event", "usb/*", "--event-from", "nodes", "--shell",
                 f"echo machines $KATYDID_EVENT_FROM >> {out}")
        self.wait_equal_tables()
        bert.run("emit", "usb/plugged", "--as-node")
        self.assertEqual(self.wait_lines(out, 1, "the machines' job ran"), ["machines bert"])
        anna.run("emit", "plugged", "--namespace", "usb", "-", stdin="x" * 4096)
        lines = self.wait_lines(out, 2, "the people's job ran")
        self.assertRegex(lines[1], "^people ")
        anna.run("emit", "plugged", "-", stdin="x" * 4097, status=fleet.FAILED)
        anna.run("emit", "no name at all", status=fleet.USAGE)

    def test_a_node_that_dies_and_comes_back_is_noticed_once_each(self):
        out = self.fleet.path("members")
        cleo = self.nodes[2]
        self.nodes[0].add("watch", "--member", "dead", "--member", "join", "--shell",
                          f"echo $KATYDID_CAUSE $KATYDID_MEMBER $KATYDID_MEMBER_CHANGE >> {out}")
        self.wait_equal_tables()
        fleet.wait_until(lambda: min(node.status()["up_ms"] for node in self.nodes) > 61000, 90, "all have met")
        cleo.kill()
        self.assertEqual(self.wait_lines(out, 1, "somebody noticed"), ["member cleo dead"])
        cleo.start()
        self.assertEqual(self.wait_lines(out, 2, "and the return")[1:], ["member cleo join"])
        fleet.wait_until(lambda: len(self.nodes[0].ended("watch", "ok")) == 2, 30, "both are told")
        self.assertEqual(len(self.lines(out)), 2)


class Boot(trio.Story):
    def test_a_restart_of_the_agent_is_no_boot(self):
        out = self.fleet.path("boots")
        anna = self.nodes[0]
        anna.add("hello", "--boot", "--spread", "all", "--shell", f"echo $KATYDID_NODE >> {out}")
        self.wait_equal_tables()
        for node in self.nodes:
            node.stop()
            node.start()
        for node in self.nodes:
            fleet.wait_until(lambda: node.status()["up_ms"] > 3000, 30, f"{node.name} is up")
        self.assertFalse(os.path.exists(out), "a job added after the boot waits for the next one")
        self.assertEqual(anna.runs("hello"), [])


if __name__ == "__main__":
    import story
    story.main()
