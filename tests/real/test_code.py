"""Machine code: objdump's view of the same bytes, and where tasks stand in it."""

import random
import re
import subprocess

import pytest
from forms import alone, skip_foreign
from mounted import Mount

# What capstone writes in another way than objdump: no displacement that is 0, a shift by 1 in full.
NUMBER = re.compile(r"0x([0-9a-f]+)")
# Of arm64 also decimal ones, and addresses without a prefix; the same instruction may have another
# name, by which its numbers differ.
NUMBER_ARM64 = re.compile(r"(-?)(?:#(-?\d+)\b(?!x)|#?(-?)0x([0-9a-f]+)|\b([0-9a-f]{16})\b)")
ALIASES = {"movz", "movn", "movk", "mov", "orr", "and", "ubfm", "sbfm", "bfm", "ubfx", "sbfx", "bfi", "bfxil",
           "ubfiz", "sbfiz", "lsl", "lsr", "asr", "extr", "ror", "hint", "sys", "at", "dc", "ic", "tlbi", "msr",
           "mrs", "dsb", "dmb", "isb", "fmov", "movi", "mvni", "tst", "ands"}


def numbers(text):
    return {int(n, 16) for n in NUMBER.findall(re.sub(r"<[^>]*>", "", text))} - {0, 1}


def numbers_of_arm64(text):
    if text.split()[0] in ALIASES:
        return None
    text = re.sub(r"<[^>]*>|//.*", "", text)
    found = set()
    for sign, decimal, minus, hexa, address in NUMBER_ARM64.findall(text):
        value = int(decimal) if decimal else int(hexa or address, 16)
        found.add((-value if sign or minus else value) & 0xffffffffffffffff)
    return found - {0, 1}


def image_offset(vmcoreinfo):
    """What to add to an address in the kernel's image to make it physical."""
    base = re.search(r"^NUMBER\(phys_base\)=(-?\d+)", vmcoreinfo, re.M)
    if base:
        return int(base[1]) - 0xffffffff80000000
    return -int(re.search(r"^NUMBER\(kimage_voffset\)=(\w+)", vmcoreinfo, re.M)[1], 16)


@pytest.fixture(scope="module")
def text_of(original):
    """Reads the kernel's text by virtual address, from physical memory."""
    offset = image_offset((original / "vmcoreinfo").read_text())
    with open(original / "memory/physical", "rb") as memory:
        def read(va, size):
            memory.seek(va + offset)
            return memory.read(size)
        yield read


def objdump(code, va, tmp_path, machine):
    """{address: text} of the instructions."""
    file = tmp_path / "code"
    file.write_bytes(code)
    out = subprocess.run([machine.tools + "objdump", "-D", "-b", "binary", "-w", "-m", *machine.objdump,
                          "--no-show-raw-insn", f"--adjust-vma={va:#x}", file],
                         stdout=subprocess.PIPE, check=True, text=True).stdout
    return {int(a, 16): text for a, text in re.findall(r"^ *([0-9a-f]+):\t(.*)", out, re.M)}


def instructions(text):
    return {int(a, 16): insn for a, insn in re.findall(r"(0x[0-9a-f]+) <[^\t]*>:\t(.*)", text)}


def test_is_objdumps(original, text_of, machine, tmp_path):
    """The same instructions at the same addresses, with the same numbers."""
    numbers_in = numbers if machine.pc == "RIP" else numbers_of_arm64
    names = sorted(path.name for path in (original / "symbols").iterdir())
    random.Random(4).shuffle(names)
    compared = 0
    for name in names:
        symbol = original / "symbols" / name
        if compared == 300:
            break
        try:
            ours = (symbol / "disassembly").read_text()
        except FileNotFoundError:
            continue
        if (symbol / "module").read_text() != "vmlinux\n" or ours.startswith("(freed"):
            continue
        assert "!!" not in ours
        va = int((symbol / "address").read_text(), 16)
        theirs = objdump(text_of(va, int((symbol / "size").read_text())), va, tmp_path, machine)
        ours = instructions(ours)
        assert list(ours) == list(theirs), name
        for at, insn in ours.items():
            if not insn.endswith("(bad)"):
                assert numbers_in(insn) == numbers_in(theirs[at]), (insn, theirs[at])
        compared += 1
    assert compared == 300


def test_names_what_is_called(original, machine):
    text = (original / "symbols/do_exit/disassembly").read_text()
    targets = set(re.findall(machine.call_instruction + r" +0x[0-9a-f]+ <([\w.]+)>", text))
    assert {"exit_files", "exit_fs", "exit_signals"} <= targets


def test_names_per_cpu_variables(original, crashed):
    skip_foreign(crashed, "what reads per-CPU variables of arm64 has no address in it")
    text = (original / "symbols/do_exit/disassembly").read_text()
    found = re.findall(r"%gs:(0x[0-9a-f]+),\S+ <(\w+)>", text) + \
        re.findall(r"%gs:0x[0-9a-f]+\(%rip\)\S*        # (0x[0-9a-f]+) <(\w+)>", text)
    assert len(found) > 1
    kallsyms = set(re.findall(r"^([0-9a-f]{16}) . (\w+)$",
                              (crashed / "truth/proc/kallsyms").read_text(), re.M))
    assert all((f"{int(address, 16):016x}", name) in kallsyms for address, name in found)


def test_data_has_none(original):
    for name in ("jiffies", "init_task", "linux_banner"):
        assert "disassembly" not in [path.name for path in (original / "symbols" / name).iterdir()]
        with pytest.raises(FileNotFoundError):
            (original / "symbols" / name / "disassembly").read_text()


def marked(text):
    return [int(a, 16) for a in re.findall(r"^=> (0x[0-9a-f]+)", text, re.M)]


def test_faulting_instruction(original, machine, tmp_path):
    """It is the one that the kernel printed behind Code: in angle brackets."""
    log = (original / "log").read_text(errors="replace")
    code = re.search(r"Code: (.*)", log)[1]
    if machine.pc == "PC":
        wanted = int(re.search(r"\((\w+)\)", code)[1], 16).to_bytes(4, "little")
    else:
        wanted = bytes.fromhex(re.search(r"<(.*)", code)[1].replace(">", ""))
    text = (original / "panic/code").read_text()
    assert "the exception was here" in text.splitlines()[0]
    at, = marked(text)
    first = next(iter(objdump(wanted, at, tmp_path, machine).values()))
    line = re.search(r"^=> (.*)", text, re.M)[1]
    numbers_in = numbers if machine.pc == "RIP" else numbers_of_arm64
    assert numbers_in(line.partition(":\t")[2]) == numbers_in(first)
    assert f"crash_inner+{machine.exception:#x}" in line


def test_sleeping_tasks(original):
    """The marks stand where the stack goes on: in the scheduler, and in what called it."""
    seen = 0
    for task in (original / "tasks").iterdir():
        state = re.search(r"^State:\s+(\w)", (task / "status").read_text(errors="replace"), re.M)[1]
        if state not in "SDI":
            continue
        text, stack = (task / "code").read_text(), (task / "stack").read_text(errors="replace")
        assert "!!" not in text, text
        frames = [int(a, 16) for a in re.findall(r"\] .* at ([0-9a-f]+)", stack)]
        marks = marked(text)
        assert marks[0] == frames[0] and len(marks) == 2 and marks[1] in frames, text
        seen += 1
    assert seen > 50


def test_source_lines(crashed, tmp_path):
    """They stand above what they became: above the marked instruction that of the stack."""
    needed = [file for file in alone(crashed) if file == crashed / "vmlinux"]
    mount = Mount(tmp_path / "mnt", crashed / "vmcore", *needed)
    try:
        stack, code = (mount / "panic/stack").read_text(), (mount / "panic/code").read_text()
        text = (mount / "symbols/do_exit/disassembly").read_text()
    finally:
        mount.close()
    place = re.search(r"exception \w+: .*  (\S+:\d+)$", stack, re.M)[1]
    assert re.search(rf"^{re.escape(place)}\n=> ", code, re.M), code
    lines = re.findall(r"^(\S+:\d+)(?:  \(inlined\) (\w+))?$", text, re.M)
    assert len(lines) > 50 and {"get_current"} < {name for _, name in lines}
    # gcc 12 gives what it leaves to ftrace, before the function proper, the line of what was before.
    if re.match(r"\S+:\d+\n\S+ <do_exit>:\s+mov\s+x9, x30\n.*\tnop\n\S+:\d+\n", text):
        del lines[0]
    assert lines[0][0].startswith("kernel/exit.c:") and not lines[0][1]
    assert instructions(text)
