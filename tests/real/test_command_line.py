# test_command_line.py - the commands of a person, each against a real agent: files, edits, keys, what is printed.
import json
import os
import re
import time

import fleet
import story

FIRST = """katydid: 1
defaults: {zone: Europe/Berlin, user: nobody}
jobs:
  nightly: {cron: "30 2 * * *", run: [tar, -cf, /dev/null, /etc/hostname], time_limit: 2h, catch_up: last:12h}
  tick: {every: 1h, shell: "echo \\"$KATYDID_JOB\\"", retry: {times: 2, delay: 1s}}
  lab/probe: {every: 2h, run: [ls, -l], where: {role: gateway}, spread: all}
"""


class CommandLine(story.Story):
    def setUp(self):
        self.one = self.fleet.first_node()

    def write(self, name, text):
        path = self.fleet.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def apply(self, text, *options, status=fleet.DONE):
        return self.one.ask("apply", self.write("jobs.yaml", text), *options, status=status)

    def edit(self, job, script, status=fleet.DONE):
        """Edits with a shell script that gets the file's name."""
        editor = self.write("editor", f"#!/bin/sh\nset -e\n{script}\n")
        os.chmod(editor, 0o755)
        self.fleet.environment["EDITOR"] = editor
        return self.one.run("edit", job, status=status)

    # ---- job files ----

    def test_what_was_applied_is_found_unchanged_and_changes_are_shown(self):
        self.assertEqual(self.apply(FIRST, "--dry-run")["added"], ["nightly", "tick", "lab/probe"])
        self.assertEqual(self.one.ask("jobs"), [])
        self.apply(FIRST)
        self.assertEqual(len(self.apply(FIRST)["unchanged"]), 3)
        changed = FIRST.replace("2h, catch_up", "3h, catch_up")
        shown = self.one.run("apply", self.write("changed.yaml", changed)).stdout
        self.assertIn("-     time_limit: 2h", shown)
        self.assertIn("+     time_limit: 3h", shown)
        self.assertIn("0 added, 1 changed, 2 unchanged, 0 pruned", shown)
        job = self.one.ask("show", "nightly")
        self.assertEqual((job["version"], job["life"]), (2, 1))

    def test_the_export_of_a_table_is_the_table(self):
        self.apply(FIRST)
        exported = self.one.run("export").stdout
        self.assertEqual(re.findall(r"^  (\S+):$", exported, re.MULTILINE), ["lab/probe", "nightly", "tick"])
        self.assertEqual(len(self.apply(exported, "--prune", "--yes")["unchanged"]), 3)
        answer = self.one.run("--json", "apply", "-", stdin=exported)
        self.assertEqual(len(json.loads(answer.stdout)["unchanged"]), 3)

    def test_nothing_is_amiss_directly_after_apply(self):
        jobs = "".join(f"  each-{i}: {{every: 30d, zone: {zone}, run: ['true']}}\n"
                       f"  calendar-{i}: {{cron: '0 3 1 1 *', zone: {zone}, run: ['true']}}\n"
                       for i, zone in enumerate(("Europe/Berlin", "Asia/Tokyo", "America/Lima", "UTC")))
        user = f"defaults: {{user: {fleet.USER[1]}}}\n" if fleet.USER else ""
        self.one.run("apply", "-", stdin=f"katydid: 1\n{user}jobs:\n{jobs}")
        self.assertEqual([job for job in self.one.ask("jobs") if job.get("problem")], [])
        self.one.run("status")

    def test_prune_deletes_only_in_namespaces_of_the_files_and_asks_first(self):
        self.apply(FIRST)
        only_tick = "katydid: 1\njobs: {tick: {every: 1h, user: nobody, shell: 'true'}}\n"
        self.apply(only_tick, "--prune", status=fleet.FAILED)
        self.assertEqual(len(self.one.ask("jobs")), 3)
        answer = self.apply(only_tick, "--prune", "--yes")
        self.assertEqual((answer["changed"], answer["pruned"]), (["tick"], ["nightly"]))
        self.assertEqual([job["name"] for job in self.one.ask("jobs")], ["lab/probe", "tick"])

    def test_one_bad_job_stops_the_whole_file(self):
        self.apply(FIRST + '  bad: {cron: "61 * * * *", run: [x]}\n', status=fleet.FAILED)
        self.assertEqual(self.one.ask("jobs"), [])

    def test_what_lies_in_a_blackout_is_marked_where_times_are_shown(self):
        added = self.one.run("add", "day", "--cron", "0 12 * * *", "--blackout", "0 8 * * MON-FRI for 10h",
                             "--zone", "UTC", *fleet.USER, "--", "true").stdout
        shown = self.one.run("next", "day", "--count", "7").stdout
        self.assertEqual(shown.count("(blackout until"), 5)
        self.assertNotIn("first outside", shown)
        self.assertIn("(blackout until", added)
        monday = self.one.run("next", "day", "--from", "2027-01-04", "--count", "2").stdout
        self.assertIn("first outside a blackout: Sat 2027-01-09 12:00:00 UTC", monday)
        self.assertEqual(len(self.one.ask("next", "day", "--count", "7")), 7)

    def test_a_job_that_is_never_due_is_said(self):
        text = ("katydid: 1\njobs:\n  old: {at: '2020-02-02T02:02Z', user: nobody, shell: a}\n"
                "  over: {every: 1h, not_after: '2020-02-02T02:02Z', user: nobody, shell: a}\n")
        said = self.one.run("apply", self.write("old.yaml", text)).stderr
        self.assertIn("old is never due any more: every time it names has passed", said)
        self.assertIn("over is never due any more: the time of `not_after` has passed", said)
        said = self.one.run("add", "over2", "--every", "1h", "--not-after", "2020-02-02T02:02Z", *fleet.USER, "--", "true",
                            status=fleet.FAILED).stderr
        self.assertIn("the time of `--not-after` has passed", said)

    # ---- add ----

    def added(self, name, *options):
        self.one.add(name, "--every", "1h", "--zone", "UTC", *options, "--", "true")
        return self.one.ask("show", name)["definition"]["yaml"]

    def test_every_time_of_add_may_be_said_in_words(self):
        yaml = self.added("a", "--not-before", "in 12s", "--not-after", "2100-01-01", "--blackout", "tomorrow 22:00 until 06:00",
                          "--blackout", "tomorrow for 2h", "--blackout", "0 8 * * MON-FRI for 10h")
        self.assertRegex(yaml, r'not_before: "?\d{4}-\d\d-\d\dT')
        self.assertRegex(yaml, r'not_after: "?2100-01-01T00:00')
        self.assertRegex(yaml, r"T22:00\S* until \S+T06:00|from: \S+T22:00\S*, until: \S+T06:00")
        self.assertIn("0 8 * * MON-FRI", yaml)

    def test_what_is_caught_up_may_be_spread(self):
        self.assertIn("catch_up: {run: all, within: 6h, spread: 10m}",
                      self.added("a", "--catch-up", "all:6h", "--catch-up-spread", "10m"))
        self.assertIn("spread: 10m", self.added("b", "--catch-up-spread", "10m"))

    def test_errors_of_add_name_options(self):
        for options, what in ((("--not-after", "yesterday 12:00", "--not-before", "tomorrow"), "--not-after: it lies before `--not-before`"),
                              (("--not-before", "nonsense"), "--not-before: `nonsense`: "),
                              (("--zone", "local"), "zone local needs `--spread all` or `--node`"),
                              (("--expires", "5m"), "--expires: `expires` goes with `--at`"),
                              (("--catch-up-spread", "soon"), "--catch-up: `soon`"),
                              (("--blackout", "0 8 * * for 1h"), "--blackout: column 8: too few fields"),
                              (("--stdin", "event"), "`--stdin event` goes with an event trigger")):
            said = self.one.run("add", "x", "--every", "5m", *options, *fleet.USER, "--", "true", status=fleet.USAGE).stderr
            self.assertIn(what, said)

    # ---- edit ----

    def test_an_edit_is_the_next_version_and_keeps_the_phase(self):
        self.apply(FIRST)
        before = self.one.ask("show", "tick")
        shown = self.edit("tick", "sed -i 's/times: 2/times: 5/' $1").stdout
        self.assertIn("changed tick (version 2)", shown)
        after = self.one.ask("show", "tick")
        self.assertEqual(after["triggers"], before["triggers"])
        self.assertIn("times: 5", after["definition"]["yaml"])
        self.assertEqual(after["conflicts"], [])
        self.assertIn("unchanged tick", self.edit("tick", "true").stdout)
        self.assertEqual(self.one.ask("show", "tick")["version"], 2)

    def test_an_edit_that_somebody_else_overtook_is_refused_and_kept(self):
        self.apply(FIRST)
        other = self.write("other.yaml", FIRST.replace("times: 2", "times: 3"))
        overtake = " ".join(self.one.command("apply", other))
        answer = self.edit("tick", f"{overtake} >/dev/null\nsed -i 's/times: 2/times: 9/' $1", status=fleet.FAILED)
        self.assertIn("was changed by", answer.stderr)
        kept = answer.stderr.split("your text is in ")[1].split()[0]
        with open(kept, encoding="utf-8") as file:
            self.assertIn("times: 9", file.read())
        os.unlink(kept)
        self.assertIn("times: 3", self.one.ask("show", "tick")["definition"]["yaml"])

    def test_an_edit_that_is_no_job_changes_nothing(self):
        self.apply(FIRST)
        answer = self.edit("tick", "sed -i 's/every/evry/' $1", status=fleet.FAILED)
        self.assertIn("did you mean `every`?", answer.stderr)
        os.unlink(answer.stderr.split(":")[1].strip())
        self.assertEqual(self.one.ask("show", "tick")["version"], 1)

    # ---- names that come back ----

    def test_a_deleted_name_begins_a_new_life(self):
        self.one.add("again", "--every", "1h", "--", "true")
        self.one.run("rm", "again")
        self.one.run("show", "again", status=fleet.NOT_FOUND)
        self.one.add("again", "--every", "1h", "--", "true")
        self.assertEqual(self.one.ask("show", "again")["life"], 3)
        self.one.run("add", "again", "--every", "1h", *fleet.USER, "--", "true", status=fleet.FAILED)

    def test_a_job_nobody_may_run_is_taken_and_said(self):
        answer = self.one.run("add", "far", "--every", "1h", "--node", "elsewhere", *fleet.USER, "--", "true")
        self.assertIn("no eligible node: elsewhere is no member", answer.stderr)
        self.assertIn("no eligible node", self.one.ask("show", "far")["problem"])

    # ---- keys ----

    def test_an_operator_signs_within_its_scope_and_not_beyond(self):
        self.apply(FIRST)
        key = self.fleet.path("carol.key")
        self.one.run("key", "add", "carol", "--namespace", "lab", "--action", "pause", "--out", key)
        self.one.run("--operator", key, "pause", "lab/probe")
        self.one.run("--operator", key, "pause", "tick", status=fleet.FAILED)
        self.one.run("--operator", key, "rm", "lab/probe", status=fleet.FAILED)
        self.assertEqual(self.one.ask("show", "lab/probe")["pauses"][0]["by"], "carol")
        carol = [row for row in self.one.ask("key", "list") if row["name"] == "carol"][0]
        self.assertEqual((carol["namespaces"], carol["actions"], carol["users"]), (["lab"], ["pause"], ["*"]))
        os.chmod(key, 0o640)
        answer = self.one.run("--operator", key, "resume", "lab/probe", status=fleet.FAILED)
        self.assertIn(f"chmod 600 {key}", answer.stderr)

    def test_without_the_root_key_nobody_becomes_operator(self):
        os.rename(os.path.join(self.fleet.keys, "root.key"), self.fleet.path("stick"))
        self.one.run("key", "add", "dora", "--out", self.fleet.path("dora.key"), status=fleet.FAILED)
        self.assertFalse(os.path.exists(self.fleet.path("dora.key")))
        self.one.run("key", "add", "dora", "--out", self.fleet.path("dora.key"), "--root", self.fleet.path("stick"))
        self.one.run("--operator", self.fleet.path("dora.key"), "add", "hers", "--every", "1h", *fleet.USER, "--", "true")

    # ---- looking ----

    def test_next_of_a_job_is_what_the_agent_will_do(self):
        self.apply(FIRST)
        times = self.one.ask("next", "tick", "--count", "3")
        self.assertEqual(len(times), 3)
        self.assertEqual(times[0], self.one.ask("jobs")[2]["next"])
        self.one.run("next", "nothing", status=fleet.NOT_FOUND)
        self.assertEqual(self.one.ask("next", "30 2 * * *", "--zone", "Europe/Berlin", "--from", "2027-03-27T12:00",
                                      "--count", "2"), ["2027-03-28T01:00:00.000Z", "2027-03-29T00:30:00.000Z"])

    def test_a_log_is_followed_to_its_end(self):
        self.one.add("slow", "--every", "1h", "--shell", "for i in 1 2 3; do echo $i; sleep 0.5; done")
        self.one.run("run", "slow")
        fleet.wait_until(lambda: self.one.ask("jobs")[0]["running"], 10, "it runs")
        started = time.monotonic()
        self.assertEqual(self.one.run("logs", "slow", "--follow").stdout, "1\n2\n3\n")
        self.assertGreater(time.monotonic() - started, 0.3)
        run = self.one.runs("slow")[0]["run"]
        self.assertEqual(self.one.run("logs", run[:6]).stdout, "1\n2\n3\n")
        lines = [json.loads(line) for line in self.one.run("--json", "logs", run).stdout.splitlines()]
        self.assertEqual("".join(line["data"] for line in lines), "1\n2\n3\n")

    def test_run_and_wait_says_how_it_ended(self):
        self.one.add("good", "--every", "1h", "--", "true")
        self.one.add("bad", "--every", "1h", "--shell", "exit 7")
        self.assertEqual(self.one.ask("run", "good", "--wait")["outcome"], "ok")
        answer = self.one.ask("run", "bad", "--wait", status=fleet.FAILED)
        self.assertEqual((answer["outcome"], answer["exit_code"]), ("failed", 7))
        self.assertEqual([row["job"] for row in self.one.runs(None, "--failed")], ["bad"])
        self.one.run("pause", "good")
        self.one.run("run", "good", status=fleet.FAILED)
        self.one.run("run", "nothing", status=fleet.NOT_FOUND)

    def test_why_tells_due_times_from_others(self):
        self.one.add("good", "--every", "1h", "--", "true")
        self.one.run("run", "good", "--wait")
        told = self.one.ask("why", "good")
        self.assertEqual((told["outcome"], told["node"]), ("ok", "one"))
        self.assertTrue(any("started" in line["what"] for line in told["story"]))
        self.assertFalse(self.one.ask("why", "good", "2020-02-02T02:02")["is_due"])
        self.one.run("why", "nothing", status=fleet.NOT_FOUND)

    def test_a_pause_with_an_end_ends(self):
        self.one.add("beat", "--every", "1s", "--", "true")
        self.one.run("pause", "beat", "--for", "2s", "--note", "a short one")
        self.assertEqual(self.one.ask("show", "beat")["pauses"][0]["note"], "a short one")
        fleet.wait_until(lambda: not self.one.ask("show", "beat")["paused"], 20, "the pause ends")

    def test_what_apply_did_not_do_is_told_as_such(self):
        self.apply(FIRST)
        one_less = self.write("less.yaml", FIRST.replace("  tick: {", "  tock: {"))
        answer = self.one.run("apply", one_less, "--prune", status=fleet.FAILED)
        self.assertIn("nothing was done: --yes is missing", answer.stdout)
        self.assertIn("1 job would be deleted", answer.stderr)
        self.assertIn("nothing was done: --dry-run", self.one.run("apply", one_less, "--prune", "--dry-run").stdout)

    def test_due_times_of_one_table_all_show_seconds_or_none_does(self):
        self.one.add("beat", "--every", "1s", "--", "true")
        fleet.wait_until(lambda: len(self.one.runs("beat")) >= 2, 20, "it beats, and not on the minute alone")
        shown = self.one.run("runs", "beat", "--limit", "100").stdout
        self.assertEqual(re.findall(r"^\w+ \d\d:\d\d (?=\W)", shown, re.MULTILINE), [], shown)

    def test_a_warning_names_what_looks_like_a_secret(self):
        answer = self.one.run("add", "s", "--every", "1h", *fleet.USER, "--env", "DB_PASSWORD=x", "--", "true")
        self.assertIn("`password`", answer.stderr)

    def test_a_run_that_wrote_nothing_is_told_apart_from_no_run(self):
        self.one.add("still", "--every", "1h", "--", "true")
        self.one.run("run", "still", "--wait")
        answer = self.one.run("logs", "still")
        self.assertEqual((answer.stdout, answer.stderr), ("", "katydid: no output\n"))

    def test_a_key_is_never_written_over_another(self):
        path = self.fleet.path("anna.key")
        self.one.run("key", "add", "anna", "--out", path)
        self.assertIn("never overwritten", self.one.run("key", "add", "bert", "--out", path, status=fleet.FAILED).stderr)

    def test_the_status_tells_what_is_stored(self):
        before = self.one.ask("status")
        self.one.add("good", "--every", "1h", "--", "true")
        after = self.one.ask("status")
        self.assertEqual(after["records"], before["records"] + 1)
        self.assertGreater(after["stored_bytes"], 1 << 20)  # the ballast alone

    # ---- going ----

    def test_a_node_that_leaves_takes_its_directory_along(self):
        self.one.run("leave", "--erase")
        self.assertFalse(os.path.exists(self.one.directory))
        self.one.run("jobs", status=fleet.NO_AGENT)


class Keys(story.Story):
    def test_sealed_keys_open_with_their_passphrase_only(self):
        one = self.fleet.node("one")
        self.fleet.environment["KATYDID_PASSPHRASE"] = "correct horse"
        one.init("--passphrase")
        one.start()
        one.add("good", "--every", "1h", "--", "true")
        self.fleet.environment["KATYDID_PASSPHRASE"] = "battery staple"
        one.run("pause", "good", status=fleet.FAILED)
        one.run("show", "good")

    def test_init_makes_private_files_and_only_once(self):
        one = self.fleet.node("one")
        one.init("--label", "role=storage", "--fleet", "home")
        for path, mode in ((self.fleet.keys, 0o700), (os.path.join(self.fleet.keys, "root.key"), 0o600),
                           (os.path.join(self.fleet.keys, "operator.key"), 0o600),
                           (os.path.join(one.directory, "net"), 0o700), (os.path.join(one.directory, "runner"), 0o700)):
            self.assertEqual(os.stat(path).st_mode & 0o777, mode, path)
        one.run("init", status=fleet.FAILED)
        two = self.fleet.node("two")
        two.run("init", status=fleet.FAILED)  # the same place for keys: none are lost
        one.start()
        self.assertEqual(one.ask("status", status=None)["fleet_name"], "home")
        self.assertEqual(one.ask("members")["items"][0]["labels"], {"role": "storage"})


if __name__ == "__main__":
    story.main()
