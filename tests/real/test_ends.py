"""Walks over the whole tree of a real dump end, and leave little memory behind."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from mounted import Mount

PATIENCE = 600   # seconds: of machines that do much else
OBJECTS = 150_000
MB = 1 << 20
# Of the daemon, after as many objects as twice what it keeps.
GROWTH = 64 * MB

# Directories whose entries are found by name.
QUERIES = r"\./(objects|address|memory/virtual|tasks/\d+(/task/\d+)?/address|cpus/\d+/idle/address)(/.*)?"


@pytest.fixture
def mount(crashed, tmp_path):
    m = Mount(tmp_path / "mnt", "--no-debuginfo", crashed / "vmcore")
    yield m
    m.close()


def run(mount, *argv):
    return subprocess.run(argv, cwd=mount.point, capture_output=True, timeout=PATIENCE, check=False,
                          stdin=subprocess.DEVNULL)


def memory(mount):
    """Bytes of the daemon that are resident."""
    status = Path(f"/proc/{mount.daemon.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def test_find(mount):
    """All that is finite, and nothing of what is found by name."""
    done = run(mount, "find", ".", "-xdev")
    assert done.returncode == 0 and done.stderr == b""
    paths = done.stdout.decode(errors="replace").splitlines()
    assert len(paths) > 500_000
    for path in paths:
        found = re.fullmatch(QUERIES, path)
        assert not found or not found[3], path
    assert {"./objects", "./address", "./memory/virtual", "./tasks/1/address"} <= set(paths)


@pytest.mark.parametrize("folder", ["tasks", "modules", "proc"])
def test_grep(mount, folder):
    done = run(mount, "grep", "-rsl", "crashme", folder)
    found = done.stdout.decode(errors="replace").split()
    assert {"tasks": "tasks/1/mount", "modules": "modules/crashme/symbols", "proc": "proc/kallsyms"}[folder] in \
        found or folder == "tasks" and any(re.fullmatch(r"tasks/\d+/stack", f) for f in found)


def test_find_follows(mount):
    """Along all links from a task: what leads back to where it came from is told, and it ends."""
    done = run(mount, "find", "-L", "tasks/1/object", "-maxdepth", "3")
    assert b"File system loop detected" in done.stderr
    assert len(done.stdout.splitlines()) > 1000
    done = run(mount, "find", "-L", "tasks/1", "modules", "slab", "-maxdepth", "2")
    assert b"/object/" in done.stdout


def visit(mount, first, last):
    """Two names each, of objects that were not looked at before."""
    direct = re.search(r"^direct map +(0x\w+)", (mount / "dump/translation").read_text(), re.M)
    base = int(direct[1], 16) + 16 * MB
    for i in range(first, last):
        os.stat(f"{mount.point}/objects/list_head@{base + 16 * i:x}/prev.hex")


def test_many_objects(mount):
    """A script that looks at ever more objects costs no more memory; who stays in one may stay."""
    fd = os.open(mount / "objects/task_struct@init_task", os.O_PATH)
    try:
        visit(mount, 0, 1000)
        before = memory(mount)
        visit(mount, 1000, OBJECTS)
        assert memory(mount) - before < GROWTH
        with open(os.open("comm", os.O_RDONLY, dir_fd=fd)) as file:
            assert file.read() == "swapper/0\n"
        # A name that was forgotten is found again.
        visit(mount, 0, 10)
        assert (mount / "objects/task_struct@init_task/comm").read_text() == "swapper/0\n"
    finally:
        os.close(fd)
