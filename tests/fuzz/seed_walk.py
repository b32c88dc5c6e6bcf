"""Seeds of fuzz_walk: memory at BASE with the head of one thing at 0x100."""

import struct

BASE = 0xffffffff80000000
HEAD = BASE + 0x100


def memory(words):
    """{address: number of 8 bytes} -> bytes."""
    end = max(words) - BASE + 8
    data = bytearray(end)
    for at, word in words.items():
        struct.pack_into("<Q", data, at - BASE, word % 2**64)
    return bytes(data)


def ring(n):
    places = [HEAD] + [BASE + 0x1000 + 64 * i + 16 for i in range(n)]
    return memory(dict(zip(places, places[1:] + places[:1])))


def rbtree(n):
    words = {}

    def put(first, last):
        if first > last:
            return 0
        middle = (first + last) // 2
        at = BASE + 0x1000 + 64 * middle
        words[at] = 1
        words[at + 8], words[at + 16] = put(middle + 1, last), put(first, middle - 1)
        return at

    words[HEAD] = put(0, n - 1)
    return memory(words)


def xarray():
    top, low = BASE + 0x1000, BASE + 0x2000
    words = {HEAD + 8: top + 2, top: 6, top + 8 + 8: low + 2, low: 0}
    words.update({low + 8 + 8 * i: BASE + 0x3000 + 64 * i for i in range(0, 64, 3)})
    return memory(words)


def maple():
    """A node over ranges, whose first children are leaves: kinds 3 and 1 are in bits 3 to 6."""
    top = BASE + 0x1000
    words = {HEAD + 8: top + (3 << 3) + 2, top + 240: 1}
    for i in range(2):
        leaf = BASE + 0x2000 + 0x100 * i
        words[top + 8 + 8 * i] = 1000 * (i + 1) if not i else 2**64 - 1
        words[top + 80 + 8 * i] = leaf + (1 << 3)
        words.update({leaf + 8 + 8 * n: 1000 * i + 10 * (n + 1) for n in range(15)})
        words.update({leaf + 128 + 8 * n: BASE + 0x4000 + 64 * n for n in range(0, 15, 2)})
    return memory(words)


def hash_table():
    table = BASE + 0x1000
    words = {HEAD: table, table: 4}
    for bucket in range(4):
        entry = BASE + 0x2000 + 64 * bucket
        words[table + 56 + 8 * bucket] = entry
        words[entry] = entry + 0x1000
        words[entry + 0x1000] = table + 56 + 8 * bucket | 1
    return memory(words)


def seeds():
    return [("walk/ring", ring(9)), ("walk/rbtree", rbtree(25)), ("walk/xarray", xarray()),
            ("walk/maple", maple()), ("walk/hash-table", hash_table())]
