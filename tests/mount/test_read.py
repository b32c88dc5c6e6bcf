"""Contents: true sizes on first contact, and the same bytes to everyone."""

import concurrent.futures
import filecmp
import mmap
import os
import random
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from mounted import SAMPLE, run, text_files, walk

FILES = ["README", "summary", "vmcoreinfo", "dump/pages", "dump/header", "memory/physical",
         "memory/vmcore"]


def by_mmap(path):
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
        return bytes(m)


def by_stat_and_read(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, os.fstat(fd).st_size)
    finally:
        os.close(fd)


def by_blind_read(path):
    """Without asking for the size."""
    fd = os.open(path, os.O_RDONLY)
    try:
        pieces = []
        while piece := os.read(fd, 100000):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(fd)


def by_end(path):
    """The last bytes first."""
    size = os.lstat(path).st_size
    with open(path, "rb") as f:
        f.seek(-1, os.SEEK_END)
        assert f.tell() + 1 == size
        assert len(f.read()) == 1
        f.seek(0)
        return f.read()


READERS = {
    "cat": lambda p: run("cat", p),
    "cp": lambda p: run("sh", "-c", f"cp '{p}' /dev/stdout | cat"),
    "dd": lambda p: run("dd", f"if={p}", "bs=7001", "status=none"),
    "mmap": by_mmap,
    "stat": by_stat_and_read,
    "blind": by_blind_read,
    "end": by_end,
}


@pytest.mark.parametrize("reader", READERS)
def test_first_contact(mount, dumps, reader):
    """Each way of reading, when nothing was asked of the mount before."""
    whole = {}
    for name in FILES:
        m = mount(*dumps["kdump"])
        whole[name] = READERS[reader](m / name)
        assert len(whole[name]) == os.stat(m / name).st_size > 0
        assert whole[name] == by_blind_read(m / name)
        m.unmount()


@pytest.mark.parametrize("options", [[], ["-s"]], ids=["threads", "one thread"])
def test_the_kernel_is_given_texts_and_asks_again(mount, dumps, options):
    """Whose size someone asked for: its bytes are there before it is read, and once it is dropped."""
    m = mount(*options, *dumps["kdump"])
    for path in text_files(m.point):
        size = os.lstat(path).st_size
        given = by_blind_read(path)
        fd = os.open(path, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)
        assert len(given) == size
        assert by_blind_read(path) == given


def test_many_ask_for_a_size_and_read(mount, dumps):
    """All threads at once, each file by several: none waits for another for ever."""
    one, two = mount(*dumps["kdump"]), mount(*dumps["kdump"])
    whole = {p.relative_to(one.point): by_blind_read(p) for p in text_files(one.point)}
    names = list(whole) * 8
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        read = pool.map(lambda name: by_stat_and_read(two.point / name), names)
        for name, got in zip(names, read):
            assert got == whole[name], name


def test_wc_counts_what_cat_reads(mount, dumps):
    m = mount(*dumps["kdump"])
    for name in FILES:
        assert int(run("wc", "-c", m / name).split()[0]) == len(run("cat", m / name))


def test_size_after_lookup_only(mount, dumps):
    """Listing costs nothing; the sizes come when they are asked for."""
    m = mount(*dumps["kdump"])
    walk(m.point)
    for path in text_files(m.point):
        assert os.lstat(path).st_size == len(path.read_bytes()), path


def test_size_stays_while_the_inode_is_cached(mount, dumps):
    """A second lookup must not take the size back from those who have the file mapped."""
    m = mount(*dumps["kdump"])
    with open(m / "README", "rb") as f:
        held = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
        if os.geteuid() == 0:
            with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as drop:
                drop.write("2")
        os.listdir(m.point)
        assert (m / "README").stat().st_size == len(held)
        assert bytes(held) == (m / "README").read_bytes()
        held.close()


def test_random_offsets(tree):
    chance = random.Random(1)
    for name in FILES:
        whole = (tree / name).read_bytes()
        fd = os.open(tree / name, os.O_RDONLY)
        direct = os.open(tree / name, os.O_RDONLY | os.O_DIRECT)
        for _ in range(200):
            off, length = chance.randrange(len(whole) + 10), chance.randrange(1, 70000)
            assert os.pread(fd, length, off) == whole[off:off + length]
            assert os.preadv(direct, [b := bytearray(length)], off) == len(whole[off:off + length])
            assert b[:len(whole[off:off + length])] == whole[off:off + length]
        os.close(fd)
        os.close(direct)


def test_parallel_readers(mount, dumps):
    m = mount(*dumps["kdump"])
    paths = [m / p for p in walk(m.point) if os.path.isfile(m / p)]

    def read_all(seed):
        mine = paths[:]
        random.Random(seed).shuffle(mine)
        return {p: p.read_bytes() for p in mine}

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        results = list(pool.map(read_all, range(32)))
    assert all(r == results[0] for r in results)


def test_two_mounts_are_the_same(mount, dumps):
    one, two = mount(*dumps["kdump"]), mount(*dumps["kdump"])
    run("diff", "-r", "--no-dereference", one.point, two.point)


def test_sample_renders_the_same_in_any_order(mount):
    if not SAMPLE.exists():
        pytest.skip("no sample dump")
    one, two = mount(SAMPLE), mount(SAMPLE, "-s")
    there = {p.relative_to(two.point): p.read_bytes() for p in reversed(text_files(two.point))}
    assert {p: (one / str(p)).read_bytes() for p in sorted(there)} == there


def test_tar(mount, dumps, tmp_path):
    m = mount(*dumps["kdump"])
    run("tar", "-C", m.point, "--sparse", "-cf", tmp_path / "t.tar", ".")
    (tmp_path / "out").mkdir()
    run("tar", "-C", tmp_path / "out", "-xf", tmp_path / "t.tar")
    run("diff", "-r", "--no-dereference", m.point, tmp_path / "out")
    with tarfile.open(tmp_path / "t.tar") as t:
        assert len(t.getnames()) == len(walk(m.point)) + 1


def test_cp_a(mount, dumps, tmp_path):
    m = mount(*dumps["kdump"])
    run("cp", "-a", m.point, tmp_path / "copy")
    run("diff", "-r", "--no-dereference", m.point, tmp_path / "copy")
    for path in walk(m.point):
        ours, theirs = os.lstat(m / path), os.lstat(tmp_path / "copy" / path.lstrip("/"))
        assert (ours.st_mode, ours.st_mtime) == (theirs.st_mode, theirs.st_mtime), path
    physical = tmp_path / "copy/memory/physical"
    assert physical.stat().st_blocks * 512 < physical.stat().st_size, "the holes were copied"
    assert filecmp.cmp(physical, m / "memory/physical", shallow=False)


def test_rendering_again_after_the_caches_are_dropped(mount, dumps):
    if os.geteuid():
        pytest.skip("dropping caches needs root")
    m = mount(*dumps["kdump"])
    before = {p: p.read_bytes() for p in text_files(m.point)}
    for what in "1", "2", "3":
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
            f.write(what)
        assert {p: p.read_bytes() for p in text_files(m.point)} == before


def test_grep_and_find_end(tree):
    assert b"6.1.0-test" in run("grep", "-r", "--exclude-dir=memory", "OSRELEASE=", tree.point)
    done = subprocess.run(["find", "-L", str(tree.point), "-type", "f"], capture_output=True,
                          check=True, timeout=60)
    assert b"memory/physical" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="dropping caches needs root")
def test_first_reads_of_one_handle(mount):
    """Several at once take its text once: when the kernel forgets the file there is nothing that still holds it."""
    m = mount("--no-debuginfo", "-o", "cache=1K", SAMPLE)
    files = [path for pid in sorted(os.listdir(m / "tasks"))[:40]
             for name in ("task_struct", "signal_struct", "stack-raw") if (path := m / f"tasks/{pid}/{name}").is_file()]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for path in files:
                size = path.stat().st_size
                with open(path, "rb", buffering=0) as f:
                    os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                    os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
                    start = threading.Barrier(8)

                    def read(at):
                        start.wait()
                        return os.pread(f.fileno(), 4096, at)

                    list(pool.map(read, [i * 4096 % max(size, 1) for i in range(8)]))
            Path("/proc/sys/vm/drop_caches").write_text("2", encoding="ascii")
    assert (m / "summary").read_text()
