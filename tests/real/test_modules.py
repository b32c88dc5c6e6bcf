"""/modules, and the modules' symbols, against what the guest's /sys/module and /proc said."""

import json
import os
import re
from collections import defaultdict

import pytest
from forms import need_data_symbols, shown_as

# How parameters look that their module prints in its own way.
OWN_KIND = re.compile(r"<\S+ \[(\w+)\] of (0x[0-9a-f]+|0)>\n")


@pytest.fixture(scope="module")
def truth(guest):
    return guest / "truth"


@pytest.fixture(scope="module")
def loaded(truth):
    """Fields of the lines of /proc/modules by name, in order."""
    lines = (truth / "proc/modules").read_text().splitlines()
    return {line.split()[0]: line.split() for line in lines}


def text(path):
    return path.read_text(encoding="latin-1")


def test_list(tree, loaded):
    assert os.listdir(tree / "modules") == list(loaded)


def test_line(tree, loaded):
    """Each field of /proc/modules: name size refcnt users state address taint."""
    for name, fields in loaded.items():
        folder = tree / "modules" / name
        users = [u for u in fields[3].split(",") if u not in ("-", "", "[permanent]")]
        assert text(folder / "size") == fields[1] + "\n"
        assert text(folder / "refcnt") == fields[2] + "\n"
        assert text(folder / "users").split() == users
        assert sorted(os.listdir(folder / "holders")) == sorted(users)
        assert text(folder / "state") == fields[4].lower() + "\n"
        assert text(folder / "base") == fields[5] + "\n"
        assert f"({text(folder / 'taint').strip()})" == (fields[6:] or ["()"])[0]
        for user in users:
            assert os.path.samefile(folder / "holders" / user, tree / "modules" / user)


def test_attributes(tree, truth, loaded):
    for name in loaded:
        ours, theirs = tree / "modules" / name, truth / "sys/module" / name
        for attribute in ("taint", "version", "srcversion"):
            told = theirs / attribute
            assert text(ours / attribute) == (text(told) if told.exists() else "")
        sizes = int(text(theirs / "coresize")) + int(text(theirs / "initsize"))
        assert text(ours / "size") == f"{sizes}\n"


def test_memory(tree, loaded):
    """The parts fill the module's memory: the first is at the base, together they are its size."""
    for name, fields in loaded.items():
        rows = [row.split() for row in text(tree / "modules" / name / "memory").splitlines()]
        assert rows[0][0].split("-")[0] == fields[5]
        assert rows[0][2] == "text"
        assert sum(int(row[1]) for row in rows) == int(fields[1])
        for row in rows:
            first, last = (int(n, 16) for n in row[0].split("-"))
            assert last - first == int(row[1])


def test_sections(tree, truth, loaded):
    for name in loaded:
        ours, theirs = (where / name / "sections"
                        for where in (tree / "modules", truth / "sys/module"))
        assert sorted(os.listdir(ours)) == sorted(os.listdir(theirs))
        for section in os.listdir(theirs):
            assert text(ours / section) == text(theirs / section)


def test_parameters(tree, truth, loaded):
    compared = 0
    for name in loaded:
        ours, theirs = (where / name / "parameters"
                        for where in (tree / "modules", truth / "sys/module"))
        for parameter in os.listdir(theirs) if theirs.exists() else []:
            own = OWN_KIND.fullmatch(text(ours / parameter))
            if own:
                assert own[1] == name
                continue
            assert text(ours / parameter) == text(theirs / parameter)
            compared += 1
    assert compared >= 20
    assert OWN_KIND.fullmatch(text(tree / "modules/crashme/parameters/p_custom"))
    # One that /sys does not show, for its mode is 0.
    assert text(tree / "modules/crashme/parameters/p_hidden") == "99\n"


def test_build_id(tree, truth, loaded, guest):
    for name in loaded:
        note = (truth / "sys/module" / name / "notes/.note.gnu.build-id").read_bytes()
        assert text(tree / "modules" / name / "build-id") == note[-20:].hex() + "\n"
    told = json.loads((guest / "meta.json").read_text())["build_ids"]["crashme.ko"]
    assert text(tree / "modules/crashme/build-id") == told + "\n"


def test_symbols(tree, truth, loaded):
    """The modules' lines of /proc/kallsyms, in any order. Those of an initialisation, which is over,
    are ftrace's: they lie outside the module's memory."""
    theirs = defaultdict(list)
    for line in shown_as(text(truth / "proc/kallsyms")).splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[3].strip("[]") in loaded:
            theirs[fields[3].strip("[]")].append(fields[:3])
    for name in loaded:
        folder = tree / "modules" / name
        ours = [line.split() for line in text(folder / "symbols").splitlines()]
        parts = [[int(n, 16) for n in line.split()[0].split("-")]
                 for line in text(folder / "memory").splitlines()]
        known = [row for row in theirs[name] if row in ours or
                 any(first <= int(row[0], 16) < last for first, last in parts)]
        assert sorted(ours) == sorted(known)


def test_named(guest, tree, truth):
    """Symbols of modules are in /symbols, too."""
    need_data_symbols(guest)
    address = next(line.split()[1] for line in text(truth / "crashme").splitlines()
                   if line.startswith("p_int "))
    assert text(tree / "symbols/p_int/address") == f"0x{address}\n"
    assert text(tree / "symbols/p_int/module") == "crashme\n"


def test_structure(tree, loaded):
    for name in loaded:
        lines = text(tree / "modules" / name / "module").splitlines()
        assert lines[0] == "struct module {"
        assert lines[-1] == "}"
        assert f'  name = "{name}",' in lines
