# check_headers.py - a header begins by saying what it is for, and is guarded by the name of its path.
import os
import re

import tree


def breaches_of(path, lines):
    name = os.path.basename(path)
    if not lines or not re.match(rf"// {re.escape(name)} - \S", lines[0]):
        yield f"{path}:1: the first line is '// {name} - what it is for'"
    guard = re.sub(r"[^A-Za-z0-9]", "_", path).upper()
    if f"#ifndef {guard}" not in lines:
        yield f"{path}: the guard is {guard}"


def main():
    assert len(list(breaches_of("proto/base.h", ["// the floor"]))) == 2
    assert not list(breaches_of("proto/base.h", ["// base.h - the floor", "#ifndef PROTO_BASE_H"]))
    paths = tree.files(".h")
    tree.end("headers", [breach for path in paths for breach in breaches_of(path, tree.lines_of(path))], len(paths))


main()
