# story.py - the frame of a real-daemon test: a fleet before it, its logs shown when it failed, nothing after it.
import os
import signal
import sys
import unittest

import fleet
import network

SKIPPED = 77


class Story(unittest.TestCase):
    """Has self.fleet. A subclass says with `network_kind` what its machines are plugged into."""

    network_kind = network.Loopback

    def run(self, result=None):
        if self.network_kind is network.Namespaces and network.namespaces_missing():
            return self._skip(result, f"network namespaces cannot be made here: {network.namespaces_missing()}")
        before = len(result.failures) + len(result.errors)
        self.fleet = fleet.Fleet(self.id(), self.network_kind)
        try:
            super().run(result)
        finally:
            faults = self.fleet.close(len(result.failures) + len(result.errors) > before)
        if faults:
            error = AssertionError("\n".join(faults[:20]))
            result.addFailure(self, (AssertionError, error, None))
        return result

    def _skip(self, result, reason):
        result.startTest(self)
        result.addSkip(self, reason)
        result.stopTest(self)
        return result

    def report(self, what, value, unit="", goal=""):
        fleet.report(type(self).__name__, what, value, unit, goal)


def _out_of_time(_signal, _frame):
    raise TimeoutError("the time for this test is up")


def main():
    """Runs the stories of the calling file. Exit: 0 passed, 77 all were skipped, 1 else."""
    if "KATYDID_TIME_LIMIT_S" in os.environ:
        signal.signal(signal.SIGALRM, _out_of_time)
        signal.alarm(int(os.environ["KATYDID_TIME_LIMIT_S"]))
    result = unittest.main(exit=False, verbosity=2).result
    for story, reason in result.skipped:
        print(f"skipped: {story.id()}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.skipped and len(result.skipped) == result.testsRun else 0)
