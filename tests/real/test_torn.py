"""Bad input through the paths of /objects and /address: containers of a real kernel torn in many ways,
objects where none can be, indices beyond reason. There is no such file, or one with one line that says
why; nothing hangs, and what is whole is told."""

import os
import random
import re

import pytest
from mounted import Mount
from spoiled import Spoiled

BAD = {"NULL": 0, "poison": 0xdead000000000100, "user": 0x400000, "odd": 0xffffffff81234567,
       "nowhere": 0xffff0123456789a0, "end": 2**64 - 8, "hole": 0x0123456789abcde0}
NR = 10


@pytest.fixture(scope="module")
def whole(crashed, tmp_path_factory):
    m = Mount(tmp_path_factory.mktemp("whole") / "mnt", "-m", crashed / "crashme.ko", crashed / "vmcore")
    yield m
    m.close()


@pytest.fixture(scope="module")
def dump(crashed, whole, tmp_path_factory):
    return Spoiled(crashed / "vmcore", tmp_path_factory.mktemp("torn") / "vmcore", whole)


@pytest.fixture(scope="module")
def items(crashed):
    """Where each is, in the order of the list."""
    text = (crashed / "truth/crashme").read_text()
    return [int(a, 16) for a in re.findall(r"^item (\w+) ", text, re.M)]


@pytest.fixture
def torn(dump, crashed, tmp_path):
    """torn(changes...) -> the mounted dump"""
    made = []

    def make(*changes):
        context = dump.change(*changes)
        context.__enter__()
        m = Mount(tmp_path / f"mnt{len(made)}", "-m", crashed / "crashme.ko", dump.path)
        made.append((m, context))
        return m

    yield make
    for m, context in reversed(made):
        m.close()
        context.__exit__(None, None, None)


def listed(folder):
    """The numbers that a folder lists, and whether it ends with an error."""
    found = []
    try:
        for entry in os.scandir(folder):
            if entry.name.isdigit():
                found.append(int(entry.name))
    except OSError:
        return found, True
    return found, False


def told(mount, path):
    """None: there is no such file. Else its text, of which at most one line tells of an error: the last."""
    full = f"{mount.point}/{path}"
    if not os.path.lexists(full):
        return None
    if os.path.islink(full):
        return os.readlink(full)
    with open(full, "rb") as file:
        text = file.read().decode(errors="replace")
    wrong = [n for n, line in enumerate(text.splitlines()) if line.startswith("!! ")]
    assert wrong in ([], [len(text.splitlines()) - 1]), (path, text)
    return text


def place(mount, path):
    return int(re.match(r"0x(\w+)", (mount / f"objects/{path}/.address").read_text())[1], 16)


def member(dump, items, name):
    """The offset of a member of an item."""
    return place(dump.whole, f"crashme_item@{items[0]:x}/{name}") - items[0]


@pytest.mark.parametrize("to", [*BAD, "itself", "an earlier one"])
def test_list(dump, torn, items, to):
    """Those before the sixth stay; it leads nowhere, or in a circle."""
    link = member(dump, items, "link")
    at = items[5] + link
    value = {**BAD, "itself": at, "an earlier one": items[2] + link}[to]
    mount = torn((at, value))
    folder = mount / "objects/list_head@crashme_items/:crashme_item.link"
    found, error = listed(folder)
    assert found[:6] == [0, 1, 2, 3, 4, 5] and len(found) < NR and error
    for n in range(6):
        assert os.readlink(folder / str(n)) == f"../../crashme_item@{items[n]:x}"
    assert not os.path.lexists(folder / "9")
    # The pointer itself: a link where something is, else what it holds.
    text = told(mount, f"objects/crashme_item@{items[5]:x}/link/next")
    if to in ("itself", "an earlier one"):
        assert text == f"../../list_head@{value:x}"
    else:
        assert text and not text.startswith("../../list_head"), text


CONTAINERS = {"rb_root@crashme_tree/:crashme_item.node": ("rb_root", "rb_node"),
              "idr@crashme_idr/:crashme_item": ("idr", "idr_rt"),
              "xarray@crashme_radix/:crashme_item": ("xarray", "xa_head"),
              "maple_tree@crashme_maple/:crashme_item": ("maple_tree", "ma_root")}


def root_of(dump, path):
    """Where the pointer to the first node of a container lies."""
    kind, name = CONTAINERS[path]
    return place(dump.whole, path.split("/")[0]) + dump.offset(kind, name) + \
        (dump.offset("xarray", "xa_head") if kind == "idr" else 0)


@pytest.mark.parametrize("to", BAD)
@pytest.mark.parametrize("path", CONTAINERS)
def test_root(dump, torn, path, to):
    """A root that leads nowhere: no entries, none found; all else about the object is there."""
    if not (dump.whole / "objects" / path).exists():
        pytest.skip("this kernel has none")
    mount = torn((root_of(dump, path), BAD[to] | (2 if to != "NULL" and not path.startswith("rb") else 0)))
    found, _ = listed(mount / "objects" / path)
    assert len(found) <= 1, found
    for n in 0, 1, 50, 99999:
        if n not in found:
            assert not os.path.lexists(mount / "objects" / path / str(n)), n
    assert told(mount, f"objects/{path.split('/')[0]}/.c").startswith("struct ")


@pytest.mark.parametrize("path", CONTAINERS)
def test_noise(dump, torn, path, items):
    """Nodes overwritten with noise, and with pointers to themselves: it ends, whatever it finds."""
    if not (dump.whole / "objects" / path).exists():
        pytest.skip("this kernel has none")
    rng = random.Random(path)
    if path.startswith("rb"):
        nodes = [a + member(dump, items, "node") for a in items]
        size = 24
    else:
        nodes, size = [dump.number(root_of(dump, path)) & ~0xff], 256
        if path.startswith(("idr", "xarray")):
            nodes, size = [dump.number(root_of(dump, path)) & ~3], 512
    for seed in range(6):
        noise = b"".join(rng.choice((rng.randbytes(8), (nodes[0] | rng.randrange(4)).to_bytes(8, "little"),
                                     bytes(8))) for _ in range(size // 8))
        mount = torn(*((node, noise) for node in nodes[:1 + seed % 3]))
        found, _ = listed(mount / "objects" / path)
        assert len(found) <= 65536
        for n in found[:20]:
            told(mount, f"objects/{path}/{n}")
        told(mount, f"objects/{path.split('/')[0]}/.c")


PLACES = {
    "unmapped": "task_struct@ffffffff00000000", "user": "task_struct@400000", "NULL": "task_struct@0",
    "not canonical": "task_struct@8000000000000000", "half": "task_struct@ff00000000000000",
    "last": "task_struct@ffffffffffffffff", "beyond": "list_head@init_task+99999999999999999",
    "no type": "no_such_type@init_task", "no symbol": "list_head@no_such_symbol", "nothing": "@", "empty": "",
    "stars": "*" * 255 + "@init_task", "of nothing": "void@init_task", "function": "schedule@schedule",
    "percent": "%s%n@init_task", "control": "\x01\x02@init_task", "long": "a" * 250 + "@1",
    "two": "list_head@modules@modules", "cpu": "list_head@modules:0", "space": "list_head @modules "}


@pytest.mark.parametrize("name", PLACES.values(), ids=PLACES)
def test_no_object(whole, name):
    before = set(os.listdir(whole / "objects"))
    assert name == "" or not os.path.lexists(whole / "objects" / name)
    assert set(os.listdir(whole / "objects")) == before == set()


@pytest.mark.parametrize("name", ["ffffffff00000000", "8000000000000000", "ffffffffffffffff",
                                  "ff00000000000000", "init_task+0x7fffffff", "phys:0xffffffffff",
                                  "phys:fffffffffffff"])
def test_address_of_nothing(whole, name):
    """It is told of each address of the kernel's half that nothing is there, in one line at most."""
    text = told(whole, f"address/{name}")
    assert text is None or "MAPPED: " in text or "ADDRESS: " in text


def test_misaligned(whole, dump):
    """Nothing but the reader's wish says where an object begins."""
    at = dump.symbol("init_task")
    raw = dump.read(at + 1, 64)
    for i in range(8):
        assert int(told(whole, f"objects/unsigned long@{at + 1 + 8 * i:x}/value.hex"), 16) == \
            int.from_bytes(raw[8 * i:8 * i + 8], "little")
    for name in "comm", "pid", "tasks/next", ".c", ".containing", "mm", "thread_pid", "sched_class/next":
        told(whole, f"objects/task_struct@{at + 1:x}/{name}")


@pytest.mark.parametrize("index", [128, 4095, 65536, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 2**64,
                                   10**30, "-1", "00", "0x1", "1e3", "+1", " 1"])
def test_bounds(whole, index):
    """An element beyond the array is what lies there, when anything does."""
    for path in ("task_struct@init_task/cpus_mask/bits", "list_head@modules/prev", "pid_namespace@init_pid_ns/idr",
                 "task_struct@init_task/tasks", "list_head@crashme_items/:crashme_item.link",
                 "crashme_item@crashme_items/tail"):
        text = told(whole, f"objects/{path}/{index}")
        if isinstance(index, str) or index >= 2**32:
            assert text is None, path


def test_past_the_end(whole):
    """An object of which only the beginning is in a mapped page."""
    text = (whole / "proc/vmallocinfo").read_text()
    end = next(int(m[1], 16) for m in re.finditer(r"-0x(\w+) .* vmalloc", text))
    at = end - 4096 - 16   # a page that is not mapped follows each area
    assert told(whole, f"objects/list_head@{at:x}/next") is not None
    path = f"objects/task_struct@{at:x}"
    assert os.path.isdir(whole / path)
    assert told(whole, f"{path}/comm").startswith(("!! ", "<not in dump>"))
    assert re.search(r"!! |<not in dump>", told(whole, f"{path}/.c"))
    assert told(whole, f"{path}/pid").startswith("!! ")
    assert "!! " in told(whole, f"{path}/mm") or told(whole, f"{path}/mm").startswith("../")


def test_deep(whole):
    """Through a circle of pointers as long as a path may be."""
    circle = "/tasks/next/prev"
    path = "objects/task_struct@init_task" + circle
    path += "/next/prev" * 300
    assert len(path) < 4096
    fd = os.open(whole.point, os.O_PATH)
    try:
        # A process follows no more than 40 links at once.
        for part in path.split("/"):
            below = os.open(part, os.O_PATH, dir_fd=fd)
            os.close(fd)
            fd = below
        with open(os.open(".address", os.O_RDONLY, dir_fd=fd)) as file:
            assert file.read().startswith("0x")
    finally:
        os.close(fd)
