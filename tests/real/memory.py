"""Physical memory through a mount, compared in pieces."""

import errno
import os
import struct

PAGE = 4096
CHUNK = 4 << 20


def data_ranges(path):
    """What is no hole: [(start, end)], joined."""
    ranges, at = [], 0
    fd = os.open(path, os.O_RDONLY)
    try:
        while True:
            start = os.lseek(fd, at, os.SEEK_DATA)
            at = os.lseek(fd, start, os.SEEK_HOLE)
            ranges.append((start, at))
    except OSError as e:
        assert e.errno == errno.ENXIO
    finally:
        os.close(fd)
    return ranges


def size(ranges):
    return sum(end - start for start, end in ranges)


def whole_pages(ranges):
    """Without the pages of which RAM is only a part: kdump-compressed files leave them out."""
    return [(-(-a // PAGE) * PAGE, b // PAGE * PAGE) for a, b in ranges]


def outside(inner, outer):
    """The ranges of inner that are not within outer."""
    return [(a, b) for a, b in inner if not any(s <= a and b <= e for s, e in outer)]


def gaps(ranges):
    """What is between them, and before the first and behind the last."""
    edges = [0, *(edge for r in ranges for edge in r), 1 << 60]
    return list(zip(edges[::2], edges[1::2]))


def within(ranges, outer):
    """The parts of the ranges that lie within outer."""
    parts = ((max(a, s), min(b, e)) for a, b in ranges for s, e in outer)
    return [(a, b) for a, b in parts if a < b]


def chunks(ranges):
    for start, end in ranges:
        for at in range(start, end, CHUNK):
            yield at, min(CHUNK, end - at)


def same(path, other, ranges):
    """The first address in the ranges at which the two files differ, or None."""
    with open(path, "rb", buffering=0) as a, open(other, "rb", buffering=0) as b:
        for at, length in chunks(ranges):
            x, y = os.pread(a.fileno(), length, at), os.pread(b.fileno(), length, at)
            if x != y:
                return at + next(i for i in range(length) if x[i:i + 1] != y[i:i + 1])
    return None


def zero_pages(path, ranges):
    """How many whole pages of the ranges are zeros."""
    zeros, n = bytes(PAGE), 0
    with open(path, "rb", buffering=0) as f:
        for at, length in chunks(ranges):
            data = os.pread(f.fileno(), length, at)
            n += sum(data[i:i + PAGE] == zeros for i in range(0, length, PAGE))
    return n


def page_counts(mount):
    """/dump/pages: status -> number of pages."""
    counts = {}
    for line in (mount / "dump/pages").read_text().splitlines():
        for status in "present", "zero", "excluded", "no RAM", "truncated":
            if line.startswith(status + " "):
                counts[status] = int(line[len(status):].split()[0])
    return counts


class Elf:
    """The program headers and notes of an ELF64 core file."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            head = f.read(64)
            assert head[:6] == b"\x7fELF\2\1"
            off, shoff = struct.unpack_from("<QQ", head, 32)
            count = struct.unpack_from("<H", head, 56)[0]
            if count == 0xffff:
                f.seek(shoff + 44)
                count = struct.unpack("<I", f.read(4))[0]
            f.seek(off)
            table = f.read(56 * count)
            headers = [struct.unpack_from("<IIQQQQQQ", table, 56 * i) for i in range(count)]
            self.loads = [(off, paddr, filesz, memsz) for kind, _, off, _, paddr, filesz, memsz, _
                          in headers if kind == 1]
            self.notes = b""
            for kind, _, off, _, _, filesz, _, _ in headers:
                if kind == 4:
                    f.seek(off)
                    self.notes += f.read(filesz)

    def ranges(self):
        """Physical ranges with bytes in the file, sorted and joined."""
        joined = []
        for start, end in sorted((p, p + n) for _, p, n, _ in self.loads if n):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def same_as(self, physical):
        """Do all segments hold the bytes of that physical memory? Else where they do not."""
        with open(self.path, "rb", buffering=0) as f, open(physical, "rb", buffering=0) as p:
            for off, paddr, filesz, _ in self.loads:
                for at, length in chunks([(0, filesz)]):
                    if os.pread(f.fileno(), length, off + at) != \
                            os.pread(p.fileno(), length, paddr + at):
                        return paddr + at
        return None
