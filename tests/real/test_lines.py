"""Source lines and inlined functions of stacks, beside what addr2line and drgn say of the same addresses,
and stacks by call frame information alone."""

import collections
import json
import os
import re
from pathlib import Path

import pytest
from forms import skip_foreign
from lab import peers
from machine import machine_of
from mounted import VMCOREFS, Mount, run

UNWINDS = Path(os.environ.get("UNWINDS", VMCOREFS.parents[1] / "tests/tools/unwinds"))

# Where the kernel and the lab's module were built. A module's own folder is what its units were compiled
# in since 13b25489b6f8 (v6.13).
BUILDS = re.compile(r"^(/build/reproducible-path/linux-[^/]+/|/usr/src/)?"
                    r"(debian/build/build_[^/]+/|crashme/)?")

TRAMPOLINES = "arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline"

INLINED = re.compile(r" ?#\d+ {11}\(inlined\) (\S+) at ([0-9a-f]+)(?: \[(\w+)\])?(?:  (\S+))?$")
CALL = re.compile(r" ?#\d+ \[[0-9a-f]+\] (\S+) at ([0-9a-f]+)(?: \[(\w+)\])?(?:  (\S+:[\d?]+))?"
                  r"(?:  \(by .*\))?$")
EXCEPTION = re.compile(r"    \[exception (?:RIP|PC): (\S+)\](?:  \[(\w+)\])?(?:  (\S+))?$")
RIP = re.compile(r"    (?:RIP| PC): ([0-9a-f]{16})")

# A function as it is in the code, what is in it, innermost first. `at`: the instruction.
Frame = collections.namedtuple("Frame", "at symbol module inlined lines")


def source(path_and_line):
    """As a stack has it; None for none."""
    path, _, line = re.sub(r" \(discriminator \d+\)$", "", path_and_line).rpartition(":")
    return None if path in ("", "?", "??") else f"{BUILDS.sub('', os.path.normpath(path))}:{line}"


def without_folder(where):
    return where and where.removeprefix("crashme/")


def frames(text):
    """Those of one stack; every line of it must be one of a known form."""
    found, inlined, lines = [], [], text.splitlines()[1:]
    for i, line in enumerate(lines):
        if m := INLINED.match(line):
            inlined.append((m[1], without_folder(m[4]), m[2]))
        elif (m := CALL.match(line)) or (m := EXCEPTION.match(line)):
            call = m.re is CALL
            pc = int(m[2], 16) if call else int(RIP.match(lines[i + 1])[1], 16)
            assert all(int(at, 16) == pc for _, _, at in inlined), text
            found.append(Frame(pc - call, m[1], m[3 if call else 2], [n for n, _, _ in inlined],
                               [where for _, where, _ in inlined] +
                               [without_folder(m[4 if call else 3])]))
            inlined = []
        else:
            assert re.match(r"    \(|    ? ?[A-Z_0-9]+ *: |     R\d|--- <", line), line
    assert not inlined, text
    return found


@pytest.fixture(scope="module")
def mount(crashed, tmp_path_factory):
    m = Mount(tmp_path_factory.mktemp("lines") / "mnt", "-m", crashed / "crashme.ko",
              crashed / "vmcore", crashed / "vmlinux")
    yield m
    m.close()


def read(path):
    return path.read_text(errors="surrogateescape")


@pytest.fixture(scope="module")
def stacks(mount):
    """{tid: frames} of all tasks."""
    return {int(thread.name): frames(read(thread / "stack"))
            for task in (mount / "tasks").iterdir() for thread in (task / "task").iterdir()}


def addr2line(file, addresses, *options):
    """{address: [(function, source)], innermost first}"""
    tools = machine_of(file.parent).tools
    out = run(tools + "addr2line", "-a", "-i", "-f", "-e", file, *options, *map(hex, addresses)).decode()
    found = {}
    for block in re.split(r"^(?=0x[0-9a-f]{16}$)", out, flags=re.M)[1:]:
        lines = block.splitlines()
        found[int(lines[0], 16)] = list(zip(lines[1::2], map(source, lines[2::2])))
    return found


def said_by_addr2line(crashed, mount, at, module):
    """The same for addresses in the dump, of the kernel or of crashme."""
    if module:
        base = int(read(mount / f"modules/{module}/sections/.text"), 16)
        found = addr2line(crashed / f"{module}.ko", [a - base for a in at], "-j", ".text")
        return {a: found[a - base] for a in at}
    moved = int(re.search(r"KERNELOFFSET=(\w+)", read(mount / "vmcoreinfo"))[1], 16)
    found = addr2line(crashed / "vmlinux", [a - moved for a in at])
    return {a: found[a - moved] for a in at}


def test_addr2line(crashed, mount, stacks):
    """Every frame of every task, the one that panicked among them."""
    by_module, seen = collections.defaultdict(dict), 0
    for frame in (f for stack in stacks.values() for f in stack):
        by_module[frame.module][frame.at] = frame
    assert "crashme" in by_module
    different = {}
    for module in None, "crashme":
        said = said_by_addr2line(crashed, mount, sorted(by_module[module]), module)
        for at, frame in by_module[module].items():
            names = [name for name, _ in said[at]]
            if (frame.lines, frame.inlined) != ([line for _, line in said[at]], names[:-1]):
                different[hex(at)] = (frame, said[at])
            seen += 1
    assert different == {}
    assert seen > 100 and sum(bool(f.inlined) for f in by_module[None].values()) > 20


def test_modules_without_debug_files(mount, stacks):
    """They have no lines, and are named all the same."""
    assert all(f.lines == [None] for stack in stacks.values() for f in stack
               if f.module not in (None, "crashme"))
    assert all(f.lines[-1] for stack in stacks.values() for f in stack
               if f.module in (None, "crashme") and "+" in f.symbol)


# Prints {tid: [[pc, inlined function or null, "file:line" or null], ...]} and what failed.
BY_DRGN = """
import json, sys
import drgn
from drgn.helpers.linux import for_each_task

def source(frame):
    try:
        return "%s:%d" % frame.source()[:2]
    except LookupError:
        return None

prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
prog.load_debug_info(sys.argv[2:])
found = {}
for task in for_each_task(prog):
    try:
        found[task.pid.value_()] = [[f.pc, f.name if f.is_inline else None, source(f)]
                                    for f in prog.stack_trace(task)]
    except ValueError as e:
        found[task.pid.value_()] = str(e)
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def drgns(crashed, tmp_path_factory):
    """{tid: [(pc, inlined function or None, source)]}, user space aside; an error in place of some."""
    folder = tmp_path_factory.mktemp("drgn")
    (folder / "stacks.py").write_text(BY_DRGN)
    files = [crashed / "vmcore", (crashed / "vmlinux").resolve(), crashed / "crashme.ko"]
    done = peers.run(["python3", folder / "stacks.py", *files], folder, *peers.dump_folders(crashed))
    assert done.returncode == 0, done.stderr
    return {int(tid): stack if isinstance(stack, str) else
            [(pc, name, where and source(where)) for pc, name, where in stack if pc >> 63]
            for tid, stack in json.loads(done.stdout).items()}


def as_drgn(stack):
    """Our frames the same way; the pc of a call is the return address, `at` is within the call."""
    return [(frame.at + (0 if interrupted(frame) else 1), name, line) for frame in stack
            for name, line in zip([*frame.inlined, None], frame.lines)]


def interrupted(frame):
    """An exception's offset is in decimal and without a size."""
    return "/" not in frame.symbol


# A task for which drgn says something else, and what it then says, as a function of our frames and its.
DIFFERENT = {
    "its stack is somebody else's by now": lambda text, ours, theirs, trampoline:
        "has exited and given its stack back" in text,
    "a tracer's code in place of a return address, whose real one drgn does not look for":
        lambda text, ours, theirs, trampoline:
        trampoline in (pcs := [pc for pc, _, _ in theirs]) and
        theirs[:pcs.index(trampoline)] == ours[:pcs.index(trampoline)],
    "an NMI, or on arm64 an interrupt, stopped its CPU in user space":
        lambda text, ours, theirs, trampoline:
        not theirs and ("asm_exc_nmi" in text and "CS: 0033" in text or "el0t_64_irq+" in text),
}


def test_drgn(mount, stacks, drgns):
    """Every task's frames, inlined ones and lines. drgn begins a task that ran at the registers that
    were saved, which are further up than where it was stopped."""
    trampoline = next(int(read(mount / f"symbols/{name}/address"), 16) for name in TRAMPOLINES
                      if (mount / f"symbols/{name}").exists())
    different, reasons = [], set()
    compared = [tid for tid in drgns if tid in stacks and not isinstance(drgns[tid], str)]
    for tid in compared:
        ours, theirs = as_drgn(stacks[tid]), drgns[tid]
        if (ours[-len(theirs):] if theirs else ours) == theirs:
            continue
        text = read(mount / f"tasks/{tid}/stack")
        why = [r for r, holds in DIFFERENT.items() if holds(text, ours, theirs, trampoline)]
        reasons.update(why)
        if not why:
            print(tid, *ours, "drgn's", *theirs, sep="\n  ")
            different.append(tid)
    assert not different
    # Where the NMI meets a CPU is chance.
    assert len(compared) > 100 and reasons


def test_call_frame_information(crashed):
    skip_foreign(crashed, "arm64 goes by frame records, call frame information serves where there are none")
    """With ORC put aside, every sleeping task has the same frames by call frame information, and the
    same end: of the entry code, which is assembly and has none, the place on the stack is known."""
    modules = ((crashed / "vmlinux").resolve().parent / "debug").rglob("*.ko")
    out = run(UNWINDS, crashed / "vmcore", crashed / "vmlinux", crashed / "crashme.ko", *modules).decode()
    found = collections.defaultdict(dict)
    for pid, how, end, *stack in map(str.split, out.splitlines()):
        found[pid][how] = end, [frame[1:] for frame in stack]
        letters = {frame[0] for frame in stack}
        assert letters <= (set("SR") if how == "orc" else set("SCE")), (pid, how, stack)
    assert {pid: both for pid, both in found.items() if both["orc"] != both["cfi"]} == {}
    assert sum(len(both["cfi"][1]) > 2 for both in found.values()) > 100
