"""Dumps by QEMU: no VMCOREINFO in them, and the kdump in the flattened form."""

import memory
import pytest
from mounted import Mount


@pytest.fixture(scope="module")
def both(of_qemu, tmp_path_factory):
    """The ELF dump and the kdump, mounted."""
    folder = tmp_path_factory.mktemp("qemu")
    mounts = [Mount(folder / name, of_qemu / name) for name in ("vmcore", "vmcore.kdump-zlib")]
    yield mounts
    for m in mounts:
        m.close()


def test_same_bytes(both):
    """The kdump has what the ELF file has, of RAM: no ROM, no frame buffer."""
    elf, kdump = [m / "memory/physical" for m in both]
    ranges = memory.data_ranges(kdump)
    assert memory.size(ranges) > 400 << 20
    assert memory.outside(ranges, memory.data_ranges(elf)) == []
    assert memory.same(elf, kdump, ranges) is None


def test_elf_as_read_without_us(both, of_qemu):
    elf = memory.Elf(of_qemu / "vmcore")
    assert elf.ranges() == memory.data_ranges(both[0] / "memory/physical")
    assert elf.same_as(both[0] / "memory/physical") is None


def test_vmcoreinfo_was_found(both):
    texts = [(m / "vmcoreinfo").read_text() for m in both]
    assert texts[0] == texts[1]
    assert texts[0].startswith("OSRELEASE=")


def test_vmcoreinfo_is_in_the_view(both):
    """Readers of /memory/vmcore find it in a note, where the dump had none."""
    for m in both:
        notes = memory.Elf(m / "memory/vmcore").notes
        assert b"VMCOREINFO\0" in notes and b"OSRELEASE=" in notes


def test_same_log(both):
    logs = [(m / "log").read_bytes() for m in both]
    assert logs[0] == logs[1]
    assert b"Linux version" in logs[0]


def test_flattened_is_told(both):
    assert "flattened" in (both[1] / "dump/format").read_text()
