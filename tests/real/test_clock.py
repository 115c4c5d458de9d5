# test_clock.py - what `clock` says to a person of a clock, alone and among others.
import fleet
import story


class Clock(story.Story):
    def setUp(self):
        self.one = self.fleet.first_node()

    def test_it_says_whose_clock_it_is_and_how_right(self):
        said = self.one.run("clock").stdout
        self.assertRegex(said, r"(?m)^node      one$")
        self.assertRegex(said, r"(?m)^trusted   yes$")
        self.assertRegex(said, r"(?m)^others    none could be compared$")
        self.assertEqual(self.one.ask("clock")["node"], "one")

    def test_a_clock_far_from_one_other_is_told_in_words(self):
        two = self.fleet.join("two", self.one, start=False)
        two.environment["KATYDID_CLOCK_OFFSET_MS"] = str(30 * 60 * 1000)
        two.start()
        compared = lambda said: said if "1 other node" in said else None
        said = fleet.wait_until(lambda: compared(two.run("clock").stdout), 60, "it has compared its clock")
        self.assertRegex(said, r"(?m)^others    1 other node; this clock is (29m59s|30m\S*) ahead of the one in the middle$")
        self.assertNotIn("49d", said)
        self.assertRegex(said, r"(?m)^error     (more than a minute|at most .*|not known: .*)$")
        fleet.wait_until(lambda: "1 other node; this clock is " in self.one.run("clock").stdout, 60,
                         "the first one has compared its clock as well")

    def test_trust_says_once_whose_clock_is_meant(self):
        for options, what in (((), "the clock of one is trusted as it is"), (("--undo",), "the clock of one is judged")):
            answer = self.one.run("clock", "trust", *options)
            self.assertIn(what, answer.stdout)
            self.assertEqual(len(answer.stdout.splitlines()), 1)
            self.assertEqual(answer.stderr, "")
        self.assertEqual(self.one.ask("clock", "trust")["node"], "one")


if __name__ == "__main__":
    story.main()
