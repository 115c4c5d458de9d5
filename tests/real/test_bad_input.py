# test_bad_input.py - nonsense from people and from the network: one clear line, and nothing stays behind.
import os
import random
import socket
import struct

import fleet
import network
import processes
import story

FOR_EVER = ("--", "true")
YAML_HEAD = "katydid: 1\njobs:\n"

# What was typed, and a word the answer must contain.
BAD_COMMANDS = [
    (("add", "x", "--cron", "61 * * * *", *fleet.USER, *FOR_EVER), "0-59"),
    (("add", "x", "--cron", "* * * *", *fleet.USER, *FOR_EVER), "field"),
    (("add", "x", "--cron", "0 0 30 2 *", *fleet.USER, *FOR_EVER), "never"),
    (("add", "x", "--cron", "* * * * *", "--zone", "Mars/Olympus", *fleet.USER, *FOR_EVER), "zone"),
    (("add", "x", "--every", "0s", *fleet.USER, *FOR_EVER), "0s"),
    (("add", "x", "--every", "-5s", *fleet.USER, *FOR_EVER), "-5s"),
    (("add", "x", "--every", "999999999999999999999999d", *fleet.USER, *FOR_EVER), "long"),
    (("add", "x", "--every", "5 parsecs", *fleet.USER, *FOR_EVER), "parsecs"),
    (("add", "x", "--at", "2027-02-30T00:00", *fleet.USER, *FOR_EVER), "2027-02"),
    (("add", "x", "--at", "1999-01-01T00:00", *fleet.USER, *FOR_EVER), "passed"),
    (("add", "x", *fleet.USER, *FOR_EVER), "no trigger"),
    (("add", "x", "--every", "1s", *fleet.USER), "command"),
    (("add", "x", "--every", "1s", *fleet.USER, "--"), "command"),
    (("add", "two\nlines", "--every", "1s", *fleet.USER, *FOR_EVER), "name"),
    (("add", "red\x1b[31m", "--every", "1s", *fleet.USER, *FOR_EVER), "name"),
    (("add", "x" * 64, "--every", "1s", *fleet.USER, *FOR_EVER), "63"),
    (("add", "../x", "--every", "1s", *fleet.USER, *FOR_EVER), "name"),
    (("add", "x", "--every", "1s", "--env", "KATYDID_RUN=1", *fleet.USER, *FOR_EVER), "KATYDID_"),
    (("add", "x", "--every", "1s", "--spread", "sideways", *fleet.USER, *FOR_EVER), "spread"),
    (("add", "x", "--every", "1s", "--frobnicate", *fleet.USER, *FOR_EVER), "--frobnicate"),
    (("frobnicate",), "frobnicate"),
    (("show", "nobody"), "nobody"),
    (("runs", "--limit", "many"), "--limit"),
    (("runs", "--since", "the flood"), "--since"),
    (("logs", "ffffffff"), "no run"),
    (("why", "good", "the flood"), "flood"),
    (("why", "nobody"), "nobody"),
]

# A job file, and words the answer must contain.
BAD_FILES = [
    (YAML_HEAD + "  x: {cron: */5 * * * *, user: root, run: [true]}\n", ("quote", "3")),
    (YAML_HEAD + "  x:\n    cron: */5 * * * *\n    run: ['true']\n", ("quote", "4")),
    (YAML_HEAD + "  x: {every: 5m, frequency: 3, run: ['true']}\n", ("frequency", "3")),
    (YAML_HEAD + "  x: {every: 5m, run: ['true'], secrets: [NAME]}\n", ("secrets", "3")),
    (YAML_HEAD + "  x: {every: 5m}\n", ("run",)),
    (YAML_HEAD + "  x: {every: 5m, run: ['true'], shell: 'true'}\n", ("shell",)),
    (YAML_HEAD + "  x: {every: 5m, every: 6m, run: ['true']}\n", ("every",)),
    (YAML_HEAD + "  x: &a {every: 5m, run: ['true']}\n  y: *a\n", ("anchors",)),
    (YAML_HEAD + "  'two\\nlines': {every: 5m, run: ['true']}\n", ("name",)),
    ("katydid: 9\njobs: {}\n", ("version 1",)),
    ("jobs: {}\n", ("katydid: 1",)),
    ("katydid: 1\njobs: [1, 2]\n", ("jobs",)),
    ("katydid: 1\n\tjobs: {}\n", ("2",)),
    ("\x00\xff\xfe", ()),
    ("katydid: 1\njobs: " + "[" * 100000 + "]" * 100000 + "\n", ("deep",)),
    ("katydid: 1\njobs:\n" + "".join(f"  x{i}: {{every: 5m, run: ['true']}}\n" for i in range(280000)), ("larger",)),
]


class Nonsense(story.Story):
    def setUp(self):
        self.node = self.fleet.first_node()
        self.node.add("good", "--every", "30d", "--", "true")

    def check_line(self, answer, words):
        """One line, that says what, on stderr; nothing was done."""
        lines = answer.stderr.splitlines()
        self.assertIn(answer.returncode, (fleet.FAILED, fleet.USAGE, fleet.NOT_FOUND), answer.stderr)
        self.assertEqual(len(lines), 1, answer.stderr)
        self.assertTrue(lines[0].startswith("katydid: ") and len(lines[0]) < 1000, lines[0])
        self.assertTrue(lines[0].isprintable(), lines[0])
        self.assertEqual([word for word in words if word not in lines[0]], [], lines[0])

    def check_unharmed(self):
        self.assertEqual([job["name"] for job in self.node.ask("jobs")], ["good"])

    def test_commands_are_refused_in_one_line(self):
        for arguments, word in BAD_COMMANDS:
            with self.subTest(arguments=arguments):
                self.check_line(self.node.run(*arguments, status=None), [word])
        self.check_unharmed()

    def test_files_are_refused_with_line_and_column(self):
        for text, words in BAD_FILES:
            with self.subTest(text=text[:80]):
                self.check_line(self.node.run("apply", "-", *fleet.USER, stdin=text, status=None), words)
        with open(self.fleet.path("noise.yaml"), "wb") as file:
            file.write(os.urandom(100000))
        self.check_line(self.node.run("apply", self.fleet.path("noise.yaml"), status=None), [])
        self.check_unharmed()

    def test_tokens_that_are_none_are_refused_before_the_network(self):
        other = self.fleet.node("other")
        for token in ("", "hello", "a" * 100, "a" * 100000, "\x1b[31m"):
            with self.subTest(token=token[:20]):
                self.check_line(other.run("join", "-", "--name", "other", stdin=token, status=None), [])
        answer = other.run("join", "a" * 60, status=None)
        self.assertIn(answer.returncode, (fleet.FAILED, fleet.USAGE))


class Noise(story.Story):
    """What a port scanner, a broken client or a stranger sends."""

    def setUp(self):
        self.node = self.fleet.first_node()
        self.chance = random.Random(5289)

    def noise(self, size):
        return self.chance.randbytes(size)

    def send_datagrams(self, number):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for i in range(number):
                sender.sendto(bytes([i % 8]) + self.noise(self.chance.randrange(0, 1400)),
                              (self.node.address, network.PORT))

    def call(self):
        return socket.create_connection((self.node.address, network.PORT), timeout=10)

    def send_streams(self, number):
        for i in range(number):
            try:
                with self.call() as stream:
                    # A frame that claims four gigabytes, noise, or nothing at all.
                    stream.sendall((b"\xff" * 200, self.noise(300), b"")[i % 3])
                    if i % 3:
                        stream.shutdown(socket.SHUT_WR)
                        stream.recv(1000)
            except OSError:
                pass  # it was cut off, and rightly

    def send_control(self, number):
        path = os.path.join(self.node.directory, "control")
        for i in range(number):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                try:
                    client.connect(path)
                    client.sendall((struct.pack("<I", 0xffffffff), struct.pack("<I", 100) + self.noise(100),
                                    self.noise(3))[i % 3])
                    if i % 3 != 2:
                        client.recv(1000)
                except OSError:
                    pass

    def bombard(self, number):
        self.send_datagrams(number)
        self.send_streams(number // 4)
        self.send_control(number // 4)

    def test_noise_leaves_nothing_behind(self):
        self.node.add("tick", "--every", "1s", "--", "true")
        number = fleet.count(250, 1000)
        pid = self.node.network_process()
        self.bombard(number)  # caches and pools fill once
        fleet.wait_until(lambda: self.node.ended("tick", "ok"), 30, "it goes on ticking")
        files, runner_files = processes.open_files_of(pid), processes.open_files_of(self.node.runner)
        resident = processes.resident_bytes_of(pid)
        self.bombard(number)
        fleet.wait_until(lambda: processes.open_files_of(pid) <= files, 30,
                         f"from {files} descriptors back to as many")
        grown = processes.resident_bytes_of(pid) - resident
        self.assertLessEqual(processes.open_files_of(self.node.runner), runner_files)
        self.assertLess(grown, 8 << 20)
        self.assertEqual(self.node.find_network_process(), pid, "it never died")
        self.report("memory kept after as many bad inputs again", grown, "bytes", "0")

    def test_slow_callers_do_not_keep_others_out(self):
        pid = self.node.network_process()
        files = processes.open_files_of(pid)
        slow = []
        for _ in range(150):
            try:
                slow.append(self.call())
                slow[-1].sendall(self.noise(1))
            except OSError:
                pass
        self.node.status()
        fleet.wait_until(lambda: processes.open_files_of(pid) <= files + 2, 60, "half-open streams are dropped")
        for stream in slow:
            stream.close()
        with self.call() as stream:
            stream.sendall(b"x")
        self.assertEqual(self.node.find_network_process(), pid)


if __name__ == "__main__":
    story.main()
