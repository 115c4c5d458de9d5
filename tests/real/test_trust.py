# test_trust.py - definitions that nobody may sign, handed over at every door: each node refuses them, and so does
# each runner.
import os
import subprocess
import unittest

import fleet
import network
import story
import trio

LIAR = os.environ.get("KATYDID_LIAR", os.path.join(fleet.ROOT, "build", "dev", "tests", "real", "liar"))
LABEL = "role=edge"
STRANGERS = ("by-node", "other-fleet", "unknown-key")
REFUSALS = {
    "by-node": "signer unknown here",
    "other-namespace": "not in the signer's scope",
    "other-user": "not in the signer's scope",
    "other-action": "not in the signer's scope",
    "other-fleet": "signer unknown here",
    "unknown-key": "signer unknown here",
    "changed-body": "the signature does not hold",
    "own-in-another-fleet": "the signature does not hold",
}


@unittest.skipUnless(os.path.exists(LIAR), f"{LIAR} is not built: it is not part of a release")
class Forged(trio.Story):
    """Three nodes, operators who may do less than all, and what an attacker has made."""

    labels = {"bert": [LABEL]}

    def setUp(self):
        super().setUp()
        first = self.nodes[0]
        self.run_as = fleet.USER[1] if fleet.USER else os.environ["USER"]
        for name, *scope in (("web", "--namespace", "web"), ("low", "--user", "nobody"), ("stop", "--action", "pause"),
                             ("edge", "--label", LABEL)):
            first.run("key", "add", name, *scope, "--out", self.key(name))
        self.fleet.node("other").run("--keys", self.fleet.path("others"), "init", "--name", "other")
        self.number = first.status()["authority_number"]
        for node in self.nodes:
            fleet.wait_until(lambda: node.status()["authority_number"] == self.number, 30, "the operators are known")
        self.ids, self.mark = {}, self.mark("mark")
        self.make_forgeries()

    def key(self, name):
        return self.fleet.path(f"{name}.key")

    def make_forgeries(self):
        own, foreign = os.path.join(self.fleet.keys, "operator.key"), os.path.join(self.fleet.path("others"), "operator.key")
        ours = self.nodes[0].status()["fleet"]
        self.forged = {
            "by-node": self.sign("by-node", self.nodes[2].directory),
            "other-namespace": self.sign("other-namespace", self.key("web")),
            "other-user": self.sign("other-user", self.key("low")),
            "other-action": self.sign("other-action", self.key("stop")),
            "other-fleet": self.sign("other-fleet", foreign),
            "unknown-key": self.sign("unknown-key", foreign, fleet_id=ours),
            "changed-body": self.sign("changed-body", own, other=self.mark.line + "; echo evil"),
            "own-in-another-fleet": self.sign("own-in-another-fleet", own, fleet_id="00" * 32),
        }

    def liar(self, *arguments, status=fleet.DONE):
        answer = subprocess.run([LIAR, *arguments], capture_output=True, text=True, timeout=120, check=False,
                                env=self.fleet.environment)
        self.assertEqual(answer.returncode, status, f"{arguments}: {answer.stdout}{answer.stderr}")
        return answer

    def sign(self, name, signer, fleet_id="own", other=None):
        """A file with a definition of that name: it adds a line to the mark file each second."""
        path = self.fleet.path(f"{name}.record")
        shell = [self.mark.line] + ([other] if other else [])
        answer = self.liar("sign", path, signer, fleet_id, str(self.number), f"main/{name}", self.run_as, *shell)
        os.chmod(path, 0o644)
        self.ids[path] = answer.stdout.strip()
        return path

    def state(self):
        return [(node.status()["table_digest"], [job["name"] for job in node.ask("jobs")]) for node in self.nodes]

    def rejected(self, node):
        return node.status()["rejected"]

    def check_only(self, *names):
        """All nodes agree, and have these jobs and no other; nothing else ever ran."""
        self.wait_equal_tables()
        for node in self.nodes:
            self.assertEqual(sorted(job["name"] for job in node.ask("jobs")), sorted(names), node.name)
            told = {row["job"] for row in node.runs()}
            self.assertLessEqual(told, set(names), node.name)

    def honest(self):
        """The same tool with a key that may: what else it makes is refused for its signature only."""
        path = self.sign("honest", os.path.join(self.fleet.keys, "operator.key"))
        self.liar("put", self.nodes[0].directory, path)
        fleet.wait_until(lambda: len(self.mark.starts()) >= 2, 30, "the honest one runs")
        return path


class Planted(Forged):
    def test_at_the_control_socket_of_each_node(self):
        before = self.state()
        for node in self.nodes:
            for name, path in self.forged.items():
                count = self.rejected(node)
                answer = self.liar("put", node.directory, path, status=fleet.FAILED)
                lines = answer.stderr.splitlines()
                self.assertEqual((len(lines), answer.stdout), (1, ""), answer.stderr)
                self.assertEqual(lines[0], f"katydid: refused: {REFUSALS[name]}")
                self.assertGreaterEqual(self.rejected(node), count + 1)
                self.report(f"{name}, put at {node.name}", lines[0])
        self.assertEqual(self.state(), before)
        self.honest()
        self.check_only("honest")

    def test_over_the_wire_by_a_member(self):
        before = self.state()
        for liar in self.nodes[1:]:
            victims = self.others(liar)
            liar.stop()  # its keys are used from now on by somebody else, and answers come back to that one
            for victim in victims:
                for name, path in self.forged.items():
                    self.push(liar, victim, name, path)
            liar.start()
        fleet.wait_until(lambda: self.state() == before, 30, "all tables are as they were")
        self.honest()
        self.check_only("honest")

    def push(self, liar, victim, name, path):
        before, count = victim.status()["table_digest"], self.rejected(victim)
        answer = self.liar("push", liar.directory, f"{victim.address}:{network.PORT}", path)
        self.assertIn("1 records were handled", answer.stdout)
        counted = self.rejected(victim) - count
        self.report(f"{name}, pushed by {liar.name} to {victim.name}", answer.stdout.splitlines()[0], f"counted {counted}")
        self.assertEqual(victim.status()["table_digest"], before)
        if name not in STRANGERS:  # whose signer might turn up is kept apart and asked for
            self.assertGreaterEqual(counted, 1)

    def test_the_wire_takes_what_is_signed_well(self):
        path = self.sign("pushed", os.path.join(self.fleet.keys, "operator.key"))
        self.nodes[2].stop()
        self.liar("push", self.nodes[2].directory, f"{self.nodes[0].address}:{network.PORT}", path)
        self.nodes[2].start()
        fleet.wait_until(lambda: len(self.mark.starts()) >= 2, 30, "it runs")
        self.check_only("pushed")


class Started(Forged):
    def test_by_a_network_process_in_wrong_hands(self):
        honest = self.honest()
        edge = self.sign("edge", self.key("edge"))
        files = [*self.forged.values(), edge, honest]
        victim = self.nodes[2]
        victim.stop()
        lines = self.run_hostile(victim, files)
        self.assertEqual(len(lines), 2 * len(files), lines)
        for i, path in enumerate(files):
            self.report(os.path.basename(path), lines[2 * i], lines[2 * i + 1])
        for name, said, started in zip(self.forged, lines[::2], lines[1::2]):
            self.assertEqual(said, f"record: refused: {REFUSALS[name]}")
            self.assertEqual(started, "start: not started, no such definition")
        self.assertEqual(lines[-4], "record: accepted")
        self.assertRegex(lines[-3], "^start: denied by rule 2: ")
        self.assertEqual(lines[-2:], ["record: accepted", "start: started"])
        victim.start()
        self.check_only("honest")

    def run_hostile(self, victim, files):
        """What the runner of this node answers to a network process that feeds these and wants them started."""
        arguments = [f"{path}={self.ids[path]}" for path in files]
        with subprocess.Popen([LIAR, "runner", victim.directory, *arguments], stdout=subprocess.PIPE, text=True,
                              env=self.fleet.environment) as runner:
            lines = [runner.stdout.readline().strip() for _ in range(2 * len(files))]
            runner.terminate()
        return lines

    def test_a_scope_of_labels_binds_the_job_to_such_nodes(self):
        path = self.sign("edge", self.key("edge"))
        for node in self.nodes:
            self.liar("put", node.directory, path)
        fleet.wait_until(lambda: len(self.mark.starts()) >= 4, 30, "it runs")
        self.assertEqual({name for _, _, name, _ in self.mark.starts()}, {"bert"})
        for node in self.nodes:
            self.assertEqual(node.ask("owner", "edge")["owner"], "bert")
        self.check_only("edge")


if __name__ == "__main__":
    story.main()
