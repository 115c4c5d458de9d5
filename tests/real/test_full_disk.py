# test_full_disk.py - no room on the disk: it says so, still stops what people stop, and recovers by itself.
import os
import shutil
import subprocess

import fleet
import history
import story

SIZE = 8 << 20


def mounting_missing(folder):
    """Why this machine cannot mount a small disk; None when it can."""
    if os.geteuid() != 0:
        return "not root"
    answer = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=False,
                            capture_output=True, text=True)
    if answer.returncode == 0:
        subprocess.run(["umount", folder], check=True)
        return None
    return answer.stderr.strip()


class Disk(story.Story):
    def setUp(self):
        os.mkdir(self.fleet.path("try"))
        missing = mounting_missing(self.fleet.path("try"))
        if missing:
            self.skipTest(f"no small disk can be mounted here: {missing}")
        self.node = self.fleet.node("one")
        self.node.init()
        self.net = os.path.join(self.node.directory, "net")
        self.put_on_small_disk()
        self.node.start()

    def put_on_small_disk(self):
        before = os.stat(self.net)
        os.rename(self.net, self.net + ".away")
        os.mkdir(self.net)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode={before.st_mode & 0o7777:o},"
                        f"uid={before.st_uid},gid={before.st_gid}", "tmpfs", self.net], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.net], check=False)
        subprocess.run(["cp", "-a", self.net + ".away/.", self.net], check=True)
        shutil.rmtree(self.net + ".away")

    def fill(self):
        with open(os.path.join(self.net, "filler"), "ab", buffering=0) as file:
            size = 64 << 10
            while size:
                try:
                    file.write(b"x" * size)
                except OSError:
                    size //= 2

    def make_room(self):
        os.remove(os.path.join(self.net, "filler"))

    def test_a_full_disk_stops_new_work_but_not_stopping(self):
        for name in ("one", "two", "three"):
            self.node.add(name, "--every", "30d", "--", "true")
        self.node.add("tick", "--every", "1s", "--", "true")
        fleet.wait_until(lambda: self.node.ended("tick", "ok"), 30, "it ticks")
        self.fill()
        self.noticed()
        self.node.run("pause", "one")
        self.node.run("rm", "two")
        jobs = {job["name"]: job for job in self.node.ask("jobs")}
        self.assertTrue(jobs["one"]["paused"])
        self.assertNotIn("two", jobs)
        self.make_room()
        fleet.wait_until(lambda: self.node.status()["storage"] == "ok", 60, "it recovers by itself")
        self.node.add("after", "--every", "30d", "--", "true")
        now_ms = history.ms_of(self.node.status()["time"])
        fleet.wait_until(lambda: [row for row in self.node.ended("tick", "ok") if history.ms_of(row["due"]) > now_ms],
                         60, "it ticks again")
        history.check_every_due_time_once(self.node.runs("tick"), 1000)
        # What was taken while the disk was full is still there after a restart.
        self.node.kill()
        self.node.start()
        jobs = {job["name"]: job for job in self.node.ask("jobs")}
        self.assertTrue(jobs["one"]["paused"])
        self.assertEqual(sorted(jobs), ["after", "one", "three", "tick"])

    def test_a_run_that_was_refused_does_not_come_later(self):
        self.node.add("job", "--every", "30d", "--", "true")
        self.fill()
        self.noticed()
        self.assertIn("disk is full", self.node.run("run", "job", status=fleet.FAILED).stderr)
        self.make_room()
        fleet.wait_until(lambda: self.node.status()["storage"] == "ok", 60, "it recovers by itself")
        self.node.run("run", "job", "--wait")
        self.assertEqual(len(self.node.runs("job")), 1)

    def test_a_node_starts_on_a_full_disk_without_a_ballast(self):
        for name in ("one", "two"):
            self.node.add(name, "--every", "30d", "--", "true")
        before = self.node.status()["generation"]
        self.fill()
        self.noticed()
        self.node.kill()
        if os.path.exists(os.path.join(self.net, "ballast")):
            os.remove(os.path.join(self.net, "ballast"))
        self.fill()
        self.node.start()
        answer = self.node.ask("status", status=fleet.FAILED)
        self.assertEqual(answer["storage"], "full")
        self.assertGreater(answer["generation"], before)
        self.assertGreater(answer["stored_bytes"], 16 << 10)
        self.make_room()
        fleet.wait_until(lambda: self.node.status()["storage"] == "ok", 60, "it recovers by itself")
        self.node.run("pause", "one")
        self.node.run("rm", "two")
        self.node.kill()
        self.node.start()
        jobs = {job["name"]: job for job in self.node.ask("jobs")}
        self.assertTrue(jobs["one"]["paused"])
        self.assertNotIn("two", jobs)

    def noticed(self):
        def is_refused():
            answer = self.node.run("add", f"late{len(refusals)}", "--every", "30d", *fleet.USER, "--", "true",
                                   status=None)
            refusals.append(answer)
            return answer.returncode == fleet.FAILED and "disk" in answer.stderr
        refusals = []
        fleet.wait_until(is_refused, 60, "new definitions are refused")
        answer = self.node.ask("status", status=fleet.FAILED)
        self.assertEqual(answer["storage"], "full")
        self.assertTrue([problem for problem in answer["problems"] if "disk" in problem], answer["problems"])
        for index, added in enumerate(refusals):
            if added.returncode == fleet.DONE:
                self.node.run("rm", f"late{index}")


if __name__ == "__main__":
    story.main()
