# test_race.py - people decide differently on two sides of a cut: stopping beats starting, deleting beats editing.
import fleet
import network
import story
import trio

EDITED = """
katydid: 1
jobs:
  {name}: {{every: 1s, user: root, shell: "true {word}"}}
"""


class Race(trio.Story):
    network_kind = network.Namespaces

    def test_people_on_two_sides_of_a_cut(self):
        alone, other = self.nodes[0], self.nodes[1]
        self.begin(alone)
        self.cut(alone)
        # The pause that was there is lifted here, by somebody who cannot know of a new one there.
        alone.run("pause", "stopped", "--note", "the second one")
        other.run("resume", "stopped")
        self.assertFalse(self.is_paused(other, "stopped"))
        alone.run("rm", "gone")
        self.edit(other, "gone", "edited")
        self.edit(alone, "torn", "one")
        self.edit(other, "torn", "other")
        fleet.wait_until(lambda: self.starts_since_cut("stopped"), 30, "it runs where nobody knows better")
        self.heal(alone)
        took_s = self.wait_equal_tables()
        self.report("from the heal to equal tables", round(took_s, 1), "s", "<= 10")
        self.assertLessEqual(took_s, 10 * fleet.PATIENCE)
        for node in self.nodes:
            self.check(node)
        self.check_silence()
        other.run("resume", "stopped")
        self.assertFalse(self.is_paused(other, "stopped"), "whoever knows both pauses lifts both")

    def begin(self, node):
        self.marks = {}
        for name in ("stopped", "gone", "torn"):
            self.marks[name] = self.mark(name)
            node.add(name, "--every", "1s", "--shell", self.marks[name].line)
        node.run("pause", "stopped", "--note", "the first one")
        self.wait_equal_tables()
        fleet.wait_until(lambda: all(self.marks[name].starts() for name in ("gone", "torn")), 30, "they run")

    def cut(self, alone):
        for node in self.others(alone):
            self.fleet.network.cut(alone.index, node.index)
            self.fleet.network.cut(node.index, alone.index)
        for node in self.nodes:
            fleet.wait_until(lambda: trio.alive_count(node) < 3, 30, "the cut is noticed")
        self.cut_ms = trio.now_ms()

    def heal(self, alone):
        for node in self.others(alone):
            self.fleet.network.heal(alone.index, node.index)
            self.fleet.network.heal(node.index, alone.index)

    def edit(self, node, name, word):
        node.run("apply", "-", stdin=EDITED.format(name=name, word=word))

    def is_paused(self, node, name):
        return {job["name"]: job["paused"] for job in node.ask("jobs")}[name]

    def starts_since_cut(self, name):
        return [start for start in self.marks[name].starts() if start[0] > self.cut_ms]

    def check(self, node):
        self.assertTrue(self.is_paused(node, "stopped"), f"on {node.name}")
        self.assertNotIn("gone", {job["name"] for job in node.ask("jobs")}, f"on {node.name}")
        torn = [node.ask("show", "torn") for node in self.nodes]
        self.assertEqual(torn[0]["definition"], torn[self.nodes.index(node)]["definition"])
        self.assertTrue(torn[0]["conflicts"], "the edit that lost is shown")

    def check_silence(self):
        """Neither starts again, once everybody knows."""
        counts = {name: len(self.marks[name].starts()) for name in ("stopped", "gone")}
        tick = self.mark("tick")
        self.nodes[0].add("tick", "--every", "1s", "--shell", tick.line)
        fleet.wait_until(lambda: len(tick.starts()) >= 3, 30, "time passes")
        for name, count in counts.items():
            self.assertEqual(len(self.marks[name].starts()), count, f"{name} was started")


if __name__ == "__main__":
    story.main()
