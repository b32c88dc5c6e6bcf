"""`.c` of many objects beside crash's `struct TYPE ADDRESS`, when white space is all the same."""

import os
import re

import pytest
from forms import skip_foreign
from lab import peers
from mounted import Mount

EACH = 12   # objects of a kind

# What leads to objects of many kinds from what a task has open, and how many steps on.
STEPS = ("object", "object/f_path/dentry", "object/f_inode", "object/f_inode/i_sb", "object/f_op",
         "object/f_inode/i_sb/s_type", "object/f_cred", "socket", "socket/ops", "sock")
OF_TASK = ("object", "object/mm", "object/signal", "object/sighand", "object/files", "object/fs",
           "object/nsproxy", "object/mm/exe_file", "object/thread_pid", "object/real_cred/user_ns")


@pytest.fixture(scope="module")
def mount(crashed, tmp_path_factory):
    m = Mount(tmp_path_factory.mktemp("crash") / "mnt", crashed / "vmcore", crashed / "vmlinux")
    yield m
    m.close()


def objects(mount):
    """{"type@address"} of some of each kind."""
    found = {}
    folders = [(f, STEPS) for f in sorted(mount.point.glob("tasks/*/open/*"))]
    folders += [(f, OF_TASK) for f in sorted(mount.point.glob("tasks/*"))]
    folders += [(f, ("object",)) for pattern in ("modules/*", "tasks/1/mount/*")
                for f in sorted(mount.point.glob(pattern))]
    for folder, steps in folders:
        for step in steps:
            if not os.path.islink(folder / step):
                continue
            name = os.readlink(folder / step).rpartition("/")[2]
            kind = name.partition("@")[0]
            if "@" in name and len(found.setdefault(kind, set())) < EACH:
                found[kind].add(name)
    return sorted(name for names in found.values() for name in names)


def of_crash(crashed, names):
    """{name: its text}"""
    text = "".join(f"echo object {n}\nstruct {n.partition('@')[0]} {n.partition('@')[2]}\n" for n in names)
    done = peers.run(["env", "LC_ALL=C", "crash", "-s", crashed / "vmlinux", crashed / "vmcore"],
                     *peers.dump_folders(crashed), input=text + "echo object end\n", stdin=None, timeout=600)
    parts = re.split(r"^object (\S+)\n", done.stdout, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


# What is the same in both texts but for the form: (why, pattern, what it becomes).
FORMS = (
    ("crash ends a string of an array with all its NULs", r'("(?:[^"\\]|\\.)*?)(?:\\000)+"', r'\1"'),
    ("or counts them", r'", \'\\000\' <repeats \d+ times>', '"'),
    ("gdb takes a zero-length array of u8 for a string, whatever follows it",
     r'((?:__cacheline_group_\w+|extended_state_area) = 0x\w+) "(?:[^"\\]|\\.)*"(?:\.\.\.)?', r"\1"),
)

SHOWN = 256   # characters of an array: of more crash shows that many and dots, we show all
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\.\.\.)?')

# A symbol behind an address: where one side has none, or another, this is why.
POINTER = re.compile(r"\b(0x[0-9a-f]+)(?: <((?!repeats )[^>]*)>)?")
SYMBOLS = (
    ("of a flexible array gdb prints no symbol, of a char pointer we do not",
     lambda address, ours, theirs: not ours or not theirs),
    ("gdb takes names from DWARF, which lacks the compiler's number of a local one",
     lambda address, ours, theirs: re.sub(r"\.\d+\b", "", ours) == re.sub(r"\.\d+\b", "", theirs)),
    ("in a module crash also counts labels of the compiler and its own marks of where parts begin, and gdb "
     "takes symbols of other modules for it",
     lambda address, ours, theirs: address >= 0xffffffffc0000000),
)


def element_before(text, end):
    """Where the element begins that ends there: in braces, or up to a comma or a brace."""
    depth, at = 0, end
    while at:
        char = text[at - 1]
        depth += (char == "}") - (char == "{")
        if depth < 0 or (depth == 0 and char == "," and text[at:at + 1] == " "):
            break
        at -= 1
    return at + (text[at] == " ")


def repeated(text):
    """With each element as often as it is there: "{0 <repeats 3 times>}" is "{0, 0, 0}"."""
    while found := re.search(r" <repeats (\d+) times>", text):
        start = element_before(text, found.start())
        text = text[:start] + ", ".join([text[start:found.start()]] * int(found[1])) + text[found.end():]
    return text


def as_shown(string):
    return '"' + "".join(re.findall(r"\\\d{3}|\\?.", string[1])[:SHOWN]) + '"'


def normal(text):
    text = STRING.sub(as_shown, re.sub(r"\s+", " ", text).strip())
    for _, pattern, to in FORMS:
        text = re.sub(pattern, to, text)
    return re.sub(r"\{ \{", "{{", re.sub(r"\} \}", "}}", repeated(text)))


def is_known(address, ours, theirs):
    return ours == theirs or any(rule(address, ours, theirs) for _, rule in SYMBOLS)


def differs(ours, theirs):
    """Where they do, or None."""
    ours, theirs = normal(ours), normal(theirs)
    bare = [POINTER.sub(r"\1", t) for t in (ours, theirs)]
    if bare[0] != bare[1]:
        at = len(os.path.commonprefix(bare))
        return f"{bare[0][max(0, at - 60):at + 60]} | {bare[1][max(0, at - 60):at + 60]}"
    for (address, name), (_, other) in zip(POINTER.findall(ours), POINTER.findall(theirs)):
        if not is_known(int(address, 16), name, other):
            return f"{address}: {name} | {other}"
    return None


def test_as_crash(mount, crashed, suite):
    if suite == "sid":
        pytest.skip("crash 9.0.2 does not start on a kernel of 7.x")
    skip_foreign(crashed)
    names = objects(mount)
    theirs = of_crash(crashed, names)
    kinds = {n.partition("@")[0] for n in names}
    assert len(names) > 200 and len(kinds) >= 24 and theirs.keys() >= set(names), kinds
    wrong = {n: differs((mount / f"objects/{n}/.c").read_text(), theirs[n]) for n in names}
    assert not {n: w for n, w in wrong.items() if w}


def test_differences_are_seen():
    """What is compared is not thrown away by the rules above."""
    ours = 'struct a {\n  b = 1,\n  c = {0 <repeats 20 times>},\n  p = 0xffffffff81000000 <one>\n}\n'
    assert differs(ours, ours) is None
    for change in (("1", "2"), ("20", "19"), ("81000000", "81000001"), ("<one>", "<two>"), ("c = ", "d = ")):
        assert differs(ours, ours.replace(*change)), change
