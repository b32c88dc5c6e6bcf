"""As a kernel before BTF and ORC: types from DWARF, unwinding by call frame information. The same kernel
with both says what must come out."""

import os
import re

import pytest
from mounted import Mount
from walk import walk

FOLDERS = (b"/tasks", b"/modules", b"/cpus", b"/stacks", b"/proc")

# How a frame was found is told behind it: the entry code has ORC, but no CFI.
BY_ITS_PLACE = re.compile(rb"  \(by its place\)$", re.M)


@pytest.fixture(scope="module")
def three(crashed, tmp_path_factory):
    """With both, without BTF, without either."""
    debug = (crashed / "vmlinux").resolve().parent / "debug"   # of the modules
    cache = tmp_path_factory.mktemp("cache")
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    mounts = []
    for options in ([], ["--no-btf"], ["--no-btf", "--no-orc"]):
        point = tmp_path_factory.mktemp("types") / "mnt"
        mounts.append(Mount(point, *options, "--debug-dir", debug, crashed / "vmcore",
                            crashed / "vmlinux", env=env))
    yield mounts
    for m in mounts:
        m.close()


def choose(folder, names):
    if folder in (b"", b"/"):
        return [name for name in names if b"/" + name in FOLDERS]
    return names


@pytest.fixture(scope="module")
def walked(three):
    return [walk(m, choose) for m in three]


def test_it_is_not_used(crashed, tmp_path):
    """Without debug files there are no types then, and stacks are found by other means."""
    m = Mount(tmp_path / "mnt", "--no-btf", "--no-orc", "--no-debuginfo", crashed / "vmcore")
    try:
        assert (m / "ps").read_text().count("\n!! tasks: types: ") == 1
        assert (m / "stacks/all").read_text().startswith("!! tasks: types: ")
        assert not os.listdir(m / "types/struct")
        assert "a VMLINUX with DWARF is needed for tasks" in (m / "summary").read_text()
        assert "needs its VMLINUX with DWARF" in (m / "README").read_text()
    finally:
        m.close()


@pytest.mark.parametrize("which", [1, 2], ids=["no-btf", "no-btf-no-orc"])
def test_every_file(walked, which):
    whole, other = walked[0], walked[which]
    assert sorted(whole.keys() ^ other.keys()) == []
    if which == 2:
        other = {path: (kind, BY_ITS_PLACE.sub(b"", what[0]), *what[1:]) if kind == "file" else (kind, *what)
                 for path, (kind, *what) in other.items()}
    assert [path for path, what in whole.items() if what != other[path]] == []
    assert len(whole) > 5000


def test_stacks_are_found_by_cfi(walked, machine):
    """Without ORC: some go through code that has no CFI either, and most do not. Where frames are found by
    their records it needs neither."""
    marked = [path for path, what in walked[2].items()
              if path.endswith(b"/stack") and BY_ITS_PLACE.search(what[1])]
    assert bool(marked) == machine.has_orc
    assert not any(BY_ITS_PLACE.search(what[1]) for path, what in walked[0].items()
                   if path.endswith(b"/stack"))
    assert len(marked) < 20
