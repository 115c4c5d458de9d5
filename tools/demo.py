"""What tools/demo shows: a fleet of three, its schedule, the death and the return of a node.

Every step is checked with --json before it is told; what was not seen fails the demo.
"""
import argparse
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NAMES = ["anna", "bert", "cleo"]
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "examples", "first.yaml")


class Failed(Exception):
    pass


def scaled(text, speed):
    """The example with periods and sleeps `speed` times shorter, but no period under a second."""
    def period(match):
        unit = {"s": 1, "m": 60, "h": 3600}[match.group(2)]
        return f"every: {max(1, round(int(match.group(1)) * unit / speed))}s"
    text = re.sub(r"every: (\d+)([smh])", period, text)
    return re.sub(r"sleep (\d+)", lambda match: f"sleep {int(match.group(1)) / speed:g}", text)


def speed_of(text):
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not 1 <= float(text) <= 60:
        raise argparse.ArgumentTypeError(f"{text}: write a number from 1 to 60")
    return float(text)


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Demo:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="katydid-demo-")
        os.chmod(self.folder, 0o711)
        self.agents = {}
        self.environment = {**os.environ, "KATYDID_KEYS": os.path.join(self.folder, "keys")}
        self.environment.pop("KATYDID_DIR", None)
        self.number = 0
        block = 1 + os.getpid() % 250
        self.address = {name: f"127.{block}.77.{i + 1}:5289" for i, name in enumerate(NAMES)}

    # ---- doing ----

    def directory(self, name):
        return os.path.join(self.folder, name)

    def katydid(self, name, *arguments, stdin=None, check=True):
        answer = subprocess.run([self.options.binary, "--dir", self.directory(name), *arguments], input=stdin,
                                capture_output=True, text=True, env=self.environment, check=False)
        if check and answer.returncode not in (0, 5):
            raise Failed(f"katydid {' '.join(arguments)} on {name}: exit {answer.returncode}\n{answer.stderr}")
        return answer

    def ask(self, name, *arguments):
        return json.loads(self.katydid(name, "--json", *arguments).stdout or "null")

    def start(self, name):
        log = open(os.path.join(self.folder, f"{name}.log"), "ab")
        self.agents[name] = subprocess.Popen(
            [self.options.binary, "--dir", self.directory(name), "agent", "--listen", self.address[name]],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, start_new_session=True)
        log.close()
        self.until(lambda: self.katydid(name, "status", check=False).returncode in (0, 1), 20, f"{name} answers")

    def until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise Failed(f"not seen within {seconds} s: {what}")
            time.sleep(0.1)

    def close(self):
        for agent in self.agents.values():
            if agent.poll() is None:
                agent.terminate()
        for agent in self.agents.values():
            try:
                agent.wait(20)
            except subprocess.TimeoutExpired:
                agent.kill()
        if not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"the nodes' directories are in {self.folder}")

    # ---- telling ----

    def step(self, text):
        self.number += 1
        print(f"\n{self.number}. {text}", flush=True)

    def say(self, text):
        for line in text.rstrip().splitlines():
            print(f"   {line}", flush=True)

    # ---- the steps ----

    def make_fleet(self):
        self.step("Three machines become one fleet")
        self.katydid("anna", "init", "--name", "anna")
        self.start("anna")
        for name in NAMES[1:]:
            token = self.katydid("anna", "invite").stdout
            self.katydid(name, "join", "-", "--name", name, stdin=token)
            self.start(name)
        begun = time.monotonic()
        self.until(lambda: all(self.alive(name) == sorted(NAMES) for name in NAMES), 15, "all three see all three")
        self.say(self.katydid("cleo", "members").stdout)
        self.say(f"all three see each other {time.monotonic() - begun:.1f} s after the last one started")

    def alive(self, name):
        return sorted(row["name"] for row in self.ask(name, "members")["items"] if row["state"] == "alive")

    def apply(self):
        self.step("One schedule, signed once, known everywhere")
        path = os.path.join(self.folder, "first.yaml")
        with open(EXAMPLE, encoding="utf-8") as source, open(path, "w", encoding="utf-8") as target:
            target.write(scaled(source.read(), self.options.speed))
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        self.say(self.katydid("anna", "apply", path, "--user", user).stdout)
        self.jobs = self.until(lambda: self.known_everywhere(), 15, "every node knows every job")

    def jobs_of(self, name):
        return self.ask(name, "jobs")

    def known_everywhere(self):
        lists = [self.jobs_of(name) for name in NAMES]
        owners = [{row["name"]: row["owner"] for row in rows} for rows in lists]
        return lists[0] if len(lists[0]) == 6 and owners[0] == owners[1] == owners[2] else None

    def owners(self):
        self.step("Who sees to what: computed by each node for itself, the same everywhere")
        self.say(self.katydid("bert", "jobs").stdout)

    def outcomes(self):
        self.step("Every due time has an outcome")
        self.until(lambda: len(self.ended("anna", "task-1")) >= 3 and self.ended("anna", "backup-etc") and
                   len({row["node"] for row in self.ended("anna", "disk-space")}) == 3, 60,
                   "runs of task-1, backup-etc, and of disk-space on every node")
        self.say(self.katydid("anna", "runs", "--limit", "8").stdout)
        backup = self.ended("anna", "backup-etc")[0]
        if backup["outcome"] != "ok":
            raise Failed(f"the backup ended {backup['outcome']}: {backup['reason']}")
        self.say(f"the backup says: {self.katydid('bert', 'logs', 'backup-etc').stdout.strip()}")

    def runs(self, name, job, *options):
        return self.ask(name, "runs", job, "--limit", "500", *options)["items"]

    def ended(self, name, job):
        return [row for row in self.runs(name, job) if row["outcome"]]

    def kill_owner(self):
        self.victim = next(row["owner"] for row in self.jobs_of("anna")
                           if row["name"].endswith("task-1"))
        self.survivor = next(name for name in NAMES if name != self.victim)
        mine = self.until(lambda: [row for row in self.ended(self.victim, "task-1") if row["node"] == self.victim],
                          30, f"{self.victim} has run task-1")
        self.last_run = mine[0]["run"]
        self.step(f"{self.victim} owns task-1 and is killed with kill -9, and its directory is moved away")
        self.killed = datetime.datetime.now(datetime.timezone.utc)
        self.kill(self.victim)
        os.rename(self.directory(self.victim), self.directory(self.victim) + ".away")
        row = self.until(self.first_by_successor, 30, "a run of task-1 started by the successor")
        late = (when(row["started"]) - self.killed).total_seconds()
        self.say(f"{row['node']} took task-1 over and started the run due {row['due']} "
                 f"{late:.1f} s after the kill")
        self.say(self.katydid(self.survivor, "runs", "task-1", "--limit", "5").stdout)

    def kill(self, name):
        agent = self.agents.pop(name)
        with open(f"/proc/{agent.pid}/task/{agent.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        os.kill(agent.pid, signal.SIGKILL)
        for pid in children:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        agent.wait()

    def first_by_successor(self):
        rows = [row for row in self.runs(self.survivor, "task-1")
                if row["node"] != self.victim and row["started"] and when(row["started"]) > self.killed]
        return min(rows, key=lambda row: row["started"]) if rows else None

    def read_log(self):
        self.step(f"The last log of {self.victim}, read from {self.survivor}")
        log = self.katydid(self.survivor, "logs", self.last_run).stdout
        if f"on {self.victim}" not in log:
            raise Failed(f"the log of {self.last_run} is not what {self.victim} wrote: {log!r}")
        self.say(log)

    def come_back(self):
        self.step(f"{self.victim} comes back and gets task-1 again")
        os.rename(self.directory(self.victim) + ".away", self.directory(self.victim))
        back = datetime.datetime.now(datetime.timezone.utc)
        self.start(self.victim)
        row = self.until(lambda: self.first_after(back), 40, f"a run of task-1 on {self.victim} again")
        self.say(f"{self.victim} ran the due time {row['due']}, "
                 f"{(when(row['started']) - back).total_seconds():.1f} s after it was started")
        self.say(self.katydid(self.survivor, "why", "task-1", row["due"]).stdout)

    def first_after(self, instant):
        rows = [row for row in self.ended(self.survivor, "task-1")
                if row["node"] == self.victim and row["started"] and when(row["started"]) > instant]
        return min(rows, key=lambda row: row["started"]) if rows else None

    def nothing_doubled(self):
        self.step("Nothing ran twice, nothing was left out")
        doubled = [row for row in self.runs(self.survivor, "task-1", "--duplicates")]
        if doubled:
            raise Failed(f"ran twice: {doubled}")
        rows = sorted(self.runs(self.survivor, "task-1"), key=lambda row: row["due"])
        rows = [row for row in rows if row["outcome"]]
        period = max(1, round(60 / self.options.speed))
        dues = []
        for row in rows:
            dues += [when(row["due"]) + datetime.timedelta(seconds=period * i) for i in range(row.get("count") or 1)]
        dues.sort()
        gaps = [b - a for a, b in zip(dues, dues[1:]) if (b - a).total_seconds() != period]
        if gaps:
            raise Failed(f"due times without an outcome: {gaps}")
        self.say(f"{len(dues)} due times of task-1 in a row, each with exactly one outcome: " +
                 ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.count(rows).items())))

    @staticmethod
    def count(rows):
        counts = {}
        for row in rows:
            counts[row["outcome"]] = counts.get(row["outcome"], 0) + (row.get("count") or 1)
        return counts

    def go_on(self):
        self.step("It goes on until Ctrl-C")
        while True:
            time.sleep(5)
            self.say(self.katydid(self.survivor, "runs", "--limit", "4").stdout)

    def show(self):
        begun = time.monotonic()
        for step in (self.make_fleet, self.apply, self.owners, self.outcomes, self.kill_owner, self.read_log,
                     self.come_back, self.nothing_doubled):
            step()
        print(f"\nEvery step was seen, in {time.monotonic() - begun:.0f} s.", flush=True)
        if not self.options.once:
            self.go_on()


def main():
    parser = argparse.ArgumentParser(prog="tools/demo", description=__doc__)
    parser.add_argument("--binary", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--once", action="store_true", help="end after the last step; exit 0 only if each was seen")
    parser.add_argument("--speed", type=speed_of, default=20, metavar="N",
                        help="periods and durations N times shorter (default 20); cron lines stay as they are")
    parser.add_argument("--keep", action="store_true", help="leave the nodes' directories behind")
    demo = Demo(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        demo.show()
    except Failed as failure:
        print(f"\nNot seen: {failure}", file=sys.stderr)
        for name in NAMES:
            path = os.path.join(demo.folder, f"{name}.log")
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    print(f"--- {name}\n" + "".join(file.readlines()[-15:]), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print()
    finally:
        demo.close()


if __name__ == "__main__":
    main()
