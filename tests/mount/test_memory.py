"""/memory: the bytes of every format, holes, broken pages, and the ELF view."""

import errno
import os
import shutil
import struct
import subprocess

import pytest

from mounted import mkdump

PAGE = 4096
# What the memory of conftest.py has: (start, end) of what reads as memory, in a dump of level 0.
DATA = [(0x1000, 0x9f000), (1 << 20, 4 << 20), (5 << 20, (6 << 20) + PAGE),
        *[(a, a + PAGE) for a in range((6 << 20) + 2 * PAGE, 10 << 20, 2 * PAGE)],
        (16 << 20, 17 << 20)]

# At level 1 what was left out can only have been zero.
DATA_OF = dict.fromkeys(["elf", "kdump", "raw", "flat", "split"], DATA)
DATA_OF["zero"] = [DATA[0], (DATA[1][0], DATA[2][1]), *DATA[3:]]


def data_ranges(fd):
    """As lseek() tells them."""
    ranges, at = [], 0
    while True:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as e:
            assert e.errno == errno.ENXIO
            return ranges
        at = os.lseek(fd, start, os.SEEK_HOLE)
        ranges.append((start, at))


def joined(ranges):
    out = []
    for start, end in ranges:
        if out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


@pytest.fixture(scope="module")
def truth(dumps, tmp_path_factory):
    """Physical memory of the uncompressed ELF dump."""
    from mounted import Mount
    m = Mount(tmp_path_factory.mktemp("truth") / "mnt", *dumps["elf"])
    yield (m / "memory/physical").read_bytes()
    m.close()


@pytest.fixture(params=["elf", "kdump", "raw", "flat", "split", "zero", "level"])
def memory(request, dumps, mount):
    return mount(*dumps[request.param]), request.param


def test_same_bytes_of_every_format(memory, truth):
    m, name = memory
    whole = (m / "memory/physical").read_bytes()
    assert len(whole) == 17 << 20
    if name != "level":
        assert whole == truth
    else:
        assert whole[1 << 20:3 << 20] == truth[1 << 20:3 << 20]
    assert whole[0x1000:0x1005] == b"hello"


def test_holes(memory):
    m, name = memory
    fd = os.open(m / "memory/physical", os.O_RDONLY)
    ranges = data_ranges(fd)
    st = os.fstat(fd)
    os.close(fd)
    if name != "level":
        assert ranges == DATA_OF[name]
    else:
        assert (1 << 20, 3 << 20) in ranges, "why a page was left out is not known"
    assert st.st_blocks * 512 == sum(end - start for start, end in ranges) < st.st_size


def test_missing_reads_as_zeros(memory):
    m, _ = memory
    with open(m / "memory/physical", "rb") as f:
        f.seek(4 << 20)
        assert f.read(1 << 20) == bytes(1 << 20)
        f.seek(10 << 20)
        assert f.read(6 << 20) == bytes(6 << 20)


class Elf:
    """An ELF64 core, read independently."""

    def __init__(self, path):
        self.file = open(path, "rb", buffering=0)
        head = self.file.read(64)
        assert head[:7] == b"\x7fELF\x02\x01\x01"
        (self.type, self.machine, _, _, phoff, shoff, _, _, phentsize, phnum, _, shnum,
         _) = struct.unpack("<HHIQQQIHHHHHH", head[16:])
        assert phentsize == 56
        if phnum == 0xffff:
            assert shnum == 1
            phnum, = struct.unpack("<I", self.at(shoff + 44, 4))
        table = self.at(phoff, phnum * 56)
        self.headers = [struct.unpack_from("<IIQQQQQQ", table, i * 56) for i in range(phnum)]

    def at(self, offset, size):
        pieces = []
        self.file.seek(offset)
        while size and (piece := self.file.read(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def loads(self):
        """(offset, vaddr, paddr, size) of each PT_LOAD."""
        out = []
        for kind, _, offset, vaddr, paddr, filesz, memsz, _ in self.headers[1:]:
            assert kind == 1 and filesz == memsz
            out.append((offset, vaddr, paddr, filesz))
        return out

    def notes(self):
        kind, _, offset, _, _, size, _, _ = self.headers[0]
        assert kind == 4
        blob, at, notes = self.at(offset, size), 0, []
        while at < size:
            namesz, descsz, note_type = struct.unpack_from("<III", blob, at)
            name = blob[at + 12:at + 12 + namesz].rstrip(b"\0").decode()
            at += 12 + (namesz + 3) // 4 * 4
            notes.append((name, note_type, blob[at:at + descsz]))
            at += (descsz + 3) // 4 * 4
        assert at == size
        return notes


def test_vmcore_has_what_is_present(memory, truth):
    m, name = memory
    elf = Elf(m / "memory/vmcore")
    assert (elf.type, elf.machine) == (4, 62)
    loads = elf.loads()
    assert os.stat(m / "memory/vmcore").st_size == max(o + s for o, _, _, s in loads)
    ranges = sorted((p, p + s) for _, _, p, s in loads)
    if name != "level":
        assert joined(ranges) == DATA_OF[name]
        for offset, _, paddr, size in loads:
            assert elf.at(offset, size) == truth[paddr:paddr + size], hex(paddr)
    for offset, _, paddr, _ in loads:
        assert offset % PAGE == paddr % PAGE


def test_vmcore_notes(memory):
    m, _ = memory
    notes = Elf(m / "memory/vmcore").notes()
    assert [(n, t) for n, t, _ in notes].count(("CORE", 1)) == 2
    info = [text for n, _, text in notes if n == "VMCOREINFO"]
    assert len(info) == 1
    assert info[0].rstrip(b"\0") == (m / "vmcoreinfo").read_bytes()


def test_vmcoreinfo_found_in_memory_becomes_a_note(mount, tmp_path):
    memory = """
        set release 6.1.0-test
        vmcoreinfo OSRELEASE=6.1.0-test
        vmcoreinfo PAGESIZE=4096
        vmcoreinfo SYMBOL(init_uts_ns)=ffffffff81000000
        pages 0..2M pattern
        page 2M vmcoreinfo
        """
    m = mount(mkdump(memory, tmp_path / "d", "-f", "elf", "--no-vmcoreinfo"))
    assert b"OSRELEASE=6.1.0-test\n" in (m / "vmcoreinfo").read_bytes()
    assert [n for n, _, _ in Elf(m / "memory/vmcore").notes()] == ["VMCOREINFO"]


@pytest.mark.parametrize("count", [65533, 65534, 65535, 70000])
def test_many_program_headers(mount, tmp_path, count):
    """Beyond 65534 their number stands elsewhere."""
    memory = f"vmcoreinfo OSRELEASE=6.1.0\ncomb 0..{2 * count}p 2p 1p random\n"
    m = mount(mkdump(memory, tmp_path / "d", "-c", "raw"))
    elf = Elf(m / "memory/vmcore")
    loads = elf.loads()
    assert [p for _, _, p, _ in loads] == [i * 2 * PAGE for i in range(count)]
    with open(m / "memory/physical", "rb") as physical:
        for offset, _, paddr, size in loads[::997] + loads[-1:]:
            physical.seek(paddr)
            assert elf.at(offset, size) == physical.read(size)


def test_second_mapping_shares_bytes(mount, tmp_path):
    """The kernel's text is mapped twice in /proc/vmcore, and stays so."""
    memory = "vmcoreinfo OSRELEASE=6.1.0\nset phys_base 0x1000000\npages 0..64M pattern\n"
    m = mount(mkdump(memory, tmp_path / "d", "-f", "elf", "--text-map"))
    source, view = Elf(tmp_path / "d").loads(), Elf(m / "memory/vmcore").loads()
    assert len({v for _, v, _, _ in source}) > 1
    for _, vaddr, paddr, size in source:
        covered = sum(s for _, v, p, s in view
                      if v - p == vaddr - paddr and paddr <= p < paddr + size)
        assert covered == size
    assert len({o for o, _, _, _ in view}) < len(view), "bytes are stored once"


def test_broken_page_is_an_error(mount, tmp_path):
    memory = "vmcoreinfo OSRELEASE=6.1.0\npages 0..1M pattern\npages 1M..1028K pattern\n"
    dump = mkdump(memory, tmp_path / "d")
    with open(dump, "r+b") as f:
        f.seek(-16, os.SEEK_END)
        f.write(b"\xff" * 16)
    m = mount(dump)
    fd = os.open(m / "memory/physical", os.O_RDONLY)
    with pytest.raises(OSError) as e:
        os.pread(fd, 4096, 1 << 20)
    assert e.value.errno == errno.EIO
    assert len(os.pread(fd, 1 << 20, 0)) == 1 << 20, "the rest is whole"
    os.close(fd)


def test_gdb_reads_it(mount, tmp_path):
    if not shutil.which("gdb"):
        pytest.skip("no gdb")
    memory = 'vmcoreinfo OSRELEASE=6.1.0\nnote CORE 1 0*336\npages 0..1M pattern\n' \
             'page 1M bytes "12345678"\n'
    m = mount(mkdump(memory, tmp_path / "d", "-f", "elf"))
    vaddr = next(v + ((1 << 20) - p) for _, v, p, s in Elf(m / "memory/vmcore").loads()
                 if p <= 1 << 20 < p + s)
    done = subprocess.run(["gdb", "-nx", "-batch", f"--core={m / 'memory/vmcore'}",
                           "-ex", f"x/1xg {vaddr:#x}"], capture_output=True, text=True,
                          timeout=100, check=False)
    assert "0x3837363534333231" in done.stdout


def test_drgn_reads_it(tree):
    script = "import drgn, sys; p = drgn.Program(); p.set_core_dump(sys.argv[1]); " \
             "print(p.read(0x1000, 5, physical=True))"
    if subprocess.run(["/usr/bin/python3", "-c", "import drgn"], check=False,
                      capture_output=True).returncode:
        pytest.skip("no drgn")
    done = subprocess.run(["/usr/bin/python3", "-c", script, str(tree / "memory/vmcore")],
                          capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout == "b'hello'\n", done.stderr
