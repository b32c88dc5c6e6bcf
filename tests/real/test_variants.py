"""One dump in every form that it can be given: the same bytes, and the truth about what is missing."""

import re
import subprocess

import lab
import memory
import pytest
from forms import FORMS, MAKEDUMPFILE, variant_of
from lab import makedumpfile
from mounted import Mount

# These forms have no ELF notes.
WITHOUT_NOTES = {"lime", "mixed-v3"}


def level_of(name):
    found = re.search(r"-d(\d+)", name)
    return int(found[1]) if found else 31


def remaining(crashed, level, tmp_path):
    """How many pages makedumpfile says that it keeps at this level."""
    with makedumpfile.told(crashed / "vmcore") as vmcore:
        argv = makedumpfile.for_kernel_of(vmcore).argv(
            ["--dry-run", "-c", "-d", str(level), "--message-level", "16", vmcore,
             tmp_path / "never-written"], vmcore, tmp_path)
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=300)
    return int(re.search(r"Remaining pages *: (0x[0-9a-f]+)", done.stdout + done.stderr)[1], 16)


def repeated(crashed):
    """Pages that two segments hold, the kernel's image and RAM: makedumpfile counts them twice."""
    elf = memory.Elf(crashed / "vmcore")
    return (sum(n for _, _, n, _ in elf.loads) - memory.size(elf.ranges())) // memory.PAGE


def test_original(original, crashed):
    """/proc/vmcore itself: read through the mount and without us."""
    elf = memory.Elf(crashed / "vmcore")
    physical = original / "memory/physical"
    assert memory.data_ranges(physical) == elf.ranges()
    assert elf.same_as(physical) is None
    assert memory.page_counts(original)["excluded"] == 0


def test_same_bytes(mounted, original, variant):
    physical, truth = mounted / "memory/physical", original / "memory/physical"
    ranges, all_ranges = memory.data_ranges(physical), memory.data_ranges(truth)
    assert ranges and memory.outside(ranges, all_ranges) == []
    assert memory.same(physical, truth, ranges) is None
    if level_of(variant[0]) == 0 or variant[0] == "zlib-d1":
        assert memory.size(ranges) in (memory.size(all_ranges),
                                       memory.size(memory.whole_pages(all_ranges)))


def test_same_bytes_in_vmcore(mounted, original):
    """The ELF view has every page that is there, and no other byte."""
    elf = memory.Elf(mounted / "memory/vmcore")
    ranges = memory.data_ranges(mounted / "memory/physical")
    assert elf.ranges() == ranges
    assert elf.same_as(original / "memory/physical") is None
    assert b"OSRELEASE=" in elf.notes
    assert all(filesz == memsz for _, _, filesz, memsz in elf.loads)


def test_same_texts(mounted, original):
    for name in "log", "log.json":
        assert (mounted / name).read_bytes() == (original / name).read_bytes(), name
    assert "!!" not in (mounted / "log").read_text()


def test_same_vmcoreinfo(mounted, original, variant):
    ours, whole = (m / "vmcoreinfo" for m in (mounted, original))
    lines = whole.read_text().splitlines()
    if variant[0] == "lime":
        # Found in memory, where the kernel has not yet added when it crashed.
        lines = [line for line in lines if not line.startswith("CRASHTIME=")]
    assert ours.read_text().splitlines() == lines


@pytest.mark.parametrize("variant", [name for name in FORMS if name not in WITHOUT_NOTES],
                         indirect=True)
def test_registers(mounted, original):
    for cpu in (original / "cpus").iterdir():
        assert (mounted / f"cpus/{cpu.name}/registers").read_text() == \
            (cpu / "registers").read_text()


def by_makedumpfile(kind):
    """Those of its forms that are of this kind: a test of them alone."""
    elf = [name for name in MAKEDUMPFILE if name.startswith(("elf", "flat-elf"))]
    names = elf if kind == "elf" else [name for name in MAKEDUMPFILE if name not in elf]
    return pytest.mark.parametrize("variant", names, indirect=True)


@by_makedumpfile("kdump")
def test_statuses_of_kdump(mounted, original, variant, crashed, tmp_path):
    """What is in the dump is what makedumpfile says that it keeps at this level."""
    counts, level = memory.page_counts(mounted), level_of(variant[0])
    ranges = memory.data_ranges(mounted / "memory/physical")
    whole = memory.whole_pages(memory.data_ranges(original / "memory/physical"))
    # Zeros are not left out: they share a descriptor. makedumpfile does not count them as kept.
    zeros = memory.zero_pages(mounted / "memory/physical", ranges) if level & 1 else 0
    assert counts["truncated"] == counts["zero"] == 0
    assert counts["present"] == memory.size(ranges) // memory.PAGE
    assert counts["present"] + counts["excluded"] - memory.size(whole) // memory.PAGE in (0, 1)
    assert (counts["excluded"] == 0) == (level <= 1)
    assert abs(counts["present"] - zeros + repeated(crashed) -
               remaining(crashed, level, tmp_path)) <= 1


@by_makedumpfile("elf")
def test_statuses_of_elf(mounted, original, variant, crashed, tmp_path):
    """A hole that makedumpfile leaves has at least 256 pages; shorter ones it fills."""
    counts, level = memory.page_counts(mounted), level_of(variant[0])
    truth, ranges = original / "memory/physical", memory.data_ranges(mounted / "memory/physical")
    whole = memory.data_ranges(truth)
    holes = memory.within(memory.gaps(ranges), whole)
    assert counts["truncated"] == counts["zero"] == 0
    assert counts["excluded"] == memory.size(holes) // memory.PAGE
    assert (counts["excluded"] == 0) == (level == 0)
    if level == 1:
        assert memory.zero_pages(truth, holes) == counts["excluded"]
    assert counts["present"] + repeated(crashed) >= remaining(crashed, level, tmp_path)


def test_no_problems(mounted):
    assert (mounted / "dump/problems").read_text() == ""


def test_what_an_old_makedumpfile_left_out(crashed, tmp_path):
    """This machine's makedumpfile, where it is too old for the kernel, leaves out some of the kernel's
    own memory. That is told, once for each list that lies there, and nothing else is wrong."""
    variant_of(crashed, "zlib-d31")
    m = Mount(tmp_path / "mnt", *lab.plain_variant(crashed, "zlib-d31"))
    try:
        problems = (m / "dump/problems").read_text().splitlines()
        assert "Linux version" in (m / "log").read_text()
    finally:
        m.close()
    assert bool(problems) != makedumpfile.of_this_machine().knows(crashed / "vmcore")
    assert [p for p in problems if not re.search(
        r"(was excluded from the dump|no memory at physical address 0x\w+)$", p)] == []
