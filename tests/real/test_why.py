# test_why.py - what `why` says to a person: in which zone a time is read, and the reason why nothing ran.
import datetime

import fleet
import story

JOBS = """katydid: 1
defaults: {zone: Europe/Berlin}
jobs:
  after-gap: {cron: "30 2 * * *", shell: "true"}
  skips: {cron: "30 2 * * *", gap: skip, shell: "true"}
  hourly: {cron: "30 * * * *", shell: "true"}
  once: {cron: "30 2 * * *", shell: "true"}
  twice: {cron: "30 2 * * *", overlap: twice, shell: "true"}
  noon: {cron: "0 12 * * *", shell: "true"}
"""
GAP, OVERLAP = "2027-03-28 02:30", "2027-10-31 02:30"


class Times(story.Story):
    def setUp(self):
        self.one = self.fleet.first_node()
        self.one.run("apply", *fleet.USER, "-", stdin=JOBS)

    def why(self, *arguments):
        return self.one.run("why", *arguments).stdout

    def test_a_time_is_read_and_shown_in_the_zone_of_the_job(self):
        said = self.why("noon", "2027-01-10 12:00")
        self.assertIn("due Sun 2027-01-10 12:00:00 CET", said)
        self.assertIn("Europe/Berlin", said)
        self.assertEqual(self.one.ask("why", "noon", "2027-01-10 12:00")["due"], "2027-01-10T11:00:00.000Z")
        for same in ("2027-01-10T11:00Z", "2027-01-10T12:00+01:00"):
            self.assertEqual(self.one.ask("why", "noon", same)["due"], "2027-01-10T11:00:00.000Z")
        self.assertEqual(self.one.ask("next", "noon", "--from", "2027-01-10 12:00", "--count", "1"),
                         ["2027-01-10T11:00:00.000Z"])

    def test_another_zone_can_be_asked_for_and_changes_no_due_time(self):
        asked = ("--zone", "Asia/Tokyo", "2027-01-10 20:00")
        self.assertIn("due Sun 2027-01-10 20:00:00 JST", self.why("noon", *asked))
        shown = self.one.run("next", "noon", "--zone", "Asia/Tokyo", "--from", "2027-01-10", "--count", "1").stdout
        self.assertIn("LOCAL (Asia/Tokyo)", shown)
        self.assertIn("Sun 2027-01-10 20:00:00 JST", shown)
        self.one.run("why", "noon", "--zone", "Mars/Olympus", status=fleet.USAGE)

    def test_what_runs_shows_of_a_job_can_be_asked_for(self):
        self.one.add("tick", "--every", "1s", "--zone", "Asia/Tokyo", "--", "true")
        two = lambda rows: rows if len(rows) >= 2 else None  # one alone shows no seconds on the minute
        row = fleet.wait_until(lambda: two(self.one.ended("tick", "ok")), 20, "it has run")[-1]
        shown = self.one.run("runs", "tick", "--limit", "10000").stdout
        self.assertIn("DUE (Tokyo)", shown.splitlines()[0])
        tokyo = datetime.datetime.fromisoformat(row["due"][:19]) + datetime.timedelta(hours=9)
        when = tokyo.strftime("%a %H:%M:%S")
        self.assertIn(when, shown)
        told = self.one.ask("why", "tick", when)
        self.assertEqual((told["due"], told["outcome"]), (row["due"], "ok"))
        self.assertIn("DUE (Berlin)", self.one.run("runs", "tick", "--zone", "Europe/Berlin").stdout)

    def test_a_time_that_does_not_exist_is_said_with_what_the_job_does(self):
        for job, what in (("after-gap", "it is due right after the jump (gap: run-after)"),
                          ("skips", "nothing is due instead (gap: skip)"),
                          ("hourly", "it is due every hour that passes, so none is left out"),
                          ("noon", "it would not be due at that time of day")):
            said = self.why(job, GAP)
            self.assertIn("02:30 does not exist (the clock jumps 02:00 -> 03:00)", said)
            self.assertIn(what, said)
            answer = self.one.ask("why", job, GAP)
            self.assertIn(what, answer["note"])
            self.assertEqual(answer["due"], "2027-03-28T01:00:00.000Z")
            self.assertEqual(answer["is_due"], job == "after-gap")
        self.assertIsNone(self.one.ask("why", "noon", "2027-03-27 02:30")["note"])

    def test_a_time_that_is_shown_twice_is_said_with_which_of_them_is_meant(self):
        for job, what in (("once", "it is due the first time only (overlap: once)"),
                          ("twice", "it is due both times"), ("hourly", "it is due both times"),
                          ("noon", "it is due neither time")):
            said = self.why(job, OVERLAP)
            self.assertIn("02:30 is shown twice (the clock goes back 03:00 -> 02:00): this is the first", said)
            self.assertIn(what, said)
        self.assertIn("the second is 2027-10-31T02:30:00.000+01:00", self.why("twice", OVERLAP))
        second = self.one.ask("why", "twice", "2027-10-31T02:30:00+01:00")
        self.assertEqual((second["due"], second["is_due"], second["note"]), ("2027-10-31T01:30:00.000Z", True, None))

    def test_from_says_what_was_made_of_such_a_time(self):
        answer = self.one.run("next", "after-gap", "--from", GAP)
        self.assertIn("--from: 02:30 does not exist (the clock jumps 02:00 -> 03:00); right after the jump is meant",
                      answer.stderr)
        answer = self.one.run("next", "after-gap", "--from", OVERLAP)
        self.assertIn("--from: 02:30 is shown twice (the clock goes back 03:00 -> 02:00): this is the first",
                      answer.stderr)


class WhatJobsWaitFor(story.Story):
    def setUp(self):
        self.one = self.fleet.first_node()
        self.one.add("a", "--every", "30d", "--shell", "test ! -e " + self.fleet.path("broken"))
        self.one.add("b", "--after", "a", "--", "true")

    def break_a(self):
        open(self.fleet.path("broken"), "w", encoding="utf-8").close()
        self.one.run("run", "a", "--wait", status=fleet.FAILED)
        return self.one.ended("a", "failed")[0]

    def wait_for_b(self):
        self.one.run("run", "a", "--wait")
        return fleet.wait_until(lambda: self.one.ended("b", "ok"), 30, "b comes after a")[0]

    def test_a_run_without_a_due_time_is_found_by_what_runs_shows_of_it(self):
        row = self.wait_for_b()
        for size in (len("2027-01-10T12:00"), len("2027-01-10T12:00:00"), len(row["due"])):
            told = self.one.ask("why", "b", row["due"][:size].rstrip("Z") + "Z")
            self.assertEqual((told["run"], told["outcome"]), (row["run"], "ok"))

    def test_who_did_not_run_after_another_is_told_why(self):
        failed = self.break_a()
        for time in ((), (failed["due"],), (failed["ended"],)):
            said = self.one.run("why", "b", *time).stdout
            self.assertIn("b did not run: upstream a ended failed at ", said)
            self.assertIn("(exit 1); b runs after it ends ok", said)
            told = self.one.ask("why", "b", *time)
            self.assertEqual((told["is_due"], told["outcome"]), (False, None))
            self.assertEqual((told["upstream"]["job"], told["upstream"]["outcome"]), ("a", "failed"))
            self.assertEqual(told["upstream"]["ended"], failed["ended"])
            self.assertIn("upstream a ended failed", told["reason"])

    def test_who_has_not_run_since_is_told_why(self):
        row = self.wait_for_b()
        self.break_a()
        said = self.one.run("why", "b").stdout
        self.assertTrue(said.startswith("ok"), said)
        self.assertIn("since then: upstream a ended failed at ", said)
        told = self.one.ask("why", "b", row["due"])
        self.assertEqual((told["outcome"], told["upstream"]), ("ok", None))

    def test_what_has_no_times_of_its_own_says_what_it_waits_for(self):
        self.assertIn("it has no times of its own: after a", self.one.run("why", "b", "2020-02-02 02:02").stdout)

    def test_a_pause_is_told_with_who_made_it_its_end_and_its_note(self):
        self.one.add("tick", "--every", "1s", "--", "true")
        self.one.run("pause", "tick", "--until", "2100-01-02 03:04", "--note", "disk is being replaced \u2014 ask Ann")
        self.one.run("pause", "tick", "--note", "the second")
        due = self.one.ask("next", "tick", "--count", "1")[0]
        fleet.wait_until(lambda: self.one.status()["time"] > due, 20, "it is due")
        reason = self.one.ask("why", "tick", due)["reason"]
        who = self.one.ask("show", "tick")["pauses"][0]["by"]
        self.assertEqual(reason, f"paused by {who} until 2100-01-02T03:04:00.000Z: "
                         "disk is being replaced \u2014 ask Ann (the first of 2 pauses)")


if __name__ == "__main__":
    story.main()
