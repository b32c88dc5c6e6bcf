"""What the test module holds, by its debug file: the list of items, each with all of its members, and
the objects of its cache, as the module itself told them."""

import re
import shlex

import cform
import pytest
from mounted import Mount

COLORS = {"-3": "CRASHME_BLUE", "0": "CRASHME_RED", "5": "CRASHME_GREEN"}


@pytest.fixture(scope="module")
def mounted(guest, tmp_path_factory):
    """The dump with its vmlinux and the module's file."""
    m = Mount(tmp_path_factory.mktemp("module") / "mnt", "-m", guest / "crashme.ko", guest / "vmcore",
              guest / "vmlinux")
    yield m
    m.close()


@pytest.fixture(scope="module")
def told(guest):
    """Key -> [(address, its words)] of the module's report."""
    rows = {}
    for line in (guest / "truth/crashme").read_text().splitlines():
        key, address, *words = shlex.split(line)
        rows.setdefault(key, []).append((address, words))
    return rows


def read(mount, kind, address):
    return cform.read((mount / f"objects/{kind}@{address}/.c").read_text())


def text(value):
    return value.bytes.decode() if isinstance(value, cform.Text) else value.text


def test_items(mounted, told):
    """The list leads from one to the next, and back to its head."""
    head = told["list"][0][0]
    assert int((mounted / "symbols/crashme_items/address").read_text(), 16) == int(head, 16)
    at = re.search(r"next = 0x(\w+)", (mounted / "symbols/crashme_items/value").read_text())[1]
    before = None
    for address, words in told["item"]:
        assert at == address
        item = read(mounted, "crashme_item", at)
        wanted = dict(word.split("=", 1) for word in words)
        for name in "id low mid high wide x y count".split():
            assert text(item[name]) == wanted[name], name
        assert text(item["name"]) == wanted["name"]
        assert text(item["color"]) == COLORS[wanted["color"]]
        assert text(item["flag"]) == {"0": "false", "1": "true"}[wanted["flag"]]
        assert text(item["value"]["number"]) == text_of(item["value"]["bytes"]) == wanted["number"]
        first, last = wanted["matrix"].split("..")
        # Where the module has BTF, some pahole made one array of the two.
        rows = [row if isinstance(row, list) else [row] for row in item["matrix"]]
        assert [text(n) for row in rows for n in row] == \
            [str(n) for n in range(int(first), int(last) + 1)]
        label = (mounted / f"objects/crashme_item@{at}/.c").read_text()
        assert re.search(rf'\n  label = 0x\w+ "{wanted["label"]}",\n', label)
        assert re.search(r"\n  handler = 0x\w+ <crashme_twin>,\n", label)
        assert item["next"] == cform.Scalar("pointer", f"0x{before}" if before else "0x0")
        for i in range(int(wanted["count"])):
            tail = (mounted / f"objects/crashme_item@{at}/tail/{i}").read_text()
            assert int(tail.split()[0]) == 0xa0 + i
        before, at = at, item["link"]["next"].text.removeprefix("0x")
    assert at == head and len(told["item"]) == 10


def text_of(value):
    """Eight bytes as the number that they are."""
    return str(int.from_bytes(value.bytes, "little"))


def test_objects_of_the_cache(mounted, told):
    before = "0x0"
    for address, (index,) in told["object"]:
        thing = read(mounted, "crashme_object", address)
        assert int(text(thing["magic"])) == 0xc0ffee00c0ffee
        assert (text(thing["index"]), text(thing["text"])) == (index, f"object {index}")
        assert text(thing["previous"]) == before
        before = f"0x{address}"
    assert len(told["object"]) == 100


def test_per_cpu(mounted, told):
    """Static and dynamic variables of each CPU, by their addresses."""
    for key, what in ("percpu", "static"), ("percpu_dynamic", "dynamic"):
        for address, (cpu, *_) in told[key]:
            thing = read(mounted, "crashme_cpu", address)
            assert int(text(thing["magic"])) == 0xcafe0000 + int(cpu)
            assert (text(thing["cpu"]), text(thing["text"])) == (cpu, f"{what} {cpu}")
