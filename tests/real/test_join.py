# test_join.py - machines that join a fleet with a token: once, whatever gets lost, and only where it is from.
import concurrent.futures
import os
import socket
import subprocess
import threading
import time

import bearer
import fleet
import network
import processes
import story


class Listener:
    """Somebody at an address; `serve` gets each connection, in a thread of its own."""

    def __init__(self, address, serve, port=network.PORT):
        self.serve = serve
        self.socket = socket.create_server((address, port))
        self.place = self.socket.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:
                pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which else would hold the port
        self.socket.close()


class Joining(story.Story):
    def refusal(self, node, *arguments, status=fleet.FAILED, stdin=""):
        """The one line of a join that must fail."""
        answer = node.run("join", *arguments, status=status, stdin=stdin)
        lines = answer.stderr.splitlines()
        self.assertEqual(len(lines), 1, answer.stderr)
        self.assertEqual(answer.stdout, "")
        self.assertFalse(os.path.exists(os.path.join(node.directory, "runner", "pin")))
        return lines[0]

    def token(self, node, *options):
        return node.run("invite", *options).stdout.strip()

    def listen(self, address, serve):
        listener = Listener(address, serve)
        self.addCleanup(listener.close)
        return listener.place

    def wait_members(self, nodes, count, seconds=60):
        for node in nodes:
            fleet.wait_until(lambda node=node: sum(row["state"] == "alive" for row in members(node)) == count, seconds,
                             f"{node.name} sees {count} members")


def members(node):
    return node.ask("members")["items"]


class Members(Joining):
    def test_two_nodes_of_one_name_are_told(self):
        one = self.fleet.first_node()
        two = self.fleet.join("two", one)
        self.wait_members([one, two], 2)
        # Each lets an x in while the other is off.
        doubles = [self.fleet.node("x1"), self.fleet.node("x2")]
        two.stop()
        doubles[0].run("join", "-", "--name", "x", stdin=self.token(one))
        one.stop()
        two.start()
        doubles[1].run("join", "-", "--name", "x", stdin=self.token(two))
        for node in (one, *doubles):
            node.start()
        self.wait_members([one, two], 4)
        for node in (one, two):
            self.assertTrue([problem for problem in node.status()["problems"] if "two nodes are called x" in problem])
        doubles[1].run("leave")
        fleet.wait_until(lambda: not [problem for problem in one.status()["problems"] if "called x" in problem], 30,
                         "one is enough")

    def test_three_machines_see_each_other(self):
        one = self.fleet.first_node("one")
        two = self.fleet.join("two", one, "--label", "site=berlin", "--label", "role=gateway")
        three = self.fleet.join("three", two)  # whoever is in can let others in
        nodes = [one, two, three]
        self.wait_members(nodes, 3)
        seen = [{row["id"]: (row["name"], row["labels"]) for row in members(node)} for node in nodes]
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], seen[2])
        self.assertEqual(sorted(name for name, _ in seen[0].values()), ["one", "three", "two"])
        self.assertIn(("two", {"site": "berlin", "role": "gateway"}), seen[0].values())
        for node in nodes:
            self.assertEqual([row["name"] for row in members(node) if row["self"]], [node.name])

    def test_members_find_each_other_again_after_a_restart(self):
        one = self.fleet.first_node("one")
        nodes = [one, self.fleet.join("two", one), self.fleet.join("three", one)]
        self.wait_members(nodes, 3)
        for node in nodes:
            node.stop()
        for node in nodes:
            node.start()
        self.wait_members(nodes, 3)

    def test_a_machine_whose_keys_nobody_heard_introduces_itself(self):
        one = self.fleet.first_node("one")
        two = self.fleet.node("two")
        token = self.token(one)
        listener = Listener(two.address, swallow_last_words(one.address))
        two.run("join", "-", "--name", "two", stdin=bearer.redirect(token, listener.place))
        listener.close()
        two.start()
        self.wait_members([one, two], 2)

    def test_a_machine_joins_over_ipv6(self):
        one = self.fleet.node("one")
        one.init()
        one.start("--listen", "[::1]:0")
        place = next(text for text in one.ask("status", status=None)["listen"] if text.startswith("[::1]:"))
        two = self.fleet.node("two")
        two.run("join", "-", "--name", "two",
                stdin=bearer.redirect(self.token(one), ("::1", int(place.rpartition(":")[2]))))
        two.start("--listen", "[::1]:0")
        self.wait_members([one, two], 2)

    def test_twenty_machines_join_at_once(self):
        count = 20
        one = self.fleet.first_node("one")
        nodes = [self.fleet.node(f"n{i}") for i in range(count)]
        tokens = [self.token(one) for _ in nodes]

        def join(node, token):
            node.run("join", "-", "--name", node.name, stdin=token)
            return node

        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            joins = [pool.submit(join, *pair) for pair in zip(nodes, tokens)]
            for joined in concurrent.futures.as_completed(joins):
                joined.result().start(wait=False)  # from this thread: an agent ends with the one that started it
        joined = time.monotonic()
        for node in nodes:
            node.wait_ready()
        self.wait_members([*nodes, one], count + 1, 180)
        self.report("20 machines: all have joined and been started", round(joined - began, 2), "s")
        self.report("20 machines: all see all", round(time.monotonic() - began, 2), "s", "5")


class Tokens(Joining):
    def setUp(self):
        self.one = self.fleet.first_node("one")
        self.two, self.three = self.fleet.node("two"), self.fleet.node("three")

    def test_used_twice_at_once_one_machine_is_let_in(self):
        token = self.token(self.one)
        nodes = [self.two, self.three]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda node: node.run("join", "-", "--name", node.name, stdin=token, status=None),
                                    nodes))
        self.assertEqual(sorted(answer.returncode for answer in answers), [fleet.DONE, fleet.FAILED])
        winner = nodes[[answer.returncode for answer in answers].index(fleet.DONE)]
        loser = nodes[1 - nodes.index(winner)]
        self.assertIn(f"used: by {winner.name} at 20", self.refusal(loser, "-", stdin=token))

    def test_a_token_with_uses_lets_in_so_many(self):
        token = self.token(self.one, "--uses", "2")
        self.two.run("join", "-", "--name", "two", stdin=token)
        self.three.run("join", "-", "--name", "three", stdin=token)
        self.assertIn("used: by three", self.refusal(self.fleet.node("four"), "-", "--name", "four", stdin=token))

    def test_a_lost_reply_costs_no_use(self):
        token = self.token(self.one)
        place = self.listen(self.two.address, cut_after_request(self.one.address))
        self.refusal(self.two, "-", "--name", "two", stdin=bearer.redirect(token, place))
        fleet.wait_until(lambda: any(row["name"] == "two" for row in members(self.one)), 20, "two was let in")
        self.two.run("join", "-", "--name", "two", stdin=token)
        self.assertEqual(len(members(self.one)), 2)
        self.assertIn("used: by two", self.refusal(self.three, "-", "--name", "three", stdin=token))

    def test_an_expired_token_is_refused(self):
        invited = self.one.ask("invite", "--expires", "1s")
        self.assertEqual(invited["uses"], 1)
        expires = time.strptime(invited["expires"][:19], "%Y-%m-%dT%H:%M:%S")
        fleet.wait_until(lambda: time.gmtime() > expires and time.gmtime() != expires, 20, "it expires")
        time.sleep(1)  # the rest of that second
        self.assertIn("expired", self.refusal(self.two, "-", stdin=invited["token"]))

    def test_a_token_cut_or_mistyped_is_refused_before_anything_is_done(self):
        token = self.token(self.one)
        for bent, what in ((token[:-1], "cut short"), (token[:40], "cut short"), ("", "no token"), ("hello world", ""),
                           (token[:50] + ("0" if token[50] != "0" else "1") + token[51:], "checksum"),
                           (token[:50] + "!" + token[51:], "character 51"), (token + token, "")):
            self.assertIn(what, self.refusal(self.two, "-", stdin=bent))
            self.assertFalse(os.path.exists(self.two.directory))
        self.two.run("join", "-", "--name", "two", stdin="  " + token.upper()[:70] + "\n" + token[70:] + "\r\n\n")

    def test_a_token_comes_from_a_file_or_stdin_never_as_an_argument(self):
        token = self.token(self.one)
        said = self.refusal(self.two, token, status=fleet.USAGE)
        self.assertIn("katydid join -", said)
        self.assertNotIn(token, said)
        with open(self.fleet.path("token"), "w", encoding="ascii") as file:
            file.write(token)
        self.two.run("join", self.fleet.path("token"), "--name", "two")

    def test_a_name_that_is_taken_is_refused_and_another_is_not(self):
        token = self.token(self.one)
        self.assertIn("--name", self.refusal(self.two, "-", "--name", "one", stdin=token))
        self.two.run("join", "-", "--name", "two", stdin=token)

    def test_who_is_a_member_does_not_join_again(self):
        self.two.run("join", "-", "--name", "two", stdin=self.token(self.one))
        answer = self.two.run("join", "-", "--name", "two", stdin=self.token(self.one), status=fleet.FAILED)
        self.assertIn(self.two.directory, answer.stderr)

    def test_only_an_operator_invites(self):
        self.two.run("join", "-", "--name", "two", stdin=self.token(self.one))
        self.two.start()
        answer = self.two.run("--keys", self.fleet.path("no-keys"), "invite", status=fleet.FAILED)
        self.assertIn("operator", answer.stderr)
        self.assertEqual(answer.stdout, "")

    def test_an_operator_invites_only_within_its_scope(self):
        berlin, pauser = self.fleet.path("berlin.key"), self.fleet.path("pauser.key")
        self.one.run("key", "add", "berlin", "--label", "site=berlin", "--out", berlin)
        self.one.run("key", "add", "pauser", "--action", "pause", "--out", pauser)
        for key, options, what in ((berlin, [], "--label"), (berlin, ["--label", "site=munich"], "--label"),
                                   (pauser, [], "`invite`")):
            answer = self.one.run("--operator", key, "invite", *options, status=fleet.FAILED)
            self.assertIn(what, answer.stderr)
            self.assertEqual(answer.stdout, "")
        token = self.token(self.one, "--operator", berlin, "--label", "site=berlin")
        self.two.run("join", "-", "--name", "two", stdin=token)  # the log has grown since the fleet was made

    def test_options_that_make_no_sense_are_refused(self):
        for options in (["--uses", "0"], ["--uses", "x"], ["--expires", "0s"], ["--expires", "soon"], ["--label", "site"],
                        ["--label", "a b=c"], ["--label", "a=1", "--label", "a=2"]):
            answer = self.one.run("invite", *options, status=fleet.USAGE)
            self.assertEqual((answer.stdout, len(answer.stderr.splitlines())), ("", 1), answer.stderr)


class Impostors(Joining):
    def setUp(self):
        self.one = self.fleet.first_node("one")
        self.two = self.fleet.node("two")
        self.token_text = self.token(self.one)

    def test_another_member_of_the_fleet_is_not_the_inviter(self):
        three = self.fleet.join("three", self.one)
        bent = bearer.redirect(self.token_text, (three.address, network.PORT))
        self.assertIn("no open invite", self.refusal(self.two, "-", stdin=bent))

    def test_a_machine_of_another_fleet_is_not_the_inviter(self):
        other = self.fleet.node("other")
        other.run("--keys", self.fleet.path("other-keys"), "init", "--name", "other")
        other.start()
        bent = bearer.redirect(self.token_text, (other.address, network.PORT))
        self.assertIn("no open invite", self.refusal(self.two, "-", stdin=bent))

    def test_noise_silence_and_closed_ports_lead_to_the_next_address(self):
        address = self.two.address
        talkers = (lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                   lambda connection: connection.sendall(b"\xff" * 100000),
                   lambda connection: connection.close(), lambda connection: connection.recv(1))
        places = [Listener(address, talk, 0) for talk in talkers]
        for place in places:
            self.addCleanup(place.close)
        bent = [place.place for place in places]
        said = self.refusal(self.two, "-", stdin=bearer.redirect(self.token_text, *bent, (address, 1)))
        for host, port in bent:
            self.assertIn(f"{host}:{port}", said)
        self.assertIn("refused", said)
        self.two.run("join", "-", "--name", "two",
                     stdin=bearer.redirect(self.token_text, *bent, (self.one.address, network.PORT)))

    def test_no_list_of_processes_shows_a_token(self):
        met = threading.Event()
        release = threading.Event()

        def hold(connection):
            connection.recv(1)
            met.set()
            release.wait(30)

        text = bearer.redirect(self.token_text, self.listen(self.two.address, hold))
        with subprocess.Popen(self.two.command("join", "-"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              env=self.fleet.environment) as join:
            join.stdin.write(text)
            join.stdin.close()
            self.assertTrue(met.wait(30 * fleet.PATIENCE))
            for pid in (name for name in os.listdir("/proc") if name.isdigit()):
                for part in ("cmdline", "environ", "comm"):
                    self.assertNotIn(text[40:80], read(f"/proc/{pid}/{part}"))
            release.set()
            join.wait(60)
        for folder, _, files in os.walk(self.two.directory):
            for name in files:
                self.assertNotIn(text[40:80], read(os.path.join(folder, name)))


def read(path):
    try:
        with open(path, encoding="latin-1") as file:
            return file.read()
    except OSError:
        return ""


def relay(connection, address, upward, downward):
    """Passes on what the two functions let through, until one side closes."""
    with socket.create_connection((address, network.PORT)) as inviter:
        def down():
            try:
                while data := inviter.recv(65536):
                    connection.sendall(downward(data))
            except OSError:
                pass
            finally:
                connection.close()
        threading.Thread(target=down, daemon=True).start()
        while data := connection.recv(65536):
            inviter.sendall(upward(data))


MESSAGE_1, MESSAGE_2 = 4 + 32 + 64, 4 + 32 + 48 + 16


def cut_after_request(address):
    """Lets the handshake through, then loses what the inviter says."""
    def serve(connection):
        count = 0

        def downward(data):
            nonlocal count
            count += len(data)
            if count > MESSAGE_2:
                raise OSError("cut")
            return data
        relay(connection, address, lambda data: data, downward)
    return serve


def swallow_last_words(address):
    """Lets all through but what the machine says after it was let in."""
    def serve(connection):
        is_told = False

        def downward(data):
            nonlocal is_told
            is_told = is_told or len(data) > MESSAGE_2
            return data
        relay(connection, address, lambda data: b"" if is_told else data, downward)
    return serve


if __name__ == "__main__":
    story.main()
