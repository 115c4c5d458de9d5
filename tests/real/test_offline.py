# test_offline.py - what the program says without an agent: next, check, import.
import json
import os
import subprocess
import tempfile
import unittest

import fleet

JOBS = """katydid: 1
defaults: {zone: Europe/Berlin, user: ops}
jobs:
  early: {cron: "30 2 * * *", shell: a}
  twice: {cron: "30 2 * * *", overlap: twice, gap: skip, shell: a}
  last-friday: {cron: "0 18 * * FRIL", shell: b}
  office: {every: 15m, blackout: "0 8 * * MON-FRI for 10h", jitter: 30s, count: 12, shell: c}
  later: {after: {jobs: [early, last-friday], outcome: any}, event: {name: "usb/*", quiet_for: 10s}, shell: d}
"""
CROWD = "katydid: 1\njobs:\n" + "".join(f"  j{i}: {{cron: \"0 3 * * *\", user: ops, shell: a}}\n" for i in range(7))
CRONTAB = """# nightly
MAILTO=ops@example.org
0 3 * * * tar cf /backup/srv.tar /srv
61 * * * * broken
"""


class Offline(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_it(self, *arguments, status=0, stdin=None):
        done = subprocess.run([fleet.BINARY, "--dir", self.folder.name, *arguments], input=stdin, text=True,
                              capture_output=True, check=False, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_check_explains_each_trigger_in_words(self):
        said = self.run_it("check", self.write("jobs.yaml", JOBS)).stdout
        for line in ("at 02:30 every day, Europe/Berlin", "on the last Friday of the month", "every 15 minutes",
                     "when early and last-friday have all ended for the same due time",
                     "tells of the event usb/*, once none came for 10 seconds",
                     "only the first 12 due times", "skipped for 10 hours from 08:00 on weekdays",
                     "5 jobs, all fine"):
            self.assertIn(line, said)

    def test_check_tells_what_the_clock_does_in_the_coming_year(self):
        items = json.loads(self.run_it("--json", "check", self.write("jobs.yaml", JOBS)).stdout)["items"]
        effects = {item["job"]: [change["effect"] for change in item["clock_changes"]] for item in items}
        self.assertEqual(sorted(effects["early"]), ["what the clock jumps over runs right after the jump (gap: run-after)",
                                                    "what the clock shows twice runs the first time (overlap: once)"])
        self.assertEqual(sorted(effects["twice"]), ["what the clock jumps over is left out (gap: skip)",
                                                    "what the clock shows twice runs twice (overlap: twice)"])
        self.assertEqual(set(effects["last-friday"]), {"no due time is touched"})
        self.assertEqual(len(items[0]["next"]), 5)

    def test_check_names_the_crowd_and_what_to_do(self):
        path = self.write("crowd.yaml", CROWD)
        said = self.run_it("check", path).stdout
        self.assertIn("7 jobs are due at one instant", said)
        self.assertIn("spread them", said)
        self.assertNotIn("clash", self.run_it("check", path, "--clash", "7").stdout)
        spread = self.write("spread.yaml", CROWD.replace("0 3 * * *", "H H * * *"))
        self.assertNotIn("clash", self.run_it("check", spread).stdout)

    def test_a_count_begins_now(self):
        items = json.loads(self.run_it("--json", "check", self.write("jobs.yaml", JOBS)).stdout)["items"]
        self.assertEqual([len(item["next"]) for item in items if item["job"] == "office"], [5])

    def test_check_marks_what_lies_in_a_blackout_and_what_is_never_due(self):
        path = self.write("jobs.yaml", """katydid: 1
defaults: {zone: UTC, user: ops}
jobs:
  mostly: {cron: "0 * * * *", blackout: "0 0 * * * for 23h", shell: a}
  always: {cron: "0 12 * * *", blackout: "0 8 * * * for 10h", shell: a}
  joined: {cron: "0 12 * * *", blackout: "0 * * * * for 2h", shell: a}
  passed: {at: "2020-02-02T02:02", shell: a}
  bounded: {cron: "0 12 * * *", not_after: "2020-02-02T02:02", shell: a}
  waits: {at: "2020-02-02T02:02", event: usb, shell: a}
""")
        said = self.run_it("check", path).stdout
        self.assertIn("(blackout until ", said)
        self.assertRegex(said, r"first outside a blackout: \S+ \S+ 23:00:00 UTC")
        self.assertRegex(said, r"never: every due time lies in a blackout, as far as was looked: until 2\d{3}-")
        self.assertIn("(blackout until at least ", said)  # each hour's runs into the next one's
        self.assertIn("next    never: every time it names has passed", said)
        self.assertIn("next    never: the time of `not_after` has passed", said)
        items = {item["job"]: item for item in json.loads(self.run_it("--json", "check", path).stdout)["items"]}
        self.assertEqual({job: item["never"] for job, item in items.items() if not item["never"]},
                         {"mostly": None, "waits": None})
        self.assertEqual(items["always"]["in_blackout"], items["always"]["next"])

    def test_a_time_in_a_file_that_the_clock_jumps_over_is_said(self):
        path = self.write("jobs.yaml", """katydid: 1
defaults: {zone: Europe/Berlin, user: ops}
jobs:
  gap: {at: "2099-03-29T02:30", shell: a}
  twice: {cron: "0 3 * * *", not_before: "2099-10-25T02:30", shell: a}
  plain: {at: "2099-03-29T02:30+01:00", shell: a}
""")
        said = self.run_it("check", path).stderr
        self.assertIn(f"{path}:4:14: 02:30 does not exist (the clock jumps 02:00 -> 03:00); right after the jump is meant",
                      said)
        self.assertRegex(said, r":5:\d+: 02:30 is shown twice .*: this is the first")
        self.assertEqual(said.count("02:30"), 2)

    def test_check_points_at_what_is_wrong(self):
        path = self.write("bad.yaml", JOBS.replace("FRIL", "FRIQ"))
        self.assertIn("bad.yaml:6:", self.run_it("check", path, status=1).stderr)

    def test_next_says_what_the_clock_does_to_a_time_and_when_times_end(self):
        berlin = ("30 2 * * *", "--zone", "Europe/Berlin", "--count", "2")
        self.assertIn("moved from 02:30 by the jump 02:00 -> 03:00",
                      self.run_it("next", *berlin, "--from", "2027-03-28").stdout)
        self.assertIn("02:30 is shown twice (the clock goes back 03:00 -> 02:00): this is the first",
                      self.run_it("next", *berlin, "--from", "2027-10-31").stdout)
        self.assertIn("never again after that", self.run_it("next", "0 0 * * *", "--from", "2489-12-30").stdout)
        self.assertNotIn("never again", self.run_it("next", *berlin).stdout)
        self.assertIn("made of its name", self.run_it("next", "H 3 * * *").stderr)
        self.assertNotIn("made of its name", self.run_it("next", "0 3 * * THU").stderr)

    def test_an_interval_has_nothing_to_do_with_the_clock(self):
        said = self.run_it("check", self.write("jobs.yaml", "katydid: 1\njobs:\n  a: {every: 1h, zone: Europe/Berlin, "
                                               "user: ops, shell: a}\n")).stdout
        self.assertNotIn("clock", said)

    def test_import_of_what_is_not_there_says_so(self):
        self.assertIn("No such file", self.run_it("import", "crontab", "/nonexistent", status=1).stderr)

    def test_next_knows_the_shorthands(self):
        lines = json.loads(self.run_it("--json", "next", "@every 5m", "--count", "3").stdout)
        self.assertEqual(len(lines), 3)
        self.assertIn("waits for a machine to boot", self.run_it("next", "@reboot", status=2).stderr)
        self.assertIn("column", self.run_it("next", "0 0 30 2 *", status=2).stderr)

    def test_an_imported_crontab_is_a_job_file(self):
        done = self.run_it("import", "crontab", "--user", "root", self.write("tab", CRONTAB), status=5)
        self.assertIn("1 jobs, 0 settings, 2 not carried over", done.stderr)
        self.assertIn("1 job, all fine", self.run_it("check", "-", stdin=done.stdout).stdout)
        shown = self.run_it("import", "crontab", "--user", "root", self.write("tab", CRONTAB), "--diff", status=5).stdout
        self.assertIn("0 3 * * * tar cf /backup/srv.tar /srv\n    -> job tar", shown)
        self.assertIn("61 * * * * broken\n    -> not carried over: column 1", shown)
        self.assertIn("# nightly", done.stdout)

    def imported(self, text, status=5, *options):
        done = self.run_it("import", "crontab", "--user", "root", "--node", "here", self.write("tab", text), "--diff",
                           *options, status=status)
        return done.stdout

    def test_import_lists_each_setting_that_has_no_effect(self):
        settings = {"CRON_TZ=Mars/Olympus": "unknown time zone", "HOME=relative": "a path from / on", "USER=ann": "cron itself",
                    "MAILFROM=a@b": "keeps output", "KATYDID_JOB=x": "katydid's own", "RANDOM_DELAY=5": "anacron"}
        said = self.imported("\n".join(settings) + "\n0 3 * * * true\nCRON_TZ=UTC\n0 4 * * * true\n")
        for setting, why in settings.items():
            self.assertRegex(said, rf"{setting}\n    -> not carried over: .*{why}")
        self.assertIn("0 3 * * * true\n    -> not carried over: CRON_TZ=Mars/Olympus", said)
        self.assertIn("0 4 * * * true\n    -> job true", said)
        many = "\n".join(f"V{i}=1" for i in range(300)) + "\n0 3 * * * true\n"
        self.assertIn("0 3 * * * true\n    -> not carried over: more variables", self.imported(many))

    def test_import_cuts_what_nobody_reads(self):
        said = self.imported("0 3 * * * true\n61 * * * * " + "ä" * 500000 + "\n")
        self.assertLess(len(said), 2000)
        self.assertRegex(said, r"ä\.\.\. \(10000\d\d bytes\)\n    -> not carried over: column 1")

    def test_import_says_what_a_folder_of_programs_becomes(self):
        parts = os.path.join(self.folder.name, "parts.daily")
        os.mkdir(parts)
        for name in ("b-one", "a_two", "ignored.sh"):
            with open(os.path.join(parts, name), "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n")
            os.chmod(os.path.join(parts, name), 0o755)
        line = f"25 6 * * * test -x /usr/sbin/anacron || {{ cd / && run-parts --report {parts}; }}"
        path = self.write("tab", line + "\n")
        said = self.run_it("import", "crontab", "--user", "root", path, "--diff").stdout
        self.assertIn("-> job parts.daily\n", said)
        self.assertIn(f"for every program of {parts}, now a_two, b-one; `katydid import crontab {parts}` makes a job of each",
                      said)
        made = self.run_it("import", "crontab", "--user", "root", path).stdout
        self.assertIn(f"# one job for every program of {parts}, now a_two, b-one", made)
        self.run_it("check", "-", stdin=made)
        each = self.run_it("import", "crontab", "--user", "root", parts, status=5)
        self.assertIn("  a_two:\n", each.stdout)
        self.assertIn("3 lines: 2 jobs, 0 settings, 1 not carried over", each.stderr)


if __name__ == "__main__":
    unittest.main()
