# check_words.py - no notes to ourselves left lying about, nothing that is true on one machine only.
import re

import tree

# Put together from pieces, so that this file may be checked too.
NOTES = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"))
MAKERS = "|".join(("co-auth" + "ored-by", "generated " + "(with|by) (an?|the) ", "language " + "model", "A" + "I"))
FORBIDDEN = [
    (re.compile(rf"\b({NOTES})\b"), "do it, or file an issue"),
    (re.compile(r"(?<![\w.*])/(work|root|tmp/wt|home/\w+)(?![\w-])"), "a path of one machine"),
    (re.compile(rf"(?i)\b({MAKERS})\b"), "our text speaks of katydid alone"),
]
TEXT = (".c", ".h", ".py", ".md", ".txt", ".cmake", ".json", ".proto", ".yaml", ".yml", ".sh")


def breaches_of(path, lines):
    for number, line in enumerate(lines, 1):
        for pattern, advice in FORBIDDEN:
            match = pattern.search(line)
            if match:
                yield f"{path}:{number}: {match.group(0)}: {advice}"


def is_text(path):
    return path.endswith(TEXT) or path.startswith(("tools/", ".ci/"))


def main():
    for planted in ("// " + "TO" + "DO: later", "see /wo" + "rk/main", "/ro" + "ot/x", "an A" + "I wrote"):
        assert list(breaches_of("a.c", [planted])), planted
    assert not list(breaches_of("a.c", ['mkstemp("a.' + "X" * 6 + '")', "tests/work/x", "hacking on it"]))
    paths = [path for path in tree.files() if is_text(path)]
    tree.end("words", [breach for path in paths for breach in breaches_of(path, tree.lines_of(path))], len(paths))


main()
