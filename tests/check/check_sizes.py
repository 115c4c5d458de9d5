# check_sizes.py - rooms stay small: files, functions and parameter lists that one can hold in mind.
#
# Functions are found by the layout clang-format gives them: the opening and the closing brace of a
# function stand alone in the first column, and nothing else's do.
import re

import tree

FILE_LINES_WARN, FILE_LINES_MAX = 500, 700
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 5


def functions_of(lines):
    """(line number, signature, lines) of every function definition."""
    opened = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            opened = number
        elif line == "}" and opened:
            yield opened, signature_above(lines, opened), number - opened + 1
            opened = None


def signature_above(lines, opened):
    first = opened - 1
    while first > 0 and not re.match(r"($|//|#|\})|.*[;*]/?$", lines[first - 1]):
        first -= 1
    return " ".join(line.strip() for line in lines[first:opened - 1])


def parameters_in(signature):
    """How many parameters stand between the first bracket and its partner."""
    depth, commas, text = 0, 0, ""
    for char in signature[signature.find("("):]:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            break
        commas += char == "," and depth == 1
        text += char
    return 0 if text.strip("( ") in ("", "void") else commas + 1


def breaches_of(path, lines):
    if len(lines) > FILE_LINES_MAX:
        yield f"{path}: {len(lines)} lines, at most {FILE_LINES_MAX}: divide it by ideas"
    if not path.endswith((".c", ".h")):
        return
    for number, signature, length in functions_of(lines):
        if length > FUNCTION_LINES_MAX:
            yield f"{path}:{number}: {length} lines, at most {FUNCTION_LINES_MAX}: {signature}"
        if parameters_in(signature) > PARAMETERS_MAX:
            yield f"{path}:{number}: {parameters_in(signature)} parameters, at most {PARAMETERS_MAX}: {signature}"


def self_test():
    long_function = ["static int f(int a, int (*b)(int, int),", "             void *c)", "{"] + ["    a++;"] * 70 + ["}"]
    assert [length for _, _, length in functions_of(long_function)] == [72]
    assert parameters_in("static int f(int a, int (*b)(int, int), void *c)") == 3
    assert parameters_in("int f(void)") == 0
    assert len(list(breaches_of("a.c", long_function))) == 1
    assert len(list(breaches_of("a.c", ["void f(int a, int b, int c, int d, int e, int g)", "{", "}"]))) == 1
    assert len(list(breaches_of("a.py", [""] * 701))) == 1


def main():
    self_test()
    paths = [path for path in tree.files() if path.endswith((".c", ".h", ".py")) or path.startswith("tools/")]
    breaches = []
    for path in paths:
        lines = tree.lines_of(path)
        breaches += breaches_of(path, lines)
        if FILE_LINES_WARN < len(lines) <= FILE_LINES_MAX:
            print(f"{path}: {len(lines)} lines; rooms of more than {FILE_LINES_WARN} are getting large")
    tree.end("sizes", breaches, len(paths))


main()
