# test_output.py - commands that say too much, say it badly, or cannot be started.
import os

import fleet
import processes
import story

KIB, MIB = 1 << 10, 1 << 20


class Output(story.Story):
    def setUp(self):
        self.node = self.fleet.first_node()

    def run_job(self, name, *options, status=fleet.DONE):
        self.node.add(name, "--every", "30d", *options)
        return self.node.ask("run", name, "--wait", status=status, timeout=300)

    def row(self, name):
        return self.node.runs(name)[0]

    def test_a_gigabyte_is_counted_and_not_kept(self):
        size = fleet.count(256, 1024) * MIB if "KATYDID_ROUNDS" not in os.environ else 1024 * MIB
        pid = self.node.network_process()
        before = processes.resident_bytes_of(pid)
        self.run_job("flood", "--shell", f"echo first; head -c {size} /dev/zero | tr '\\0' x; echo last")
        grown = processes.resident_bytes_of(pid) - before
        self.assertEqual(self.row("flood")["outcome"], "ok")
        self.assertEqual(self.row("flood")["output_bytes"], size + len("first\nlast\n"))
        kept = self.node.run("logs", "flood")
        self.assertTrue(kept.stdout.startswith("first\nxxx") and kept.stdout.endswith("xlast\n"))
        self.assertLessEqual(len(kept.stdout), 2 * MIB)
        self.assertIn("left out", kept.stderr)
        self.assertLess(grown, 64 * MIB, "output was held in memory")
        self.assertEqual(self.node.find_network_process(), pid)
        self.report("memory taken by a flood of output", grown // KIB, "KiB", f"output of {size // MIB} MiB")

    def test_escapes_do_nothing_to_the_terminal(self):
        self.run_job("paint", "--", "printf", "\\033[31mred\\033[0m\\033]0;title\\007\\r\\010end\\n")
        shown = self.node.run("logs", "paint").stdout
        self.assertIn("red", shown)
        self.assertFalse([char for char in shown if ord(char) < 32 and char != "\n"], repr(shown))
        self.assertIn("\x1b[31mred", self.node.run("logs", "paint", "--raw").stdout)

    def test_bytes_that_are_no_text_pass_through_raw(self):
        self.run_job("bytes", "--", "printf", "\\377\\376\\000\\201")
        shown = self.node.run("logs", "bytes").stdout
        self.assertTrue(all(char.isprintable() or char == "\n" for char in shown), repr(shown))

    def test_a_line_that_never_ends_is_cut_like_any_other(self):
        self.run_job("endless", "--output-limit", "256K", "--shell", f"head -c {8 * MIB} /dev/zero | tr '\\0' x")
        kept = self.node.run("logs", "endless").stdout
        self.assertLessEqual(set(kept), set("x\n"))
        self.assertTrue(64 * KIB <= len(kept) <= 512 * KIB, len(kept))

    def test_a_missing_command_is_a_failure_with_its_reason(self):
        for name, command in (("missing", "/no/such/command"), ("absent", "no-such-command-anywhere")):
            answer = self.run_job(name, "--", command, status=fleet.FAILED)
            self.assertEqual((answer["outcome"], answer["reason"]), ("failed", f"exec: not found: {command}"))

    def test_a_file_that_is_no_program_is_a_failure_with_its_reason(self):
        path = self.fleet.path("data")
        with open(path, "w", encoding="ascii") as file:
            file.write("not a program\n")
        answer = self.run_job("closed", "--", path, status=fleet.FAILED)
        self.assertEqual(answer["outcome"], "failed")
        self.assertIn("exec: ", answer["reason"])
        os.chmod(path, 0o755)
        answer = self.run_job("text", "--", path, status=fleet.FAILED)
        self.assertIn("exec: ", answer["reason"])

    def test_a_child_that_keeps_the_output_open_does_not_hold_the_run(self):
        answer = self.run_job("daemonizing", "--shell", "echo parent; (sleep 300; echo late) & exit 0")
        self.assertEqual(answer["outcome"], "ok")
        self.assertEqual(self.node.run("logs", "daemonizing").stdout, "parent\n")


if __name__ == "__main__":
    story.main()
