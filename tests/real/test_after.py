# test_after.py - jobs that come after other jobs, with real agents: what they are told, and when they are not due.
import fleet
import history
import story
import trio

TELL = ("echo cause=$KATYDID_CAUSE job=$KATYDID_UPSTREAM_JOB outcome=$KATYDID_UPSTREAM_OUTCOME "
        "runs=$KATYDID_UPSTREAM_RUNS due=$KATYDID_UPSTREAM_DUE")


class OneNode(story.Story):
    def setUp(self):
        self.node = self.fleet.first_node()

    def wait_ends(self, job, count, outcome="ok"):
        return fleet.wait_until(lambda: len(self.node.ended(job, outcome)) >= count and self.node.ended(job, outcome),
                                40, f"{count} of {job} are {outcome}")

    def test_a_chain_runs_in_order_and_each_is_told_what_it_comes_after(self):
        self.node.add("a", "--every", "30d", "--", "true")
        self.node.add("b", "--after", "a", "--shell", TELL)
        self.node.add("c", "--after", "b", "--shell", TELL)
        self.node.run("run", "a")
        self.wait_ends("c", 1)
        told = dict(word.split("=", 1) for word in self.node.run("logs", "b").stdout.split())
        upstream = self.node.ended("a", "ok")[0]
        self.assertEqual((told["cause"], told["job"], told["outcome"]), ("after", "main/a", "ok"))
        self.assertEqual(told["runs"], upstream["run"])
        self.assertEqual(told["due"], "-")  # an order has no due time
        self.assertIn("job=main/b", self.node.run("logs", "c").stdout)
        self.assertIn("after a ok", self.node.run("why", "b").stdout)

    def test_not_ok_and_ok_make_different_jobs_due(self):
        self.node.add("a", "--every", "30d", "--shell", "exit 3")
        self.node.add("good", "--after", "a", "--", "true")
        self.node.add("bad", "--after", "a", "--outcome", "not-ok", "--shell", TELL)
        self.node.run("run", "a", status=None)
        self.wait_ends("bad", 1)
        self.assertIn("outcome=failed", self.node.run("logs", "bad").stdout)
        self.assertEqual(self.node.ended("good"), [])
        at = self.node.status()["time"]
        self.assertIn("upstream a: failed", self.node.run("why", "good", at, status=None).stdout)

    def test_failures_of_one_instant_are_told_one_after_another(self):
        self.node.add("alert", "--after", "*", "--outcome", "not-ok", "--shell", "sleep 2; echo $KATYDID_UPSTREAM_JOB")
        for name in ("one", "two", "three"):
            self.node.add(name, "--every", "30d", "--shell", "exit 1")
        for name in ("one", "two", "three"):
            self.node.run("run", name, status=None)
        rows = self.wait_ends("alert", 3)
        told = sorted(self.node.run("logs", row["run"]).stdout.strip() for row in rows)
        self.assertEqual(told, ["main/one", "main/three", "main/two"])

    def test_the_alert_hook_hears_of_every_failure_and_not_of_its_own(self):
        text = """katydid: 1
jobs:
  alert:
    after: {job: "*", outcome: not-ok}
    shell: "echo $KATYDID_UPSTREAM_JOB; exit 1"
  fails:
    every: 30d
    shell: "exit 1"
  works:
    every: 30d
    shell: "true"
"""
        self.node.run("apply", *fleet.USER, "-", stdin=text)
        self.node.run("run", "fails", status=None)
        self.node.run("run", "works")
        rows = self.wait_ends("alert", 1, "failed")
        self.node.run("run", "fails", status=None)
        rows = self.wait_ends("alert", 2, "failed")
        self.node.run("run", "works")
        self.assertEqual(len(rows), 2)
        self.assertEqual(len(self.node.ended("alert")), 2)

    def test_a_join_waits_for_both_of_one_due_time(self):
        text = """katydid: 1
defaults:
  zone: UTC
jobs:
  a:
    cron: "*/4 * * * * *"
    shell: "true"
  b:
    cron: "*/4 * * * * *"
    shell: "sleep 1"
  both:
    after: {jobs: [a, b], wait: all}
    shell: "%s"
""" % TELL
        self.node.run("apply", *fleet.USER, "-", stdin=text)
        self.wait_ends("both", 2)
        told = dict(word.split("=", 1) for word in self.node.run("logs", "both").stdout.split() if "=" in word)
        self.assertEqual(told["job"], "main/a")  # the words after the first stand alone
        dues = self.node.run("logs", "both").stdout.split("due=")[1].split()
        self.assertEqual(dues[0], dues[1])

    def test_a_circle_is_refused_with_its_path(self):
        self.node.add("a", "--every", "30d", "--", "true")
        self.node.add("b", "--after", "a", "--", "true")
        text = "katydid: 1\njobs:\n  a:\n    after: b\n    shell: \"true\"\n"
        answer = self.node.run("apply", *fleet.USER, "-", stdin=text, status=fleet.FAILED)
        self.assertIn("a -> b -> a", answer.stderr)
        self.node.add("c", "--after", "b", "--", "true")
        answer = self.node.run("add", "self", "--after", "self", *fleet.USER, "--", "true", status=fleet.FAILED)
        self.assertIn("self -> self", answer.stderr)
        text = "katydid: 1\njobs:\n  c:\n    after: [b, c]\n    shell: \"true\"\n"
        self.assertIn("c -> c", self.node.run("apply", *fleet.USER, "-", stdin=text, status=fleet.FAILED).stderr)

    def test_a_name_that_is_no_job_is_said(self):
        self.node.add("a", "--every", "30d", "--", "true")
        said = lambda *options: self.node.run("add", *options, *fleet.USER, "--", "true").stderr
        self.assertIn("b comes after aa, and there is no such job yet", said("b", "--after", "a", "--after", "aa"))
        self.assertEqual(said("c", "--after", "a"), "")
        text = "katydid: 1\njobs:\n  d: {after: e, shell: 'true'}\n  e: {after: x*, shell: 'true'}\n  f: {after: g, shell: 'true'}\n"
        answer = self.node.run("apply", *fleet.USER, "-", stdin=text)
        self.assertEqual(answer.stderr.count("no such job yet"), 1)
        self.assertIn("f comes after g", answer.stderr)

    def test_check_shows_the_circles_of_a_file_and_hooks_are_none(self):
        text = ("katydid: 1\njobs:\n"
                "  a: {after: b, shell: 'true'}\n  b: {after: a, shell: 'true'}\n")
        self.assertIn("a -> b -> a", self.node.run("check", "-", stdin=text, status=fleet.FAILED).stderr)
        text = ("katydid: 1\njobs:\n"
                "  mail: {after: {job: '*', outcome: not-ok}, shell: 'false'}\n"
                "  page: {after: {job: '*', outcome: not-ok}, shell: 'false'}\n"
                "  a: {every: 30d, shell: 'exit 1'}\n")
        self.node.run("check", "-", stdin=text)
        self.node.run("apply", *fleet.USER, "-", stdin=text)
        self.node.run("run", "a", status=None)
        self.wait_ends("mail", 1, "failed")
        self.wait_ends("page", 1, "failed")
        self.node.run("run", "a", status=None)
        self.wait_ends("page", 2, "failed")
        self.wait_ends("mail", 2, "failed")
        self.assertEqual((len(self.node.ended("mail")), len(self.node.ended("page"))), (2, 2))


class ThreeNodes(trio.Story):
    def test_the_next_owner_runs_what_follows_when_the_first_dies(self):
        node = self.nodes[0]
        node.add("a", "--every", "30d", "--shell", "sleep 4")
        node.add("b", "--after", "a", "--shell", TELL)
        owner = self.owner_of("b")
        others = self.others(owner)
        self.owner_of("a")
        others[0].run("run", "a")
        owner.kill()
        rows = fleet.wait_until(lambda: [row for row in others[0].runs("b", status=None) if row["outcome"] == "ok"], 60, "b came after a")
        self.assertNotEqual(rows[0]["node"], owner.name)

    def test_what_ends_on_one_machine_starts_what_follows_on_another(self):
        first, *others = self.nodes
        for number, (up, down) in enumerate(((others[0], first), (first, others[1]), (others[1], others[0]))):
            first.add(f"up-{number}", "--every", "30d", "--node", up.name, "--", "true")
            first.add(f"down-{number}", "--after", f"up-{number}", "--node", down.name, "--", "true")
            self.assertIs(self.owner_of(f"up-{number}"), up)
            self.assertIs(self.owner_of(f"down-{number}"), down)
            up.run("run", f"up-{number}")
            rows = fleet.wait_until(lambda: up.ended(f"down-{number}", "ok"), 30, f"{down.name} heard of {up.name}")
            self.assertEqual([row["node"] for row in rows], [down.name])


if __name__ == "__main__":
    story.main()
