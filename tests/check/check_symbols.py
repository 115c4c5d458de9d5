# check_symbols.py - what the four lower layers ask of the world, judged by an allow list.
#
#   check_symbols.py BUILD_DIR C_COMPILER
#
# nm lists the undefined symbols of each layer's library. What a layer at or below it defines is fine, so is
# what works on memory alone. A clock, a socket, a file, entropy, the environment: each is a name not listed
# here, and fails. The check first proves on a planted time(NULL) that it can.
import os
import re
import subprocess
import sys
import tempfile

import tree

# A layer and the libraries it may lean on.
LAYERS = {
    "proto": ("proto", "proto_generated"),
    "gossip": ("gossip", "proto", "proto_generated"),
    "crdt": ("crdt", "proto", "proto_generated"),
    "core": ("core", "gossip", "crdt", "proto", "proto_generated"),
}
ALLOWED = re.compile("|".join((
    r"mem(chr|cmp|cpy|move|set|mem|rchr)", r"__mem(cpy|move|set)_chk",
    r"str(n?cmp|n?len|r?chr|str|spn|cspn|n?cpy|n?cat|pbrk)", r"__str(n?cpy|n?cat)_chk",
    r"(m|c|re)alloc|free|abort|__assert_fail|__stack_chk_fail",
    r"v?snprintf|__v?snprintf_chk|qsort|bsearch",
    r"protobuf_c_\w+",
    r"crypto_(?!\w*(_keypair|_keygen)$)\w+", "crypto_sign_seed_keypair", # from a seed that is an argument
    r"sodium_(memzero|memcmp|is_zero|increment|add|sub|compare|bin2hex|hex2bin|pad|unpad)",
    r"__(popcount|clz|ctz|udiv|umod|div|mod|mul|mulo)[dt]i[234]", # arithmetic of the compiler
    r"_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer|gcov|llvm)_\w+",
)))
OUTSIDE_OF_SODIUM = re.compile(r"crypto_\w*random\w*|crypto_secretstream\w*_init_push|crypto_box_seal|crypto_pwhash_str")


def nm(library, *options):
    return subprocess.run(["nm", *options, library], check=True, capture_output=True, text=True).stdout.splitlines()


def undefined(library):
    """(object file, symbol) of everything the library needs from elsewhere, itself included."""
    member, found = "", []
    for line in nm(library, "-u"):
        if line.endswith(":"):
            member = line[:-1]
        elif line.split()[:1] in (["U"], ["w"], ["v"]):
            found.append((member, line.split()[1]))
    return found


def defined(library):
    return {line.split()[-1] for line in nm(library, "--defined-only", "-g") if len(line.split()) == 3}


def is_allowed(symbol):
    return bool(ALLOWED.fullmatch(symbol)) and not OUTSIDE_OF_SODIUM.fullmatch(symbol)


def breaches_of(layer, library, known):
    for member, symbol in undefined(library):
        if symbol not in known and not is_allowed(symbol):
            yield f"{layer}: {member} reaches outside the core: {symbol}"


def self_test(compiler):
    for symbol in ("time", "clock_gettime", "getenv", "open", "socket", "randombytes_buf", "rand", "printf",
                   "crypto_box_keypair", "crypto_secretbox_keygen", "crypto_core_ed25519_random", "strerror",
                   "uv_now", "sqlite3_open", "localtime_r", "pthread_create", "sodium_malloc"):
        assert not is_allowed(symbol), symbol
    with tempfile.TemporaryDirectory() as folder:
        planted = os.path.join(folder, "planted")
        with open(planted + ".c", "w", encoding="ascii") as file:
            file.write("#include <string.h>\n#include <time.h>\n"
                       "long planted(const char *s) { return (long)strlen(s) + (long)time(NULL); }\n")
        subprocess.run([compiler, "-c", planted + ".c", "-o", planted + ".o"], check=True)
        subprocess.run(["ar", "rc", planted + ".a", planted + ".o"], check=True)
        found = list(breaches_of("gossip", planted + ".a", set()))
        assert len(found) == 1 and found[0].endswith(": time"), found


def breaches_in(build):
    """All that the layers built in this folder ask for in vain, and how many symbols were looked at."""
    libraries = {name: os.path.join(build, f"lib{name}.a") for layer in LAYERS.values() for name in layer}
    definitions = {name: defined(path) for name, path in libraries.items()}
    breaches, checked = [], 0
    for layer, below in LAYERS.items():
        known = set().union(*(definitions[name] for name in below))
        breaches += sorted(set(breaches_of(layer, libraries[layer], known)))
        checked += len(undefined(libraries[layer]))
    return breaches, checked


if __name__ == "__main__":
    self_test(sys.argv[2])
    tree.end("symbols", *breaches_in(sys.argv[1]))
