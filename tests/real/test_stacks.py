"""Stacks: those of sleeping tasks are what the guest's /proc said just before the crash, that of the
task that died is what the kernel printed."""

import os
import re
from pathlib import Path

import lab
import pytest
from mounted import Mount

SUITES = os.environ.get("VMCOREFS_KERNELS", "bookworm").split()

# Ways to die that take another path each; VMCOREFS_CRASHES asks for more of them.
WAYS = os.environ.get("VMCOREFS_CRASHES", "null bug hardirq tasklet overflow jump sysrq").split()

FRAME = re.compile(r"[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+")


def frames(text):
    """("name+0x1/0x2", module or None), but not what is marked as a guess."""
    lines = [line for line in text.splitlines() if "? " not in line]
    found = [re.search(rf"({FRAME.pattern})(?: at [0-9a-f]+)?(?: \[(\w+)\])?", line)
             for line in lines]
    return [m.groups() for m in found if m]


def read(path):
    return path.read_text(errors="replace")


def switches(text):
    return re.findall(r"^\w*voluntary_ctxt_switches:\s+(\d+)", text, re.M)


def state(text):
    return re.search(r"^State:\s+(\w)", text, re.M)[1]


def threads(folder, mount):
    """(truth, mounted) folders of each thread that has not run in between."""
    for truth in sorted(Path(folder).glob("truth/proc/[0-9]*/task/[0-9]*")):
        here = mount / "tasks" / truth.relative_to(folder / "truth/proc")
        try:
            then, now = read(truth / "status"), read(here / "status")
        except FileNotFoundError:
            continue
        if switches(then) == switches(now) and state(now) != "R":
            yield truth, here


# The kernel's own stack of a task in a probed function goes on into the probe's code, for kernels
# before 19138af1bd88 (v5.16).
def is_probed(text):
    return "elfcorehdr_read+0x40/0x40" in text or "kretprobe_trampoline" in text


def test_sleeping_tasks(original, crashed):
    """stack.kernel is /proc/<pid>/stack, line by line."""
    different, compared = {}, 0
    for truth, here in threads(crashed, original):
        wanted = read(truth / "stack")
        if is_probed(wanted):
            continue
        got = read(here / "stack.kernel")
        compared += 1
        if got != wanted:
            different[here.name] = (got, wanted)
    assert different == {}
    assert compared > 100


def test_stack_has_the_same(original, crashed):
    """stack has all frames of stack.kernel, in order, none of them a guess; the others are of the
    scheduler and of locks."""
    for _, here in threads(crashed, original):
        stack, kernel = read(here / "stack"), read(here / "stack.kernel")
        assert "?" not in stack and "!!" not in stack, stack
        all_frames = iter(frames(stack))
        assert all(frame in all_frames for frame in frames(kernel)), stack


def test_every_stack_ends(original):
    """Also those of tasks that run: no error, no guess."""
    for task in (original / "tasks").iterdir():
        for thread in (task / "task").iterdir():
            text = read(thread / "stack")
            assert text.startswith(f"PID: {thread.name} "), text
            assert "!!" not in text and "?" not in text, text


def oops(log):
    """The lines of the first trace in the log, without time stamps. (The console may lack it: the
    capture kernel does not wait for it.)"""
    stamp = re.compile(r"^\[ *\d+\.\d+\] ?(\[ *T\d+\] ?)?")
    lines = [stamp.sub("", line) for line in read(log).splitlines()]
    start = next(i for i, line in enumerate(lines)
                 if re.match(r"RIP: 0010:|Call Trace:", line))
    end = next((i for i, line in enumerate(lines[start:], start)
                if re.match(r"Modules linked in|---\[ end|Kernel Offset", line)), len(lines))
    return lines[start:end]


def printed_frames(lines):
    """As frames(), those that were interrupted too; user space is no frame."""
    found = []
    for line in lines:
        m = re.match(rf" ({FRAME.pattern})(?: \[(\w+)\])?", line) or \
            re.match(rf"RIP: 0010:({FRAME.pattern})(?: \[(\w+)\])?", line)
        if m:
            found.append((m[1], m[2]))
    return found


def our_frames(text):
    """The same of a stack, whose exceptions have offsets in decimal and no sizes."""
    found = []
    for line in text.splitlines():
        m = re.match(r"    \[exception RIP: ([\w.]+)\+(\d+)\](?: \[(\w+)\])?", line)
        if m:
            found.append((f"{m[1]}+{int(m[2]):#x}", m[3]))
        else:
            found += frames(line)
    return found


def same_frame(ours, printed):
    return ours[1] == printed[1] and \
        (ours[0] == printed[0] or ours[0] == printed[0].partition("/")[0])


def registers(lines):
    """{name: value} of the first block; names as crash has them."""
    register = re.compile(r"\b([A-Z][A-Z0-9_]{1,7}): (?:00[0-9a-f]{2}:)?([0-9a-f]{4,16})\b")
    found = {}
    for line in lines:
        for name, value in register.findall(line):
            name = {"EFLAGS": "RFLAGS", "R08": "R8", "R09": "R9"}.get(name, name)
            found.setdefault(name, int(value, 16))
    return found


@pytest.fixture(scope="module", params=[(s, w) for s in SUITES for w in WAYS],
                ids=lambda p: "-".join(p))
def died(request, tmp_path_factory):
    """A kdump of each way to die, mounted."""
    suite, way = request.param
    folder = lab.dump(suite=suite, crash=way, via="kdump")
    mount = Mount(tmp_path_factory.mktemp("died") / "mnt", folder / "vmcore")
    yield mount
    mount.close()


def test_panic_stack(died):
    """From the exception, or from panic(), on: what the kernel printed, each frame, no other."""
    printed = printed_frames(oops(died / "log"))
    text = read(died / "panic/stack")
    ours = our_frames(text)
    assert ours[0][0].startswith("machine_kexec+"), text
    first = printed[0][0].partition("+")[0]
    if first in ("dump_stack_lvl", "dump_stack"):
        printed = printed[next(i for i, f in enumerate(printed) if f[0].startswith("panic+")) + 1:]
        ours = ours[next(i for i, f in enumerate(ours) if f[0].startswith("panic+")) + 1:]
    else:
        ours = ours[next(i for i, f in enumerate(ours) if same_frame(f, printed[0])):]
    assert len(printed) > 3
    assert len(ours) == len(printed) and all(map(same_frame, ours, printed)), (ours, printed)
    assert "?" not in text and "!!" not in text


def test_exception_registers(died):
    """The block below the first exception has the registers that the kernel printed."""
    lines = oops(died / "log")
    stack = read(died / "panic/stack")
    if not lines[0].startswith("RIP:"):
        assert "[exception" not in stack
        return
    printed = registers(lines)
    ours = registers(stack.partition("[exception RIP")[2].splitlines()[1:8])
    names = "RAX RBX RCX RDX RSI RDI RBP RSP R8 R9 R10 R11 R12 R13 R14 R15 RFLAGS".split()
    assert {n: ours[n] for n in names} == {n: printed[n] for n in names}


def test_other_cpus(died):
    """They stand in the NMI that stopped them, and below it is what they did."""
    panic = os.readlink(died / "panic")
    others = 0
    for cpu in (died / "cpus").iterdir():
        if os.path.realpath(cpu / "task") == os.path.realpath(died / panic):
            continue
        text = read(cpu / "stack")
        assert "crash_nmi_callback" in text.splitlines()[1], text
        assert "!!" not in text and "?" not in text, text
        others += 1
    assert others == len(list((died / "cpus").iterdir())) - 1


def test_stacks(original):
    """/stacks/all has each stack, unique each task once, folded a line for each function."""
    tasks = {thread.name: read(thread / "stack") for task in (original / "tasks").iterdir()
             for thread in (task / "task").iterdir()}
    whole = read(original / "stacks/all")
    assert all(stack in whole for stack in tasks.values())
    unique = read(original / "stacks/unique")
    pids = [pid for line in re.findall(r"^PID:(.*)", unique, re.M) for pid in line.split()]
    counts = [int(n) for n in re.findall(r"^COUNT: (\d+)", unique, re.M)]
    exited = [pid for pid, stack in tasks.items() if "has exited" in stack]
    assert sorted(pid for pid in pids if pid != "0") == sorted(set(tasks) - set(exited))
    assert sum(counts) == len(pids) and counts == sorted(counts, reverse=True)
    folded = read(original / "stacks/folded").splitlines()
    assert sum(int(line.rpartition(" ")[2]) for line in folded) == len(pids)
    assert all(re.fullmatch(r"[^ ;]+(;[^ ;]+)+ \d+", line) for line in folded)
