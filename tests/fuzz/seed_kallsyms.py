"""A kernel's memory with kallsyms tables, for the seed corpora."""

import struct

BASE = 0xffffffff80000000
TEXT = 0xffffffff81000000
TOKENS = [chr(t) if 0x20 < t < 0x7f else f"q{t:x}z" for t in range(256)]


def pad(table, align):
    return table + bytes(-len(table) % align)


def tokens():
    table, index = b"", b""
    for token in TOKENS:
        index += struct.pack("<H", len(table))
        table += token.encode() + b"\0"
    return table, index


def names(count):
    """Letter and digits, each a token; and where every 256th name begins."""
    table, markers = b"", b""
    for i in range(count):
        if i % 256 == 0:
            markers += struct.pack("<I", len(table))
        name = f"T{i:x}".encode()
        table += bytes([len(name)]) + name
    return table, markers


class Tables:
    """The tables one behind the other, and where each begins."""

    def __init__(self, align):
        self.data, self.align, self.at = b"", align, {}

    def add(self, name, table):
        self.data = pad(self.data, self.align)
        self.at[name] = BASE + len(self.data)
        self.data += table

    def add_names(self, count):
        table, markers = names(count)
        self.add("num_syms", struct.pack("<I", count))
        self.add("names", table)
        self.add("markers", markers)
        for name, table in zip(("token_table", "token_index"), tokens()):
            self.add(name, table)

    def vmcoreinfo(self, named):
        lines = ["OSRELEASE=6.1.0", "PAGESIZE=4096", "NUMBER(phys_base)=0"]
        if named:
            lines += [f"SYMBOL(kallsyms_{name})={va:x}" for name, va in self.at.items()]
        return "".join(line + "\n" for line in lines).encode()


def percpu(count, named):
    """As in 6.1: a base before the names, the first symbol per-CPU."""
    t = Tables(8)
    offsets = [0] + [-1 - 16 * i for i in range(count - 1)]
    t.add("offsets", struct.pack(f"<{count}i", *offsets))
    t.add("relative_base", struct.pack("<Q", TEXT))
    t.add_names(count)
    return t.vmcoreinfo(named) + b"\0" + t.data


def place(count, named):
    """As in 7.2: offsets from where they stand, behind the index."""
    t = Tables(4)
    t.add_names(count)
    start = BASE + len(pad(t.data, 4))
    offsets = [TEXT + 16 * i - (start + 4 * i) for i in range(count)]
    t.add("offsets", struct.pack(f"<{count}i", *offsets))
    return t.vmcoreinfo(named) + b"\0" + t.data
