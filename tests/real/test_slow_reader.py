# test_slow_reader.py - who reads a long answer slowly gets all of it, and nobody else waits.
import signal
import subprocess
import time

import fleet
import processes
import story
import trio

MIB = 1 << 20


class SlowReader(story.Story):
    def setUp(self):
        self.node = self.fleet.first_node()

    def read_slowly(self, *arguments):
        """What the command prints when nobody reads for a while; the agent answers others meanwhile."""
        reader = subprocess.Popen(self.node.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=self.fleet.environment)
        for _ in range(fleet.count(6, 20)):
            time.sleep(0.5)
            self.assertEqual(self.node.run("jobs", status=None).returncode, 0)
        return reader

    def test_a_long_log(self):
        lines = 300000
        self.node.add("talk", "--every", "30d", "--output-limit", "32M", "--shell", f"seq 100000000 {100000000 + lines - 1}"
                      " | sed 's/$/ and so on and on and on and on/'")
        self.node.run("run", "talk", "--wait", timeout=300)
        network_process = self.node.network_process()
        before = processes.resident_bytes_of(network_process)
        reader = self.read_slowly("logs", "talk")
        grown = processes.resident_bytes_of(network_process) - before
        out, problems = reader.communicate(timeout=120)
        self.assertEqual(reader.returncode, 0, problems)
        self.assertEqual([line.split(b" ")[0] for line in out.splitlines()],
                         [b"%d" % number for number in range(100000000, 100000000 + lines)])
        self.assertEqual(self.node.network_process(), network_process)
        self.assertLess(grown, 24 * MIB, "the log was held in memory")
        self.report("memory taken by a reader who pauses", grown // 1024, "KiB", f"a log of {len(out) // MIB} MiB")


class SlowPeer(trio.Story):
    def test_a_link_that_is_full_is_made_again_and_nothing_is_missing(self):
        owner, keeper, _ = self.nodes
        lines = 300000
        job = self.add_owned_by(owner, "talk", "--every", "30d", "--output-limit", "32M", "--shell",
                                f"seq 100000000 {100000000 + lines - 1} | sed 's/$/ and so on and on and on and on/'")
        stopped = keeper.network_process()
        processes.send(stopped, signal.SIGSTOP)
        try:
            owner.run("run", job, "--wait", timeout=300, status=None)
            time.sleep(1)
        finally:
            processes.send(stopped, signal.SIGCONT)
        expected = owner.run("logs", job, timeout=300).stdout
        self.assertEqual(len(expected.splitlines()), lines)

        for _ in range(5):
            if self.told_alone(keeper, job) == expected:
                return
        self.fail("the keeper lacks some of the log")

    def told_alone(self, node, job):
        """What it tells of the log without the others."""
        time.sleep(10)
        for other in self.others(node):
            other.kill()
        fleet.wait_until(lambda: trio.alive_count(node) == 1, 60, "it is alone")
        told = node.run("logs", job, status=None, timeout=300).stdout
        for other in self.others(node):
            other.start()
        return told


if __name__ == "__main__":
    story.main()
