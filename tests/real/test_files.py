"""Mappings, open files, places, namespaces and mounts of every task and thread are what the guest's
/proc said just before the crash."""

import json
import os
import re
from pathlib import Path

import lab
import pytest
from mounted import Mount
from test_tasks import knows_slab_pages

TEXTS = ["maps", "mountinfo", "mounts"]
LINKS = ["cwd", "root", "exe"]
LINK_FOLDERS = ["fd", "ns"]

# Lines of fdinfo that are not compared, and why. None: the whole of such a file.
MOVES = {
    "anon_inode:[timerfd]": (rb"it_value: .*\n", "time goes on"),
    "anon_inode:[io_uring]": (None, "the state of a ring is not decoded"),
}

# What is in structures of modules, whose types are in the dump since v5.11.
OF_MODULES = {"/dev/net/tun"}


class Truth:
    """What the guest's /proc said, without the copier, whose own files moved while it worked."""

    def __init__(self, folder):
        self.proc = Path(folder) / "truth/proc"
        self.slots = json.loads((Path(folder) / "truth/load.json").read_text())
        self.copier = str(self.slots["truth"]["pid"])

    def folders(self):
        """Of processes ("12") and of their threads ("12/task/34")."""
        for pid in sorted((e.name for e in os.scandir(self.proc) if e.name.isdigit()), key=int):
            if pid == self.copier:
                continue
            yield pid
            threads = self.proc / pid / "task"
            for tid in sorted(os.listdir(threads) if threads.is_dir() else [], key=int):
                yield f"{pid}/task/{tid}"

    def files(self, name):
        """(folder, path) where the truth has a file or a link of this name."""
        for folder in self.folders():
            path = self.proc / folder / name
            if os.path.lexists(path):
                yield folder, path

    def lists(self, name):
        """(folder, its names) of the directories of this name."""
        for folder, path in self.files(name):
            if path.is_dir():
                yield folder, set(os.listdir(os.fsencode(path)))


@pytest.fixture(scope="module")
def truth(crashed):
    return Truth(crashed)


def link(path):
    return os.readlink(os.fsencode(path))


@pytest.fixture(scope="module")
def unknown(original):
    """File systems whose mount options the dump does not tell."""
    return [] if (original / "symbols/btf_modules").exists() else ["overlay"]


def agrees(ours, theirs, unknown_):
    """Are two lines equal, but for options that are not known, of these file systems?"""
    if b",..." in ours and any(f" {fs} ".encode() in ours for fs in unknown_):
        return re.fullmatch(re.escape(ours).replace(re.escape(b",..."), rb"(,[^ ]*)?"), theirs)
    return ours == theirs


def assert_same_lines(tree, truth_, name, unknown_):
    compared = 0
    for folder, path in truth_.files(name):
        ours = (tree / "tasks" / folder / name).read_bytes().split(b"\n")
        theirs = path.read_bytes().split(b"\n")
        assert len(ours) == len(theirs), folder
        for pair in zip(ours, theirs):
            assert agrees(*pair, unknown_), (folder, *pair)
        compared += 1
    assert compared > 50


@pytest.mark.parametrize("name", TEXTS)
def test_text(original, truth, unknown, name):
    assert_same_lines(original, truth, name, unknown)


@pytest.mark.parametrize("name", LINKS)
def test_link(original, truth, name):
    compared = 0
    for folder, path in truth.files(name):
        assert link(original / "tasks" / folder / name) == link(path), folder
        compared += 1
    assert compared > 50


@pytest.mark.parametrize("name", LINK_FOLDERS)
def test_links(original, truth, name):
    compared = 0
    for folder, names in truth.lists(name):
        ours = original / "tasks" / folder / name
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


def without_moves(name, text):
    """The text of fdinfo of the file of that name, without what is not compared."""
    pattern, _ = MOVES.get(name, (b"(?!)", None))
    return b"" if pattern is None else re.sub(pattern, b"", text)


def test_fdinfo(original, truth, unknown):
    compared = 0
    for folder, names in truth.lists("fdinfo"):
        ours = original / "tasks" / folder
        assert set(os.listdir(os.fsencode(ours / "fdinfo"))) == names
        for fd in map(os.fsdecode, names):
            there = truth.proc / folder
            name = os.readlink(there / "fd" / fd) if os.path.lexists(there / "fd" / fd) else ""
            if unknown and name in OF_MODULES:
                continue
            texts = [(tree / "fdinfo" / fd).read_bytes() for tree in (ours, there)]
            assert without_moves(name, texts[0]) == without_moves(name, texts[1]), (folder, fd)
            compared += 1
    assert compared > 300


def test_timerfd_runs_down(original, truth):
    """The time that is left is less than what the copier saw, by less than the copy took."""
    def left(text):
        seconds, nanoseconds = re.search(rb"it_value: \((\d+), (\d+)\)", text).groups()
        return int(seconds) * 10**9 + int(nanoseconds)

    pid, fd = (str(truth.slots["files"][key]) for key in ("pid", "fd timerfd"))
    then = left((truth.proc / pid / "fdinfo" / fd).read_bytes())
    now = left((original / "tasks" / pid / "fdinfo" / fd).read_bytes())
    assert 0 <= then - now < 120 * 10**9


def escaped(name):
    """As the table shows names: control bytes and backslashes in octal."""
    return re.sub(rb"[\x00-\x1f\x7f\\]", lambda m: b"\\%03o" % m[0][0], name)


def test_table_of_files(original, truth):
    for folder, names in truth.lists("fd"):
        if "/" in folder:
            continue
        lines = (original / "tasks" / folder / "files").read_bytes().splitlines()
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


def test_sockets(original, truth):
    """Addresses and states of sockets that the load opened."""
    slot = truth.slots["sockets"]
    text = (original / f"tasks/{slot['pid']}/files").read_text("latin-1")
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


def test_table_of_mappings(original, truth):
    """crash's table has the ranges and names of maps."""
    for folder, path in truth.files("maps"):
        if "/" in folder:
            continue
        maps = [line.split(maxsplit=5) for line in path.read_bytes().splitlines()]
        table_ = (original / "tasks" / folder / "vm").read_bytes().splitlines()[4:]
        rows_ = [line.split(maxsplit=4) for line in table_]
        assert [b"-".join(b"%08x" % int(n, 16) for n in row[1:3]) for row in rows_] == \
            [row[0] for row in maps]
        assert [row[4] if len(row) > 4 else b"" for row in rows_] == \
            [row[5] if len(row) > 5 else b"" for row in maps]


def test_without_user_memory(original, crashed, truth, unknown, tmp_path):
    """All of this is the kernel's own memory, which dump level 31 keeps, but for what ext4 has in its
    super block, which is in the page cache."""
    if not knows_slab_pages((original / "vmcoreinfo").read_text()):
        pytest.skip("this makedumpfile leaves out the slab pages of this kernel")
    m = Mount(tmp_path / "mnt", *lab.variant(crashed, "zlib-d31"))
    try:
        for name in TEXTS:
            assert_same_lines(m, truth, name, [*unknown, "ext4"])
    finally:
        m.close()


def test_memory(original, crashed, truth):
    """What a process has mapped of its program is the program, wherever it is in memory."""
    program = (crashed / "load").read_bytes()
    pid = str(truth.slots["maps"]["pid"])
    found = 0
    with open(original / "tasks" / pid / "mem", "rb", buffering=0) as mem:
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
    assert (original / "tasks/2/mem").read_bytes() == b""
