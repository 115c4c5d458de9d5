# test_one_node.py - one machine keeps a schedule: what people do with it in their first hour.
import json
import os
import time

import fleet
import history
import story


class Keeping(story.Story):
    def setUp(self):
        self.node = self.fleet.first_node()

    def test_every_second_is_run_once_and_on_time(self):
        self.node.add("tick", "--every", "1s", "--", "true")
        fleet.wait_until(lambda: len(history.due_times(self.node.ended("tick", "ok"))) >= 15, 60, "15 ticks are ok")
        rows = self.node.runs("tick")
        history.check_every_due_time_once(rows, 1000)
        history.check_never_early(rows)
        self.assertEqual({row["node"] for row in rows if row["outcome"]}, {"one"})
        job = self.node.ask("jobs")[0]
        self.assertEqual((job["name"], job["paused"], job["last"]["outcome"]), ("tick", False, "ok"))

    def test_a_minute_of_cron_begins_on_the_minute(self):
        self.node.add("minutely", "--cron", "* * * * *", "--zone", "UTC", "--", "true")
        rows = fleet.wait_until(lambda: self.node.ended("minutely", "ok"), 90, "a minute began")
        self.assertEqual(history.ms_of(rows[-1]["due"]) % 60000, 0)
        history.check_never_early(rows)

    def test_a_point_in_time_comes_once(self):
        due = history.text_of((int(time.time()) + 4) * 1000)
        self.node.add("once", "--at", due, "--", "true")
        row = fleet.wait_until(lambda: self.node.ended("once", "ok"), 30, "it ran")[0]
        self.assertEqual(row["due"], due)
        self.assertIsNone(self.node.ask("show", "once")["next"])

    def test_a_pause_lasts_until_it_is_lifted(self):
        self.node.add("tick", "--every", "1s", "--", "true")
        fleet.wait_until(lambda: self.node.ended("tick", "ok"), 30, "it runs")
        self.node.run("pause", "tick", "--note", "disk is being replaced")
        self.assertTrue(self.node.ask("jobs")[0]["paused"])
        self.assertEqual(self.node.ask("show", "tick")["pauses"][0]["note"], "disk is being replaced")
        self.node.run("run", "tick", status=fleet.FAILED)
        paused_ms = history.ms_of(self.node.status()["time"])
        fleet.wait_until(lambda: "skipped" in history.outcomes(self.node.runs("tick")), 30, "skipped is told")
        late = [row for row in self.node.runs("tick") if row["started"] and history.ms_of(row["started"]) > paused_ms]
        self.assertEqual(late, [])
        self.node.run("resume", "tick")
        resumed_ms = history.ms_of(self.node.status()["time"])
        fleet.wait_until(lambda: [row for row in self.node.ended("tick", "ok")
                                  if history.ms_of(row["due"]) > resumed_ms], 30, "it runs again")
        history.check_every_due_time_once(self.node.runs("tick"), 1000)

    def test_a_deleted_job_is_gone_but_not_its_history(self):
        self.node.add("tick", "--every", "1s", "--", "true")
        fleet.wait_until(lambda: self.node.ended("tick", "ok"), 30, "it runs")
        self.node.run("rm", "tick")
        self.assertEqual(self.node.ask("jobs"), [])
        self.node.run("show", "tick", status=fleet.NOT_FOUND)
        self.assertTrue(self.node.ended("tick", "ok"))
        self.assertEqual(self.node.add("tick", "--every", "1h", "--", "true")["life"], 3)

    def test_a_job_of_the_past_is_forgotten_nowhere_after_a_restart(self):
        self.node.add("tick", "--every", "1s", "--", "true")
        fleet.wait_until(lambda: len(history.due_times(self.node.ended("tick", "ok"))) >= 3, 30, "three are ok")
        self.node.stop()
        self.node.start()
        after = history.ms_of(self.node.status()["time"])
        fleet.wait_until(lambda: [row for row in self.node.ended("tick", "ok") if history.ms_of(row["due"]) > after],
                         60, "it runs again")
        history.check_every_due_time_once(self.node.runs("tick"), 1000)


class Ordering(story.Story):
    def setUp(self):
        self.node = self.fleet.first_node()

    def add(self, name, *options):
        self.node.add(name, "--every", "30d", *options)

    def text_of(self, path):
        if not os.path.exists(path):
            return ""
        with open(path, encoding="ascii") as file:
            return file.read().strip()

    def test_the_output_is_kept_and_found(self):
        self.add("greet", "--", "sh", "-c", "echo hello; echo trouble >&2; printf end")
        answer = self.node.ask("run", "greet", "--wait")
        self.assertEqual((answer["outcome"], answer["exit_code"]), ("ok", 0))
        said = self.node.run("logs", "greet").stdout
        self.assertEqual(sorted(said.replace("end", "end\n").split()), ["end", "hello", "trouble"])
        self.assertEqual(self.node.run("logs", answer["run"][:8]).stdout, said)
        lines = [json.loads(line) for line in self.node.run("--json", "logs", "greet").stdout.splitlines()]
        self.assertEqual("".join(line["data"] for line in lines if line["stream"] == "stderr"), "trouble\n")

    def test_following_shows_the_output_as_it_comes(self):
        self.add("slow", "--", "sh", "-c", "for i in 1 2 3; do echo $i; sleep 1; done")
        self.node.run("run", "slow")
        fleet.wait_until(lambda: self.node.runs("slow"), 30, "it was started")
        self.assertEqual(self.node.run("logs", "slow", "--follow").stdout, "1\n2\n3\n")

    def test_a_failure_has_its_exit_status(self):
        self.add("fail", "--", "sh", "-c", "exit 3")
        answer = self.node.ask("run", "fail", "--wait", status=fleet.FAILED)
        self.assertEqual((answer["outcome"], answer["exit_code"]), ("failed", 3))
        row = self.node.runs("fail")[0]
        self.assertEqual((row["outcome"], row["exit_code"], row["by_order"]), ("failed", 3, True))
        self.assertEqual(len(self.node.runs(None, "--failed")), 1)

    def test_a_failure_is_tried_again_as_often_as_asked(self):
        counter = self.fleet.path("attempts")
        self.add("flaky", "--retry", "3", "--retry-delay", "1s", "--shell",
                 f"echo x >> {counter}; [ $(wc -l < {counter}) -ge 3 ]")
        answer = self.node.ask("run", "flaky", "--wait")
        self.assertEqual(answer["outcome"], "ok")
        self.assertEqual(self.text_of(counter), "x\nx\nx")
        self.assertEqual(len(self.node.runs("flaky")), 1)

    def test_a_past_range_is_run_anew_and_what_is_missing_once(self):
        told = self.fleet.path("told")
        self.node.add("hourly", "--every", "1h", "--shell",
                      f"echo $KATYDID_CAUSE $KATYDID_DUE >> {told}; [ ! -e {told}.fails ]")
        asked = self.node.ask("run", "hourly", "--from", "190m ago", "--until", "30m ago")
        self.assertEqual(asked["count"], 3)
        fleet.wait_until(lambda: len(self.node.ended("hourly", "ok")) == 3, 60, "all three ran")
        rows = self.node.ended("hourly", "ok")
        self.assertEqual({row["reason"] for row in rows}, {"backfill"})
        lines = [line.split() for line in self.text_of(told).splitlines()]
        self.assertEqual({cause for cause, _ in lines}, {"backfill"})
        self.assertEqual(sorted(due for _, due in lines), sorted(row["due"] for row in rows))
        with open(told + ".fails", "w", encoding="ascii"):
            pass
        asked = self.node.ask("run", "hourly", "--from", "250m ago", "--until", "30m ago", "--missing")
        self.assertEqual(asked["count"], 1)
        fleet.wait_until(lambda: self.node.ended("hourly", "failed"), 60, "the one that is missing ran")
        os.remove(told + ".fails")
        self.node.run("run", "hourly", "--from", "250m ago", "--until", "30m ago", "--missing")
        fleet.wait_until(lambda: len(self.node.ended("hourly", "ok")) == 4, 60, "it is not missing any more")
        nothing = self.node.run("run", "hourly", "--from", "250m ago", "--until", "30m ago", "--missing")
        self.assertIn("nothing is missing", nothing.stderr)
        many = self.node.run("run", "hourly", "--from", "60d ago", "--until", "now", status=fleet.FAILED)
        self.assertIn("144", many.stderr)
        self.node.run("run", "hourly", "--from", "2h ago", status=fleet.USAGE)
        self.node.run("run", "hourly", "--from", "1h ago", "--until", "in 5m", status=fleet.USAGE)

    def test_next_says_what_starts_a_job_that_no_calendar_does(self):
        jobs = {"told": "event: deploy.*", "later": "after: told", "booted": "boot: {delay: 30s}, spread: all",
                "seen": "file: /srv/in, spread: all", "both": "at: '2020-01-01T00:00Z', member: dead",
                "mixed": "every: 1h, event: deploy", "gone": "at: '2020-01-01T00:00Z'"}
        text = "katydid: 1\njobs:\n" + "".join(f"  {name}: {{{when}, shell: 'true'}}\n" for name, when in jobs.items())
        self.node.run("apply", *fleet.USER, "-", stdin=text)
        said = {name: self.node.run("next", name).stdout for name in jobs}
        self.assertEqual(said["told"], "when an operator tells of the event deploy.*\n")
        self.assertEqual(said["later"], "each time told has ended ok\n")
        self.assertEqual(said["booted"], "30 seconds after a machine it may run on has booted\n")
        self.assertIn("when /srv/in, or a file in it, is created", said["seen"])
        self.assertIn("when a node dies", said["both"])
        self.assertEqual(said["gone"], "never again\n")
        self.assertEqual(len(said["mixed"].splitlines()), 10 + 1 + 1)  # times, a heading, and what else
        self.assertIn("or when an operator tells", said["mixed"].splitlines()[-1])
        self.assertEqual(self.node.ask("next", "told"), [])

    def test_each_run_names_the_trigger_it_is_of(self):
        text = ("katydid: 1\njobs:\n  several: {cron: '*/2 * * * * *', every: 3s, event: go, zone: UTC, busy: queue,\n"
                "    shell: 'echo $KATYDID_CAUSE, $KATYDID_TRIGGER'}\n")
        self.node.run("apply", *fleet.USER, "-", stdin=text)
        self.node.run("emit", "go")
        self.node.run("run", "several")
        words = {"cron */2 * * * * *": "schedule", "every 3s": "schedule", "event go": "event"}
        named = lambda: {row["trigger"]["text"]: row for row in self.node.ended("several", "ok") if row["trigger"]}
        fleet.wait_until(lambda: set(named()) == set(words), 40, "each trigger has run")
        for trigger, row in named().items():
            self.assertEqual(self.node.run("logs", row["run"], "--raw").stdout.splitlines()[0],
                             f"{words[trigger]}, {trigger}")
        self.assertEqual(len({row["trigger"]["index"] for row in named().values()}), 3)
        ordered = [row for row in self.node.ended("several", "ok") if row["by_order"]]
        self.assertEqual(ordered[0]["trigger"], None)
        self.assertEqual(self.node.run("logs", ordered[0]["run"], "--raw").stdout, "order, order\n")
        self.assertIn("TRIGGER", self.node.run("runs", "several").stdout)
        row = named()["event go"]
        told = self.node.ask("why", "several", row["due"])
        self.assertEqual(told["trigger"]["text"], "event go")
        told = self.node.ask("why", "several", ordered[0]["due"])
        self.assertEqual((told["outcome"], told["trigger"]), ("ok", None))

    def test_what_happened_is_found_by_the_second_that_runs_shows(self):
        self.node.add("rare", "--cron", "0 0 1 1 *", "--event", "go", "--zone", "UTC", "--", "true")
        self.node.run("emit", "go")
        row = fleet.wait_until(lambda: self.node.ended("rare", "ok"), 40, "the event has run it")[0]
        self.assertIn("by event go", self.node.run("why", "rare", row["due"][:19] + "Z").stdout)

    def test_cancelling_ends_the_run_and_all_it_started(self):
        mark = self.fleet.path("child")
        self.add("sleeper", "--grace", "1s", "--shell", f"sh -c 'echo $$ > {mark}; exec sleep 300' & wait")
        self.node.run("run", "sleeper")
        fleet.wait_until(lambda: self.node.status()["running"] == 1, 30, "it runs")
        child = int(fleet.wait_until(lambda: self.text_of(mark), 10, "the child runs"))
        self.node.run("cancel", "sleeper")
        row = fleet.wait_until(lambda: self.node.ended("sleeper"), 30, "it ended")[0]
        self.assertEqual(row["outcome"], "cancelled")
        fleet.wait_until(lambda: not fleet.processes.is_running(child), 10, "its child is gone")

    def test_a_time_limit_ends_what_does_not_want_to(self):
        self.add("stubborn", "--time-limit", "1s", "--grace", "1s", "--shell", "trap '' TERM; while :; do sleep 1; done")
        answer = self.node.ask("run", "stubborn", "--wait", status=fleet.FAILED)
        self.assertEqual(answer["outcome"], "timeout")
        row = self.node.runs("stubborn")[0]
        took_ms = history.ms_of(row["ended"]) - history.ms_of(row["started"])
        self.assertGreaterEqual(took_ms, 1900)  # stamps and timers round apart

    def test_a_command_knows_its_due_time_and_little_else(self):
        self.add("env", "--env", "COLOUR=green", "--", "sh", "-c", "env; pwd; cat")
        self.node.ask("run", "env", "--wait")
        lines = self.node.run("logs", "env").stdout.splitlines()
        names = {line.split("=")[0] for line in lines if "=" in line}
        self.assertIn("COLOUR=green", lines)
        self.assertIn("LANG=C.UTF-8", lines)
        self.assertIn("KATYDID_NODE=one", lines)
        self.assertLessEqual({"KATYDID_JOB", "KATYDID_RUN", "KATYDID_DUE", "KATYDID_ATTEMPT", "PATH", "HOME"}, names)
        self.assertFalse(names & {"KATYDID_KEYS", "KATYDID_DIR", "ASAN_OPTIONS"}, "the agent's own environment")

    def test_why_tells_the_story_of_a_due_time(self):
        self.node.add("tick", "--every", "1s", "--", "true")
        row = fleet.wait_until(lambda: self.node.ended("tick", "ok"), 30, "it runs")[-1]
        answer = self.node.ask("why", "tick", row["due"])
        self.assertEqual((answer["is_due"], answer["outcome"], answer["node"]), (True, "ok", "one"))
        self.assertTrue(answer["story"])
        between = history.text_of(history.ms_of(row["due"]) + 500)
        answer = self.node.ask("why", "tick", between)
        self.assertFalse(answer["is_due"])
        self.assertEqual(history.ms_of(answer["before"]), history.ms_of(row["due"]))

    def test_the_next_due_times_of_a_job(self):
        self.node.add("nightly", "--cron", "30 2 * * *", "--zone", "Europe/Berlin", "--", "true")
        times = self.node.ask("next", "nightly", "--from", "2027-03-27T12:00:00Z", "--count", "2")
        # The clock jumps from 2:00 to 3:00 that night; what falls into the gap runs at its end.
        self.assertEqual(times, ["2027-03-28T01:00:00.000Z", "2027-03-29T00:30:00.000Z"])


class ExitStatus(story.Story):
    def test_each_kind_of_end_has_its_number(self):
        node = self.fleet.node("one")
        node.run("version")
        node.run("next", "@daily", "--count", "1")
        node.run("status", status=fleet.NO_AGENT)
        node.run("jobs", status=fleet.NO_AGENT)
        node.init()
        node.run("status", status=fleet.NO_AGENT)
        node.start()
        # A root without the user `katydid` is told so: then a person is needed.
        node.run("status", status=fleet.FAILED if node.status()["problems"] else fleet.DONE)
        node.run("frobnicate", status=fleet.USAGE)
        node.run("jobs", "--frobnicate", status=fleet.USAGE)
        node.run("add", "x", status=fleet.USAGE)
        for command in ("show", "pause", "rm", "run", "cancel", "logs", "why", "owner", "runs"):
            node.run(command, "nobody", status=fleet.NOT_FOUND)
        node.add("x", "--every", "30d", "--", "false")
        node.run("add", "x", "--every", "30d", *fleet.USER, "--", "true", status=fleet.FAILED)
        node.run("run", "x", "--wait", status=fleet.FAILED)
        node.stop()
        node.run("jobs", status=fleet.NO_AGENT)


if __name__ == "__main__":
    story.main()
