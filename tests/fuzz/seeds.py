#!/usr/bin/python3
"""Write the seed corpora: small valid inputs for each fuzz target.

    seeds.py MKDUMP CORPUS      MKDUMP: the built tests/image/mkdump; needs gcc and objcopy"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import seed_exports
import seed_kallsyms
import seed_slab
import seed_unwind
import seed_walk

MEMORY = """\
set release 6.1.0
set cpus 1
vmcoreinfo OSRELEASE=6.1.0
vmcoreinfo PAGESIZE=4096
vmcoreinfo SYMBOL(init_uts_ns)=ffffffff82013500
note CORE 1 0*112 1 2 3 0*221
page 0p zero
page 2p vmcoreinfo
page 3p pattern
page 4p user pattern
page 5p excluded
"""

DUMPS = {
    "kdump/zlib-v6": ["-c", "zlib", "-d", "31"],
    "kdump/mixed-v5": ["-c", "mixed", "-v", "5"],
    "kdump/raw-v1": ["-c", "raw", "-v", "1"],
    "kdump/incomplete": ["-c", "lzo", "-k", "2"],
    "elf/plain": ["-f", "elf"],
    "elf/xnum-filtered": ["-f", "elf", "--xnum", "-d", "31", "--text-map"],
    "lime/plain": ["-f", "lime"],
    "flat/plain": ["-F"],
    "flat/overwrite": ["--flat=overwrite", "-f", "elf"],
    "open/kdump": ["-c", "zstd"],
    "open/elf": ["-f", "elf", "-d", "31"],
    "open/flat": ["--flat=shuffle", "-c", "snappy"],
}

TYPES = """\
struct list { struct list *next, *prev; };
enum state { IDLE = -1, BUSY = 7 };
typedef unsigned long word;
struct task { volatile word state; enum state s : 3; unsigned flag : 1; char comm[16];
              struct list tasks; union { int a; const char *b; }; int (*fn)(struct task *, ...); };
struct task init_task;
int run(struct task *t, word w) { return t->a + (int)w; }
"""

BASE = 0xffffffff80000000
PRB_INFO = """\
OSRELEASE=6.1.0
PAGESIZE=4096
NUMBER(phys_base)=0
SYMBOL(prb)=ffffffff80000000
OFFSET(printk_ringbuffer.desc_ring)=0
OFFSET(printk_ringbuffer.text_data_ring)=48
OFFSET(prb_desc_ring.count_bits)=0
OFFSET(prb_desc_ring.descs)=8
OFFSET(prb_desc_ring.infos)=16
OFFSET(prb_desc_ring.head_id)=24
OFFSET(prb_desc_ring.tail_id)=32
SIZE(prb_desc)=24
OFFSET(prb_desc.state_var)=0
OFFSET(prb_desc.text_blk_lpos)=8
OFFSET(prb_data_blk_lpos.begin)=0
OFFSET(prb_data_blk_lpos.next)=8
SIZE(printk_info)=88
OFFSET(printk_info.seq)=0
OFFSET(printk_info.ts_nsec)=8
OFFSET(printk_info.text_len)=16
OFFSET(printk_info.caller_id)=20
OFFSET(printk_info.dev_info)=24
OFFSET(dev_printk_info.subsystem)=0
OFFSET(dev_printk_info.device)=16
OFFSET(prb_data_ring.size_bits)=0
OFFSET(prb_data_ring.data)=8
"""
RECORDS_INFO = """\
OSRELEASE=4.19.0
PAGESIZE=4096
NUMBER(phys_base)=0
SYMBOL(log_buf)=ffffffff80000000
SYMBOL(log_buf_len)=ffffffff80000008
SYMBOL(log_first_idx)=ffffffff80000010
SYMBOL(clear_idx)=ffffffff80000014
SYMBOL(log_next_idx)=ffffffff80000018
SIZE(printk_log)=16
OFFSET(printk_log.ts_nsec)=0
OFFSET(printk_log.len)=8
OFFSET(printk_log.text_len)=10
OFFSET(printk_log.dict_len)=12
"""


def prb():
    """Eight descriptors; three records, the second of two lines."""
    descs, infos, data = bytearray(8 * 24), bytearray(8 * 88), bytearray(256)
    at = 0
    for ident, text in enumerate((b"first", b"two\nlines", b"third"), 8):
        block = (8 + len(text) + 7) & ~7
        struct.pack_into("<QQQ", descs, ident % 8 * 24, 2 << 62 | ident, at, at + block)
        struct.pack_into("<QQHBBI16s48s", infos, ident % 8 * 88, ident, 1000 * ident, len(text), 0,
                         6 << 5 | 2, 1, b"pci", b"+pci:0000")
        struct.pack_into(f"<Q{len(text)}s", data, at, ident, text)
        at += block
    head = struct.pack("<Q", BASE + 64).ljust(64, b"\0")
    ring = struct.pack("<QQQQQQQQ", 3, BASE + 256, BASE + 512, 10, 8, 0, 8, BASE + 1536)
    memory = (head + ring).ljust(256, b"\0") + descs.ljust(256, b"\0") + infos.ljust(1024, b"\0")
    return PRB_INFO.encode() + b"\0" + memory + data


def records():
    """Two records with dictionaries, then the mark that sends the reader back to the start."""
    log = b""
    for text, extra in ((b"first", b"SUBSYSTEM=pci\0DEVICE=+pci:0000"), (b"second\nline", b"")):
        size = (16 + len(text) + len(extra) + 3) & ~3
        head = struct.pack("<QHHHBB", 5000, size, len(text), len(extra), 0, 6 << 5 | 2)
        log += (head + text + extra).ljust(size, b"\0")
    head = struct.pack("<QQIII", BASE + 64, 256, 0, 0, len(log)).ljust(64, b"\0")
    return RECORDS_INFO.encode() + b"\0" + head + log.ljust(256, b"\0")


def note(name, kind, desc):
    def pad(b):
        return b.ljust((len(b) + 3) & ~3, b"\0")
    return struct.pack("<III", len(name) + 1, len(desc), kind) + pad(name + b"\0") + pad(desc)


def btf(folder, text=TYPES):
    """The types of a small program, as the compiler writes them."""
    source = folder / "types.c"
    source.write_text(text)
    subprocess.run(["gcc", "-gbtf", "-c", source, "-o", folder / "types.o"], check=True)
    subprocess.run(["objcopy", "-O", "binary", "--only-section=.BTF", "--set-section-flags",
                    ".BTF=alloc", folder / "types.o", folder / "types"], check=True)
    return (folder / "types").read_bytes()


def code(folder, version):
    """A small file with DWARF of this version, as the kernel is compiled."""
    source = pathlib.Path(__file__).parents[1] / "unit/sample_code.c"
    subprocess.run(["gcc", f"-gdwarf-{version}", "-O2", "-fno-asynchronous-unwind-tables", "-shared",
                    "-nostdlib", "-fPIC", f"-ffile-prefix-map={source.parent}=/src",
                    f"-ffile-prefix-map={folder}=/build", source, "-o", folder / "code.so"],
                   check=True, cwd=folder)
    return (folder / "code.so").read_bytes()


def index(mkdump, folder):
    """What DWARF says of the same program."""
    (folder / "types.c").write_text(TYPES)
    subprocess.run(["gcc", "-g", "-c", "types.c"], check=True, cwd=folder)
    return subprocess.run([mkdump.with_name("types_of"), "index", folder / "types.o"], check=True,
                          capture_output=True).stdout


# A path, and the memory that it leads through.
OBJECT_TYPES = """\
struct list_head { struct list_head *next, *prev; };
struct node { long id; struct list_head list; struct node **pp; int a[2][3]; char name[8]; };
struct node first;
"""
OBJECTS = [
    ("list", f"list_head@{BASE:x}/:node.list", [BASE + 8 * 8, BASE + 8 * 8, 0, 0, 0, 0, 0, 0, BASE, BASE]),
    ("ring", f"list_head@{BASE:x}/:node.list/next/prev", [BASE + 64] * 8 + [BASE + 64] * 8),
    ("members", f"node@{BASE + 8:x}/list/next", list(range(32))),
    ("stars", f"node **@{BASE:x}", [BASE] * 16),
]


def dump(mkdump, folder, arguments):
    subprocess.run([mkdump, *arguments, "-m", folder / "memory", folder / "dump"], check=True)
    return (folder / "dump").read_bytes()


def first_page(kdump):
    """The data of the first page that is not zeros, still compressed."""
    sub_blocks, bitmap_blocks = struct.unpack_from("<II", kdump, 432)
    descs = (1 + sub_blocks + bitmap_blocks) * 4096
    offset, size = struct.unpack_from("<QI", kdump, descs + 24)
    return kdump[offset:offset + size]


def seeds(mkdump, folder):
    (folder / "memory").write_text(MEMORY)
    for name, arguments in DUMPS.items():
        yield name, dump(mkdump, folder, arguments)
    page = b"".join(struct.pack("<Q", 8 * i) for i in range(512))
    yield "codec/raw", b"\0\0" + page
    yield "codec/zlib", b"\1\0" + zlib.compress(page)
    yield "codec/zlib-64k", b"\1\4" + zlib.compress(page * 16)
    for flags, codec in (2, "lzo"), (4, "snappy"), (0x20, "zstd"):
        yield f"codec/{codec}", bytes((flags, 0)) + first_page(dump(mkdump, folder, ["-c", codec]))
    yield "kdump_header/v6", dump(mkdump, folder, [])[:8192]
    yield "kdump_header/32-bit", dump(mkdump, folder, ["--header32"])[:8192]
    yield "notes/three", (note(b"CORE", 1, bytes(336)) + note(b"VMCOREINFO", 0, b"OSRELEASE=1\n") +
                          note(b"LINUX", 0x700, b"driver"))
    yield "notes/zeros-between", note(b"CORE", 1, b"abc") + bytes(60) + note(b"QEMU", 0, bytes(440))
    yield "vmcoreinfo/prb", PRB_INFO.encode()
    yield "vmcoreinfo/page", ("OSRELEASE=1\nPAGESIZE=4096\nSYMBOL(x)=1\n").encode().ljust(4096, b"\0")
    yield "log/prb", prb()
    yield "log/records", records()
    for layout in seed_unwind.CALLS:
        yield f"orc/{layout}", seed_unwind.memory(layout)
        yield f"unwind/{layout}", seed_unwind.memory(layout)
    yield "kallsyms/percpu", seed_kallsyms.percpu(20, True)
    yield "kallsyms/place", seed_kallsyms.place(20, True)
    yield "kallsyms/percpu-search", seed_kallsyms.percpu(1100, False)
    yield "kallsyms/place-search", seed_kallsyms.place(1100, False)
    yield from seed_exports.seeds()
    yield from seed_slab.seeds()
    yield from seed_walk.seeds()
    yield "btf/small", btf(folder)
    for version in 4, 5:
        yield f"lines/dwarf-{version}", code(folder, version)
    yield "index/small", index(mkdump, folder)
    for name, path, memory in OBJECTS:
        types = btf(folder, OBJECT_TYPES)
        yield f"object/{name}", (struct.pack("<H", len(types)) + types + path.encode() + b"\0" +
                                 b"".join(struct.pack("<Q", word) for word in memory))


def main(mkdump, corpus):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in seeds(pathlib.Path(mkdump).resolve(), pathlib.Path(folder)):
            path = pathlib.Path(corpus, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


main(*sys.argv[1:])
