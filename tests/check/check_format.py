# check_format.py - C code looks the way .clang-format says, so that no review has to speak of it.
#
# Releases of clang-format differ in details; ours is Debian 12's. Another one: skipped, said aloud.
import os
import subprocess
import sys
import tempfile

import tree

RELEASE = "version 14."


def breaches_in(files):
    out = subprocess.run(["clang-format", f"--style=file:{os.path.join(tree.ROOT, '.clang-format')}", "--dry-run",
                          "--ferror-limit=1", *files], cwd=tree.ROOT, capture_output=True, text=True).stderr
    return [line.split(" warning:")[0] + " clang-format -i would change this" for line in out.splitlines()
            if "[-Wclang-format-violations]" in line]


def self_test():
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write("int  f( void )\n{\n  return 0;\n}\n")
        file.flush()
        assert breaches_in([file.name])


if __name__ == "__main__":
    try:
        said = subprocess.run(["clang-format", "--version"], capture_output=True, text=True).stdout
    except FileNotFoundError:
        said = "none"
    if RELEASE not in said:
        print(f"format: needs clang-format {RELEASE}x, found: {said.strip()}; nothing was checked")
        sys.exit(77)
    self_test()
    files = tree.files(".c", ".h")
    tree.end("format", breaches_in(files), len(files))
