"""Directories, names and attributes."""

import ctypes
import functools
import os
import re
import stat
import struct

import pytest

from mounted import some, tree_paths, tree_rules, walk

KINDS = {"TEXT": stat.S_ISREG, "SOME": stat.S_ISREG, "RAW": stat.S_ISREG, "WINDOW": stat.S_ISREG, "LINK": stat.S_ISLNK,
         "LIST": stat.S_ISDIR, "WALK": stat.S_ISDIR}
SYS_getdents64 = {"x86_64": 217}.get(os.uname().machine, 61)


@functools.cache
def fixed_names():
    """{directory as the table writes it: its names that are no patterns}"""
    found = {}
    for _, path in tree_paths():
        parts = path.split("/")
        for i, part in enumerate(parts[1:], 1):
            if "{" not in part:
                found.setdefault("/".join(parts[:i]), set()).add(part)
    return found


def pattern(path):
    """What the table's path matches; a pattern does not stand for the names beside it."""
    parts = path.split("/")
    for i, part in enumerate(parts):
        fixed = "|".join(map(re.escape, sorted(fixed_names().get("/".join(path.split("/")[:i]), ()))))
        but = rf"(?!(?:{fixed})(?:/|$))" if fixed else ""
        parts[i] = re.sub(r"\{\w+\}", lambda _, but=but: but + r"[^/\n]+", part)
    return "/".join(parts)


def test_find_equals_the_table(any_tree):
    paths = [path for _, path in tree_paths()]
    maybe = {path for kind, path in tree_paths() if kind in ("LINK", "SOME")}
    found = walk(any_tree.point)
    # What is below a walker is not in the table.
    known = {pattern(path) + "/.*" for kind, path in tree_paths() if kind == "WALK"}
    for path in paths:
        parts = path.split("/")
        known |= {pattern("/".join(parts[:i])) for i in range(2, len(parts) + 1)}
    known = re.compile("|".join(known))
    for path in found:
        assert known.fullmatch(path), f"{path} is not in the table"
    everything = "\n".join(found)
    filled = "\n".join({path.rsplit("/", 1)[0] for path in found})
    for path in paths:
        # A directory of names may be empty; what is in one that is not, must be there, but for a
        # link that leads nowhere, and for what only some have.
        above, last = path.rsplit("/", 1)
        if "{" not in last and path not in maybe and re.search(f"^{pattern(above)}$", filled, re.M):
            assert re.search(f"^{pattern(path)}$", everything, re.M), f"{path} is not there"


def test_kinds_are_those_of_the_table(any_tree):
    # A path that has two lines is not what its LIST says.
    kinds = {path: kind for kind, path in sorted(tree_paths(), key=lambda kp: kp[0] != "LIST")}
    found = walk(any_tree.point)
    # Nor is a name of the table's what a pattern beside it says.
    known = [(re.compile(pattern(path)), kind) for path, kind in
             sorted(kinds.items(), key=lambda item: item[0].count("{"))]
    for path in found:
        kind = next((kind for right, kind in known if right.fullmatch(path)), None)
        assert not kind or KINDS[kind](os.lstat(any_tree / path).st_mode), path


def test_readme_has_the_table(tree):
    text = (tree / "README").read_text()
    for _, path, help_ in tree_rules():
        assert re.search(f"^{re.escape(path)} +{re.escape(help_)}$", text, re.M), path


def test_order_is_that_of_the_table(tree):
    first = []
    for _, path, _ in tree_rules():
        name = path.split("/")[1]
        if name not in first:
            first.append(name)
    assert [e.name for e in os.scandir(tree.point)] == first


def test_listing_agrees_with_stat(any_tree):
    for path in ["", *walk(any_tree.point)]:
        if stat.S_ISDIR(os.lstat(any_tree / path).st_mode):
            entries = {e.name: e for e in os.scandir(any_tree / path)}
            for name in some(sorted(entries)):
                e, st = entries[name], os.lstat(any_tree / path / name)
                assert e.inode() == st.st_ino, e.path
                assert e.is_dir(follow_symlinks=False) == stat.S_ISDIR(st.st_mode), e.path
                assert e.is_symlink() == stat.S_ISLNK(st.st_mode), e.path


def getdents(fd, size):
    """Names of one getdents64() call."""
    libc = ctypes.CDLL(None, use_errno=True)
    buf = ctypes.create_string_buffer(size)
    n = libc.syscall(SYS_getdents64, fd, buf, size)
    if n < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    names, at = [], 0
    while at < n:
        _, offset, length, _ = struct.unpack_from("<QqHB", buf, at)
        names.append((buf.raw[at + 19:at + length].split(b"\0")[0].decode(), offset))
        at += length
    return names


def list_in_pieces(path, size):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        names = []
        while more := getdents(fd, size):
            names += more
        return names
    finally:
        os.close(fd)


@pytest.mark.parametrize("size", [32, 48, 100, 4096])
def test_tiny_directory_buffers(tree, size):
    for folder in "", "dump", "cpus":
        names = [n for n, _ in list_in_pieces(tree / folder, size)]
        assert names[:2] == [".", ".."]
        assert sorted(names[2:]) == sorted(os.listdir(tree / folder))


def test_seek_in_a_directory(tree):
    whole = list_in_pieces(tree.point, 4096)
    fd = os.open(tree.point, os.O_RDONLY | os.O_DIRECTORY)
    for i, (_, offset) in reversed(list(enumerate(whole[:-1]))):
        os.lseek(fd, offset, os.SEEK_SET)
        assert getdents(fd, 4096)[0] == whole[i + 1]
    os.close(fd)


@pytest.mark.parametrize("name", ["nothing", "log/", "cpus/2", "cpus/00", "cpus/+1", "cpus/{cpu}",
                                  "cpus/99999999999999999999999", "dump/" + "x" * 300])
def test_what_is_not_there(tree, name):
    for _ in range(2):
        with pytest.raises(OSError):
            os.stat(f"{tree.point}/{name}")


def test_inode_numbers_are_distinct_and_stay(tree):
    paths = [tree / p for p in walk(tree.point)]
    inodes = {p: os.lstat(p).st_ino for p in paths}
    assert len(set(inodes.values())) == len(paths)
    if os.geteuid() == 0:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
            f.write("2")
    assert {p: os.lstat(p).st_ino for p in paths} == inodes


def test_attributes(tree):
    for path in ["", *walk(tree.point)]:
        st = os.lstat(tree / path)
        assert (st.st_uid, st.st_gid) == (os.getuid(), os.getgid())
        assert st.st_mtime == st.st_ctime == 1700000123, "the time of the crash"
        if not stat.S_ISLNK(st.st_mode):
            assert stat.S_IMODE(st.st_mode) & 0o077 == 0, "private"


def test_links(tree):
    assert os.readlink(tree / "vmcore") == "memory/vmcore"
    assert os.lstat(tree / "vmcore").st_size == len("memory/vmcore")
    assert os.path.samefile(tree / "vmcore", tree / "memory/vmcore")


def test_statfs(tree, dumps):
    fs = os.statvfs(tree.point)
    assert fs.f_flag & os.ST_RDONLY
    assert fs.f_bfree == fs.f_bavail == 0
    assert fs.f_blocks * fs.f_frsize >= os.path.getsize(dumps["kdump"][0])
    assert fs.f_namemax >= 255


def test_no_such_object(tree):
    """What is not there is not, also below what a walker finds its way in."""
    for path in "objects/nothing@1000", "objects/x", "objects/task_struct@zzz", "objects/":
        assert os.path.lexists(tree / path) == path.endswith("/"), path
    assert (tree / "README").read_bytes()
