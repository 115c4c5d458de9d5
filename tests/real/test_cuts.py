# test_cuts.py - both sides of a cut go on, and afterwards all nodes tell one story.
import fleet
import history
import network
import story
import trio


class Parted(trio.Story):
    """Three machines, one of which is away for a while; a job every second."""

    def setUp(self):
        super().setUp()
        self.anna, self.bert, self.cleo = self.nodes

    def add_tick(self):
        """The owner of a new job, once it ran it."""
        self.anna.add("tick", "--every", "1s", "--", "true")
        owner = self.owner_of("tick")
        self.wait_for_run(owner)
        return owner

    def successor(self, owner):
        """Who will own the job when its owner is dead."""
        return self.fleet.nodes[self.others(owner)[0].ask("owner", "tick", "--without", owner.name)["owner"]]

    def wait_for_run(self, by, asked=None, since_ms=0):
        """Until `by` ran what was due after since_ms, as `asked` tells it."""
        def ran():
            return [due for due, row in history.due_times((asked or by).runs("tick", status=None))
                    if row["node"] == by.name and row["outcome"] == "ok" and due > since_ms]
        fleet.wait_until(ran, 60, f"{by.name} runs it")

    def wait_long(self, since_ms, seconds):
        fleet.wait_until(lambda: trio.now_ms() - since_ms > seconds * 1000, seconds + 60, "it lasts")

    def wait_together(self):
        for node in self.nodes:
            fleet.wait_until(lambda: alive(node) == set(trio.NAMES), 60, f"{node.name} sees all again")

    def wait_equal(self, seconds):
        """All hold the same table."""
        fleet.wait_until(lambda: len({node.status()["table_digest"] for node in self.nodes}) == 1, seconds,
                         "tables are equal")


def alive(node):
    return {member["name"] for member in node.ask("members")["items"] if member["state"] == "alive"}


class Cuts(Parted):
    network_kind = network.Namespaces

    def separate(self, lonely, ways=("out", "in")):
        for other in self.others(lonely):
            if "out" in ways:
                self.fleet.network.cut(lonely.index, other.index)
            if "in" in ways:
                self.fleet.network.cut(other.index, lonely.index)

    def heal(self, lonely):
        for other in self.others(lonely):
            self.fleet.network.heal(lonely.index, other.index)
            self.fleet.network.heal(other.index, lonely.index)

    def told(self, node, until_ms):
        return [(due, row["outcome"]) for due, row in history.due_times(node.runs("tick")) if due <= until_ms]

    def cut_and_heal(self, ways):
        owner = self.add_tick()
        seconds = fleet.count(20, 60)
        successor = self.successor(owner)
        cut_ms = trio.now_ms()
        self.separate(owner, ways)
        self.wait_for_run(successor, since_ms=cut_ms)
        self.wait_long(cut_ms, seconds)
        healed_ms = trio.now_ms()
        self.heal(owner)
        self.wait_together()
        self.wait_equal(10)
        trio.wait_settled(owner, "tick", 60)
        fleet.wait_until(lambda: self.told(owner, healed_ms) == self.told(successor, healed_ms), 30,
                         "both sides tell the same outcomes")
        rows = [row for row in owner.runs("tick") if history.ms_of(row["due"]) <= healed_ms]
        history.check_every_due_time_once(rows, 1000)
        return owner, cut_ms

    def test_both_sides_run_it_and_what_ran_twice_is_listed(self):
        owner, cut_ms = self.cut_and_heal(("out", "in"))
        doubles = owner.runs("tick", "--duplicates")
        self.assertTrue(doubles, "both sides ran it, and nobody says so")
        self.assertFalse([row for row in doubles if history.ms_of(row["due"]) < cut_ms - 2000])
        self.report("due times that ran on both sides of a cut", len({row["due"] for row in doubles}), "", "listed")

    def test_a_one_way_cut_is_no_different(self):
        self.cut_and_heal(("out",))

    def test_a_pause_beats_a_resume_that_did_not_know_it(self):
        node, lonely = self.anna, self.cleo
        node.add("job", "--every", "1h", "--", "true")
        node.run("pause", "job")
        self.wait_equal(30)
        self.separate(lonely)
        fleet.wait_until(lambda: "cleo" not in alive(node), 60, "the cut is noticed")
        node.run("resume", "job")
        lonely.run("pause", "job", "--note", "meanwhile")
        self.assertFalse(node.ask("show", "job")["paused"])
        self.heal(lonely)
        self.wait_together()
        self.wait_equal(30)
        for each in self.nodes:
            self.assertTrue(each.ask("show", "job")["paused"], each.name)

    def test_a_delete_beats_an_edit(self):
        node, lonely = self.anna, self.cleo
        node.add("job", "--every", "1h", "--", "true")
        self.wait_equal(30)
        self.separate(lonely)
        fleet.wait_until(lambda: "cleo" not in alive(node), 60, "the cut is noticed")
        node.run("rm", "job")
        edited = "katydid: 1\njobs:\n  job: {every: 2h, run: ['true']}\n"
        lonely.run("apply", "-", *fleet.USER, stdin=edited)
        self.heal(lonely)
        self.wait_together()
        self.wait_equal(30)
        for each in self.nodes:
            self.assertEqual(each.ask("jobs"), [], each.name)


class Stops(Parted):
    def test_a_node_that_was_stopped_takes_its_jobs_anew(self):
        owner = self.add_tick()
        watcher, successor = self.others(owner)[0], self.successor(owner)
        seconds = fleet.count(12, 30)
        stopped_ms = trio.now_ms()
        owner.freeze()
        self.wait_for_run(successor, watcher, stopped_ms)
        self.wait_long(stopped_ms, seconds)
        owner.thaw()
        self.wait_for_run(owner, since_ms=trio.now_ms())
        rows = trio.wait_settled(watcher, "tick", 60)
        history.check_every_due_time_once(rows, 1000)
        history.check_never_early(rows)
        self.assertEqual(watcher.runs("tick", "--duplicates"), [])
        self.report("a node stopped and continued", seconds, f"s: {history.outcomes(rows)}", "nothing doubled")


if __name__ == "__main__":
    story.main()
