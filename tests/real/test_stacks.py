"""Stacks: those of sleeping tasks are what the guest's /proc said just before the crash, that of the
task that died is what the kernel printed."""

import mmap
import os
import re
import shutil
import struct
from pathlib import Path

import pytest
from forms import HOW, alone
from mounted import Mount

FRAME = re.compile(r"[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+")


@pytest.fixture(scope="module", params=HOW)
def original(request, crashed, tmp_path_factory):
    files = alone(crashed, request.param)
    m = Mount(tmp_path_factory.mktemp("original") / "mnt", *files)
    assert ("vmlinux" in read(m / "dump/debuginfo")) == ("--no-debuginfo" not in files)
    yield m
    m.close()


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


def oops(died):
    """The lines of the trace that panic() printed, else of the first in the log, without time stamps.
    (The console may lack it: the capture kernel does not wait for it.)"""
    stamp = re.compile(r"^\[ *\d+\.\d+\] ?(\[ *T\d+\] ?)?")
    lines = [stamp.sub("", line) for line in read(died / "log").splitlines()]
    panic = next((i for i, line in enumerate(lines) if line.startswith("Kernel panic")), 0)
    if died.machine.trace in lines[panic:]:
        lines = lines[panic:]
    start = next(i for i, line in enumerate(lines)
                 if line.startswith((died.machine.place, died.machine.trace)))
    # On arm64 the code stands at the end, on x86 behind the registers of each exception.
    last = r"Modules linked in|---\[ end|Kernel Offset|SMP: stopping"
    last += "" if died.machine.place_is_frame else r"|Code: [^R]"
    end = next((i for i, line in enumerate(lines[start:], start)
                if re.match(last, line) and i > start + 8), len(lines))
    return lines[start:end]


def printed_frames(died):
    """As frames(), those that were interrupted too; user space is no frame."""
    found = []
    for line in oops(died):
        m = re.match(rf" ({FRAME.pattern})(?: \[(\w+)\])?", line) or died.machine.place_is_frame and \
            re.match(rf"{died.machine.place}({FRAME.pattern})(?: \[(\w+)\])?", line)
        if m:
            found.append((m[1], m[2]))
    return found


def without_a_frame(died, ours, printed):
    """arm64's own unwinder passes over who called a function that had no frame when it was interrupted;
    lr says who it is."""
    lr = re.search(rf"^\[[^]]*\] lr : ({FRAME.pattern})(?: \[(\w+)\])?", read(died / "log"), re.M)
    if lr and lr.groups() in ours and lr.groups() not in printed:
        ours.remove(lr.groups())


def our_frames(text):
    """The same of a stack, whose exceptions have offsets in decimal and no sizes."""
    found = []
    for line in text.splitlines():
        m = re.match(r"    \[exception \w+: ([\w.]+)\+(\d+)\](?:  \[(\w+)\])?", line)
        if m:
            found.append((f"{m[1]}+{int(m[2]):#x}", m[3]))
        else:
            found += frames(line)
    return found


def same_frame(ours, printed):
    return ours[1] == printed[1] and \
        (ours[0] == printed[0] or ours[0] == printed[0].partition("/")[0])


def registers(lines, machine=None):
    """{name: value} of the first block, ours or what the kernel printed; names as crash has them."""
    register = machine.printed if machine else re.compile(r"\b([A-Z][A-Z0-9_]{1,8}): ([0-9a-f]{4,16})\b")
    found = {}
    for line in lines:
        for name, value in register.findall(line):
            name = machine.renamed.get(name, name) if machine else name
            found.setdefault(name, int(value, 16))
    return found


def compare_with_guesses(died, ours):
    """The kernel's own unwinder gives up at what lies in a module and is no code: it printed all that it
    found on the stack as guesses, ours among them."""
    guesses = iter(re.findall(rf"\? ({FRAME.pattern})(?: \[(\w+)\])?", "\n".join(oops(died))))
    assert len(ours) > 5
    assert all(any(ours_ == (name, module or None) for name, module in guesses)
               for ours_ in ours[1:]), ours


def behind_panic(found):
    return found[next(i for i, f in enumerate(found) if re.match(r"v?panic\+", f[0])) + 1:]


def test_panic_stack(died):
    """From the exception, or from panic(), on: what the kernel printed, each frame, no other."""
    printed = printed_frames(died)
    text = read(died / "panic/stack")
    ours = our_frames(text)
    assert died.via != "kdump" or ours[0][0].startswith("machine_kexec+"), text
    first = printed[0][0].partition("+")[0]
    if first in ("dump_stack_lvl", "dump_stack", "dump_backtrace", "show_stack"):
        printed, ours = behind_panic(printed), behind_panic(ours)
    else:
        ours = ours[next(i for i, f in enumerate(ours) if same_frame(f, printed[0])):]
    without_a_frame(died, ours, printed)
    if died.way == "nx":
        compare_with_guesses(died, ours)
        return
    assert len(printed) > 2
    assert len(ours) == len(printed) and all(map(same_frame, ours, printed)), (ours, printed)
    assert "?" not in text and "!!" not in text


def test_exception_registers(died):
    """The block below the first exception has the registers that the kernel printed."""
    lines, machine = oops(died), died.machine
    stack = read(died / "panic/stack")
    start = next((i for i, line in enumerate(lines) if line.startswith(machine.place)), None)
    if start is None and machine.place_is_frame:
        assert "[exception" not in stack
        return
    if start is None:   # arm64 prints them before the panic, and not again
        lines = re.findall(r"^\[[^]]*\] (.*)", read(died / "log"), re.M)
        start = next((i for i, line in enumerate(lines) if line.startswith(machine.place)), None)
        if start is None:
            assert "[exception" not in stack
            return
    printed = registers(lines[start:], machine)
    ours = registers(stack.partition("[exception ")[2].splitlines()[1:])
    names = set(machine.registers) & set(printed)
    assert len(names) >= len(machine.registers) - 1
    assert {n: ours[n] for n in names} == {n: printed[n] for n in names}


def test_other_cpus(died):
    """They stand in what stopped them, of a kdump an NMI, and below it is what they did."""
    panic = os.readlink(died / "panic")
    others = 0
    for cpu in (died / "cpus").iterdir():
        if os.path.realpath(cpu / "task") == os.path.realpath(died / panic):
            continue
        text = read(cpu / "stack")
        lines = [line for line in text.splitlines() if "(inlined)" not in line]
        if died.via == "kdump":
            assert any(name in lines[1] for name in died.machine.stopped_by_kdump), text
        else:
            assert died.machine.stopped in text, text
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


def test_registers(original, crashed, machine):
    """Those that /proc/<pid>/syscall shows of a task that sleeps; kernel threads have none."""
    compared, without = 0, 0
    for truth, here in threads(crashed, original):
        call = read(truth / "syscall").split()
        text = read(here / "registers")
        if text.startswith("(none"):
            assert int(read(truth / "stat").rpartition(")")[2].split()[6]) & 0x200000 \
                or state(read(truth / "status")) in "ZX", text
            without += 1
            continue
        got = registers(text.splitlines())
        assert [got[machine.sp], got[machine.pc]] == [int(n, 16) for n in call[-2:]], text
        if len(call) == 9:
            assert got[machine.call] == int(call[0])
            assert [got[n] for n in machine.args] == [int(n, 16) for n in call[1:7]]
        compared += 1
    assert compared > 50 and without > 30


def test_stack_raw(original, crashed, machine):
    """Each word from the place where the task sleeps on; the return addresses of its frames are at
    their places; what of it lies in a slab is of that slab."""
    seen = 0
    for _, here in threads(crashed, original):
        text, stack = read(here / "stack-raw"), read(here / "stack")
        if "has exited" in text:
            continue
        assert "!!" not in text and "not in dump" not in text, text
        words = {}
        for at, line in re.findall(r"^    ([0-9a-f]{16}): (.*)", text, re.M):
            for i, word in enumerate((line[:40].strip(), line[40:].strip())):
                if word:
                    words[int(at, 16) + 8 * i] = word
        places = sorted(words)
        assert places == list(range(places[0], places[-1] + 8, 8)) and not (places[-1] + 8) % 4096
        found = re.findall(r"#\d+ \[([0-9a-f]+)\] ([\w.]+\+0x[0-9a-f]+)", stack)
        for at, function in found if machine.first_is_on_stack else found[1:]:
            word = words[int(at, 16)]
            # stack has what a return probe has replaced.
            assert word.startswith((function, "arch_rethook_trampoline", "kretprobe_tramp",
                                    "__kretprobe_tramp")), text
        task = re.search(r"TASK: ([0-9a-f]+)", text)[1]
        assert all(f"[{task}:task_struct]" == w for w in words.values() if w.startswith(f"[{task}:"))
        seen += 1
    assert seen > 100


GREGS = 12 + 8 + 112    # in a note


def without_registers(original, folder, machine, target, cpu, start, length):
    """A copy of the dump in which length bytes from start on of what the CPU saved of itself are
    zeros: in the notes, and in the memory that they were copied from."""
    shutil.copyfile(folder / "vmcore", target)
    sp = int(re.search(rf"\b{machine.sp}: ([0-9a-f]+)", read(original / f"cpus/{cpu}/registers"))[1], 16)
    head = struct.pack("<III", 5, machine.prstatus, 1) + b"CORE\0\0\0\0"
    places = 0
    with open(target, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
        at = m.find(head)
        while at >= 0:
            if struct.unpack_from("<Q", m, at + 12 + 8 + machine.note_sp)[0] == sp:
                m[at + start:at + start + length] = bytes(length)
                places += 1
            at = m.find(head, at + 4)
    assert places >= 2


@pytest.mark.parametrize("what", ["no-note", "zeros"])
@pytest.mark.parametrize("cpu", [0, 1])
def test_cpu_without_registers(original, crashed, machine, tmp_path, cpu, what):
    """It has the same frames as with registers, all of them marked."""
    place = {"no-note": (0, 12), "zeros": (GREGS, machine.gregs)}[what]
    without_registers(original, crashed, machine, tmp_path / "vmcore", cpu, *place)
    wanted = frames(read(original / f"cpus/{cpu}/stack"))
    needed = [file for file in alone(crashed) if file == crashed / "vmlinux"]
    mount = Mount(tmp_path / "mnt", tmp_path / "vmcore", *needed)
    try:
        text = read(mount / f"cpus/{cpu}/stack")
    finally:
        mount.close()
        (tmp_path / "vmcore").unlink()
    assert "(no registers were saved" in text and "!!" not in text, text
    lines = [line for line in text.splitlines() if re.match(r" ?#\d+ ", line)]
    assert lines and all("] ? " in line or "(inlined)" in line for line in lines), text
    assert frames(text.replace("? ", "")) == wanted
