# test_network.py - the ground the other stories stand on: a cut cuts one way, without an error, and heals.
import socket
import subprocess
import sys

import fleet
import network
import processes
import story

# Answers each datagram until it is ended.
ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 5289))
while True:
    data, peer = s.recvfrom(100)
    print(data.decode(), flush=True)
    s.sendto(data, peer)
"""

# Sends one datagram and says whether the answer came; an error of the system ends it with status 2.
ASK = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[3]))
try:
    s.sendto(sys.argv[2].encode(), (sys.argv[1], 5289))
    s.recv(100)
except TimeoutError:
    sys.exit(1)
except OSError as error:
    print(error)
    sys.exit(2)
"""


class Switch(story.Story):
    network_kind = network.Namespaces

    def setUp(self):
        self.one, self.two = self.fleet.node("one"), self.fleet.node("two")
        self.echo = subprocess.Popen([*self.two.prefix, sys.executable, "-c", ECHO, self.two.address],
                                     stdout=subprocess.PIPE, text=True, preexec_fn=processes.die_with_the_test)
        fleet.wait_until(lambda: self.ask("hello", 1) == 0, 10, "the echo is there")

    def heard(self):
        self.echo.kill()
        return self.echo.communicate()[0].split()

    def ask(self, text, seconds):
        return subprocess.run([*self.one.prefix, sys.executable, "-c", ASK, self.two.address, text, str(seconds)],
                              check=False).returncode

    def test_a_cut_is_silence_and_heals(self):
        self.fleet.network.cut(1, 2)
        self.assertEqual(self.ask("lost", 0.3), 1)
        self.fleet.network.heal(1, 2)
        self.assertEqual(self.ask("found", 5), 0)
        self.fleet.network.cut(2, 1)  # the question arrives, the answer does not
        self.assertEqual(self.ask("unanswered", 0.3), 1)
        self.fleet.network.heal(2, 1)
        self.fleet.network.unplug(2)
        self.assertEqual(self.ask("unplugged", 0.3), 1)
        self.fleet.network.plug(2)
        fleet.wait_until(lambda: self.ask("plugged", 1) == 0, 10, "the cable is back")
        heard = self.heard()
        self.assertIn("found", heard)
        self.assertIn("unanswered", heard)
        self.assertNotIn("lost", heard)
        self.assertNotIn("unplugged", heard)


class Pieces(story.Story):
    def test_two_fleets_never_share_addresses(self):
        other = network.Loopback()
        self.addCleanup(other.close)
        self.assertNotEqual(other.prefix, self.fleet.network.prefix)
        with socket.socket() as listener:
            listener.bind((other.add(1)[0], network.PORT))


if __name__ == "__main__":
    story.main()
