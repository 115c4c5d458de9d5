# test_refusals.py - an agent that must not start says why in one line, and what to type.
import json
import os
import shutil
import socket
import unittest

import fleet
import network
import processes
import story


class Starting(story.Story):
    def setUp(self):
        self.node = self.fleet.node("one")
        self.node.init()

    def refusal(self, *arguments, status=fleet.FAILED):
        """The one line a command that must fail says."""
        answer = self.node.run(*arguments, status=status)
        lines = answer.stderr.splitlines()
        self.assertEqual(len(lines), 1, answer.stderr)
        self.assertTrue(lines[0].startswith(("katydid: ", "error: ")), lines[0])
        self.assertEqual(answer.stdout, "")
        return lines[0]

    def listening(self):
        return "agent", "--listen", f"{self.node.address}:{network.PORT}"

    def test_two_agents_do_not_share_a_directory(self):
        self.node.start()
        said = self.refusal(*self.listening())
        self.assertIn(self.node.directory, said)
        self.assertIn(str(self.node.runner), said)
        self.node.status()  # the first one did not notice

    def test_a_port_that_is_taken_is_named(self):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as other:
                if kind == socket.SOCK_STREAM:  # what an earlier story left in TIME_WAIT does not count
                    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind((self.node.address, network.PORT))
                if kind == socket.SOCK_STREAM:
                    other.listen()
                answer = self.node.run(*self.listening(), status=fleet.FAILED)
                self.assertIn(f"{self.node.address}:{network.PORT}", answer.stderr)
        self.node.start()

    def test_a_directory_open_to_others_is_refused(self):
        for path, mode in (("", 0o777), ("runner", 0o755), ("net", 0o755)):
            folder = os.path.join(self.node.directory, path)
            before = os.stat(folder).st_mode & 0o7777
            os.chmod(folder, mode)
            said = self.refusal(*self.listening())
            self.assertIn("chmod", said)
            os.chmod(folder, before)
        self.node.start()

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files away")
    def test_a_directory_of_somebody_else_is_refused(self):
        for path in ("", "runner"):
            folder = os.path.join(self.node.directory, path)
            os.chown(folder, 65534, 65534)
            self.assertIn("chown", self.refusal(*self.listening()))
            os.chown(folder, 0, 0)
        self.node.start()

    def test_a_link_in_place_of_a_folder_is_refused(self):
        folder = os.path.join(self.node.directory, "runner")
        os.rename(folder, folder + ".away")
        os.symlink(folder + ".away", folder)
        self.refusal(*self.listening())

    def test_no_agent_starts_where_none_lives(self):
        answer = self.fleet.node("nowhere").run(*self.listening(), status=None)
        self.assertIn(answer.returncode, (fleet.FAILED, fleet.NO_AGENT))
        self.assertIn("katydid init", answer.stderr)

    def test_a_second_fleet_is_not_made_over_the_first(self):
        said = self.refusal("init", "--name", "again")
        self.assertIn(self.node.directory, said)
        self.node.start()
        self.assertEqual(self.node.ask("members")["items"][0]["name"], "one")

    def test_keys_that_others_can_read_are_refused(self):
        self.node.start()
        key = os.path.join(self.fleet.keys, "operator.key")
        os.chmod(key, 0o644)
        said = self.refusal("add", "x", "--every", "1h", *fleet.USER, "--", "true")
        self.assertIn("chmod", said)
        os.chmod(key, 0o600)
        self.node.add("x", "--every", "1h", "--", "true")

    def test_without_keys_it_says_where_to_run_it(self):
        self.node.start()
        shutil.move(self.fleet.keys, self.fleet.keys + ".away")
        said = self.refusal("add", "x", "--every", "1h", *fleet.USER, "--", "true")
        self.assertIn("--operator", said)
        shutil.move(self.fleet.keys + ".away", self.fleet.keys)

    def test_a_directory_without_a_node_says_what_to_type(self):
        os.remove(os.path.join(self.node.directory, "runner", "pin"))
        said = self.refusal(*self.listening())
        for words in ("no node lives here", "katydid init", "katydid join"):
            self.assertIn(words, said)

    def test_a_node_that_left_is_not_started_again(self):
        self.node.start()
        two = self.fleet.join("two", self.node)
        two.run("leave")
        fleet.wait_until(lambda: {row["name"]: row["state"] for row in self.node.ask("members")["items"]}["two"] == "left",
                         20, "the others know it")
        for again in (("agent", "--listen", f"{two.address}:{network.PORT}"), ("init",), ("leave",)):
            self.assertIn("--erase", two.run(*again, status=fleet.FAILED).stderr)
        self.assertTrue(two.ask("leave", "--erase")["erased"])
        self.assertFalse(os.path.exists(two.directory))
        self.node.kill()
        self.node.start()
        self.assertEqual({row["name"]: row["state"] for row in self.node.ask("members")["items"]}["two"], "left")
        self.assertTrue(json.loads(self.node.run("--json", "runs").stdout)["complete"])

    def test_a_refused_agent_leaves_nothing_running(self):
        self.node.start()
        before = set(processes.descendants_of(os.getpid()))
        self.refusal(*self.listening())
        self.assertEqual(set(processes.descendants_of(os.getpid())), before)


if __name__ == "__main__":
    story.main()
