# processes.py - what the tests know of running processes, and how none is left behind.
#
# The test process is the reaper of all its descendants: whatever an agent started and lost comes back to
# it, so everything can be ended by its id.
import ctypes
import os
import signal
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def become_reaper():
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_the_test():
    """In a child between fork and exec: even when the test is killed, its agents do not outlive it."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _status(pid):
    """(state, parent) of a process, None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            fields = file.read().rpartition(")")[2].split()
        return fields[0], int(fields[1])
    except OSError:
        return None


def is_running(pid):
    status = _status(pid)
    return status is not None and status[0] not in "ZX"


def children_of(pid):
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return sorted(child for child in pids if (_status(child) or ("", 0))[1] == pid)


def descendants_of(pid):
    found = []
    for child in children_of(pid):
        found += [child] + descendants_of(child)
    return found


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().rstrip("\0").split("\0")
    except OSError:
        return []


def executable_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def open_files_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def notes_on_open_files_of(pid):
    """What the kernel says of each open file: its position, what an inotify watches and the like."""
    notes = []
    for name in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{name}", encoding="ascii") as file:
                notes.append(file.read())
        except OSError:
            pass  # closed meanwhile
    return notes


def resident_bytes_of(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def end_descendants():
    """Ends everything this process started, however deep, and buries it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        running = [pid for pid in descendants_of(os.getpid()) if is_running(pid)]
        if not running:
            break
        for pid in running:
            send(pid, signal.SIGKILL)
        time.sleep(0.02)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
