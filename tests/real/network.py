# network.py - where the machines of a test are reached: a piece of loopback, or namespaces with a switch.
#
# Loopback: each test has a 127.P.Q.0/24 of its own, held by a file lock, so that many run side by side.
# Namespaces: each machine is a network namespace with an Ethernet of its own, all plugged into a bridge in
# one more namespace. Nothing of it touches the networks of the machine the test runs on. A cut is made
# below the programs, which notice nothing but silence: frames for the other side get an address nobody has.
import errno
import fcntl
import os
import subprocess
import tempfile

PORT = 5289
NOBODY = "02:00:00:00:ff:fe"


class Loopback:
    """127.P.Q.0/24, ours until close()."""

    has_cuts = False

    def __init__(self):
        folder = os.path.join(tempfile.gettempdir(), "katydid-networks")
        if not os.path.isdir(folder):
            os.makedirs(folder, exist_ok=True)
            os.chmod(folder, 0o1777)
        for number in range(64 * 256):
            index = (os.getpid() + number) % (64 * 256)
            self.prefix = f"127.{64 + index // 256}.{index % 256}"
            try:
                self.lock = os.open(os.path.join(folder, self.prefix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except PermissionError:  # another user's
                continue
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                os.close(self.lock)
        raise RuntimeError("no free 127.P.Q.0/24")

    def add(self, index):
        """(address, what to put before a command) of the machine with this number, from 1 on."""
        return f"{self.prefix}.{index}", []

    def close(self):
        os.close(self.lock)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def namespaces_missing():
    """Why this machine cannot make network namespaces; None when it can."""
    if os.geteuid() != 0:
        return "not root"
    name = f"katydid-{os.getpid()}-try"
    try:
        ip("netns", "add", name)
        ip("-n", name, "link", "add", "name", "switch", "type", "bridge")
        return None
    except FileNotFoundError:
        return "no ip command"
    except subprocess.CalledProcessError as error:
        return error.stderr.strip()
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


class Namespaces:
    """A switch and as many machines as are added; 192.0.2.0/24 and 2001:db8::/64 inside."""

    has_cuts = True

    def __init__(self):
        remove_stale_namespaces()
        self.base = next(base for base in (f"katydid-{os.getpid()}-{i}" for i in range(1000))
                         if not os.path.exists(f"/run/netns/{base}"))
        self.made = []
        self._make(self.base)
        ip("-n", self.base, "link", "add", "name", "switch", "type", "bridge")
        ip("-n", self.base, "link", "set", "switch", "up")

    def _make(self, name):
        ip("netns", "add", name)
        self.made.append(name)
        ip("-n", name, "link", "set", "lo", "up")

    def name_of(self, index):
        return f"{self.base}-{index}"

    def address_of(self, index):
        return f"192.0.2.{index}"

    def add(self, index):
        name = self.name_of(index)
        self._make(name)
        ip("-n", self.base, "link", "add", f"port{index}", "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("-n", self.base, "link", "set", f"port{index}", "master", "switch", "up")
        ip("-n", name, "address", "add", f"192.0.2.{index}/24", "dev", "eth0")
        ip("-n", name, "address", "add", f"2001:db8::{index:x}/64", "dev", "eth0", "nodad")
        ip("-n", name, "link", "set", "eth0", "up")
        return self.address_of(index), ["ip", "netns", "exec", name]

    def cut(self, sender, receiver):
        """From now on nothing of `sender` reaches `receiver`; the other way stays open."""
        for address in (self.address_of(receiver), f"2001:db8::{receiver:x}"):
            ip("-n", self.name_of(sender), "neigh", "replace", address, "lladdr", NOBODY, "dev", "eth0",
               "nud", "permanent")

    def heal(self, sender, receiver):
        for address in (self.address_of(receiver), f"2001:db8::{receiver:x}"):
            try:
                ip("-n", self.name_of(sender), "neigh", "del", address, "dev", "eth0")
            except subprocess.CalledProcessError as error:
                if os.strerror(errno.ENOENT) not in error.stderr:
                    raise

    def block_datagrams(self, sender, receiver):
        """From now on no UDP of `sender` reaches `receiver`: it goes to an address nobody has. Streams go on."""
        name = self.name_of(sender)
        ip("-n", name, "neigh", "replace", "192.0.2.254", "lladdr", NOBODY, "dev", "eth0", "nud", "permanent")
        ip("-n", name, "route", "replace", "default", "via", "192.0.2.254", "dev", "eth0", "table", "100")
        ip("-n", name, "rule", "add", "to", self.address_of(receiver), "ipproto", "udp", "lookup", "100")

    def unplug(self, index):
        ip("-n", self.base, "link", "set", f"port{index}", "down")

    def plug(self, index):
        ip("-n", self.base, "link", "set", f"port{index}", "up")

    def close(self):
        for name in reversed(self.made):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def remove_stale_namespaces():
    """Namespaces of tests that were killed."""
    if not os.path.isdir("/run/netns"):
        return
    for name in os.listdir("/run/netns"):
        parts = name.split("-")
        if parts[0] == "katydid" and len(parts) > 1 and parts[1].isdigit() and not os.path.exists(f"/proc/{parts[1]}"):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
