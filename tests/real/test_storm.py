# test_storm.py - events as fast as they can be told, and boots of a machine, with a real agent.
import os
import subprocess
import threading
import time
import unittest

import control
import fleet
import story

STORM_COUNT = 10000
CLIENT_COUNT = 16
TAKEN_MAX = 2048  # crdt/event_set.h: of one signer that have not expired
PER_HOUR = 60     # node/core/trigger/event_fate.h
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Emitter(threading.Thread):
    def __init__(self, node, count):
        super().__init__(daemon=True)
        self.client, self.count, self.answers = control.Client(node), count, []

    def run(self):
        until_ms = int(time.time() * 1000) + 3600 * 1000
        for _ in range(self.count):
            self.answers.append(self.client.emit("main/storm", until_ms, b"x" * 100))
        self.client.close()


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        numbers = file.read().rsplit(")", 1)[1].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def rests(pid):
    """Does it compute for less than half of a second?"""
    before_s, begun = cpu_s(pid), time.monotonic()
    time.sleep(1)
    return cpu_s(pid) - before_s < 0.5 * (time.monotonic() - begun)


class Storm(story.Story):
    def test_a_storm_of_events_is_bounded_work_and_said_once(self):
        node = self.fleet.first_node()
        node.add("roll", "--event", "storm", "--event-from", "nodes", "--busy", "allow", "--", "true")
        node.add("calm", "--every", "2s", "--", "true")
        emitters = [Emitter(node, STORM_COUNT // CLIENT_COUNT) for _ in range(CLIENT_COUNT)]
        for emitter in emitters:
            emitter.start()
        asked = 0
        while any(emitter.is_alive() for emitter in emitters):
            node.status()  # it answers, however busy it is
            asked += 1
        self.assertGreater(asked, 0)
        answers = [answer for emitter in emitters for answer in emitter.answers]
        self.assertEqual(len(answers), STORM_COUNT)
        taken = sum(status == fleet.DONE for status, _ in answers)
        refusals = {text for status, text in answers if status != fleet.DONE}
        self.assertEqual(taken, TAKEN_MAX)
        self.assertEqual(len(refusals), 1, refusals)
        problem = lambda: next(row["problem"] for row in node.ask("jobs") if row["name"] == "roll") or ""
        fleet.wait_until(lambda: f"more than {PER_HOUR} events storm an hour" in problem(), 30, "the cap is shown")
        fleet.wait_until(lambda: len(node.ended("roll", "ok")) == PER_HOUR, 60, "as many as may have run")
        self.assertIn("more than 60 events storm", node.run("status", status=None).stdout)
        self.assertIn("more than 60 events storm", node.run("why", "roll", status=None).stdout)
        ended = len(node.ended("calm", "ok"))
        fleet.wait_until(lambda: len(node.ended("calm", "ok")) > ended, 60, "other jobs go on")
        fleet.wait_until(lambda: rests(node.network_process()), 60, "it rests")
        self.assertEqual(len(node.ended("roll")), PER_HOUR)
        lines = node.log_text().splitlines()
        self.assertEqual(len([line for line in lines if "more than 60 events storm" in line]), 1)
        self.assertLessEqual(len([line for line in lines if "events have not expired" in line]), 2)
        self.assertLess(len(lines), 30)


def can_pretend_boots():
    if os.geteuid() != 0:
        return False
    told = subprocess.run(["unshare", "-m", "mount", "--bind", "/dev/null", BOOT_ID], capture_output=True, check=False)
    return told.returncode == 0


@unittest.skipUnless(can_pretend_boots(), "needs root and mount namespaces, to show the agent another boot id")
class Boots(story.Story):
    def boot(self, number):
        """Starts the agent as after the boot with this number: it reads another boot id, and nothing else differs."""
        path = self.fleet.path(f"boot-{number}")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"00000000-0000-4000-8000-{number:012}\n")
        plain = self.node.prefix
        self.node.prefix = [*plain, "unshare", "-m", "sh", "-c", f'mount --bind "$0" {BOOT_ID} && exec "$@"', path]
        self.node.start(wait=False)
        self.node.prefix = plain
        self.node.wait_ready()

    def told(self):
        rows = sorted(self.node.ended("hello"), key=lambda row: row["started"])
        return [self.node.run("logs", row["run"], "--raw").stdout.strip() for row in rows]

    def test_a_boot_job_runs_once_for_each_boot_of_the_machine(self):
        self.node = self.fleet.first_node()
        self.node.add("hello", "--boot", "--spread", "all", "--shell", "echo $KATYDID_CAUSE $KATYDID_BOOT")
        self.node.stop()
        told = []
        for number in (1, 2):
            self.boot(number)
            told.append(f"boot 000000000000400080{number:014}")
            fleet.wait_until(lambda: len(self.told()) >= number, 30, f"it ran for boot {number}")
            for end in (self.node.stop, self.node.kill, self.node.kill_runner):
                end()
                self.boot(number)
                fleet.wait_until(lambda: self.node.status()["up_ms"] > 3000, 30, "it would have run by now")
                self.assertEqual(self.told(), told)
            self.node.kill_network_process()
            fleet.wait_until(self.node.find_network_process, 30, "another network process")
            fleet.wait_until(lambda: self.node.status()["up_ms"] > 3000, 30, "it would have run by now")
            self.assertEqual(self.told(), told)
            self.node.stop()
        self.boot(1)  # a boot id does not come again; who shows an old one gets no second run
        fleet.wait_until(lambda: self.node.status()["up_ms"] > 3000, 30, "it would have run by now")
        self.assertEqual(self.told(), told)


if __name__ == "__main__":
    story.main()
