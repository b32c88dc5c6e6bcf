"""A real kernel's structures, broken one at a time: that is told, ends, and costs what needs the
structure. All the rest of the tree is as it was."""

import json
import re

import cform
import pytest
from forms import need_data_symbols
from mounted import Mount
from spoiled import Spoiled
from walk import walk

POISON = 0xdead000000000100
USER = 0x400000
# What a pointer that is read next may be, and how that is told.
BAD = {"NULL": 0, "poison": POISON, "user": USER, "odd": 0xffffffff81234567, "nowhere": 0xffff0123456789a0}
# What is not walked: memory, what is as large as the kernel, what tells of all tasks.
LARGE = {b"memory", b"vmcore", b"kcore", b"symbols", b"types", b"task", b"proc", b"sys", b"slab"}
OF_ALL = {b"/ps", b"/summary", b"/summary.json", b"/signature", b"/dump/problems", b"/stacks/all",
          b"/stacks/unique", b"/stacks/folded", b"/dump/format", b"/blocked", b"/runqueues", b"/timers",
          b"/hrtimers", b"/workqueues", b"/bpf/maps", b"/bpf/progs", b"/network/sockets",
          # where the file beside the dump lies
          b"/dump/debuginfo", b"/modules/crashme/debuginfo"}


@pytest.fixture(scope="module")
def choose(pid):
    """Every fourth task is walked, and that one."""
    def names_of(folder, names):
        return [name for name in names if name not in LARGE and
                (folder != b"/tasks" or int(name) % 4 == 0 or name == b"%d" % pid)]
    return names_of


@pytest.fixture(scope="module")
def before(original, choose):
    return walk(original, choose)


@pytest.fixture(scope="module")
def dump(crashed, original, tmp_path_factory):
    return Spoiled(crashed / "vmcore", tmp_path_factory.mktemp("spoiled") / "vmcore", original)


@pytest.fixture(scope="module")
def pid(crashed):
    """A process of the guest's that others come after."""
    return json.loads((crashed / "truth/load.json").read_text())["files"]["pid"]


class Broken:
    """What became of the tree."""

    def __init__(self, mount, choose, before):
        after = walk(mount, choose)
        self.mount, self.after = mount, after
        self.problems = (mount / "dump/problems").read_text()
        self.changed = {path.decode("latin-1") for path in (before.keys() | after.keys()) - OF_ALL
                        if before.get(path) != after.get(path)}

    def costs(self, pattern):
        """Nothing but this was lost."""
        assert [p for p in sorted(self.changed) if not re.fullmatch(pattern, p)] == []

    def text(self, path):
        return self.after[path.encode()][1].decode("latin-1")


@pytest.fixture
def broken(dump, choose, before, tmp_path):
    """broken(changes...) -> Broken."""
    mounts = []

    def make(*changes):
        context = dump.change(*changes)
        context.__enter__()
        m = Mount(tmp_path / f"mnt{len(mounts)}", *dump.files)
        mounts.append((m, context))
        return Broken(m, choose, before)

    yield make
    for m, context in reversed(mounts):
        m.close()
        context.__exit__(None, None, None)


@pytest.mark.parametrize("to", [*BAD, "itself"])
def test_list_of_processes(dump, broken, pid, to):
    """The pids lead to those behind it."""
    at = dump.member(dump.task(pid), "task_struct", "tasks")
    b = broken((at, BAD.get(to, at)))
    b.costs(rf"/tasks/{pid}/task_struct")
    assert re.search("^tasks: list of processes: ", b.problems, re.M), b.problems
    assert len(b.problems.splitlines()) == 1


@pytest.mark.parametrize("to", [*BAD, "itself"])
def test_list_of_threads(dump, broken, pid, to):
    task = dump.task(pid)
    at = dump.member(task, "task_struct", "thread_node")
    b = broken((at, BAD.get(to, at)))
    b.costs(rf"/tasks/{pid}/(task_struct|status|stat|io|signal_struct|children|task|stack.*)")
    assert re.search(f"^tasks: threads of {task:#x}: ", b.problems, re.M), b.problems


@pytest.mark.parametrize("to", BAD)
def test_pids(dump, broken, to):
    """The lists lead to all."""
    head = dump.symbol("init_pid_ns")
    head += dump.offset("pid_namespace", "idr") + dump.offset("idr", "idr_rt") + \
        dump.offset("xarray", "xa_head")
    b = broken((head, BAD[to] | 2))
    b.costs("")
    assert re.search("^tasks: ", b.problems, re.M), b.problems


def test_pids_lack_one(dump, broken, pid):
    """No place may be silent where the others speak."""
    task = dump.task(pid)
    number = dump.pointed(task, "task_struct", "thread_pid")
    at = dump.offset("pid", "tasks")
    b = broken((number + at, 0))
    b.costs(rf"/tasks/{pid}/.*")
    assert f"tasks: {pid} at {task:#x} is not in the pids\n" in b.problems


@pytest.mark.parametrize("to", BAD)
def test_run_queue(dump, broken, to):
    """Who was on the CPU is lost; who was there is not."""
    at = dump.member(dump.per_cpu("runqueues", 1), "rq", "curr")
    b = broken((at, BAD[to]))
    b.costs(r"/cpus/1/.*|/panic|/tasks/\d+/(stack.*|code|registers|stat|status|wchan|syscall)")
    assert re.search("^tasks: ", b.problems, re.M), b.problems


@pytest.mark.parametrize("to", [*BAD, "itself"])
def test_list_of_modules(dump, broken, original, to):
    """Those before it stay, and it is told that there are more."""
    names = [p.name for p in (original / "modules").iterdir()]
    kept = names[:5]
    at = int(re.search(r"next = (0x\w+)", (original / f"modules/{names[3]}/module").read_text())[1], 16)
    b = broken((at, BAD.get(to, at)))
    assert [n for n in names if b"/modules/" + n.encode() in b.after][:4] == kept[:4]
    b.costs(r"/modules.*|/stacks/.*|/tasks/\d+/(stack.*|code|wchan|\w+_struct|sighand|cred|nsproxy"
            r"|fdinfo/\d+|mountinfo|mounts|mount/\d+/mountinfo)|/mounts|/cpus/\d+/(idle/)?.*|/log.*|/dump/translation|/irqs")
    assert re.search("^modules: ", b.problems, re.M), b.problems


@pytest.mark.parametrize("to", BAD)
def test_symbols_of_a_module(dump, broken, original, to):
    at = int(cform.read((original / "modules/crashme/module").read_text())["list"]["prev"].text, 16)
    address = dump.number(at) - dump.offset("module", "list")
    b = broken((dump.member(address, "module", "kallsyms"), BAD[to]))
    b.costs(r"/modules/crashme/.*|/modules/\w+/module|/tasks/\d+/(stack.*|code|wchan|task_struct)|/cpus/.*"
            r"|/dump/translation")


def test_maple_tree_with_a_loop(dump, broken, pid):
    task = dump.task(pid)
    mm = dump.pointed(task, "task_struct", "mm")
    try:
        at = dump.member(mm, "mm_struct", "mm_mt") + dump.offset("maple_tree", "ma_root")
    except TypeError:
        at = dump.member(mm, "mm_struct", "mmap")
        vma = dump.number(at)
        changes = [(dump.member(vma, "vm_area_struct", "vm_next"), vma)]
    else:
        root = dump.number(at)
        node, kind = root & ~0xff, root >> 3 & 0xf
        slot = dump.offset("maple_arange_64" if kind == 3 else "maple_range_64", "slot")
        # Its first child is itself; the same slot of a leaf is a mapping.
        changes = [(node + slot, root)]
    b = broken(*changes)
    b.costs(rf"/tasks/{pid}/(maps|vm|cmdline|environ|auxv|mm_struct)")
    assert re.search(r"^!! ", b.text(f"/tasks/{pid}/maps"), re.M)


@pytest.mark.parametrize("to", BAD)
def test_open_files(dump, broken, pid, to):
    files = dump.pointed(dump.task(pid), "task_struct", "files")
    b = broken((dump.member(files, "files_struct", "fdt"), BAD[to]))
    b.costs(rf"/tasks/{pid}/(fd|fdinfo|files|open).*|/tasks/{pid}/(status|files_struct|fd/.*|fdinfo/.*)")
    assert "!!" in b.text(f"/tasks/{pid}/files")


@pytest.mark.parametrize("to", BAD)
def test_address_space(dump, broken, pid, to):
    b = broken((dump.member(dump.task(pid), "task_struct", "mm"), BAD[to]))
    b.costs(rf"/tasks/{pid}(/.*)?")


@pytest.mark.parametrize("header", [True, False])
def test_types(crashed, dump, broken, header):
    """Without types the log, symbols and what the dump is are there; tasks are not, and why is told."""
    need_data_symbols(crashed)
    start, stop = (dump.symbol(f"__{edge}_BTF") for edge in ("start", "stop"))
    size = stop - start
    b = broken((start, b"\0" * 24) if header else (start + size // 3, b"\xff" * 4096))
    for path in ("/log", "/log.json", "/vmcoreinfo", "/dump/pages", "/dump/notes", "/dump/header"):
        assert path not in b.changed
    assert int((b.mount / "symbols/schedule/address").read_text(), 16) == dump.symbol("schedule")
    assert re.search("^types: .*BTF", b.problems, re.M), b.problems


@pytest.mark.parametrize("table", ["names", "addresses", "tokens"])
def test_kallsyms(crashed, dump, broken, original, table):
    """The few symbols of VMCOREINFO remain, and so does the log."""
    need_data_symbols(crashed)
    told = (original / "dump/translation").read_text()
    names, addresses = (int(re.search(pattern, told)[1], 16) for pattern in (
        r"from kallsyms at (0x\w+)", r"their addresses +at (0x\w+)"))
    # The table of tokens is a few pages behind the names: its digits follow each other.
    size = 8 << 20
    tokens = names + dump.read(names, size).index(b"".join(b"%d\0" % n for n in range(10)))
    b = broken({"names": (names, b"\xff" * 64), "addresses": (addresses + 4000, b"\x7f" * 64),
                "tokens": (tokens - 64, b"x" * 4096)}[table])
    for path in ("/log", "/log.json", "/vmcoreinfo", "/dump/pages", "/dump/notes", "/dump/header"):
        assert path not in b.changed
    if table == "tokens" and "found by a search" in told:
        # Nothing is left to know the tables by: as of a kernel that has none.
        assert "\nsymbols            none: no kallsyms in the kernel image\n" in \
            (b.mount / "dump/translation").read_text()
    else:
        assert re.search("^symbols: ", b.problems, re.M), b.problems


def test_control_bytes(dump, broken):
    """A pointer that leads astray makes a name of what lies there: a terminal must not see it as it is."""
    text, first = dump.symbol("linux_proc_banner"), dump.number(dump.symbol("file_systems"))
    # Where the name would be: in a text of the kernel's that is spoiled, too.
    b = broken((dump.member(first, "file_system_type", "name"), text), (text, b"\x1b[2J\x07\x7f\0"))
    assert (b.mount / "proc/filesystems").read_bytes().startswith(b"nodev\t\\033[2J\\007\\177\n")
