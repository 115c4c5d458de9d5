# tree.py - the files of the tree, as the checks see them.
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED_FOLDERS = {".git", ".cache", "build", "out", "corpus", "__pycache__"}


def files(*suffixes):
    """Paths from the root of all files we wrote, in order; with suffixes: only those that end so."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return sorted(path for path in found if not suffixes or path.endswith(suffixes))


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def lines_of(path):
    return text_of(path).splitlines()


def end(name, breaches, checked):
    """Says what was found and ends the program: 1 if anything was."""
    for breach in breaches:
        print(breach)
    print(f"{name}: {checked} checked, {len(breaches)} breaches")
    if checked == 0:
        print(f"{name}: nothing was checked, so nothing is proven")
    sys.exit(1 if breaches or checked == 0 else 0)
