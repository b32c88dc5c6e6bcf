"""Real files, cut and spoiled: they mount, or are refused in one line; what is served is right."""

import mmap
import os
import random
import re
import shutil
import struct

import memory
import pytest
from forms import variant_of
from mounted import Mount, vmcorefs

FORMS = ["zlib-d31", "elf-d31", "flat-zlib-d31"]


@pytest.fixture(params=FORMS)
def copy(request, crashed, tmp_path):
    """A file of ours to spoil."""
    [source] = variant_of(crashed, request.param)
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
    mounted = 0
    for size in cuts(copy.stat().st_size):
        os.truncate(copy, size)
        m = try_mount(copy, tmp_path / "mnt")
        if not m:
            continue
        mounted += 1
        try:
            assert (m / "dump/problems").read_text() != "", f"cut to {size}"
            ranges = memory.data_ranges(m / "memory/physical")
            assert memory.same(m / "memory/physical", original / "memory/physical", ranges) is None
            read_some(m)
        finally:
            m.close()
    assert mounted >= 3


def test_spoiled_headers(copy, tmp_path):
    """Single bytes of the headers, which are the first thousands of bytes."""
    rng, mounted = random.Random(7), 0
    with open(copy, "r+b", buffering=0) as f:
        for _ in range(25):
            at, byte = rng.randrange(9000), bytes([rng.choice([0, 1, 0x7f, 0x80, 0xff])])
            old = os.pread(f.fileno(), 1, at)
            os.pwrite(f.fileno(), byte, at)
            m = try_mount(copy, tmp_path / "mnt")
            if m:
                mounted += 1
                read_some(m)
                m.close()
            os.pwrite(f.fileno(), old, at)
    assert mounted >= 5


def test_spoiled_everywhere(copy, tmp_path):
    """A thousand spoiled bytes all over the file."""
    rng = random.Random(8)
    size = copy.stat().st_size
    with open(copy, "r+b", buffering=0) as f:
        for _ in range(1000):
            os.pwrite(f.fileno(), bytes([rng.randrange(256)]), rng.randrange(9000, size))
    # The headers are whole: it mounts.
    m = Mount(tmp_path / "mnt", copy)
    try:
        read_some(m)
        assert (m / "vmcoreinfo").read_text().startswith("OSRELEASE=")
        assert re.search("^!! |Linux version", (m / "log").read_text(), re.M)
    finally:
        m.close()


FILES_OF_STACKS = "stack", "stack.kernel", "stack-raw", "code", "registers", "syscall", "wchan"


def top_pages(dump):
    """Where in the file (which need not be a multiple of 4096) the highest pages of stacks are of tasks that
    came from user space: at their end are the registers that the processor saved, CS at the third word
    from SS. What has no address of the kernel's only looks like one."""
    with open(dump, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        for found in re.finditer(rb"\x33\0{7}.{16}\x2b\0{7}", m, re.S):
            at = found.end() - 4096
            if at >= 0 and any(map(is_high, struct.unpack_from("<512Q", m, at))):
                yield at


def is_high(word):
    return word >> 47


def spoil_page(f, at, rng):
    """Some words of a page become others, of which many look like what might be there."""
    words = list(struct.unpack("<512Q", os.pread(f.fileno(), 4096, at)))
    known = [word for word in words if is_high(word)]
    for _ in range(rng.choice([1, 10, 100])):
        word = rng.choice(known)
        words[rng.randrange(512)] = rng.choice([0, word, word + 8, word - 8, word & ~7 | 1,
                                                rng.getrandbits(64), (1 << 64) - 8])
    os.pwrite(f.fileno(), struct.pack("<512Q", *(word & (1 << 64) - 1 for word in words)), at)


@pytest.fixture(scope="module")
def stack_pages(crashed):
    """The dump without user memory, and where in it they are."""
    [dump] = variant_of(crashed, "elf-d31")
    return dump, list(top_pages(dump))


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_stacks(stack_pages, tmp_path, seed):
    """Whatever is on stacks, each file that tells of them is read, in a bounded time and size."""
    dump, pages = stack_pages
    assert len(pages) > 30
    copy = shutil.copyfile(dump, tmp_path / "vmcore")
    rng = random.Random(seed)
    with open(copy, "r+b", buffering=0) as f:
        for at in pages:
            spoil_page(f, at, rng)
    m = Mount(tmp_path / "mnt", "--no-debuginfo", copy)
    try:
        for task in [*(m / "tasks").iterdir(), *(m / "cpus").glob("*/idle")]:
            for name in FILES_OF_STACKS:
                text = (task / name).read_bytes()
                assert len(text) < 1 << 20
        for name in "summary", "stacks/all", "stacks/unique", "cpus/0/stack", "cpus/1/stack":
            (m / name).read_bytes()
    finally:
        m.close()
        copy.unlink()
