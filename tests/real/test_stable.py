"""What two dumps of the same crash have in common: --stable and /signature."""

import json
import os
import re

import lab
import pytest
from mounted import VMCOREFS, Mount, run, text_files

SAME = ("null", "bug", "hardirq", "tasklet", "overflow", "jump", "sysrq")

# Lines in which /summary of two boots differs, and why.
SUMMARY_MOVES = {
    r"\s*TASKS: ": "kernel threads come and go",
    r"\s*STATES: ": "the same, and what each was at",
    r"\s*MEMORY: |\s*IN THE DUMP: ": "what the kernel had freed",
    r"\s*PID: ": "kernel threads took other pids before",
    r"\s*CPU: |PID: .*CPU: ": "the scheduler's choice",
    r"    \w+: .*[0-9a-f]{16}|    \w+: .*<\w+>|    \w+: .*#\d": "registers hold more than the crash",
}


def pair(suite):
    """Two boots of one kernel to the same crash, each with KASLR's own choice."""
    return [lab.dump(suite=suite, crash="null", via="kdump"),
            lab.dump(suite=suite, crash="null", via="kdump", append="lab.boot=again")]


@pytest.fixture(scope="module")
def boots(suite, tmp_path_factory):
    mounts = [Mount(tmp_path_factory.mktemp("boot") / "mnt", "--stable", "--no-debuginfo",
                    folder / "vmcore") for folder in pair(suite)]
    yield mounts
    for m in mounts:
        m.close()


def test_kaslr_moved_it(suite):
    """Otherwise the rest would prove little."""
    found = [run(VMCOREFS, "cat", f / "vmcore", "--", "/symbols/schedule/address")
             for f in pair(suite)]
    assert found[0] != found[1]


def test_summary(boots):
    texts = [(m / "summary").read_text().splitlines() for m in boots]
    for lines in texts:
        lines[:] = [line for line in lines
                    if not any(re.match(pattern, line) for pattern in SUMMARY_MOVES)]
    assert texts[0] == texts[1]
    assert any("crash_inner" in line for line in texts[0])


def folded(mount):
    """What stands in /stacks/unique: the functions of each stack -> its first line."""
    parts = (mount / "stacks/unique").read_text().rstrip("\n").split("\n\n")
    return {tuple(part.split("\n")[1:]): part.split("\n")[0] for part in parts}


def moves(line):
    """May the tasks of this first line of a stack be elsewhere in another boot? Those that ran, idle
    workers, of which there may be more or fewer, and what writes a journal when it is time to."""
    states = re.search(r"STATE: (.*?)  COMMAND", line)[1]
    return set(re.findall(r"([A-Z]) \d+", states)) <= {"R", "I"} or "jbd2/" in line


def test_stacks(boots):
    """Tasks that stood still stand at the same place in both."""
    stacks = [folded(m) for m in boots]
    common = set(stacks[0]) & set(stacks[1])
    for mine in stacks:
        wrong = [(line, stack) for stack, line in mine.items() if stack not in common and not moves(line)]
        assert not wrong, wrong
        assert len(mine) - len(common) <= 5   # the CPUs' two, and a few
    # The same order.
    order = [[s for s in all_ if s in common] for all_ in stacks]
    assert order[0] == order[1]


# What of a struct module differs in two boots: it is in a tree by address (mtn, in which others are shown
# as far as they fit), and what was freed (init, and arm64's trampolines in that) may be another's.
TREE = re.compile(r" *(__rb_parent_color|rb_left|rb_right|init|init_ftrace_trampolines) = .*")

# Sections that are freed, or lie in what is, once a module has started.
FREED = re.compile(r"\.init\.|\.(strtab|symtab)$")


def same_modules(path):
    """The lines of a module's structure, without the tree that it is in."""
    lines, skip = [], None
    for line in path.read_text().split("\n"):
        indent = len(line) - len(line.lstrip())
        if skip is not None and indent > skip:
            continue
        skip = indent if re.match(r" *mtn = \{$", line) else None
        if not TREE.fullmatch(line):
            lines.append(line)
    return lines


def test_modules(boots):
    compared = 0
    for path in text_files(boots[0].point / "modules"):
        other = boots[1].point / path.relative_to(boots[0].point)
        if path.parent.name == "sections" and FREED.match(path.name):
            continue
        if path.name == "module":
            assert same_modules(path) == same_modules(other), path
        else:
            assert path.read_bytes() == other.read_bytes(), path
        compared += 1
    assert compared > 300
    names = [sorted(p.name for p in (m / "modules").iterdir()) for m in boots]
    assert names[0] == names[1]


def test_types(boots):
    for kind in ("struct", "union", "enum", "typedef"):
        names = [sorted(os.listdir(m / "types" / kind)) for m in boots]
        assert names[0] == names[1]
        for name in names[0][::29]:
            files = [(m / "types" / kind / name).read_bytes() for m in boots]
            assert files[0] == files[1], name


def test_no_address_stays(boots):
    """In what is compared."""
    for path in ("summary", "stacks/unique", "panic/stack"):
        text = (boots[0] / path).read_text()
        assert not re.search(r"\bffff[0-9a-f]{8}[0-9a-e][0-9a-f]{3}\b", text), path


def signature(dump):
    return run(VMCOREFS, "cat", "--no-debuginfo", dump, "--", "/signature").decode()


def test_signature_of_two_boots(suite):
    first, second = (signature(folder / "vmcore") for folder in pair(suite))
    assert first == second
    assert re.fullmatch(r"[0-9a-f]{16}  page fault\ncrash_inner \[crashme\]\n(.+\n)+", first)


def test_signature_with_debuginfo(crashed):
    """Lines and inlined functions change nothing."""
    out = run(VMCOREFS, "cat", crashed / "vmcore", crashed / "vmlinux", "--", "/signature")
    assert out.decode() == signature(crashed / "vmcore")


def test_signatures_differ_by_the_way(suite):
    found = {way: signature(lab.dump(suite=suite, crash=way, via="kdump") / "vmcore") for way in SAME}
    hashes = {text.split()[0] for text in found.values()}
    assert len(hashes) == len(SAME), found


def test_signature_across_kernels(suite):
    """The same functions, in two kernels of Debian."""
    other = {"bookworm": "trixie", "trixie": "bookworm"}.get(suite)
    if not other:
        pytest.skip("one pair is enough")
    texts = [signature(lab.dump(suite=s, crash="null", via="kdump") / "vmcore")
             for s in (suite, other)]
    assert texts[0] == texts[1]


def test_summary_json(crashed):
    """The rows of /summary, and its stack."""
    out = run(VMCOREFS, "cat", "--no-debuginfo", crashed / "vmcore", "--", "/summary",
              "/summary.json").decode()
    text, _, rest = out.partition("\n{\n")
    found = json.loads("{" + rest)
    rows, _, stack = text.partition("\n\n")
    for row in rows.split("\n"):
        label, _, value = row.partition(": ")
        if not label.strip():
            continue
        key = label.strip().lower().replace(" ", "_")
        there = found.pop(key)
        if isinstance(there, int):
            assert there == int(value)
        elif isinstance(there, dict):
            assert ", ".join(f"{n} {what}" for what, n in there.items()) == value
        elif key == "load_average":
            assert ", ".join(f"{n:.2f}" for n in there) == value
        else:
            assert value in (there if isinstance(there, list) else [there])
    assert found.pop("stack") == stack.rstrip("\n").split("\n")
    assert found == {"problems": []}
