# load.py - somebody who adds, pauses and removes jobs all the time, and notes what was acknowledged.
import random
import threading

import fleet


class Load(threading.Thread):
    """Works through the command line of one of the nodes, another one each time."""

    def __init__(self, *nodes):
        super().__init__(daemon=True)
        self.nodes, self.stopping = nodes, threading.Event()
        self.added, self.unclear, self.paused, self.removed = set(), set(), set(), set()

    def run(self):
        number = 0
        while not self.stopping.is_set():
            number += 1
            self.change(f"load-{number}")

    def change(self, name):
        if self.try_to("add", name, "--every", "30d", *fleet.USER, "--", "true"):
            self.added.add(name)
        else:
            self.unclear.add(name)  # it may have been taken before the agent died
            return
        kind = random.randrange(4)
        if kind == 0 and self.try_to("pause", name):
            self.paused.add(name)
        elif kind == 1:
            self.added.discard(name)
            (self.removed if self.try_to("rm", name) else self.unclear).add(name)

    def try_to(self, *arguments):
        return random.choice(self.nodes).run(*arguments, status=None).returncode == fleet.DONE

    def finish(self):
        self.stopping.set()
        self.join()

    def losses(self, node, *known):
        """What was acknowledged and is not so on this node, in words. `known`: jobs that others added."""
        jobs = {job["name"]: job for job in node.ask("jobs")}
        return ([f"{name} was added and is gone" for name in self.added - set(jobs)] +
                [f"{name} was removed and is back" for name in self.removed & set(jobs)] +
                [f"{name} was paused and is not" for name in self.paused & set(jobs) if not jobs[name]["paused"]] +
                [f"{name} was never added" for name in set(jobs) - self.added - self.unclear - set(known)])
