"""A vmlinux that lacks something, or is not whole: it adds what it has, and the tree is that of the dump
alone; or it is refused in a line."""

import os

import pytest
from mounted import Mount, run, vmcorefs
from test_same import is_exception, without_exceptions
from walk import walk

# Of what is as large as the kernel some are walked.
SOME = {b"/symbols": [b"schedule", b"init_task", b"crashme_items"], b"/types/struct": [b"task_struct"],
        b"/types/union": [], b"/types/enum": [], b"/types/typedef": []}


def choose(folder, names):
    names = SOME.get(folder, names)
    return [n for n in names if n != b"task" and not is_exception(folder + b"/" + n)]


@pytest.fixture(scope="module")
def before(original):
    return walk(original, choose)


@pytest.fixture(scope="module")
def no_dwarf(crashed, machine, tmp_path_factory):
    file = tmp_path_factory.mktemp("vmlinux") / "vmlinux"
    run(machine.tools + "strip", "-g", "-o", file, crashed / "vmlinux")
    return file


def stripped(source, to, machine):
    run(machine.tools + "strip", "-s", "-o", to, source)


def no_btf(source, to, machine):
    run(machine.tools + "objcopy", "--rename-section", ".BTF=.gone", source, to)


def whole(source, to, machine):
    os.link(source, to)


@pytest.mark.parametrize("make", [whole, stripped, no_btf])
def test_lacks(crashed, no_dwarf, before, tmp_path, make, machine):
    make(no_dwarf, tmp_path / "vmlinux", machine)
    m = Mount(tmp_path / "mnt", crashed / "vmcore", tmp_path / "vmlinux")
    try:
        after = walk(m, choose)
        debuginfo = (m / "dump/debuginfo").read_text()
        translation = (m / "dump/translation").read_text()
    finally:
        m.close()
    assert sorted(before.keys() ^ after.keys()) == []
    assert [path for path, what in before.items() if what != after[path] and
            without_exceptions(path, what) != without_exceptions(path, after[path])] == []
    assert f"{tmp_path}/vmlinux: no DWARF in it" in debuginfo
    assert (f"from {tmp_path}/vmlinux" in translation) == (make is not stripped)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 4096, 0.1, 0.5, 0.9, -1, -64, -4096])
def test_cut(crashed, no_dwarf, before, tmp_path, size):
    whole_size = no_dwarf.stat().st_size
    end = int(whole_size * size) if isinstance(size, float) else size % whole_size
    with open(no_dwarf, "rb") as f:
        (tmp_path / "vmlinux").write_bytes(f.read(end))
    try:
        m = Mount(tmp_path / "mnt", crashed / "vmcore", tmp_path / "vmlinux")
    except RuntimeError:
        status, out, err = vmcorefs(crashed / "vmcore", tmp_path / "vmlinux", tmp_path / "mnt")
        assert status > 0 and out == ""
        assert err.startswith("vmcorefs: ") and err.count("\n") == 1, err
        return
    try:
        for path in (b"/log", b"/ps", b"/tasks/1/status", b"/tasks/1/maps", b"/modules/crashme/symbols",
                     b"/symbols/schedule/address", b"/types/struct/task_struct"):
            with open(os.fsencode(m.point) + path, "rb") as f:
                assert f.read() == before[path][1], path
    finally:
        m.close()
