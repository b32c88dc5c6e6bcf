"""A kernel's memory with ORC tables, code and a stack, for the seed corpora."""

import struct

BASE = 0xffffffff80000000
IP, RULES, TEXT, STACK = BASE + 0x100, BASE + 0x800, BASE + 0x1000, BASE + 0x2000
STRIDE = 0x100
SIZE = 0x4000

# (sp_offset, bp_offset, flags) of calls, registers, an end, nothing known: in 4.14, 6.4 and 7.1.
CALLS = {
    "old": [(16, 0, 0x0005), (16, -16, 0x0014), (0, 0, 0x0105), (0, 0, 0x0400), (0, 0, 0x0000)],
    "new": [(16, 0, 0x0205), (16, -16, 0x0214), (0, 0, 0x0b05), (0, 0, 0x0100), (0, 0, 0x0000)],
    "newest": [(16, 0, 0x0203), (16, -16, 0x0284), (0, 0, 0x0b03), (0, 0, 0x0100), (0, 0, 0)],
}


def vmcoreinfo(count):
    places = {"_stext": TEXT, "_etext": TEXT + 0x1000, "__start_orc_unwind_ip": IP,
              "__stop_orc_unwind_ip": IP + 4 * count, "__start_orc_unwind": RULES}
    lines = ["OSRELEASE=6.1.0", "PAGESIZE=4096", "NUMBER(phys_base)=0"]
    lines += [f"SYMBOL({name})={value:x}" for name, value in places.items()]
    return "\n".join(lines).encode() + b"\n\0"


def behind_call(i):
    return TEXT + STRIDE * i + 0x40


def memory(layout):
    """Rule 0 ten times over, so that it counts; then the others. On the stack calls, a hole, an
    interrupt, a frame by its pointer, and user space."""
    rules = CALLS[layout][:1] * 10 + CALLS[layout]
    data = bytearray(SIZE)
    for i, rule in enumerate(rules):
        struct.pack_into("<i", data, IP - BASE + 4 * i, TEXT + STRIDE * i - (IP + 4 * i))
        struct.pack_into("<hhH", data, RULES - BASE + 6 * i, *rule)
        struct.pack_into("<Bi", data, behind_call(i) - BASE - 5, 0xe8,
                         TEXT + STRIDE * (i - 1) - behind_call(i))
    stack = {0x108: behind_call(1), 0x118: behind_call(14), 0x130: behind_call(12),
             0x138 + 32: STACK + 0x400, 0x138 + 128: TEXT + 3, 0x138 + 136: 0x10, 0x138 + 144: 0x246,
             0x138 + 152: STACK + 0x300,
             0x308: behind_call(11), 0x400: 0, 0x408: behind_call(13)}
    for at, word in stack.items():
        struct.pack_into("<Q", data, STACK - BASE + at, word)
    struct.pack_into("<QQQ", data, 0, behind_call(0), STACK + 0x100, STACK + 0x400)
    return vmcoreinfo(len(rules)) + bytes(data)
