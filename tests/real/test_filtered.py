"""Dump level 31 leaves out user memory: that is said, and what is the kernel's is whole."""

import pytest
from forms import variant_of
from mounted import Mount
from proc import FILES, TEXTS, Truth, assert_same_lines, unknown_options


@pytest.fixture(scope="module")
def truth(crashed):
    return Truth(crashed)


@pytest.fixture(scope="module")
def filtered(crashed, tmp_path_factory):
    """The dump without user memory."""
    files = variant_of(crashed, "zlib-d31")
    m = Mount(tmp_path_factory.mktemp("filtered") / "mnt", *files)
    yield m
    m.close()


@pytest.mark.parametrize("name", [f for f in FILES if f not in ("cmdline", "environ")])
def test_kernel_memory_is_whole_without_user_pages(original, filtered, truth, name):
    for folder in truth.folders():
        path = f"tasks/{folder}/{name}"
        assert (filtered / path).read_bytes() == (original / path).read_bytes(), path


@pytest.mark.parametrize("name", ["cmdline", "environ"])
def test_missing_user_memory_is_said(filtered, truth, name):
    for pid in truth.pids():
        expected = truth.read(pid, name)
        text = (filtered / f"tasks/{pid}/{name}").read_bytes()
        assert (b"<not in dump>" in text) == bool(expected) or pid == truth.title, pid
        if name == "cmdline" and text and pid != truth.title:
            comm = (filtered / f"tasks/{pid}/comm").read_bytes()[:-1]
            assert text == b"[%s] <not in dump>\n" % comm


@pytest.mark.parametrize("name", TEXTS)
def test_kernel_memory_tells_files(original, filtered, truth, name):
    """All of this is the kernel's own memory, which dump level 31 keeps, but for what ext4 has in its
    super block, which is in the page cache."""
    assert_same_lines(filtered, truth, name, [*unknown_options(original), "ext4"])


@pytest.mark.parametrize("name", ["blocked", "runqueues", "timers", "hrtimers", "workqueues", "irqs"])
def test_tables_are_the_same(original, filtered, name):
    assert (filtered / name).read_bytes() == (original / name).read_bytes()
