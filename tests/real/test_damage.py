"""Real files, cut and spoiled: they mount, or are refused in one line; what is served is right."""

import os
import random
import shutil

import lab
import memory
import pytest
from mounted import Mount, vmcorefs

FORMS = ["zlib-d31", "elf-d31", "flat-zlib-d31"]


@pytest.fixture(params=FORMS)
def copy(request, crashed, tmp_path):
    """A file of ours to spoil."""
    [source] = lab.variant(crashed, request.param)
    return shutil.copyfile(source, tmp_path / "vmcore")


def check_refusal(path, point):
    status, out, err = vmcorefs(path, point)
    assert status > 0 and out == ""
    assert err.startswith("vmcorefs: ") and err.count("\n") == 1, err


def try_mount(path, point):
    """Mounted, or None when it was refused as it should be."""
    try:
        return Mount(point, path)
    except RuntimeError:
        check_refusal(path, point)
        return None


def read_some(mount):
    """Every text, and memory here and there: bytes or an error, nothing else."""
    for name in "README", "summary", "log", "vmcoreinfo", "dump/pages", "dump/header", "dump/notes":
        try:
            (mount / name).read_bytes()
        except OSError:
            pass
    ranges = memory.data_ranges(mount / "memory/physical")
    with open(mount / "memory/physical", "rb", buffering=0) as f:
        for start, end in ranges[::max(1, len(ranges) // 50)]:
            try:
                os.pread(f.fileno(), min(end - start, 65536), start)
            except OSError:
                pass


def cuts(size):
    """Sizes to cut to, falling: within the data, the descriptors, bitmaps, headers."""
    rng = random.Random(size)
    some = [rng.randrange(size) for _ in range(6)] + [size - 1, size // 2, 65536, 12288, 8192, 5000,
                                                     4096, 4095, 464, 100, 12, 1, 0]
    return sorted({s for s in some if s < size}, reverse=True)


def test_cut(copy, original, tmp_path):
    for size in cuts(copy.stat().st_size):
        os.truncate(copy, size)
        m = try_mount(copy, tmp_path / "mnt")
        if not m:
            continue
        try:
            assert (m / "dump/problems").read_text() != "", f"cut to {size}"
            ranges = memory.data_ranges(m / "memory/physical")
            assert memory.same(m / "memory/physical", original / "memory/physical", ranges) is None
            read_some(m)
        finally:
            m.close()


def test_spoiled_headers(copy, tmp_path):
    """Single bytes of the headers, which are the first thousands of bytes."""
    rng = random.Random(7)
    with open(copy, "r+b", buffering=0) as f:
        for _ in range(25):
            at, byte = rng.randrange(9000), bytes([rng.choice([0, 1, 0x7f, 0x80, 0xff])])
            old = os.pread(f.fileno(), 1, at)
            os.pwrite(f.fileno(), byte, at)
            m = try_mount(copy, tmp_path / "mnt")
            if m:
                read_some(m)
                m.close()
            os.pwrite(f.fileno(), old, at)


def test_spoiled_everywhere(copy, tmp_path):
    """A thousand spoiled bytes all over the file."""
    rng = random.Random(8)
    size = copy.stat().st_size
    with open(copy, "r+b", buffering=0) as f:
        for _ in range(1000):
            os.pwrite(f.fileno(), bytes([rng.randrange(256)]), rng.randrange(9000, size))
    m = try_mount(copy, tmp_path / "mnt")
    if m:
        read_some(m)
        m.close()
