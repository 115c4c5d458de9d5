# test_kills.py - nodes of a fleet are killed at any moment, under load: nothing acknowledged is lost.
import json
import os
import random
import time

import fleet
import history
import load
import processes
import story
import trio


class Kills(trio.Story):
    def test_nothing_acknowledged_is_lost(self):
        seed = int(os.environ.get("KATYDID_SEED", str(random.randrange(1 << 32))))
        print(f"KATYDID_SEED={seed}")
        self.chance, self.back_at, self.told = random.Random(seed), {}, {}
        self.tick = self.mark("tick")
        self.nodes[0].add("tick", "--every", "1s", "--shell", self.tick.line)
        self.nodes[1].add("long", "--every", "3s", "--shell", "echo begin; sleep 2; echo end")
        self.person = load.Load(*self.nodes)
        self.person.start()
        rounds = fleet.count(40, 200)
        for _ in range(rounds):
            self.strike()
            self.watch()
        self.person.finish()
        while self.back_at:
            self.revive()
        self.check_table()
        self.check_history("tick", 1000)
        self.check_history("long", 3000)
        self.check_starts()
        self.report("kill -9 of a node of a loaded fleet", rounds, "rounds", "200")
        self.report("acknowledged changes and outcomes lost", 0, f"of {len(self.person.added) + len(self.told)}", "0")

    def strike(self):
        """Kills one node that runs, some time from now; meanwhile others come back."""
        until = time.monotonic() + self.chance.uniform(0.05, 1.5)  # when it strikes is what is varied
        while time.monotonic() < until or len(self.back_at) == len(self.nodes):
            self.revive()
            time.sleep(0.02)
        node = self.chance.choice([node for node in self.nodes if node not in self.back_at])
        victim = self.chance.choice(("runner", "network process", "both"))
        if victim == "network process":
            pid = node.find_network_process()
            if pid:
                processes.send(pid, 9)
            return
        node.kill() if victim == "both" else node.kill_runner()
        # A service manager starts it again at once; sometimes the machine was off for longer.
        down_s = self.chance.uniform(0, 1) if self.chance.random() < 0.8 else self.chance.uniform(4, 8)
        self.back_at[node] = time.monotonic() + down_s

    def revive(self):
        for node, at in list(self.back_at.items()):
            if time.monotonic() >= at:
                del self.back_at[node]
                node.start(wait=False)

    def watch(self):
        """Remembers outcomes that somebody was told."""
        answer = self.chance.choice(self.nodes).run("--json", "runs", "tick", "--limit", "20", status=None)
        if answer.returncode in (fleet.DONE, fleet.PARTIAL):
            for row in json.loads(answer.stdout)["items"]:
                if row["outcome"] and "count" not in row:
                    self.told[row["due"]] = row["outcome"]

    def check_table(self):
        for node in self.nodes:
            node.wait_ready()
        self.wait_equal_tables()
        for node in self.nodes:
            self.assertEqual(self.person.losses(node, "tick", "long"), [], node.name)

    def check_history(self, job, period_ms):
        # All that was due when the last agent came up is settled soon, without anybody's help.
        for node in self.nodes:
            rows = trio.wait_settled(node, job, 60)
            count = history.check_every_due_time_once(rows, period_ms)
            history.check_never_early(rows)
            if job == "tick":
                now = {history.text_of(due): row["outcome"] for due, row in history.due_times(rows)}
                fallen = {due: (told, now.get(due)) for due, told in self.told.items()
                          if history.rank(now.get(due)) < history.rank(told)}
                self.assertFalse(fallen, f"outcomes that {node.name} tells worse than somebody was told")
        self.report(f"due times of {job}, each with one outcome", count, str(history.outcomes(rows)))

    def check_starts(self):
        self.tick.check_ran(self.nodes[0].runs("tick"), self.nodes)
        double = self.nodes[0].runs("tick", "--duplicates")
        self.report("due times of tick that ran twice, because the first was not known to have ended",
                    len({row["due"] for row in double}))


if __name__ == "__main__":
    story.main()
