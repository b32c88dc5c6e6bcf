"""/memory/kcore and /memory/cores in unmodified gdb and drgn."""

import json
import os
import random
import re
import struct
import subprocess
from pathlib import Path

import pytest
from forms import skip_foreign, variant_of
from lab import peers
from mounted import Mount

HERE = Path(__file__).parent
WORDS = 300
PAGE = 4096


def loads(core):
    """(offset, va, pa, size) of each PT_LOAD of a core."""
    with open(core, "rb") as file:
        head = file.read(64)
        phoff, phnum = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
        if phnum == 0xffff:
            file.seek(struct.unpack_from("<Q", head, 40)[0] + 44)
            phnum = struct.unpack("<I", file.read(4))[0]
        file.seek(phoff)
        raw = file.read(56 * phnum)
    found = [struct.unpack_from("<IIQQQQQQ", raw, 56 * i) for i in range(phnum)]
    assert all(h[5] == h[6] for h in found if h[0] == 1), "p_filesz is not p_memsz"
    return [(h[2], h[3], h[4], h[5]) for h in found if h[0] == 1]


def gdb(*commands, files=()):
    args = [a for c in commands for a in ("-ex", c)]
    done = subprocess.run(["gdb", "-nx", "-q", "-batch", "-ex", "set pagination off",
                           "-ex", "set debuginfod enabled off", *args, "-ex", "echo the end", *map(str, files)],
                          capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "the end" in done.stdout, done.stderr
    return done


def json_of(done):
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def offset_of(mount):
    """As a person finds it."""
    found = re.search(r"^KASLR OFFSET: (0x[0-9a-f]+)$", (mount / "summary").read_text(), re.M)
    return found[1] if found else "0"


def of_kernel(mount, folder):
    """gdb's commands to look at the kernel."""
    return [f"symbol-file -o {offset_of(mount)} {folder / 'vmlinux'}",
            f"core-file {mount / 'kcore'}"]


def our_frames(text):
    """(pc, function) of each frame; None: one is a guess, or of a module, whose symbols gdb lacks."""
    if "? " in text or "!!" in text or re.search(r"^ *#.*\[\w+\]$", text, re.M):
        return None
    return [(int(pc, 16), name) for name, pc in
            re.findall(r"^ *#\d+ \[[0-9a-f]+\] ([\w.]+)\+0x\S+ at ([0-9a-f]+)", text, re.M)]


def read(path):
    return path.read_text(errors="replace")


def state(folder):
    return re.search(r"^State:\s+(\w)", read(folder / "status"), re.M)[1]


def test_stacks_in_gdb(tree, guest):
    """Every sleeping task is a thread, and gdb walks its stack by DWARF to the frames of ours."""
    skip_foreign(guest, "this gdb knows its own architecture only")
    done = gdb(*of_kernel(tree, guest), "p init_task.comm", f"source {HERE / 'gdb_threads.py'}")
    assert '"swapper/0' in done.stdout
    threads = json_of(done)["threads"]
    compared = 0
    for folder in tree.point.glob("tasks/*/task/*"):
        thread = threads.pop(folder.name, None)
        # A thread that is gone has no stack.
        assert thread or state(folder) == "Z", folder
        ours = our_frames(read(folder / "stack"))
        if not thread or not ours or state(folder) == "R":
            continue
        theirs = thread["frames"][:len(ours)]
        assert [pc for pc, _ in theirs] == [pc for pc, _ in ours], folder
        for (_, name), (_, their_name) in zip(ours, theirs):
            # A part that the compiler split off goes by the name of any function that it is of.
            assert their_name in (None, name) or "." in name, folder
        compared += 1
    assert compared >= 100
    # What is left are the idle tasks: the one of CPU N has number 4194304 + N, beyond every pid.
    cpus = [p.name for p in tree.point.glob("cpus/*")]
    assert set(threads) - {"0"} == {str(4194304 + int(cpu)) for cpu in cpus}


def some_words(core, rng):
    """(va, pa or None) of words at random places of a core, as many of each PT_LOAD's kind."""
    places = {True: [], False: []}
    for _, va, pa, size in loads(core):
        places[pa == 0xffffffffffffffff].append((va, pa, size))
    for unknown, found in places.items():
        assert found, unknown
        for va, pa, size in rng.choices(found, [f[2] for f in found], k=WORDS):
            at = rng.randrange(0, size - 7, 8)
            yield va + at, None if unknown else pa + at


def test_words(original, crashed):
    """What gdb and drgn read through kcore is what lies in physical memory; and where it has no
    address there, what drgn reads from the dump itself through the page tables."""
    skip_foreign(crashed, "this gdb knows its own architecture only")
    words = list(some_words(original / "memory/kcore", random.Random(1)))
    text = " ".join(str(va) for va, _ in words)
    through = in_drgn(original / "memory/kcore", crashed, text)
    direct = in_drgn(crashed / "vmcore", crashed, text)
    in_gdb = gdb(*of_kernel(original, crashed),
                 *[f'printf "word %lx\\n", *(unsigned long *){va}' for va, _ in words]).stdout
    in_gdb = [int(w, 16) for w in re.findall(r"^word ([0-9a-f]+)$", in_gdb, re.M)]
    with open(original / "memory/physical", "rb") as physical:
        for (va, pa), one, other, third in zip(words, through["words"], direct["words"], in_gdb,
                                               strict=True):
            assert one == other == third, hex(va)
            if pa is not None:
                physical.seek(pa)
                assert struct.unpack("<Q", physical.read(8))[0] == one, hex(va)
    assert through == direct
    assert through["init"] == "swapper/0"
    assert len(through["tasks"]) > 100 and all(through["stacks"].values())


def in_drgn(core, folder, words):
    done = peers.run(["env", f"VMCOREFS_WORDS={words}", "drgn", "-q", "-c", core, "-s",
                      folder / "vmlinux", HERE / "drgn_core.py"],
                     *{*peers.dump_folders(folder), HERE, core.parent}, timeout=600)
    assert done.returncode == 0, done.stderr
    return json_of(done)


@pytest.fixture(scope="module")
def filtered(crashed, tmp_path_factory):
    """The dump without its user, cache and free pages."""
    m = Mount(tmp_path_factory.mktemp("filtered") / "mnt", "--no-debuginfo",
              *variant_of(crashed, "zlib-d31"))
    yield m
    m.close()


def holes(file):
    """(start, end) of each hole of a file."""
    found, at = [], 0
    fd = os.open(file, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        while (at := os.lseek(fd, at, os.SEEK_HOLE)) < size:
            try:
                end = os.lseek(fd, at, os.SEEK_DATA)
            except OSError:
                end = size
            found.append((at, end))
            at = end
    finally:
        os.close(fd)
    return found


def test_absent(original, filtered, crashed):
    """A page that the dump lacks is an error in gdb; its neighbours in other pages are not."""
    absent = holes(filtered / "memory/physical")
    # The largest piece of the direct map that is in the whole dump and not in the filtered one.
    size, at = max((min(pa + size, end) - max(pa, start), max(pa, start) - pa + va)
                   for _, va, pa, size in loads(original / "kcore") if pa + 1 < 1 << 64
                   for start, end in absent)
    assert size > 1 << 20
    at += size // 2 & ~7
    done = gdb(*of_kernel(filtered, crashed), f"x/gx {at:#x}", "p init_task.comm")
    assert f"Cannot access memory at address {at:#x}" in done.stdout + done.stderr
    assert '"swapper/0' in done.stdout
    # In the whole dump it is there.
    done = gdb(*of_kernel(original, crashed), f"x/gx {at:#x}")
    assert re.search(rf"^{at:#x}.*:\t0x", done.stdout, re.M)


def truth_of(folder, tid):
    """(sp, pc) in user space of a thread as the guest told, None: it ran."""
    [syscall] = folder.glob(f"truth/proc/*/task/{tid}/syscall")
    words = syscall.read_text().split()
    return [int(w, 16) for w in words[-2:]] if len(words) > 2 else None


def switches(folder):
    return re.findall(r"^\w*voluntary_ctxt_switches:\s+(\d+)", read(folder / "status"), re.M)


def test_user_core(original, crashed):
    """gdb shows the threads of the test load where they were, up to where they began."""
    skip_foreign(crashed, "this gdb knows its own architecture only")
    pid = json.loads((crashed / "truth/load.json").read_text())["waits"]["pid"]
    core = original / f"tasks/{pid}/core"
    assert os.readlink(core) == f"../../memory/cores/{pid}"
    done = gdb(f"source {HERE / 'gdb_threads.py'}", "thread apply all bt", "info auxv",
               "info proc mappings", files=[crashed / "load", core])
    threads = json_of(done)["threads"]
    folders = {f.name: f for f in (original / f"tasks/{pid}/task").iterdir()}
    assert threads.keys() == folders.keys() and len(threads) > 20
    compared = 0
    for tid, thread in threads.items():
        truth = crashed / f"truth/proc/{pid}/task/{tid}"
        names = {name for _, name in thread["frames"]}
        if tid != str(pid):
            assert "thread_main" in names, tid
        else:
            assert "main" in names, tid
        if switches(truth) != switches(folders[tid]) or not truth_of(crashed, tid):
            continue
        assert [thread["sp"], thread["frames"][0][0]] == truth_of(crashed, tid), tid
        compared += 1
    assert compared > 20
    # What tells of a sleep is on the stack above where the thread began.
    assert re.search(r"^#1 .* in sleep_\w+ \(s=", done.stdout, re.M)
    assert re.search(r"AT_EXECFN.*\"/load\"", done.stdout)
    assert re.search(r"^ +0x400000 .* /load$", done.stdout, re.M)


def fpregs_of(original, pid, tid):
    """(MXCSR, x87 control, sixteen times four words) as the task's own structure has them."""
    regs = f"objects/{os.readlink(original / f'tasks/{pid}/task/{tid}/object').rpartition('/')[2]}/thread/fpu"
    regs = original / regs / ("fpstate/regs" if (original / regs / "fpstate").exists() else "state")
    has = int(read(regs / "xsave/header/xfeatures").split()[0])
    legacy = (regs / "fxsave/.address").read_text().split()[0]
    raw = (original / f"memory/virtual/{legacy}+832").read_bytes()
    low = struct.unpack_from("<32Q", raw, 160) if has & 2 else (0,) * 32
    high = struct.unpack_from("<32Q", raw, 576) if has & 4 else (0,) * 32
    words = [[*low[i:i + 2], *high[i:i + 2]] for i in range(0, 32, 2)]
    return (struct.unpack_from("<I", raw, 24)[0] if has & 6 else 0x1f80,
            struct.unpack_from("<H", raw, 0)[0] if has & 1 else 0x37f, words)


def test_user_fpregs(original, crashed):
    """Vector registers of the threads of the test load; those that were never used are as after a reset."""
    skip_foreign(crashed, "this gdb knows its own architecture only")
    pid = json.loads((crashed / "truth/load.json").read_text())["waits"]["pid"]
    done = gdb(f"source {HERE / 'gdb_fpregs.py'}", files=[crashed / "load", original / f"tasks/{pid}/core"])
    threads = json_of(done)["threads"]
    assert len(threads) > 20
    for tid, theirs in threads.items():
        assert (theirs["mxcsr"], theirs["fctrl"], theirs["ymm"]) == fpregs_of(original, pid, tid), tid
    assert any(any(w) for t in threads.values() for w in t["ymm"])
    # What a task that ran had there is lost: gdb has no value.
    pid = os.readlink(original / "panic").rpartition("/")[2]
    done = gdb("p $sp", "p $mxcsr", files=[crashed / "load", original / f"tasks/{pid}/core"])
    assert re.search(r"^\$2 = (<unavailable>|void)", done.stdout, re.M), done.stdout


def test_user_memory(original, crashed):
    """The pages of a core are those of mem, and all mapped pages of maps that mem can read."""
    skip_foreign(crashed, "this gdb knows its own architecture only")
    pid = json.loads((crashed / "truth/load.json").read_text())["waits"]["pid"]
    found = 0
    with open(original / f"tasks/{pid}/core", "rb") as core, \
            open(original / f"tasks/{pid}/mem", "rb", buffering=0) as mem:
        pages = {}
        for offset, va, _, size in loads(original / f"memory/cores/{pid}"):
            for page in range(0, size, PAGE):
                pages[va + page] = offset + page
        for line in (original / f"tasks/{pid}/maps").read_text().splitlines():
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if start >> 63:   # [vsyscall] is the kernel's
                continue
            for va in range(start, end, PAGE):
                try:
                    mem.seek(va)
                    bytes_ = mem.read(PAGE)
                except OSError:
                    assert va not in pages, hex(va)
                    continue
                core.seek(pages.pop(va))
                assert core.read(PAGE) == bytes_, hex(va)
                found += 1
    assert not pages and found > 100


def test_filtered_user_core(filtered, crashed):
    """Without user pages gdb still has the registers, and cannot read the stack."""
    pid = json.loads((crashed / "truth/load.json").read_text())["waits"]["pid"]
    done = gdb("p/x $sp", "x/gx $sp", files=[crashed / "load", filtered / f"tasks/{pid}/core"])
    sp = re.search(r"^\$1 = (0x[0-9a-f]+)$", done.stdout, re.M)[1]
    assert f"Cannot access memory at address {sp}" in done.stdout + done.stderr


def test_cores(original):
    """Those of the processes with an address space are listed, no others."""
    own = {f.parent.name for f in original.point.glob("tasks/*/mm_struct") if f.read_bytes()}
    assert {f.name for f in (original / "memory/cores").iterdir()} == own
    assert not Path(original / "memory/cores/2").exists()
