"""As a kernel without CONFIG_KALLSYMS_ALL, whose kallsyms has functions alone: what it exports, BTF, ORC and the lists
that hang together are found without the names of variables. The same kernel with all names says what must come out."""

import re

import pytest
from forms import has_data_symbols, need_data_symbols
from mounted import Mount
from spoiled import Spoiled
from walk import walk

FOLDERS = {b"/tasks", b"/modules", b"/cpus", b"/stacks", b"/panic", b"/ps", b"/log", b"/signature", b"/blocked",
           b"/slab", b"/vmcoreinfo"}
# What is of variables that nothing else leads to: it is missing, says so, or has fewer names.
LESS = [
    (r"/(task|mm|signal|files|fs)_struct|/(cred|nsproxy|sighand)|/modules/\w+/module", "addresses lack <symbol>"),
    (r"/stack-raw|/code", "words and operands lack symbols"),
    (r"/status", "speculation and the width of Mems_allowed"),
    (r"/mounts|/mountinfo", "options of ext4 and overlay by the types of their modules"),
    (r"/fdinfo/\d+", "when a timer goes off, by the clock"),
    (r"/cgroup", "the list of hierarchies"),
    (r"/blocked", "names of locks, what a timer has to go"),
]


@pytest.fixture(scope="module")
def lacking(crashed, tmp_path_factory):
    need_data_symbols(crashed)
    m = Mount(tmp_path_factory.mktemp("lacking") / "mnt", "--no-debuginfo", "--no-data-symbols", crashed / "vmcore")
    yield m
    m.close()


@pytest.fixture(scope="module")
def both(crashed, lacking, tmp_path_factory):
    """(whole, lacking), walked."""
    def names_of(folder, names):
        return [n for n in names if folder != b"" or b"/" + n in FOLDERS]
    m = Mount(tmp_path_factory.mktemp("named") / "mnt", "--no-debuginfo", crashed / "vmcore")
    yield walk(m, names_of), walk(lacking, names_of)
    m.close()


def test_every_file(both):
    whole, less = both
    allowed = re.compile("|".join(f"(?:.*(?:{pattern}))" for pattern, _ in LESS))
    different = [path for path in whole.keys() | less.keys() if whole.get(path) != less.get(path)]
    assert [path for path in different if not allowed.fullmatch(path.decode())] == []
    assert len(whole) > 5000


def test_stacks(both):
    """Of every task, as ORC or frame records have them: none is a guess that is none with all names."""
    whole, less = both
    for path in (b"/stacks/all", b"/stacks/unique", b"/ps", b"/signature"):
        assert less[path] == whole[path]
    stacks = [path for path in whole if path.endswith((b"/stack", b"/stack.kernel"))]
    assert len(stacks) > 300
    assert [path for path in stacks if whole[path] != less.get(path)] == []


def test_where_from(lacking):
    told = (lacking / "dump/translation").read_text()
    exported = re.search(r"^symbols +(\d+) exported ones at 0x\w+, found by a search, relative$", told, re.M)
    per_cpu = re.search(r"^symbols +(\d+) per-CPU variables by BTF, from (?:0x)?\w+ on as (\d+) exported ones lie$", told, re.M)
    assert int(exported[1]) > 5000
    assert int(per_cpu[1]) > 100 and int(per_cpu[2]) > 10


def test_summary_says_what_it_does_not_know(lacking, original):
    mine, theirs = ((m / "summary").read_text().splitlines() for m in (lacking, original))
    assert [line for line in mine if "TAINT: " in line] == ["       TAINT: ?"]
    for label in ("TASKS", "STATES", "RELEASE", "PANIC", "PID", "COMMAND", "CPU", "KIND", "OUT OF TREE"):
        assert [x for x in mine if re.match(rf" *{label}: ", x)] == [x for x in theirs if re.match(rf" *{label}: ", x)]


@pytest.fixture(scope="module")
def dump(crashed, original, tmp_path_factory):
    need_data_symbols(crashed)
    return Spoiled(crashed / "vmcore", tmp_path_factory.mktemp("spoiled") / "vmcore", original)


@pytest.mark.parametrize("what", ["names", "BTF", "ORC"])
def test_damaged(dump, tmp_path, what):
    """Without one of them the others are there, and what is not is said; no address is taken for another."""
    at, changes = {
        "names": ("__start___ksymtab", b"\0" * 4096),
        "BTF": ("__start_BTF", b"\0" * 24),
        "ORC": ("orc_lookup", b"\xff" * 256),
    }[what], []
    changes = [(dump.symbol(at[0]) + (0 if what != "names" else 12 * n * 1000), at[1]) for n in range(7 if what == "names" else 1)]
    with dump.change(*changes):
        m = Mount(tmp_path / "mnt", "--no-debuginfo", "--no-data-symbols", dump.path)
        try:
            ps, stacks = (m / "ps").read_text(), (m / "stacks/all").read_text()
            assert (m / "log").read_text().startswith("[    0.000000] ")
            if what == "ORC":
                assert ps.count("\n") > 100 and "!! " not in ps
                # Frames are found by other means, which say so.
                assert stacks.count("  (by its call)\n") > 100
            else:
                assert re.search("^!! ", ps, re.M) and ps.count("\n") < 5
        finally:
            m.close()


def test_a_kernel_that_has_none(crashed, tmp_path):
    """What it has alone is what it has with its vmlinux."""
    if has_data_symbols(crashed):
        pytest.skip("this kernel's kallsyms has variables")
    names = {b"comm", b"stat", b"statm", b"cmdline", b"maps", b"limits", b"io", b"stack.kernel", b"wchan", b"syscall",
             b"registers", b"children"}
    walked = []
    for i, files in enumerate(([crashed / "vmcore"], [crashed / "vmcore", crashed / "vmlinux"])):
        m = Mount(tmp_path / f"mnt{i}", "--no-debuginfo", *files)
        try:
            walked.append(walk(m, lambda folder, found: [n for n in found if (folder, n) in (
                (b"", b"tasks"), (b"", b"ps"), (b"", b"signature")) or folder == b"/tasks" or n in names]))
        finally:
            m.close()
    alone, both = ({path: what for path, what in w.items() if what[0] == "file"} for w in walked)
    assert alone == both
    assert len(alone) > 1000
