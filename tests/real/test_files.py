# test_files.py - jobs that wait for files: created, changed, moved, removed; settled, throttled, with whose rights.
import os
import shutil
import time

import fleet
import processes
import story

SAYS = 'printf "%s\\n" "$KATYDID_CAUSE $KATYDID_FILE_CHANGE $KATYDID_FILE"'


class Files(story.Story):
    def setUp(self):
        self.one = self.fleet.first_node()
        self.folder = self.fleet.path("in")
        os.mkdir(self.folder, 0o755)

    def write(self, name, text="x"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def add(self, name, *options):
        self.one.run("add", name, *options, "--spread", "all", "--user", "root", "--shell", SAYS)
        self.wait_watched(name)

    def watchers(self):
        """The runner's children that watch."""
        found = []
        for pid in os.listdir("/proc"):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError):
                continue
            if words[1:2] == [b"watch-process"] and parent == self.one.runner:
                found.append((int(pid), words))
        return found

    def wait_watched(self, what):
        fleet.wait_until(lambda: self.watchers() and self.looked(self.watchers()[0][0]), 20, f"{what} is watched")

    def looked(self, pid):
        """True when inotify follows its first look: what was there until then is no change."""
        return any("inotify wd:" in text for text in processes.notes_on_open_files_of(pid))

    def outputs(self, job, count):
        """What the first `count` ended runs said, oldest first."""
        ended = lambda: len(self.one.ended(job)) >= count
        fleet.wait_until(ended, 60, f"{count} runs of {job}")
        runs = sorted(self.one.ended(job), key=lambda row: row["started"])
        return [self.one.run("logs", row["run"], "--raw").stdout.strip() for row in runs]

    def test_a_new_file_that_fits_starts_the_job_once_it_has_settled(self):
        self.add("ingest", "--file", self.folder, "--file-match", "*.csv", "--quiet-for", "1s")
        self.write("ignored.txt")
        for i in range(5):
            self.write("a.csv", "x" * i)
            time.sleep(0.2)
        said = self.outputs("ingest", 1)
        self.assertEqual(said[0].split()[0], "file")
        self.assertIn(said[0].split()[1], ("create", "change"))
        self.assertEqual(said[0].split()[2], os.path.join(self.folder, "a.csv"))
        time.sleep(3)
        self.assertEqual(len(self.one.ended("ingest")), 1)
        os.rename(os.path.join(self.folder, "a.csv"), os.path.join(self.folder, "b.csv"))
        self.assertEqual(self.outputs("ingest", 2)[1], f"file move {self.folder}/b.csv")
        os.unlink(os.path.join(self.folder, "b.csv"))
        self.assertEqual(self.outputs("ingest", 3)[2], f"file remove {self.folder}/b.csv")

    def test_files_that_change_together_are_all_named(self):
        self.add("ingest", "--file", self.folder, "--quiet-for", "1500ms")
        for name in ("b.csv", "a.csv", "two\nlines\\n", "\udcff"):
            self.write(name)
        said = self.outputs("ingest", 1)[0]
        paths = [f"{self.folder}/a.csv", f"{self.folder}/b.csv", f"{self.folder}/two\\nlines\\\\n", f"{self.folder}/\N{REPLACEMENT CHARACTER}"]
        self.assertEqual(said.split("\n"), ["file create", "create", "create", "create " + paths[0], *paths[1:]])
        self.assertRegex(self.one.run("why", "ingest").stdout, "file was seen to change: create a.csv and 3 more")
        self.one.run("add", "count", "--file", self.folder, "--spread", "all", "--user", "root", "--quiet-for", "2s",
                     "--shell", 'echo "$KATYDID_FILE" | wc -l; echo $KATYDID_FILE_MORE')
        fleet.wait_until(lambda: len(self.watchers()) == 2, 20, "the second is watched")
        time.sleep(0.5)
        for i in range(1000):
            self.write(f"{i:0100}")
        named, more = map(int, self.outputs("count", 1)[0].split())
        self.assertEqual(named + more, 1000)
        self.assertGreater(named, 30)

    def problem(self, job):
        return next(row["problem"] for row in self.one.ask("jobs") if row["name"] == job)

    def wait_problem(self, job, text):
        fleet.wait_until(lambda: text in (self.problem(job) or "none"), 30, f"{job}: {text}")

    def test_a_path_that_cannot_be_watched_is_said_and_recovers(self):
        missing = os.path.join(self.folder, "later")
        self.one.run("add", "ingest", "--file", missing, "--file-match", "*.csv", "--spread", "all", "--user", "root",
                     "--quiet-for", "100ms", "--shell", SAYS)
        said = f"waits for {missing}: no such directory"
        self.wait_problem("ingest", said)
        self.assertIn(said, self.one.run("status", status=None).stdout)
        self.assertIn(said, self.one.run("jobs").stdout)
        self.assertIn(said, self.one.run("why", "ingest", status=None).stdout)
        self.one.kill_network_process()
        self.wait_problem("ingest", said)
        os.mkdir(missing)
        self.wait_problem("ingest", "none")
        with open(os.path.join(missing, "a.csv"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.outputs("ingest", 1)[0], f"file create {missing}/a.csv")
        shutil.rmtree(missing)
        self.wait_problem("ingest", said)
        story = [line["what"] for line in self.one.ask("why", "ingest")["story"]]
        self.assertIn("what it watches can be looked at again", story)
        os.mkdir(missing, 0o700)
        self.wait_problem("ingest", "none")
        self.one.run("add", "secret", "--file", missing, "--spread", "all", "--user", "nobody", "--shell", SAYS)
        self.wait_problem("secret", "not readable for user nobody")
        text = f"katydid: 1\njobs:\n  flag: {{file: {{path: {self.folder}/flag, on: create}}, spread: all, user: root, run: ['true']}}\n"
        self.one.run("apply", "-", stdin=text)
        fleet.wait_until(lambda: len(self.watchers()) == 3, 30, "all are watched")
        time.sleep(3)
        self.assertIsNone(self.problem("flag"))  # it may come
        with open(self.one.log, encoding="utf-8") as log:
            lines = [line for line in log if said in line]
        self.assertLessEqual(len(lines), 3)  # missing at first, told to the next network process, and gone again

    def test_a_folder_that_is_replaced_is_still_watched(self):
        self.add("ingest", "--file", self.folder, "--quiet-for", "200ms")
        shutil.rmtree(self.folder)
        time.sleep(3)
        os.mkdir(self.folder)
        self.write("fresh")
        self.assertEqual(self.outputs("ingest", 1)[0], f"file create {self.folder}/fresh")
        self.write("again")
        self.assertEqual(self.outputs("ingest", 2)[1], f"file create {self.folder}/again")

    def test_a_storm_of_changes_is_a_few_runs(self):
        self.add("ingest", "--file", self.folder, "--quiet-for", "100ms", "--throttle", "5s")
        for i in range(3000):
            self.write(f"f{i % 300}", str(i))
        self.outputs("ingest", 1)
        time.sleep(8)
        self.assertLessEqual(len(self.one.ended("ingest")), 4)

    def test_the_watch_has_the_rights_of_the_jobs_user_and_ends_with_the_job(self):
        self.one.run("add", "ingest", "--file", self.folder, "--spread", "all", "--user", "nobody", "--shell", SAYS)
        self.wait_watched("ingest")
        pid = self.watchers()[0][0]
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        self.assertNotEqual(status["Uid"].split()[0], "0")
        self.assertEqual(status["NoNewPrivs"], "1")
        os.kill(pid, 9)  # and is there again
        fleet.wait_until(lambda: any(other != pid for other, _ in self.watchers()), 20, "a new watch")
        self.one.run("pause", "ingest")
        fleet.wait_until(lambda: not self.watchers(), 20, "no watch of a paused job")
        self.one.run("resume", "ingest")
        self.wait_watched("ingest")
        self.one.run("rm", "ingest")
        fleet.wait_until(lambda: not self.watchers(), 20, "no watch of a deleted job")

    def test_the_agent_may_start_anew(self):
        self.add("ingest", "--file", self.folder)
        self.one.kill_network_process()
        self.write("while-it-was-away")
        self.assertEqual(self.outputs("ingest", 1)[0], f"file create {self.folder}/while-it-was-away")
        self.one.kill()
        self.one.start()
        self.wait_watched("ingest")
        self.write("after")
        self.assertEqual(self.outputs("ingest", 2)[1], f"file create {self.folder}/after")


if __name__ == "__main__":
    story.main()
