"""With and without the vmlinux every file has the same bytes, but for what only a vmlinux tells."""

import os
import re

import pytest
from mounted import Mount
from walk import walk

# One symbol in so many is walked; their names are compared as a whole.
STEP = 23

# Paths that are not compared, and why.
EXCEPT = {
    r"/memory|/vmcore": "memory, not text: the dump's own bytes",
    r"/summary\.json": "tells what /summary does, which is compared",
    r"/dump/translation": "tells where symbols were taken from",
    r"/dump/debuginfo|/modules/.*/debuginfo": "tells which debug files are used",
    r"/symbols/[^/]+/(source|declaration|value|object(:\d+)?)": "places and types of variables: from DWARF",
}

# Parts of lines that are not compared, of the files that may have them, and why.
STACKS = r"/summary|/stacks/(all|unique)|/(tasks/\d+|cpus/\d+(/idle)?)(/task/\d+)?/stack"
CODE = r"/(tasks/\d+|cpus/\d+(/idle)?)(/task/\d+)?/code|/symbols/[^/]+/disassembly"
EXCEPT_PARTS = [
    (r"/summary", rb"^ *KERNEL: .*\n", "names the vmlinux"),
    (STACKS, rb"^ *#\d+ +\(inlined\).*\n", "frames that only DWARF tells"),
    (STACKS, rb"^ *#\d+ ", "their numbers: those frames are counted"),
    (STACKS, rb"  [\w./+-]+:\d+$", "places in source files, from DWARF"),
    # Names of Rust have blanks, and not every place in it a line.
    (CODE, rb"^\S+:[\d?]+(  \(inlined\) [^\n]+)?\n", "places in source files, from DWARF"),
    (CODE, rb"  [\w./+-]+:\d+(?=  \()", "places in source files, from DWARF"),
    (STACKS, rb"  \(by its call\)$", "a frame behind a call that does not return: DWARF tells it"),
]


@pytest.fixture(scope="module")
def pair(guest, tree, tmp_path_factory):
    """A dump, mounted alone and with its vmlinux."""
    m = Mount(tmp_path_factory.mktemp("vmlinux") / "mnt", guest / "vmcore", guest / "vmlinux")
    yield tree, m
    m.close()


def is_exception(path):
    return any(re.fullmatch(pattern, os.fsdecode(path)) for pattern in EXCEPT)


def without_exceptions(path, what):
    if what[0] == "folder":
        return [name for name in what[1] if not is_exception(path + b"/" + name)], what[2]
    if what[0] != "file":
        return what
    text = what[1]
    for files, pattern, _ in EXCEPT_PARTS:
        if re.fullmatch(files, os.fsdecode(path)):
            text = re.sub(pattern, b"", text, flags=re.M)
    return text


def choose(folder, names):
    """Of what is in a folder, what is walked."""
    if folder == b"/symbols":
        names = names[::STEP]
    return [name for name in names if not is_exception(folder + b"/" + name)]


def test_every_file(pair):
    alone, vmlinux = (walk(m, choose) for m in pair)
    assert sorted(alone.keys() ^ vmlinux.keys()) == []
    assert [path for path, what in alone.items() if what != vmlinux[path] and
            without_exceptions(path, what) != without_exceptions(path, vmlinux[path])] == []
    assert len(alone) > 50_000
