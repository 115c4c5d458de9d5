# trio.py - the frame of the stories of three nodes: who owns what, and whether all tell the same.
import os
import time

import fleet
import history
import story

NAMES = ("anna", "bert", "cleo")


class Story(story.Story):
    """Has self.fleet and self.nodes: three machines that know each other, each with the same right to own."""

    labels = {}  # of nodes, by name: what comes after --label

    def setUp(self):
        first = self.fleet.first_node(NAMES[0])
        self.nodes = [first] + [self.fleet.join(name, first, *self.label_options(name)) for name in NAMES[1:]]
        for node in self.nodes:
            fleet.wait_until(lambda: alive_count(node) == len(self.nodes), 30, f"{node.name} sees all")
        # Who came a moment ago keeps and does not own yet; from here on the owners stay what they are.
        for node in self.nodes:
            fleet.wait_until(lambda: node.status()["up_ms"] > 6000, 30, f"{node.name} may own")

    def label_options(self, name):
        return [option for label in self.labels.get(name, ()) for option in ("--label", label)]

    def others(self, *without):
        return [node for node in self.nodes if node not in without]

    def owner_of(self, job, among=None):
        """The node that owns the job, once all of them say the same and it does own it."""
        def agreed():
            answers = [node.ask("owner", job, status=None) for node in among or self.nodes]
            names = {answer and answer["owner"] for answer in answers}
            node = self.fleet.nodes.get(names.pop()) if len(names) == 1 else None
            return node if node and node.status()["owned"] else None
        return fleet.wait_until(agreed, 30, f"one owner of {job}")

    def add_owned_by(self, owner, name, *options):
        """Adds a job under the first name, counted up, that makes this node its owner. Returns the name."""
        for number in range(1, 100):
            counted = f"{name}-{number}"
            owner.add(counted, *options)
            if self.owner_of(counted) is owner:
                return counted
            owner.run("rm", counted)
        raise AssertionError(f"{owner.name} owns nothing")

    def wait_equal_tables(self, seconds=30):
        """Until all nodes have the same table. Returns how long that took, in seconds."""
        begun = time.monotonic()
        fleet.wait_until(lambda: len({node.status()["table_digest"] for node in self.nodes}) == 1, seconds,
                         "the tables are equal")
        return time.monotonic() - begun

    def mark(self, name):
        return Mark(self.fleet.path(name))


def alive_count(node):
    return sum(member["state"] == "alive" for member in node.ask("members")["items"])


class Mark:
    """A file to which each run of a job adds a line: what really started, whatever the ledger says."""

    def __init__(self, path):
        self.path = path
        self.line = f"echo $KATYDID_DUE $KATYDID_RUN $KATYDID_NODE $KATYDID_ATTEMPT >> {path}"

    def starts(self):
        """(due in ms, run, node, attempt) of each start, in order."""
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="ascii") as file:
            lines = [line.split() for line in file]
        return [(history.ms_of(due), run, node, int(attempt)) for due, run, node, attempt in lines]

    def check_ran(self, rows, nodes):
        """Whatever these rows tell as `ok` added its line. The file is read here, after the rows were asked for: a run
        that ends in between has its line, and rows asked for after a look at the file would tell of younger runs."""
        starts = self.starts()
        runs = [run for _, run, _, _ in starts]
        doubled = [start for start in starts if runs.count(start[1]) > 1]
        assert not doubled, f"one run was started twice: {doubled[:6]}"
        dues = {due for due, _, _, _ in starts}
        for due, row in history.due_times(rows):
            ran = due in dues if "count" in row else row["run"] in runs  # a stretch names no single run
            assert row["outcome"] != "ok" or ran, f"{row} did not run\n" + self.evidence(due, row, nodes)

    def evidence(self, due_ms, row, nodes):
        """All that is known of one due time: the lines near it, what each node tells, what its journal holds."""
        near = [start for start in self.starts() if abs(start[0] - due_ms) <= 3000]
        told = [f"lines within 3 s: {near}", f"newest line: {self.starts()[-1:]}"]
        for node in nodes:
            rows = [other for due, other in history.due_times(node.runs(row["job"], status=None)) if due == due_ms]
            why = node.run("why", row["job"], history.text_of(due_ms), status=None)
            with open(os.path.join(node.directory, "runner", "journal"), "rb") as file:
                count = file.read().count(bytes.fromhex(row["run"] or "ff"))
            told += [f"{node.name}: {rows}", f"its journal names the run {count} times", why.stdout + why.stderr]
        return "\n".join(told)


def settled(node, job, until_ms, among=len(NAMES)):
    """Rows of a job whose due times up to then all have an outcome; else None. Later ones are left out."""
    answer = node.ask("runs", job, "--limit", "10000", status=None)
    dues = history.due_times(answer["items"])
    if len(answer["unreachable"]) != len(NAMES) - among or not dues or dues[-1][0] < until_ms:
        return None
    if [due for due, row in dues if due <= until_ms and row["outcome"] is None]:
        return None
    return [row for row in answer["items"] if history.ms_of(row["due"]) <= until_ms]


def wait_settled(node, job, seconds=30, among=len(NAMES)):
    """Rows of all that was due by now, once each has an outcome. `among`: how many nodes can be asked."""
    until_ms = history.ms_of(node.status()["time"])
    try:
        return fleet.wait_until(lambda: settled(node, job, until_ms, among), seconds,
                                f"every due time of {job} is settled")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{unsettled(node, job, until_ms)}") from None


def unsettled(node, job, until_ms):
    """Why it is not settled, in the words of the fleet."""
    answer = node.ask("runs", job, "--limit", "10000", status=None)
    dues = history.due_times(answer["items"])
    still_open = [row for due, row in dues if due <= until_ms and row["outcome"] is None]
    told = [f"asked {node.name}; unreachable: {answer['unreachable']}; up to {history.text_of(until_ms)}",
            f"newest due time: {history.text_of(dues[-1][0]) if dues else None}", f"open: {still_open[:4]}"]
    for other in node.fleet.nodes.values():
        if other.is_running():
            told += [f"on {other.name}:", *(answer_of(other, *words) for words in (("jobs",), ("members",), ("owner", job)))]
    told += [answer_of(node, "why", job, row["due"]) for row in still_open[:2]]
    return "\n".join(told)


def answer_of(node, *words):
    answer = node.run(*words, status=None)
    return answer.stdout + answer.stderr


def now_ms():
    return round(time.time() * 1000)
