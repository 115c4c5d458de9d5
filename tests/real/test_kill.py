# test_kill.py - kill -9 at any moment: nothing acknowledged is lost, every due time has its outcome.
import os
import random
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
        row = self.ended()
        self.assertEqual((row["outcome"], row["attempt"]), ("ok", 1))
        self.assertEqual(self.node.run("logs", "slow").stdout, "begin\nend\n")
        self.assertEqual(len(self.starts()), 1)
        self.assertNotEqual(self.node.network_process(), first)

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
