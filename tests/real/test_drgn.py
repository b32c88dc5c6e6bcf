"""Every scalar member of the structures of every task and idle task, and of a thousand other objects, is
what drgn says it is."""

import json
import os
import re
from pathlib import Path

import cform
import pytest
from lab import peers
from mounted import Mount

SCRIPT = Path(__file__).with_name("drgn_values.py")

# Members that are not compared, and why.
DIFFER = {}


@pytest.fixture(scope="module")
def both(crashed, tmp_path_factory):
    """The dump with its vmlinux, mounted, and what drgn says of it: [record], {enum: {value: names}}."""
    vmcore, vmlinux = crashed / "vmcore", crashed / "vmlinux"
    done = peers.run(["drgn", "-q", "-c", vmcore, "-s", vmlinux, SCRIPT],
                     *peers.dump_folders(crashed), SCRIPT.parent, timeout=600)
    assert done.returncode == 0, done.stderr
    *records, last = map(json.loads, done.stdout.splitlines())
    enums = {name: names_by_value(values) for name, values in last["enums"].items()}
    m = Mount(tmp_path_factory.mktemp("vmlinux") / "mnt", vmcore, vmlinux)
    yield m, records, enums
    m.close()


def names_by_value(values):
    names = {}
    for name, value in values.items():
        names.setdefault(value, []).append(name)
    return names


def path_of(record):
    if "object" in record:
        return f"objects/{record['object']}/.c"
    tgid, tid, cpu = record["task"]
    folder = f"tasks/{tgid}/task/{tid}" if cpu is None else f"cpus/{cpu}/idle"
    return f"{folder}/{record['file']}"


def at(tree, path):
    """What our text has at ".a.b[1].c"."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        tree = tree[name] if name else tree[int(index)]
    return tree


def flags_value(text, values):
    """Of "(A | B | unknown: 0x10)"."""
    value = 0
    by_name = {name: v for v, names in values.items() for name in names}
    for word in text.strip("()").split(" | "):
        value |= int(word[9:], 16) if word.startswith("unknown: ") else by_name[word]
    return value


def same(ours, kind, value, enums):
    """Is our scalar the value that drgn gives to one of this kind?"""
    if kind == "bool":
        return ours == cform.Scalar("word", str(value).lower())
    if kind == "pointer":
        return ours == cform.Scalar("pointer", f"{value:#x}")
    if kind.startswith("enum "):
        values = enums[kind[5:]]
        if ours.kind == "flags":
            return flags_value(ours.text, values) == value
        if value in values:
            return ours.kind == "word" and ours.text in values[value]
    # A number of 128 bits is written as one that has no sign and all its digits.
    if kind == "int" and ours.kind == "pointer" and len(ours.text) == 34:
        return ours.text == f"{value:#034x}"
    return ours == cform.Scalar("number", str(value))


def text_of(values):
    """Elements that are characters, as Text has them."""
    return bytes(v & 0xff for v in values).rstrip(b"\0")


def same_elements(ours, kind, values, enums):
    if isinstance(ours, cform.Text):
        return kind == "int" and ours.bytes == text_of(values)
    return len(ours) == len(values) and all(same(o, kind, v, enums) for o, v in zip(ours, values))


def leaves(tree, path=""):
    """The paths of all scalars, and of arrays of scalars."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from leaves(value, f"{path}.{name}")
    elif isinstance(tree, list) and tree and isinstance(tree[0], (dict, list)):
        for i, value in enumerate(tree):
            yield from leaves(value, f"{path}[{i}]")
    else:
        yield path


def compare(tree, members, enums):
    """What differs: "path: ours, drgn's"; and how much was compared."""
    wrong = []
    for path, (kind, value) in members.items():
        if path in DIFFER:
            continue
        try:
            ours = at(tree, path)
        except (KeyError, IndexError, TypeError):
            wrong.append(f"{path}: is not there")
            continue
        check, what = (same_elements, kind[1:]) if kind[0] == "[" else (same, kind)
        if not check(ours, what, value, enums):
            wrong.append(f"{path}: {ours}, {kind} {value}")
    return wrong


def test_values(both):
    mount, records, enums = both
    compared, wrong = 0, []
    for record in records:
        path = path_of(record)
        tree = cform.read((mount / path).read_text())
        wrong += [f"{path}{line}" for line in compare(tree, record["members"], enums)]
        # A flexible array is printed as an address: drgn gives it no value.
        more = set(leaves(tree)) - set(record["members"])
        wrong += [f"{path}{p}: only ours" for p in more if at(tree, p).kind != "pointer"]
        compared += len(record["members"])
    assert wrong == [], f"{len(wrong)} differ"
    assert compared > 100_000
    kinds = {r["object"].partition("@")[0] for r in records if "object" in r}
    assert {"module", "file", "dentry", "inode", "socket"} <= kinds


def test_tasks(both):
    """drgn finds the same tasks, and each leads to the same structures."""
    mount, records, _ = both
    records = [r for r in records if "task" in r]
    theirs = {path_of(r) for r in records}
    ours = set()
    for folder in [*mount.point.glob("tasks/*/task/*"), *mount.point.glob("cpus/*/idle")]:
        ours |= {os.path.relpath(folder / r, mount.point) for r in {r["file"] for r in records}
                 if (folder / r).read_bytes()}
    assert ours == theirs
