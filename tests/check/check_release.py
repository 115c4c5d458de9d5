# check_release.py - what users run has none of the hooks that tests use, and the same clean core.
#
#   KATYDID_RELEASE=RELEASE_BUILD_DIR check_release.py TESTING_BUILD_DIR
#
# tools/test builds the release and says where; without that there is nothing to judge.
# A hook is asked for by an environment variable, so each KATYDID_ name in the release binary must be one
# that users and jobs know. That the testing binary has others shows that this can fail.
import os
import re
import subprocess
import sys

import check_symbols
import tree

SKIP = 77
KNOWN = {
    "KATYDID_DIR", "KATYDID_KEYS", "KATYDID_PASSPHRASE",  # asked of the person
    "KATYDID_JOB", "KATYDID_RUN", "KATYDID_DUE", "KATYDID_ATTEMPT", "KATYDID_NODE", "KATYDID_FENCE",  # told to jobs
    "KATYDID_CAUSE", "KATYDID_BOOT", "KATYDID_EVENT", "KATYDID_EVENT_DATA", "KATYDID_EVENT_FROM", "KATYDID_FILE",
    "KATYDID_FILE_CHANGE", "KATYDID_FILE_MORE", "KATYDID_TRIGGER", "KATYDID_MEMBER", "KATYDID_MEMBER_CHANGE", "KATYDID_UPSTREAM_DUE", "KATYDID_UPSTREAM_JOB",
    "KATYDID_UPSTREAM_OUTCOME", "KATYDID_UPSTREAM_RUNS",
    "KATYDID_EVENT", "KATYDID_",
}


def names_in(binary):
    with open(binary, "rb") as file:
        return set(re.findall(r"KATYDID_[A-Z_]*", file.read().decode("latin-1")))


def main():
    folder = os.environ.get("KATYDID_RELEASE")
    if not folder:
        print("KATYDID_RELEASE does not name a release build; tools/test makes one")
        sys.exit(SKIP)
    release, testing = os.path.join(folder, "katydid"), os.path.join(sys.argv[1], "katydid")
    breaches, checked = check_symbols.breaches_in(folder)
    breaches += [f"{release}: has the hook {name}" for name in sorted(names_in(release) - KNOWN)]
    if not names_in(testing) - KNOWN:
        breaches.append(f"{testing}: no hook found, though it is built with them: this check cannot fail")
    symbols = subprocess.run(["nm", "-D", release], check=True, capture_output=True, text=True).stdout
    if re.search(r"__(asan|ubsan)_", symbols):
        breaches.append(f"{release}: is built with sanitizers")
    tree.end("release", breaches, checked)


main()
