"""Seeds of fuzz_slab: layouts of several times, whole, and with what is easily broken in them spoiled."""

import struct

HARDENED, TURNED, OLD, PADDED, SHEAFED, PER_NODE = (1 << i for i in range(6))
CACHE, CPU, SHEAF, PAGE = 0x1000, 0x2000, 0x2200, 0x8000 + 64 * 0x20
WAYS = {"plain": 0, "mixed": HARDENED | TURNED, "old": OLD | HARDENED, "sheaves": SHEAFED | PADDED,
        "sheaves-per-node": SHEAFED | PER_NODE | HARDENED}
SPOILT = {"counts": {PAGE + 40: 0xffffffff, CACHE + 24: 0x100000001}, "sheaf": {SHEAF + 16: 0x7fffffff},
          "freelist": {PAGE + 32: 0xffff888000020001}, "list": {0x200: 0xffffffff80001000},
          "cpu": {CPU: 0xffff888000020180}}


def seeds():
    for name, way in WAYS.items():
        yield f"slab/{name}", bytes([way])
    for name, words in SPOILT.items():
        yield f"slab/{name}", bytes([HARDENED]) + b"".join(
            struct.pack("<HQ", at // 2, word) for at, word in words.items())
