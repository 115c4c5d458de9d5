"""What tools/bench prints: each figure of katydid beside the least that could do the same, measured in turns.

    bench.py [--rounds N] [PART]...      parts: runs late next heap burst memory successor (default all)

A round measures ours and bare right after each other, so both meet the same neighbours; the table has the
medians of both, and as ratio the median of the ratios of the rounds. Nothing here fails because of a figure.
"""
import argparse
import collections
import datetime
import json
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
os.environ["KATYDID_BINARY"] = os.path.join(BUILD, "katydid")
sys.path.insert(0, os.path.join(ROOT, "tests", "real"))

import fleet  # noqa: E402 (it reads KATYDID_BINARY)
import history  # noqa: E402
import processes  # noqa: E402

RUN_COUNT = 1000
TRUE = "/bin/true"


def program(name, *arguments):
    path = os.path.join(BUILD, "tests", "bench", f"bench_{name}")
    return json.loads(subprocess.run([path, *map(str, arguments)], check=True, capture_output=True, text=True).stdout)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


class Table:
    """Pairs of figures by quantity, in the order in which they were first added."""

    def __init__(self):
        self.rows, self.remarks = {}, []

    def add(self, quantity, ours, bare=None, unit="", goal=""):
        row = self.rows.setdefault(quantity, {"pairs": [], "unit": unit, "goal": goal})
        row["pairs"].append((ours, bare))

    def remark(self, text):
        if text not in self.remarks:
            self.remarks.append(text)

    def text_of(self, quantity, row):
        ours = statistics.median(pair[0] for pair in row["pairs"])
        bares = [pair[1] for pair in row["pairs"] if pair[1] is not None]
        ratios = [pair[0] / pair[1] for pair in row["pairs"] if pair[1]]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})" if ratios else "-"
        bare = figure(statistics.median(bares), row["unit"]) if bares else "-"
        return quantity, figure(ours, row["unit"]), bare, ratio, row["goal"]

    def print(self):
        rows = [("QUANTITY", "KATYDID", "BARE", "RATIO", "GOAL")]
        rows += [self.text_of(quantity, row) for quantity, row in self.rows.items()]
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        print()
        for row in rows:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
        print()
        for text in self.remarks:
            print(text)


def figure(value, unit):
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{text} {unit}".strip()


# ---- captured runs, by the library ----

def measure_runs(table, rounds):
    for _ in range(rounds):
        ours, bare = program("runs", "katydid", RUN_COUNT), program("runs", "bare", RUN_COUNT)
        table.add("captured runs, 16 in flight", ours["runs_per_second"], bare["runs_per_second"], "/s", ">= 0.92")
        table.add("  CPU of one", ours["cpu_us"], bare["cpu_us"], "us", "")


# ---- lateness, of the loop alone ----

def measure_late(table, rounds):
    early = 0
    for _ in range(rounds):
        for rate, seconds in ((100, 2), (1000, 1)):
            ours, bare = program("late", "katydid", rate, seconds), program("late", "bare", rate, seconds)
            table.add(f"late p50, {rate}/s, heap and timer", ours["p50_us"], bare["p50_us"], "us", "<= 2")
            table.add(f"late p99, {rate}/s, heap and timer", ours["p99_us"], bare["p99_us"], "us", "<= 2")
            early += ours["early"]
    table.remark(f"due times told early by heap and timer: {early} (goal 0)")


# ---- the calendar and the trigger heap ----

def measure_next(table, rounds):
    for _ in range(min(rounds, 3)):
        ours = program("next")
        table.add("next due time, rarest expression and zone", ours["next_us"], None, "us", "<= 50 us")
        table.add("  due times counted in a year, with the last", ours["count_us"], None, "us")
    table.remark(f"of {ours['zones']} zones, slowest to find: {ours['next_of']}")


def measure_heap(table, rounds):
    for _ in range(rounds):
        size = program("heap", "size", 1000000)
        table.add("trigger heap of 1,000,000 jobs, a job", size["bytes_per_job"], None, "B", "<= 64 B")
        table.add("  insert p50", size["insert_ns"], None, "ns", "<= 1,000 ns")
        table.add("  pop p50", size["pop_ns"], None, "ns", "<= 1,000 ns")
        table.add("  pop and set anew p50", size["replace_ns"], None, "ns")
        ours, bare = program("heap", "katydid", 100000, 2), program("heap", "bare", 100000, 2)
        table.add("  CPU of a due time at 100,000/s", ours["cpu_ns"], bare["cpu_ns"], "ns", "<= 1.5")


# ---- real agents ----

class Agents:
    """A fleet for one part of the bench."""

    def __enter__(self):
        self.fleet = fleet.Fleet("bench")
        return self.fleet

    def __exit__(self, kind, *_):
        self.fleet.close(failed=kind is not None)


def job_file(at_ms_by_name):
    jobs = {name: {"at": history.text_of(at_ms), "run": [TRUE]} for name, at_ms in at_ms_by_name.items()}
    return json.dumps({"katydid": 1, "jobs": jobs})


class Burst:
    """Jobs of one round: 1,000 at one instant, a pause, then a second of 100/s and a second of 1,000/s."""

    def __init__(self, begin_ms):
        self.begin_ms = begin_ms
        slow_ms, fast_ms = begin_ms + 6000, begin_ms + 7500
        self.dues = {
            "burst": {f"burst-{i}": begin_ms for i in range(RUN_COUNT)},
            "100/s": {f"slow-{i}": slow_ms + 10 * i for i in range(100)},
            "1,000/s": {f"fast-{i}": fast_ms + i for i in range(900)},
        }
        self.slow_ms, self.end_ms = slow_ms, fast_ms + 900
        self.all = {name: due for jobs in self.dues.values() for name, due in jobs.items()}


def now_ms():
    return round(time.time() * 1000)


def sleep_until(ms):
    time.sleep(max(0, ms - now_ms()) / 1000)


def read_rows(node, wanted, deadline_ms):
    """Rows by job once all have ended, or those that have when time is up."""
    while True:
        rows = {row["job"]: row for row in node.runs()
                if row["outcome"] and wanted.get(row["job"]) == history.ms_of(row["due"])}
        if len(rows) == len(wanted) or now_ms() > deadline_ms:
            return rows
        time.sleep(0.3)


def read_burst(node, burst):
    """Rows by job. Read in two parts: `runs` gives the newest 1,000, claims made 2 s ahead among them."""
    late = {**burst.dues["100/s"], **burst.dues["1,000/s"]}
    sleep_until(burst.begin_ms + 1500)
    rows = read_rows(node, burst.dues["burst"], burst.slow_ms - 2200)
    sleep_until(burst.end_ms + 500)
    return {**rows, **read_rows(node, late, burst.end_ms + 8000)}


def note_burst(table, burst, rows, bare):
    started = {name: history.ms_of(row["started"]) for name, row in rows.items() if row["started"]}
    early = sum(started[name] < due for name, due in burst.all.items() if name in started)
    if early:
        table.remark(f"{early} runs of a round started early (goal 0)")
    for what, dues in burst.dues.items():
        outcomes = collections.Counter(rows[name]["outcome"] if name in rows else "not seen in time" for name in dues)
        if outcomes["ok"] < len(dues):
            table.remark(f"{what}: of {len(dues)} runs in a round: " +
                         ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    names = [name for name in burst.dues["burst"] if name in started]
    last_start = max(started[name] for name in names) - burst.begin_ms
    last_end = max(history.ms_of(rows[name]["ended"]) for name in names) - burst.begin_ms
    table.add("durable captured runs, 1,000 at once, agent", len(names) * 1000 / last_end,
              bare["durable"]["runs_per_second"], "/s", ">= 0.85")
    table.add("  last start after due", last_start, RUN_COUNT * 1000 / bare["bare"]["runs_per_second"], "ms", "<= 1.3")
    for rate in ("100/s", "1,000/s"):
        late = [started[name] - due for name, due in burst.dues[rate].items() if name in started]
        for name, part in (("p50", 0.5), ("p99", 0.99)):
            paced = bare[rate][f"{name}_us"] / 1000
            # Instants of the ledger are whole milliseconds: below that there is nothing to compare.
            table.add(f"start late {name}, {rate}, agent", percentile(late, part), paced if paced >= 1 else None, "ms")


def measure_burst(table, rounds):
    with Agents() as agents:
        node = agents.first_node()
        for number in range(rounds):
            bare = {"durable": program("runs", "durable", RUN_COUNT, agents.path(f"bare-{number}.db")),
                    "bare": program("runs", "bare", RUN_COUNT),
                    "100/s": program("late", "spawn", 100, 1), "1,000/s": program("late", "spawn", 1000, 1)}
            begun = time.monotonic()
            burst = Burst(now_ms() + 7000)
            node.run("apply", "-", *fleet.USER, stdin=job_file(burst.all))
            table.add("2,000 jobs signed and stored by one apply", time.monotonic() - begun, None, "s")
            note_burst(table, burst, read_burst(node, burst), bare)


# ---- memory ----

def memory_of(pids):
    """(RSS, PSS) of the processes together, in MB."""
    sums = {"Rss": 0, "Pss": 0}
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name in sums:
                    sums[name] += int(value.split()[0])
    return sums["Rss"] / 1024, sums["Pss"] / 1024


def start_idle(path):
    command = [os.path.join(BUILD, "tests", "bench", "bench_idle"), path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               preexec_fn=processes.die_with_the_test)
    process.stdout.readline()
    return process


def note_memory(table, node, idle, what, rounds):
    for _ in range(rounds):
        time.sleep(0.3)
        bare = memory_of([idle.pid])
        for (name, part) in (("both processes", (node.runner, node.network_process())),
                             ("network process", (node.network_process(),)), ("runner", (node.runner,))):
            ours = memory_of(part)
            table.add(f"RSS idle, {what}, {name}", ours[0], bare[0], "MB", "<= 3" if name[0] == "b" else "")
            table.add(f"PSS idle, {what}, {name}", ours[1], bare[1], "MB", "<= 3" if name[0] == "b" else "")


IDLE_SECONDS = 22  # an agent gives memory back 5 s, and again 20 s, after the last thing it wrote
JOB_COUNT = 5000


def note_jobs(table, node, empty_mb):
    full_mb = memory_of([node.network_process()])[1]
    table.add("PSS of the network process per job, after a restart", (full_mb - empty_mb) * 2 ** 20 / JOB_COUNT,
              None, "B", "<= 600")


def measure_memory(table, rounds):
    with Agents() as agents:
        node, idle = agents.first_node(), start_idle(agents.path("idle.db"))
        time.sleep(IDLE_SECONDS)
        note_memory(table, node, idle, "no jobs", rounds)
        empty_mb = memory_of([node.network_process()])[1]
        far_ms = now_ms() + 30 * 86400 * 1000
        for first in range(0, JOB_COUNT, 1000):
            names = [f"job-{i}" for i in range(first, first + 1000)]
            node.run("apply", "-", *fleet.USER, stdin=job_file({name: far_ms for name in names}))
            if first == 0:
                time.sleep(IDLE_SECONDS)
                note_memory(table, node, idle, "1,000 jobs", rounds)
        node.kill()
        node.start()
        time.sleep(IDLE_SECONDS)
        note_jobs(table, node, empty_mb)
        idle.stdin.close()
        idle.wait(10)


# ---- kill -9 of an owner ----

class Succession:
    """Three nodes and a few jobs every second; whoever owns most of them dies."""

    def __init__(self, agents):
        self.first = agents.first_node("anna")
        self.nodes = {"anna": self.first}
        for name in ("bert", "cleo"):
            self.nodes[name] = agents.join(name, self.first)
        for i in range(6):
            self.first.add(f"tick-{i}", "--every", "1s", "--", TRUE)

    def states(self, node):
        return {row["name"]: row["state"] for row in node.ask("members")["items"]}

    def owned(self):
        """Who owns what, once all live and agree."""
        views = [({row["name"]: row["owner"] for row in node.ask("jobs")}, set(self.states(node).values()))
                 for node in self.nodes.values()]
        owners, states = views[0]
        agreed = all(view == views[0] for view in views) and states == {"alive"} and len(owners) == 6
        return owners if agreed and all(owners.values()) else None

    def runs_everywhere(self, owners):
        """The newest run of each job is its owner's; after a take-over the claims of the one before go on."""
        newest = {}
        for row in self.first.runs()[:100]:
            if row["outcome"] == "ok":
                newest.setdefault(row["job"], row["node"])
        return newest == owners

    def kill(self):
        """Milliseconds from the kill to the first start by a successor, and to when a survivor knew."""
        owners = fleet.wait_until(self.owned, 40, "all three live and agree")
        fleet.wait_until(lambda: self.runs_everywhere(owners), 40, "every owner runs what it owns")
        names = sorted(self.nodes)
        victim = max(names, key=lambda name: sum(owner == name for owner in owners.values()))
        jobs = {job for job, owner in owners.items() if owner == victim}
        survivors = [self.nodes[name] for name in names if name != victim]
        killed_ms = now_ms()
        self.nodes[victim].kill()
        known_ms = self.wait_known(survivors, victim)
        start_ms = fleet.wait_until(lambda: self.first_start(survivors[0], victim, jobs, killed_ms), 30,
                                    "a successor starts a run")
        self.nodes[victim].start()
        return start_ms - killed_ms, known_ms - killed_ms

    def wait_known(self, survivors, victim):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for node in survivors:
                if self.states(node)[victim] == "dead":
                    return now_ms()
            time.sleep(0.01)
        raise AssertionError(f"nobody noticed: {self.states(survivors[0])}")

    def first_start(self, node, victim, jobs, killed_ms):
        started = [history.ms_of(row["started"]) for row in node.runs(None, status=None)
                   if row["job"] in jobs and row["node"] != victim and row["started"]]
        return min((ms for ms in started if ms > killed_ms), default=None)


def measure_successor(table, rounds):
    with Agents() as agents:
        succession = Succession(agents)
        for _ in range(rounds):
            start_ms, known_ms = succession.kill()
            table.add("kill -9 of an owner to first start by another", start_ms, known_ms, "ms",
                      "bare (a survivor knows) + 50 ms")


PARTS = {"runs": measure_runs, "late": measure_late, "next": measure_next,
         "heap": measure_heap, "burst": measure_burst, "memory": measure_memory,
         "successor": measure_successor}


def main():
    parser = argparse.ArgumentParser(description="katydid beside the least that could do the same")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of: {' '.join(PARTS)} (default all)")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {' '.join(sorted(unknown))}")
    table, begun = Table(), time.monotonic()
    for name in options.parts or PARTS:
        print(f"== {name} (load {os.getloadavg()[0]:.1f})", flush=True)
        PARTS[name](table, options.rounds)
    table.print()
    print(f"{options.rounds} rounds, {time.monotonic() - begun:.0f} s, {os.cpu_count()} cores, "
          f"load at the end {os.getloadavg()[0]:.1f}, {datetime.date.today()}")


main()
