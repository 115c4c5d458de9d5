# fleet.py - real agents on what look like several machines, for tests that watch them from outside.
#
# A Fleet is one test's machines, a person's keys, and everything made for them; close() removes it all.
# A Node is one machine: a directory, an address, an agent that can be started, stopped and killed.
#
#   KATYDID_BINARY    the program under test (default: of the dev preset)
#   KATYDID_FULL      "1": counts as large as the project's claims (tools/measure)
#   KATYDID_ROUNDS    one count for every test that goes in rounds
#   KATYDID_RESULTS   a file to which measured figures are added, one JSON object a line
#   KATYDID_PATIENCE  how many times longer than usual to wait before giving up
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import network
import processes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("KATYDID_BINARY", os.path.join(ROOT, "build", "dev", "katydid"))
PATIENCE = float(os.environ.get("KATYDID_PATIENCE", "1"))
USER = ["--user", "root"] if os.geteuid() == 0 else []

DONE, FAILED, USAGE, NO_AGENT, NOT_FOUND, PARTIAL = range(6)


def count(small, full):
    """How many rounds to go."""
    if "KATYDID_ROUNDS" in os.environ:
        return int(os.environ["KATYDID_ROUNDS"])
    return full if os.environ.get("KATYDID_FULL") == "1" else small


def wait_until(condition, seconds, what):
    """What the condition gave as soon as it is true. Fails after so many seconds."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * PATIENCE:.0f} s: {what}; last: {value!r}")
        time.sleep(0.05)


def report(test, what, value, unit="", goal=""):
    """A measured figure, for the reader and for the closing table of tools/measure."""
    print(f"    {what}: {value} {unit}" + (f" (goal {goal})" if goal else ""), flush=True)
    if os.environ.get("KATYDID_RESULTS"):
        line = {"test": test, "what": what, "value": value, "unit": unit, "goal": goal}
        with open(os.environ["KATYDID_RESULTS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Node:
    def __init__(self, fleet, name, index):
        self.fleet, self.name, self.index = fleet, name, index
        self.address, self.prefix = fleet.network.add(index)
        self.directory = os.path.join(fleet.folder, name)
        self.log = os.path.join(fleet.folder, f"{name}.log")
        self.agent = None
        self.environment = {}

    # ---- the command line ----

    def command(self, *arguments):
        return [*self.prefix, BINARY, "--dir", self.directory, *arguments]

    def run(self, *arguments, status=DONE, stdin="", timeout=120):
        """Runs a command and returns what it printed. status: what it must exit with; None: anything."""
        answer = subprocess.run(self.command(*arguments), input=stdin, capture_output=True, text=True,
                                errors="replace", env=self.fleet.environment, timeout=timeout * PATIENCE, check=False)
        if status is not None and answer.returncode != status:
            raise AssertionError(f"on {self.name}: katydid {' '.join(arguments)[:500]}: exit {answer.returncode} "
                                 f"instead of {status}\n{answer.stdout[-2000:]}{answer.stderr[-4000:]}")
        return answer

    def ask(self, *arguments, status=DONE, **options):
        """The same with --json; returns the document."""
        answer = self.run("--json", *arguments, status=status, **options)
        return json.loads(answer.stdout) if answer.stdout.strip() else None

    def init(self, *options):
        return self.run("init", "--name", self.name, *options)

    def add(self, name, *options):
        """katydid add, as whoever runs the test."""
        cut = options.index("--") if "--" in options else len(options)
        return self.ask("add", name, *options[:cut], *USER, *options[cut:])

    def status(self):
        """The status, whether or not something needs a person."""
        answer = self.run("--json", "status", status=None)
        if answer.returncode not in (DONE, FAILED):
            raise AssertionError(f"on {self.name}: katydid status: exit {answer.returncode}\n{answer.stderr}")
        return json.loads(answer.stdout)

    def runs(self, job=None, *options, status=DONE):
        """Rows of `runs`, newest first."""
        return self.ask("runs", *([job] if job else []), "--limit", "10000", *options, status=status)["items"]

    def ended(self, job, outcome=None):
        return [row for row in self.runs(job) if row["outcome"] and outcome in (None, row["outcome"])]

    # ---- the agent ----

    def start(self, *options, wait=True, port=network.PORT):
        """Starts the agent; returns when it answers."""
        assert not self.agent or self.agent.poll() is not None, "it runs already"
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                self.command("agent", "--listen", f"{self.address}:{port}", *options),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**self.fleet.environment, **self.environment},
                preexec_fn=processes.die_with_the_test, start_new_session=True)
        if wait:
            self.wait_ready()

    def wait_ready(self):
        def is_ready():
            if self.agent.poll() is not None:
                raise AssertionError(f"the agent of {self.name} ended: {self.agent.returncode}\n{self.log_tail()}")
            return self.run("status", status=None).returncode in (DONE, FAILED)
        wait_until(is_ready, 60, f"the agent of {self.name} answers")

    def is_running(self):
        return self.agent is not None and self.agent.poll() is None

    @property
    def runner(self):
        return self.agent.pid

    def find_network_process(self):
        """Its id, or None while it is being restarted."""
        own = os.path.realpath(BINARY)
        for pid in processes.children_of(self.runner):
            if processes.executable_of(pid) == own and processes.is_running(pid):
                return pid
        return None

    def network_process(self):
        return wait_until(self.find_network_process, 30, f"{self.name} has a network process")

    def stop(self):
        """As a service manager does; everything of the agent is gone afterwards."""
        family = [self.runner, *processes.descendants_of(self.runner)]
        processes.send(self.runner, signal.SIGTERM)
        self._wait_gone(family, 30)

    def kill(self):
        """kill -9 of both processes, the power cut of programs."""
        family = [self.runner, *processes.descendants_of(self.runner)]
        for pid in (self.runner, self.find_network_process()):
            if pid:
                processes.send(pid, signal.SIGKILL)
        self._wait_gone(family, 30)

    def kill_runner(self):
        family = [self.runner, *processes.descendants_of(self.runner)]
        processes.send(self.runner, signal.SIGKILL)
        self._wait_gone(family, 30)

    def kill_network_process(self):
        processes.send(self.network_process(), signal.SIGKILL)

    def _wait_gone(self, family, seconds):
        wait_until(lambda: self.agent.poll() is not None, seconds, f"the agent of {self.name} ends")
        wait_until(lambda: not [pid for pid in family if processes.is_running(pid)], seconds,
                   f"nothing of {self.name} runs any more")

    def freeze(self):
        """SIGSTOP for the whole machine: agent and jobs."""
        for pid in (self.runner, *processes.descendants_of(self.runner)):
            processes.send(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in (*processes.descendants_of(self.runner), self.runner):
            processes.send(pid, signal.SIGCONT)

    # ---- its log ----

    def log_text(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_tail(self, lines=60):
        return "\n".join(self.log_text().splitlines()[-lines:])


class Fleet:
    def __init__(self, name, network_kind=network.Loopback):
        processes.become_reaper()
        remove_stale_folders()
        self.name = name
        self.folder = tempfile.mkdtemp(prefix=f"katydid-real-{os.getpid()}-")
        os.chmod(self.folder, 0o711)
        self.network = network_kind()
        self.keys = os.path.join(self.folder, "keys")
        self.nodes = {}
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": self.folder,
            "KATYDID_KEYS": self.keys,
            # Leaks are judged by the unit tests; freed memory is held back less, so that sizes mean something.
            "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }

    def node(self, name):
        """The machine of that name; a new one when there is none."""
        if name not in self.nodes:
            self.nodes[name] = Node(self, name, len(self.nodes) + 1)
        return self.nodes[name]

    def first_node(self, name="one"):
        """A fleet of one, running."""
        node = self.node(name)
        node.init()
        node.start()
        return node

    def join(self, name, through, *options, start=True):
        """One more machine, invited by `through`."""
        node = self.node(name)
        token = through.run("invite", *options).stdout
        node.run("join", "-", "--name", name, stdin=token)
        if start:
            node.start()
        return node

    def path(self, name):
        return os.path.join(self.folder, name)

    def faults(self):
        """What sanitizers and assertions said in the logs."""
        marks = ("AddressSanitizer", "runtime error:", "Assertion `", "SUMMARY: ")
        return [f"{node.name}: {line}" for node in self.nodes.values()
                for line in node.log_text().splitlines() if any(mark in line for mark in marks)]

    def close(self, failed=False):
        """Ends and removes everything. Returns the faults found in the logs."""
        processes.end_descendants()
        for node in self.nodes.values():
            if node.agent:
                node.agent.poll()
        faults = self.faults()
        if failed or faults:
            for node in self.nodes.values():
                print(f"---- log of {node.name}\n{node.log_tail()}\n----", flush=True)
        self.network.close()
        if os.environ.get("KATYDID_KEEP") == "1":
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        return faults


def remove_stale_folders():
    """Folders of tests that were killed."""
    for name in os.listdir(tempfile.gettempdir()):
        owner = name.split("-")[2:3] if name.startswith("katydid-real-") else []
        if owner and owner[0].isdigit() and not os.path.exists(f"/proc/{owner[0]}"):
            shutil.rmtree(os.path.join(tempfile.gettempdir(), name), ignore_errors=True)
