"""A real dump in which one task has become many: a machine with more tasks than a guest can hold.

Each new one has a copy of a sleeper's task_struct, signal_struct, pid and stack, in RAM behind the
guest's. What points into these points into its own, its numbers are its own, and it stands in the list
of processes. Its mm, files and credentials are the sleeper's, and no pid leads to it: /dump/problems
says so.
"""

import itertools
import re
import shutil
import struct
import subprocess

PAGE = 4096
BEHIND = 4 << 30        # where the new RAM begins
STACK = 4 * PAGE        # of x86_64; what a sleeper uses of it fits into the last page
PLACES = {"task": 0, "signal": 0x2200, "pid": 0x2a00}   # in three pages, before the stack
OBJECTS = 3 * PAGE
STRIDE = OBJECTS + STACK
FIRST_PID = 1_000_000
GIGABYTE = 1 << 30
ADDRESS = 0x000ffffffffff000   # in an entry of a page table
TABLE = 0x63                   # dirty, accessed, writable, present
HUGE = 1 << 63 | 0x1e3         # no code, global, a large page, dirty, accessed, writable, present


class Source:
    """What a dump says through vmcorefs."""

    def __init__(self, vmcorefs, dump):
        self.command = [vmcorefs, "cat", "--no-cache", "--no-debuginfo", dump, "--"]

    def cat(self, path):
        return subprocess.run([*self.command, path], check=True, capture_output=True).stdout

    def memory(self, address, size):
        return self.cat(f"/memory/virtual/{address:x}+{size:#x}")

    def word(self, address):
        return int.from_bytes(self.memory(address, 8), "little")

    def symbol(self, name):
        return int(self.cat(f"/symbols/{name}/address"), 16)

    def layout(self, name):
        """({member: offset}, size) of a structure."""
        text = self.cat(f"/types/struct/{name}").decode()
        members = re.findall(r"^\t[^\t].*?\b(\w+)(?:\[\d*\])*(?: __attribute__\S+)?; +/\* +(\d+) ", text, re.M)
        return {m: int(o) for m, o in members}, int(re.search(r"/\* size: (\d+)", text)[1])


def entry_of(table, level, vaddr):
    """Where in a page table of that level an address has its entry."""
    return table + 8 * (vaddr >> 12 + 9 * (level - 1) & 511)


class Segments:
    """PT_LOADs of an ELF dump whose headers have room for one more."""

    def __init__(self, path):
        self.file = open(path, "r+b")
        head = self.file.read(PAGE)
        self.nr = struct.unpack_from("<H", head, 56)[0]
        self.loads = [struct.unpack_from("<IIQQQQQQ", head, 64 + 56 * i) for i in range(self.nr)]
        self.tables = {}   # new page tables, by their physical address

    def patch(self, paddr, value):
        """Eight bytes, in each segment that has them."""
        if paddr & -PAGE in self.tables:
            struct.pack_into("<Q", self.tables[paddr & -PAGE], paddr % PAGE, value)
        for kind, _, off, _, start, size, _, _ in self.loads:
            if kind == 1 and start <= paddr < start + size:
                self.file.seek(off + paddr - start)
                self.file.write(struct.pack("<Q", value))

    def word(self, paddr):
        if paddr & -PAGE in self.tables:
            return struct.unpack_from("<Q", self.tables[paddr & -PAGE], paddr % PAGE)[0]
        for kind, _, off, _, start, size, _, _ in self.loads:
            if kind == 1 and start <= paddr < start + size:
                self.file.seek(off + paddr - start)
                return struct.unpack("<Q", self.file.read(8))[0]
        raise ValueError(f"{paddr:#x} is not in the dump")

    def map_huge(self, root, levels, vaddr, paddr, spare):
        """One page of 1 GB more in the page tables; where one of these is missing, @spare is free for it."""
        table = root
        for level in range(levels, 3, -1):
            entry = entry_of(table, level, vaddr)
            if not self.word(entry) & 1:
                while spare in self.tables:
                    spare += PAGE
                self.tables[spare] = bytearray(PAGE)
                self.patch(entry, spare | TABLE)
            table = self.word(entry) & ADDRESS
        self.patch(entry_of(table, 3, vaddr), paddr | HUGE)

    def append(self, paddr, vaddr, size, chunks):
        end = (self.file.seek(0, 2) + PAGE - 1) // PAGE * PAGE
        for at, data in chunks:
            self.file.seek(end + at)
            self.file.write(data)
        self.file.truncate(end + size)
        self.file.seek(64 + 56 * self.nr)
        self.file.write(struct.pack("<IIQQQQQQ", 1, 7, end, vaddr, paddr, size, size, 0))
        self.file.seek(56)
        self.file.write(struct.pack("<H", self.nr + 1))
        self.file.close()


class Template:
    """The copy of one task, with the places in it that tell where it is."""

    def __init__(self, source, task):
        members, size = source.layout("task_struct")
        self.members = members
        self.numbers = source.layout("pid")[0]["numbers"]
        signal, pid, stack = (source.word(task + members[m]) for m in ("signal", "thread_pid", "stack"))
        objects = [(PLACES["task"], task, size), (PLACES["signal"], signal, source.layout("signal_struct")[1]),
                   (PLACES["pid"], pid, source.layout("pid")[1] + 16), (STRIDE - PAGE, stack + STACK - PAGE, PAGE)]
        self.bytes = bytearray(STRIDE)
        for place, address, length in objects:
            self.bytes[place:place + length] = source.memory(address, length)
        ranges = [(at, at + length, place) for place, at, length in objects[:3]]
        ranges.append((stack, stack + STACK, OBJECTS))
        self.moved = [(at, found) for at in range(0, STRIDE, 8)
                      if (found := self.place_of(ranges, struct.unpack_from("<Q", self.bytes, at)[0])) is not None]

    @staticmethod
    def place_of(ranges, word):
        return next((place + word - start for start, end, place in ranges if start <= word < end), None)

    def copy(self, address, pid, before, after):
        """One at an address, between two others in the list of processes."""
        copy = bytearray(self.bytes)
        for at, place in self.moved:
            struct.pack_into("<Q", copy, at, address + place)
        struct.pack_into("<QQ", copy, self.members["tasks"], after, before)
        for at in self.members["pid"], self.members["tgid"], PLACES["pid"] + self.numbers:
            struct.pack_into("<I", copy, at, pid)
        return copy


def grow(vmcorefs, dump, target, count):
    """Write @target: the ELF dump with that many tasks more."""
    shutil.copy(dump, target)
    source = Source(vmcorefs, dump)
    # The last sleeper of /ps: PID PPID CPU TASK ...
    task = int(re.findall(rb"(\w{16})\s.* sleeper$", source.cat("/ps"), re.M)[-1], 16)
    template = Template(source, task)
    tasks = template.members["tasks"]
    direct = source.word(source.symbol("page_offset_base"))
    head = source.symbol("init_task") + tasks
    last = source.word(head + 8)
    segments = Segments(target)
    vaddr = direct + BEHIND

    def link(i):
        """The list's node in the i-th new one, in the last old one, or its head."""
        return last if i < 0 else head if i == count else vaddr + STRIDE * i + tasks

    def chunks():
        for i in range(count):
            copy = template.copy(vaddr + STRIDE * i, FIRST_PID + i, link(i - 1), link(i + 1))
            yield STRIDE * i, copy[:OBJECTS]
            yield STRIDE * (i + 1) - PAGE, copy[-PAGE:]

    image = next(s for s in segments.loads if s[0] == 1 and s[3] <= head < s[3] + s[5])
    segments.patch(head + 8 - image[3] + image[4], link(count - 1))
    segments.patch(last - direct, link(0))
    told = source.cat("/dump/translation").decode()
    root, levels = (int(re.search(rf"^{what} +(\w+)", told, re.M)[1], 0) for what in ("page tables", "levels"))
    size = STRIDE * count
    for at in range(0, size, GIGABYTE):
        segments.map_huge(root, levels, vaddr + at, BEHIND + at, BEHIND + size)
    tables = [(paddr - BEHIND, table) for paddr, table in segments.tables.items()]
    segments.append(BEHIND, vaddr, size + PAGE * len(tables), itertools.chain(chunks(), tables))
