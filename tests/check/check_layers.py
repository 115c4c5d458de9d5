# check_layers.py - includes point down, are written from the root, and generated code stays in its codec.
import os
import re

import tree

# What a layer may include, the most particular folder first. Files elsewhere (tests) may include anything.
LAYERS = [
    ("proto/", ("proto/",)),
    ("crdt/", ("crdt/", "proto/")),
    ("gossip/", ("gossip/", "proto/")),
    ("node/core/", ("node/core/", "gossip/", "crdt/", "proto/")),
    ("node/io/", ("node/io/", "node/core/", "gossip/", "crdt/", "proto/")),
    ("node/cli/", ("node/cli/", "node/io/", "node/core/", "gossip/", "crdt/", "proto/")),
]
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


def allowed_for(path):
    for folder, below in LAYERS:
        if path.startswith(folder):
            return below
    return ("",)


def breaches_of(path, lines, generated):
    """What is wrong with the includes of one file; notes in `generated` who includes which *.pb-c.h."""
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(1)
        where = f"{path}:{number}: {header}"
        if header.endswith(".pb-c.h"):
            generated.setdefault(header, []).append(path)
            if not path.startswith("proto/") or not path.endswith(".c"):
                yield f"{where}: generated code is for a codec in proto/ only"
        elif not os.path.exists(os.path.join(tree.ROOT, header)):
            yield f"{where}: includes are written from the root of the tree"
        elif not header.startswith(allowed_for(path)):
            yield f"{where}: this layer may not know that one"


def self_test():
    planted = [
        ("gossip/a.c", '#include "crdt/table.h"'),
        ("proto/a.c", '#include "base.h"'),
        ("node/core/a.c", '#include "node/io/clock.h"'),
        ("node/core/a.c", '#include "proto/ledger.pb-c.h"'),
    ]
    for path, line in planted:
        assert list(breaches_of(path, [line], {})), (path, line)
    assert not list(breaches_of("crdt/a.c", ['#include "proto/base.h"'], {}))


def main():
    self_test()
    generated = {}
    paths = tree.files(".c", ".h")
    breaches = [breach for path in paths for breach in breaches_of(path, tree.lines_of(path), generated)]
    for header, users in sorted(generated.items()):
        if len(users) > 1:
            breaches.append(f"{header}: included by {', '.join(users)}; one codec is enough")
    tree.end("layers", breaches, len(paths))


main()
