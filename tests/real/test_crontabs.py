# test_crontabs.py - a thousand crontab lines and all of this machine's: each one carried over or listed.
#
# A reader of its own, which shares nothing with the program, says what each line is; the job that came of it is
# looked up in the job file. KATYDID_CRONTABS names a folder with more files, in the format of /etc/cron.d:
# tools/check-crontabs fills one with what Debian's packages bring along.
import json
import os
import pwd
import random
import re
import subprocess
import tempfile
import unittest

import fleet

LINES = 1000
MINUTES = ["0", "*/5", "17", "5-55/10", "0,30", "*", "59"]
HOURS = ["*", "3", "*/2", "9-17", "0,12", "22-23"]
DAYS = ["*", "1", "1,15", "*/2", "1-7", "31"]
MONTHS = ["*", "1", "jan,jul", "1-6", "*/3", "DEC"]
WEEKDAYS = ["*", "0", "7", "mon-fri", "SUN", "1,3,5", "6-7"]
WORDS = ["@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]
COMMANDS = [
    "/usr/bin/true", "cd / && run-parts --report /etc/cron.hourly",
    "test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )",
    "[ -x /usr/bin/certbot ] && perl -e 'sleep int(rand(3600))' && certbot -q renew",
    "command -v debian-sa1 > /dev/null && debian-sa1 1 1", "echo \"a 'b' c\" >> /tmp/x 2>&1",
    "mail -s report root%Dear all,%%it ran.\\%", "date +\\%Y-\\%m-\\%d > /tmp/day", "A=1 B='2 3' nice -n 5 ./go.sh",
    "if [ -d /run/x ]; then /opt/x/bin/y -q; fi", "php /var/www/cron.php >/dev/null # every time",
    "tar czf /backup/$(hostname)-home.tgz /home", "true; # : { [ ' \" & * ! | > % @ `", "/opt/Grüße/läuft.sh",
]
BROKEN = ["61 * * * * x", "* * * *", "0 0 30 2 * x", "@fortnightly x", "a b c d e f", "*/0 * * * * x", "0 0 * * 8 x",
          "0 24 * * * x", "- * * * * x", "0 0 0 * * x"]
SETTINGS = ["PATH=/usr/sbin:/usr/bin", "SHELL=/bin/bash", "SHELL=/bin/sh", "FOO = 'b a r'", "MAILTO=\"\"", "HOME=/srv",
            "CRON_TZ=Europe/Berlin", "CRON_TZ=UTC", "\"A_B\"=x=y", "EMPTY="]


def made_up(chance):
    for _ in range(LINES):
        kind = chance.random()
        gap = chance.choice([" ", "\t", "  ", " \t "])
        if kind < 0.08:
            yield chance.choice(["# a comment: [x", "#", "  # indented", "", "   "])
        elif kind < 0.15:
            yield chance.choice(SETTINGS)
        elif kind < 0.22:
            yield chance.choice(BROKEN)
        elif kind < 0.3:
            yield chance.choice(WORDS) + gap + chance.choice(COMMANDS)
        else:
            fields = [chance.choice(pool) for pool in (MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS)]
            yield chance.choice(["", "  "]) + gap.join(fields) + gap + chance.choice(COMMANDS)


def without_percent(command):
    """What the shell gets of a command, and its standard input."""
    parts = re.split(r"(?<!\\)%", command)
    parts = [part.replace("\\%", "%") for part in parts]
    text = "\n".join(parts[1:])
    if len(parts) > 1 and text and not text.endswith("\n"):
        text += "\n"
    return parts[0].rstrip(" \t"), text


def reading(line, has_users):
    """('nothing',), ('setting', name), ('job', expression, user, command) or ('broken',) by plain patterns."""
    text = line.strip(" \t")
    if not text or text.startswith("#"):
        return ("nothing",)
    setting = re.match(r"(?:\"([^\"]*)\"|'([^']*)'|([A-Za-z_]\w*))[ \t]*=", text)
    if setting:
        return ("setting", next(group for group in setting.groups() if group is not None))
    words = 1 if text.startswith("@") else 5
    pattern = r"((?:\S+[ \t]+){%d}\S+)[ \t]+" % (words - 1) + (r"(\S+)[ \t]+" if has_users else "()") + r"(\S.*)"
    found = re.match(pattern, text)
    return ("job", *found.groups()) if found else ("broken",)


class Crontabs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def say(self, *arguments, stdin=None, statuses=(0, 5)):
        done = subprocess.run([fleet.BINARY, *arguments], input=stdin, text=True, capture_output=True, check=False)
        self.assertIn(done.returncode, statuses, done.stderr)
        return done

    def became(self, path, *options):
        """Line number -> what --diff says of it."""
        shown = self.say("import", "crontab", path, "--node", "here", "--diff", *options).stdout
        found = re.findall(r"^" + re.escape(path) + r":(\d+): .*\n    -> (.*)$", shown, re.MULTILINE)
        return {int(number): what for number, what in found}

    def check_file(self, path, has_users):
        options = ["--user-field"] if has_users else ["--user", "root"]
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        became = self.became(path, *options)
        made = self.say("import", "crontab", path, "--node", "here", *options)
        if "0 jobs" not in made.stderr:
            self.say("check", "-", "--clash", "1000000", stdin=made.stdout, statuses=(0,))
        jobs = 0
        for number, line in enumerate(lines, 1):
            kind = reading(line, has_users)
            if kind[0] == "nothing":
                self.assertNotIn(number, became, line)
                continue
            self.assertIn(number, became, f"{path}:{number} is lost: {line}")
            is_job = became[number].startswith("job ")
            jobs += is_job
            if is_job:
                self.check_job(made.stdout, became[number][4:], kind, line)
            elif kind[0] == "setting":
                self.assertRegex(became[number], "used for|env of|not carried over")
            else:
                self.assertIn("not carried over", became[number], line)
        self.assertIn(f" {jobs} jobs,", made.stderr)
        return len(lines)

    def check_job(self, yaml, name, kind, line):
        self.assertEqual(kind[0], "job", line)
        start = re.search(rf"\n  \"?{re.escape(name)}\"?:\n", yaml).start() + 1
        end = re.search(r"\n  \S|\n\n|\Z", yaml[start + 4:]).start() + start + 4
        text = yaml[start:end]
        command, given = without_percent(kind[3])
        self.assertIn(json.dumps(command, ensure_ascii=False) if needs_quotes(command) else command, text, line)
        self.assertEqual("stdin:" in text, bool(given), line)
        if kind[2]:
            self.assertIn(f"user: {kind[2]}", text.replace('"', ""), line)
        if kind[1].lower() == "@reboot":
            self.assertIn("boot: true", text)
        else:
            self.assertIn(kind[1].replace("\t", "\\t") if kind[1][0] != "@" else kind[1], text, line)

    def test_a_thousand_lines_are_carried_over_or_listed(self):
        path = os.path.join(self.folder.name, "tab")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(made_up(random.Random(20261122))))
        self.assertGreaterEqual(self.check_file(path, has_users=False), LINES)

    def test_so_are_those_of_this_machine_and_of_debian(self):
        count = 0
        for folder in ("/etc/cron.d", os.environ.get("KATYDID_CRONTABS", "")):
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                if re.fullmatch("[A-Za-z0-9_-]+", name):
                    count += self.check_file(os.path.join(folder, name), has_users=True)
        if os.path.exists("/etc/crontab"):
            count += self.check_file("/etc/crontab", has_users=True)
        print(f"{count} lines of files of this machine and of packages")
        if not count:
            self.skipTest("there is no crontab here")

    def test_users_this_machine_has_not_are_listed(self):
        path = os.path.join(self.folder.name, "tab")
        nobody = next(f"u{i}" for i in range(1000) if f"u{i}" not in {entry.pw_name for entry in pwd.getpwall()})
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"0 3 * * * {nobody} true\n0 3 * * * root true\n")
        done = self.say("import", "crontab", path, "--user-field", "--diff")
        self.assertIn(f"there is no user {nobody} on this machine", done.stdout)
        self.assertIn("2 lines: 1 jobs, 0 settings, 1 not carried over", done.stderr)


def needs_quotes(text):
    return not re.fullmatch(r"[A-Za-z/][A-Za-z0-9/_.+-]*", text)


if __name__ == "__main__":
    unittest.main()
