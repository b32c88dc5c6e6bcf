"""A copy of a real dump, /proc/vmcore as it came, that tests spoil and put right again."""

import contextlib
import re
import struct

from forms import alone
from lab.base import run
from memory import Elf


class Spoiled:
    """The copy, and where things are in it by what the whole dump, mounted, says."""

    def __init__(self, source, copy, whole):
        self.path, self.whole = copy, whole
        # What makedumpfile made of a dump lies below it.
        home = next(folder for folder in source.parents if (folder / "vmlinux").exists())
        self.files = [copy if file == home / "vmcore" else file for file in alone(home)]
        run("cp", "--sparse=always", source, copy)
        # A debug file is looked for beside the dump.
        (copy.parent / "crashme.ko").symlink_to(home / "crashme.ko")
        with open(copy, "rb") as f:
            f.seek(32)
            start = struct.unpack("<Q", f.read(8))[0]
            f.seek(start)
            headers = [struct.unpack("<IIQQQQQQ", f.read(56)) for _ in Elf(copy).loads + [None]]
        # (virtual, physical, offset, length)
        self.loads = [(va, pa, off, size) for kind, _, off, va, pa, size, _, _ in headers if kind == 1]

    def offsets(self, pa):
        """All offsets in the file that hold the byte at a physical address."""
        found = [pa - p + off for _, p, off, n in self.loads if p <= pa < p + n]
        assert found, f"physical address {pa:#x} is not in the dump"
        return found

    def physical(self, va):
        """By the segments, else by the page tables: those of the kernel are where VMCOREINFO says."""
        for v, p, _, n in self.loads:
            if v <= va < v + n:
                return va - v + p
        info = (self.whole / "vmcoreinfo").read_text()
        if "kimage_voffset" in info:    # arm64: of its many forms of page tables the tree tells
            text = (self.whole / f"address/{va:x}").read_text()
            return int(re.search(r"to physical (0x[0-9a-f]+)", text)[1], 16)
        top = int(re.search(r"SYMBOL\(swapper_pg_dir\)=(\w+)", info)[1], 16)
        levels = 5 if "NUMBER(pgtable_l5_enabled)=1" in info else 4
        table = self.physical(top)
        for level in range(levels - 1, -1, -1):
            shift = 12 + 9 * level
            with open(self.path, "rb") as f:
                f.seek(self.offsets(table + 8 * (va >> shift & 511))[0])
                entry = struct.unpack("<Q", f.read(8))[0]
            assert entry & 1, f"{va:#x} is not mapped"
            table = entry & 0xffffffffff000
            if not level or entry & 0x80:
                return (table & -1 << shift) + (va & (1 << shift) - 1)
        return None

    def places(self, va):
        return self.offsets(self.physical(va))

    def read(self, va, size=8):
        with open(self.path, "rb") as f:
            f.seek(self.places(va)[0])
            return f.read(size)

    def number(self, va):
        return struct.unpack("<Q", self.read(va))[0]

    def write(self, va, data):
        with open(self.path, "r+b") as f:
            for place in self.places(va):
                f.seek(place)
                f.write(data)

    @contextlib.contextmanager
    def change(self, *changes):
        """(address, bytes or a number of 8 bytes) for as long as the block lasts."""
        changes = [(va, to if isinstance(to, bytes) else struct.pack("<Q", to)) for va, to in changes]
        before = [(va, self.read(va, len(to))) for va, to in changes]
        try:
            for va, to in changes:
                self.write(va, to)
            yield
        finally:
            for va, was in before:
                self.write(va, was)

    def symbol(self, name):
        return int((self.whole / f"symbols/{name}/address").read_text().split()[0], 16)

    def per_cpu(self, name, cpu):
        """That CPU's own of a variable; where the sum wraps it is meant to."""
        return self.symbol(name) + self.number(self.symbol("__per_cpu_offset") + 8 * cpu) & (1 << 64) - 1

    def offset(self, struct_, member):
        """Of a member that is one itself, not in another structure's."""
        text = (self.whole / f"types/struct/{struct_}").read_text()
        return int(re.search(rf"[ *]{member}(?:\[\d+\])*; +/\* +(\d+) ", text)[1])

    def task(self, pid):
        return int(re.match(r"PID: \d+ +TASK: (\w+)", (self.whole / f"tasks/{pid}/stack").read_text())[1], 16)

    def member(self, address, struct_, member):
        return address + self.offset(struct_, member)

    def pointed(self, address, struct_, member):
        return self.number(self.member(address, struct_, member))
