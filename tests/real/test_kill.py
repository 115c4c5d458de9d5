# test_kill.py - kill -9 at any moment: nothing acknowledged is lost, every due time has its outcome.
import os
import random
import sqlite3
import time

import fleet
import history
import load
import processes
import story
import trio


class Settling(story.Story):
    """What becomes of a run that is under way when a process dies."""

    def setUp(self):
        self.node = self.fleet.first_node()
        self.mark = self.fleet.path("mark")

    def start_slow_job(self, *options):
        """Writes a line when it starts and takes three seconds."""
        self.node.add("slow", "--every", "30d", *options, "--shell",
                      f"echo begin; echo $$ >> {self.mark}; sleep 3; echo end")
        self.node.run("run", "slow")
        return int(fleet.wait_until(self.starts, 30, "it runs")[0])

    def starts(self):
        if not os.path.exists(self.mark):
            return []
        with open(self.mark, encoding="ascii") as file:
            return file.read().split()

    def ended(self):
        return fleet.wait_until(lambda: self.node.ended("slow"), 60, "it ended")[0]

    def test_a_new_network_process_adopts_what_runs(self):
        self.start_slow_job()
        first = self.node.network_process()
        self.node.kill_network_process()
        self.node.wait_ready()
        fleet.wait_until(lambda: self.node.run("logs", "slow", status=None).stdout, 30, "its log is found at once")
        self.assertTrue(self.node.run("logs", "slow").stdout.startswith("begin\n"))
        row = self.ended()
        self.assertEqual((row["outcome"], row["attempt"]), ("ok", 1))
        self.assertEqual(self.node.run("logs", "slow").stdout, "begin\nend\n")
        self.assertEqual(len(self.starts()), 1)
        self.assertNotEqual(self.node.network_process(), first)

    def test_not_a_line_is_lost_or_doubled_however_often_it_is_killed(self):
        lines, kills = fleet.count(1500, 3000), 0
        self.node.add("count", "--every", "30d", "--shell",
                      f"for i in $(seq {lines}); do echo out $i; echo err $i >&2; sleep 0.01; done")
        self.node.run("run", "count")
        fleet.wait_until(lambda: self.node.runs("count"), 30, "it is claimed")
        chance = random.Random(1)
        while not self.node.run("status", status=None).returncode in (fleet.DONE, fleet.FAILED) or \
                not self.node.ended("count"):
            time.sleep(chance.uniform(0, 0.3))  # when it strikes is what is varied
            if kills < 6:  # each waits twice as long for the next process
                self.node.kill_network_process()
                kills += 1
        self.assertEqual(self.node.ended("count")[0]["outcome"], "ok")
        kept = self.node.run("logs", "count").stdout.splitlines()
        for stream in ("out", "err"):
            self.assertEqual([line for line in kept if line.startswith(stream)],
                             [f"{stream} {i + 1}" for i in range(lines)])
        self.assertEqual(kills, 6)

    def test_a_run_that_nobody_knows_any_more_does_not_wait_for_a_reader(self):
        gate, done = self.fleet.path("gate"), self.fleet.path("done")
        self.node.add("much", "--every", "30d", "--shell",
                      f"echo $$ >> {self.mark}; while [ ! -e {gate} ]; do sleep 0.02; done; "
                      f"head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; : > {done}")
        self.node.run("run", "much")
        fleet.wait_until(self.starts, 30, "it runs")
        self.node.run("rm", "much")
        self.node.kill_network_process()
        self.node.wait_ready()
        with open(gate, "w", encoding="ascii"):
            pass
        fleet.wait_until(lambda: os.path.exists(done), 30, "it ends")

    def test_a_run_dies_with_its_runner_and_is_reported(self):
        job = self.start_slow_job("--on-lost", "report")
        self.node.kill_runner()
        self.assertFalse(processes.is_running(job))
        self.node.start()
        row = self.ended()
        self.assertEqual(row["outcome"], "lost")
        self.assertEqual(len(self.starts()), 1)

    def test_a_lost_run_is_repeated_by_default(self):
        self.start_slow_job()
        self.node.kill()
        self.node.start()
        row = fleet.wait_until(lambda: self.node.ended("slow", "ok"), 60, "it was repeated")[0]
        self.assertEqual(row["attempt"], 2)
        self.assertEqual(len(self.starts()), 2)


class Ranges(story.Story):
    """What comes every second is written down every ten; nothing of it is lost meanwhile."""

    def setUp(self):
        self.node, self.mark = self.fleet.first_node(), self.fleet.path("mark")
        self.node.add("tick", "--every", "1s", "--shell", f"echo $KATYDID_DUE >> {self.mark}")

    def ran(self):
        if not os.path.exists(self.mark):
            return []
        with open(self.mark, encoding="ascii") as file:
            return [history.ms_of(line) for line in file.read().split()]

    def wait_for_more(self, count):
        before = len(self.ran())
        fleet.wait_until(lambda: len(self.ran()) >= before + count, 60, f"it ran {count} times more")

    def count_records(self):
        """Of claims, results and verdicts, in the database of an agent that was stopped."""
        store = sqlite3.connect(os.path.join(self.node.directory, "net", "katydid.db"))
        counted = dict(store.execute("SELECT kind, COUNT(*) FROM ledger GROUP BY kind").fetchall())
        store.close()
        return [counted.get(kind, 0) for kind in (64, 66, 67)]

    def test_seconds_are_written_as_ranges(self):
        self.wait_for_more(31)
        self.node.stop()
        claims, results, verdicts = self.count_records()
        ran = len(self.ran())
        self.report("records of claims and of results", f"{claims} + {results}", f"for {ran} runs", "1 of 10 s each")
        self.assertEqual(verdicts, 0)
        self.assertLessEqual(results, ran / 10 + 3)
        self.assertLessEqual(claims, ran / 10 + 3)

    def test_a_kill_loses_no_end_that_was_held(self):
        self.wait_for_more(6)
        self.node.kill_network_process()
        self.wait_for_more(16)
        self.node.kill()
        held = self.ran()
        self.node.start()
        rows = fleet.wait_until(lambda: self.settled(held[-1]), 60, "all that ran is told")
        again = [due for due in held[:-1] if self.ran().count(due) > 1]
        self.assertEqual(again, [], "what had ended ran again")
        outcomes = {due: row["outcome"] for due, row in history.due_times(rows)}
        for due in held[:-1]:  # the last one may have been killed while it ran
            self.assertEqual(outcomes[due], "ok", f"due {history.text_of(due)}")
        self.wait_for_more(12)
        self.node.stop()
        _, results, _ = self.count_records()
        self.report("records of results", results, f"for {len(self.ran())} runs and two kills")
        self.assertLessEqual(results, len(self.ran()) / 2)

    def settled(self, until_ms):
        rows = self.node.runs("tick")
        is_open = [row for due, row in history.due_times(rows) if due <= until_ms and row["outcome"] is None]
        return None if is_open else rows


class Killing(story.Story):
    def test_nothing_acknowledged_is_lost(self):
        seed = int(os.environ.get("KATYDID_SEED", str(random.randrange(1 << 32))))
        print(f"KATYDID_SEED={seed}")
        chance = random.Random(seed)
        node, mark = self.fleet.first_node(), trio.Mark(self.fleet.path("mark"))
        node.add("tick", "--every", "1s", "--shell", mark.line)
        node.add("long", "--every", "3s", "--busy", "skip", "--shell", "echo begin; sleep 2; echo end")
        person = load.Load(node)
        person.start()
        rounds = fleet.count(40, 200)
        for _ in range(rounds):
            time.sleep(chance.uniform(0.05, 1.5))  # when it strikes is what is varied; nothing waits for it
            self.strike(node, chance.choice(("runner", "network process", "both")))
        person.finish()
        node.wait_ready()
        self.assertEqual(person.losses(node, "tick", "long"), [])
        self.check_history(node, mark)
        self.report("kill -9 of a loaded node", rounds, "rounds", "200")
        self.report("acknowledged changes lost", 0, "", "0")

    def strike(self, node, victim):
        if victim == "network process":
            pid = node.find_network_process()
            if pid:
                processes.send(pid, 9)
            return
        node.kill() if victim == "both" else node.kill_runner()
        node.start(wait=False)

    def check_history(self, node, mark):
        for job, period_ms in (("tick", 1000), ("long", 3000)):
            now_ms = history.ms_of(node.status()["time"])
            # All that was due when the last agent came up is settled soon, without anybody's help.
            rows = fleet.wait_until(lambda: self.settled(node, job, now_ms), 60, f"{job} is settled")
            due_count = history.check_every_due_time_once(rows, period_ms)
            history.check_never_early(rows)
            self.report(f"due times of {job}, each with one outcome", due_count, str(history.outcomes(rows)))
        rows = node.runs("tick")
        mark.check_ran(rows, [node])
        dues = [due for due, _, _, _ in mark.starts()]
        for due, row in history.due_times(rows):
            if row["attempt"] == 1 and row["outcome"] == "ok":
                self.assertEqual(dues.count(due), 1, f"{row} ran {dues.count(due)} times")

    def settled(self, node, job, until_ms):
        rows = node.runs(job)
        dues = history.due_times(rows)
        is_settled = dues and dues[-1][0] > until_ms and not [
            row for due, row in dues if due <= until_ms and row["outcome"] is None]
        return [row for row in rows if row["outcome"]] if is_settled else None


if __name__ == "__main__":
    story.main()
