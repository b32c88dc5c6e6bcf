"""Mappings, open files, places, namespaces and mounts of every task and thread are what the guest's
/proc said just before the crash."""

import os
import re
import stat

import pytest
from proc import LINK_FOLDERS, LINKS, TEXTS, Truth, assert_same_lines, unknown_options

# Lines of fdinfo that are not compared, and why. None: the whole of such a file.
MOVES = {
    "anon_inode:[timerfd]": (rb"it_value: .*\n", "time goes on"),
    "anon_inode:[io_uring]": (None, "the state of a ring is not decoded"),
}

# What is in structures of modules, whose types are in the dump since v5.11.
OF_MODULES = {"/dev/net/tun"}


@pytest.fixture(scope="module")
def truth(guest):
    return Truth(guest)


def link(path):
    return os.readlink(os.fsencode(path))


@pytest.fixture(scope="module")
def unknown(tree):
    return unknown_options(tree)


@pytest.mark.parametrize("name", TEXTS)
def test_text(tree, truth, unknown, name):
    assert_same_lines(tree, truth, name, unknown)


@pytest.mark.parametrize("name", LINKS)
def test_link(tree, truth, name):
    compared = 0
    for folder, path in truth.files(name):
        assert link(tree / "tasks" / folder / name) == link(path), folder
        compared += 1
    assert compared > 50


@pytest.mark.parametrize("name", LINK_FOLDERS)
def test_links(tree, truth, name):
    compared = 0
    for folder, names in truth.lists(name):
        ours = tree / "tasks" / folder / name
        listed = set(os.listdir(os.fsencode(ours)))
        assert names <= listed, folder
        for entry in names:
            there = os.path.join(os.fsencode(truth.proc / folder / name), entry)
            assert link(os.path.join(os.fsencode(ours), entry)) == os.readlink(there)
            compared += 1
        for entry in listed - names:
            # procfs gives no name for it: it is too long
            assert link(os.path.join(os.fsencode(ours), entry)).startswith(b"!! a target of ")
    assert compared > 300


def read_flags(truth, folder, fd):
    return int(re.search(rb"^flags:\t(\d+)", (truth.proc / folder / "fdinfo" / fd).read_bytes(), re.M)[1], 8)


def test_modes_of_descriptors(tree, truth):
    """The mode of a link says how the file is open."""
    modes = {os.O_RDONLY: 0o500, os.O_WRONLY: 0o300, os.O_RDWR: 0o700}
    seen = set()
    for folder, names in truth.lists("fdinfo"):
        for fd in map(os.fsdecode, names):
            flags = read_flags(truth, folder, fd)
            mode = os.lstat(tree / "tasks" / folder / "fd" / fd).st_mode
            expected = 0 if flags & os.O_PATH else modes.get(flags & os.O_ACCMODE)
            assert stat.S_ISLNK(mode) and stat.S_IMODE(mode) == expected, (folder, fd)
            seen.add(expected)
    assert seen == {0, *modes.values()}


def test_behind_links(tree, truth):
    """What is no path can be followed, by its kind and number; not read."""
    kinds = {"socket": stat.S_IFSOCK, "pipe": stat.S_IFIFO}
    seen = set()
    for name in LINK_FOLDERS:
        for folder, names in truth.lists(name):
            for entry in map(os.fsdecode, names):
                here = tree / "tasks" / folder / name / entry
                found = re.fullmatch(r"(\w+):\[(\d+)\]", os.readlink(here))
                if not found:
                    continue
                st = os.stat(here)
                assert st.st_ino == int(found[2])
                assert stat.S_IFMT(st.st_mode) == kinds.get(found[1], stat.S_IFREG)
                seen.add(found[1])
    assert seen >= {"socket", "pipe", "net", "uts"}
    ns = tree / "tasks/1/ns"
    assert set(os.listdir(ns)) == set(os.listdir(truth.proc / "1/ns"))
    with pytest.raises(OSError, match="No such device or address"):
        (ns / "uts").read_bytes()
    for name in ("uts:[1", "uts:[]", "uts:[x]", "uts:[1]x", "socket:[1]", "uts"[:2]):
        assert not (ns / name).exists()


def without_moves(name, text):
    """The text of fdinfo of the file of that name, without what is not compared."""
    pattern, _ = MOVES.get(name, (b"(?!)", None))
    return b"" if pattern is None else re.sub(pattern, b"", text)


def test_fdinfo(tree, truth, unknown):
    compared = 0
    for folder, names in truth.lists("fdinfo"):
        ours = tree / "tasks" / folder
        assert set(os.listdir(os.fsencode(ours / "fdinfo"))) == names
        for fd in map(os.fsdecode, names):
            there = truth.proc / folder
            name = os.readlink(there / "fd" / fd) if os.path.lexists(there / "fd" / fd) else ""
            if unknown and name in OF_MODULES:
                continue
            texts = [(where / "fdinfo" / fd).read_bytes() for where in (ours, there)]
            assert without_moves(name, texts[0]) == without_moves(name, texts[1]), (folder, fd)
            compared += 1
    assert compared > 300


def test_timerfd_runs_down(tree, truth):
    """The time that is left is less than what the copier saw, by less than the copy took."""
    def left(text):
        seconds, nanoseconds = re.search(rb"it_value: \((\d+), (\d+)\)", text).groups()
        return int(seconds) * 10**9 + int(nanoseconds)

    pid, fd = (str(truth.slots["files"][key]) for key in ("pid", "fd timerfd"))
    then = left((truth.proc / pid / "fdinfo" / fd).read_bytes())
    now = left((tree / "tasks" / pid / "fdinfo" / fd).read_bytes())
    assert 0 <= then - now < 120 * 10**9


def escaped(name):
    """As the table shows names: control bytes and backslashes in octal."""
    return re.sub(rb"[\x00-\x1f\x7f\\]", lambda m: b"\\%03o" % m[0][0], name)


def test_table_of_files(tree, truth):
    for folder, names in truth.lists("fd"):
        if "/" in folder:
            continue
        lines = (tree / "tasks" / folder / "files").read_bytes().splitlines()
        assert re.fullmatch(rb'PID: \d+ +TASK: [0-9a-f]{16}  CPU: \d+ +COMMAND: ".*"', lines[0])
        assert re.fullmatch(rb"ROOT: \S.*    CWD: \S.*", lines[1])
        assert lines[2].split() == [b"FD", b"FILE", b"DENTRY", b"INODE", b"TYPE", b"PATH"]
        found = {line.split()[0]: line.split(maxsplit=5)[5] for line in lines[3:]}
        assert names <= set(found)
        for fd in names:
            target = os.readlink(os.path.join(os.fsencode(truth.proc / folder / "fd"), fd))
            if target.startswith(b"socket:"):
                assert found[fd].split(b" ")[0] == target
            elif target.isascii():
                assert found[fd] == escaped(target)


def test_sockets(tree, truth):
    """Addresses and states of sockets that the load opened."""
    slot = truth.slots["sockets"]
    text = (tree / f"tasks/{slot['pid']}/files").read_text("latin-1")
    shown = {int(line.split()[0]): line.split(maxsplit=5)[5].split(" ", 1)[1]
             for line in text.splitlines()[3:] if "socket:[" in line}
    ends = [shown[slot[f"fd tcp {end}"]].split() for end in ("from", "to")]
    assert ends[0][0] == ends[1][0] == "TCP"
    assert ends[0][1:3] == ends[1][2:0:-1]
    assert ends[0][3] == ends[1][3] == "ESTABLISHED"
    assert re.fullmatch(r"TCP 0\.0\.0\.0:\d+ LISTEN", shown[slot["fd tcp_listen"]])
    assert re.fullmatch(r"TCPv6 \[::\]:\d+ LISTEN", shown[slot["fd tcp6_listen"]])
    assert re.fullmatch(r"\[::1\]:\d+ \[::1\]:\d+ ESTABLISHED",
                        shown[slot["fd tcp6 from"]].split(" ", 1)[1])
    assert re.fullmatch(r"UNIX\S* STREAM /tmp/socket name LISTEN", shown[slot["fd unix_listen"]])
    assert shown[slot["fd unix_abstract"]].endswith(" DGRAM @lab abstract")
    assert shown[slot["fd netlink"]].startswith("NETLINK protocol 0 ")
    assert shown[slot["fd packet"]].startswith("PACKET RAW ")


def test_table_of_mappings(tree, truth):
    """crash's table has the ranges and names of maps."""
    for folder, path in truth.files("maps"):
        if "/" in folder:
            continue
        maps = [line.split(maxsplit=5) for line in path.read_bytes().splitlines()]
        table_ = (tree / "tasks" / folder / "vm").read_bytes().splitlines()[4:]
        rows_ = [line.split(maxsplit=4) for line in table_]
        assert [b"-".join(b"%08x" % int(n, 16) for n in row[1:3]) for row in rows_] == \
            [row[0] for row in maps]
        assert [row[4] if len(row) > 4 else b"" for row in rows_] == \
            [row[5] if len(row) > 5 else b"" for row in maps]


def test_memory(tree, guest, truth):
    """What a process has mapped of its program is the program, wherever it is in memory."""
    program = (guest / "load").read_bytes()
    pid = str(truth.slots["maps"]["pid"])
    found = 0
    with open(tree / "tasks" / pid / "mem", "rb", buffering=0) as mem:
        assert mem.read(4096) == b""
        for line in (truth.proc / pid / "maps").read_text().splitlines():
            start, end, flags, offset, name = re.match(
                r"(\w+)-(\w+) (\S+) (\w+) \S+ \S+ *(.*)", line).groups()
            if name != "/load" or "x" not in flags:
                continue
            for at in range(int(start, 16), int(end, 16), 4096):
                there = at - int(start, 16) + int(offset, 16)
                try:
                    page = os.pread(mem.fileno(), 4096, at)
                except OSError:
                    continue    # never touched
                assert page[:len(program) - there] == program[there:there + 4096]
                found += 1
        with pytest.raises(OSError):
            os.pread(mem.fileno(), 1, 0x1000)
    assert found > 20
    assert (tree / "tasks/2/mem").read_bytes() == b""
