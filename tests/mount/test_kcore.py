"""/memory/kcore and /memory/cores of the sample dump, read without any other tool."""

import os
import struct

import pytest
from mounted import SAMPLE, Mount
from test_memory import Elf

UNKNOWN = 0xffffffffffffffff
PRSTATUS, PRPSINFO, AUXV, FILE = 1, 3, 6, 0x46494c45


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    m = Mount(tmp_path_factory.mktemp("sample") / "mnt", "--no-debuginfo", SAMPLE)
    yield m
    m.close()


def apart(ranges):
    ranges = sorted(ranges)
    return all(end <= start for (_, end), (start, _) in zip(ranges, ranges[1:]))


def test_kernel_memory(sample):
    """Each piece is what lies at its physical address, or else at its virtual one; none overlap."""
    elf, unknown = Elf(sample / "kcore"), 0
    assert (elf.type, elf.machine) == (4, 62)
    loads = elf.loads()
    assert os.stat(sample / "kcore").st_size == max(o + s for o, _, _, s in loads)
    assert apart((v, v + s) for _, v, _, s in loads)
    with open(sample / "memory/physical", "rb") as physical:
        for offset, va, pa, size in loads:
            assert va >> 63 and offset % 4096 == va % 4096
            if pa == UNKNOWN:
                theirs = (sample / f"memory/virtual/{va:x}+{size:#x}").read_bytes()
                unknown += 1
            else:
                physical.seek(pa)
                theirs = physical.read(size)
            assert elf.at(offset, size) == theirs, hex(va)
    assert 0 < unknown < len(loads)


def test_links(sample):
    assert all(os.path.samefile(sample / path, sample / "memory/kcore") for path in ("kcore", "proc/kcore"))


def test_kernel_threads(sample):
    """Every task with a stack is one, once, but for those that a CPU executes when there is nothing else."""
    notes = Elf(sample / "kcore").notes()
    pids = [struct.unpack_from("<I", desc, 32)[0] for name, kind, desc in notes
            if (name, kind) == ("CORE", PRSTATUS)]
    others = [p for p in pids if 0 < p < 4194304]
    tids = {int(f.name): (f / "status").read_text(errors="replace")
            for f in sample.point.glob("tasks/*/task/*")}
    assert len(others) == len(set(others)) and set(others) <= tids.keys()
    # One that has ended may have given its stack back.
    assert all("State:\tZ" in tids[tid] for tid in tids.keys() - set(others))
    assert [p - 4194304 for p in pids if p >= 4194304] == sorted(
        int(f.name) for f in sample.point.glob("cpus/*"))
    [info] = [desc for name, _, desc in notes if name == "VMCOREINFO"]
    assert info.rstrip(b"\0") == (sample / "vmcoreinfo").read_bytes()


def test_process(sample):
    """A core's pieces are what mem has there, within the mappings; its notes are the other files'."""
    cores = sorted((sample / "memory/cores").iterdir())
    assert cores
    for core in cores:
        task, elf = sample / "tasks" / core.name, Elf(core)
        maps = [line.split() for line in (task / "maps").read_text().splitlines()]
        ranges = [tuple(int(x, 16) for x in m[0].split("-")) for m in maps]
        assert apart((v, v + s) for _, v, _, s in elf.loads())
        with open(task / "mem", "rb", buffering=0) as mem:
            for offset, va, _, size in elf.loads():
                assert any(start <= va and va + size <= end for start, end in ranges), hex(va)
                mem.seek(va)
                assert elf.at(offset, size) == mem.read(size), hex(va)
        notes = elf.notes()
        by_kind = {kind: desc for _, kind, desc in notes}
        assert by_kind[AUXV] == (task / "auxv").read_bytes()
        assert by_kind[PRPSINFO][40:56].rstrip(b"\0") == (task / "comm").read_bytes()[:-1][:15]
        count, page = struct.unpack_from("<QQ", by_kind[FILE])
        files = [m for m, (start, _) in zip(maps, ranges) if m[4] != "0" and not start >> 63]
        assert (count, page) == (len(files), 4096)
        for i, m in enumerate(files):
            start, end, at = struct.unpack_from("<QQQ", by_kind[FILE], 16 + 24 * i)
            assert f"{start:08x}-{end:08x}" == m[0] and at * page == int(m[2], 16)


def test_none(sample):
    """A kernel thread has no core; nor has what is no process."""
    for name in "2", "0", "x", "01", "99999999":
        assert not os.path.lexists(sample / "memory/cores" / name), name


def test_without_tables(tree):
    """A dump without page tables has what is known to be mapped."""
    elf = Elf(tree / "memory/kcore")
    assert os.stat(tree / "memory/kcore").st_size >= max(h[2] + h[5] for h in elf.headers)
    assert {h[0] for h in elf.headers[1:]} <= {0, 1}
    assert all(h[3] >> 63 for h in elf.headers if h[0] == 1)
