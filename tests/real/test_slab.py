"""/slab against what the guest's /proc/slabinfo said, and what drgn and crash find in the dump."""

import json
import os
import re
import shutil
import struct
from pathlib import Path

import pytest
from forms import skip_foreign
from lab import peers
from mounted import Mount

HERE = Path(__file__).parent

# What goes on between the guest's look at /proc/slabinfo and its death takes of these many caches at
# most: open files, block I/O and the like.
MOVING = 4
PAGE = 4096


def info(folder):
    return dict(re.findall(r"^(.{17}) (.*)$", (folder / "info").read_text(), re.M))


def number(fields, name):
    return int(fields[name.ljust(17)])


def by_slabinfo(fields):
    return [number(fields, "active, slabinfo"), number(fields, "objects"), number(fields, "size"),
            number(fields, "objects per slab"), 1 << number(fields, "order"), number(fields, "slabs")]


def test_slabinfo(original, crashed):
    truth = {}
    for line in (crashed / "truth/proc/slabinfo").read_text().splitlines()[2:]:
        words = line.split()
        truth[words[0]] = [int(w) for w in words[1:6]] + [int(words[14])]
    ours = {f.name: by_slabinfo(info(f)) for f in (original / "slab").iterdir()}
    assert ours.keys() == truth.keys()
    assert {n: o[2:5] for n, o in ours.items()} == {n: t[2:5] for n, t in truth.items()}
    moved = [f"{n}: {ours[n]}, {truth[n]}" for n in truth if ours[n] != truth[n]]
    assert len(moved) <= MOVING, moved


def allocated(folder):
    return {int(name, 16) for name in os.listdir(folder / "objects")}


def test_counts(original):
    """What is listed is what is counted, in all and slab by slab."""
    for folder in (original / "slab").iterdir():
        fields, text = info(folder), (folder / "slabs").read_text()
        slabs = [[int(n) for n in line.split()[2:]] for line in text.splitlines()[1:]]
        assert len(allocated(folder)) == number(fields, "allocated") == sum(s[1] for s in slabs)
        assert number(fields, "objects") == sum(s[0] for s in slabs)
        assert all(total == used + free for total, used, free in slabs)


@pytest.fixture(scope="module")
def of_drgn(crashed):
    done = peers.run(["drgn", "-q", "-c", crashed / "vmcore", "-s", crashed / "vmlinux",
                      HERE / "drgn_slab.py"], *peers.dump_folders(crashed), HERE, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_drgn(original, of_drgn):
    """The same objects in each cache that drgn was asked for."""
    assert len(of_drgn) > 8
    wrong = []
    for name, theirs in of_drgn.items():
        ours = allocated(original / "slab" / name)
        if ours != set(theirs):
            wrong.append(f"{name}: {len(ours - set(theirs))} only ours, "
                         f"{len(set(theirs) - ours)} only drgn's")
    assert wrong == []


def test_crash(original, crashed, suite):
    """crash counts the same, and of the slabs that it lists, those that are not full, each object is
    free or in use as we have it."""
    skip_foreign(crashed)
    if suite == "sid":
        pytest.skip("crash 9.0.2 does not start on a kernel of 7.x")
    names = ["task_struct", "files_cache", "filp"]
    text = "".join(f"kmem -S {name}\n" for name in names)
    done = peers.run(["crash", "-s", crashed / "vmlinux", crashed / "vmcore"],
                     *peers.dump_folders(crashed), input=text, stdin=None, timeout=600)
    parts = re.split(r"^CACHE .*\n(.*) (\S+)\n", done.stdout, flags=re.M)[1:]
    assert parts[1::3] == names, done.stdout[:2000]
    for counts, name, part in zip(parts[::3], parts[1::3], parts[2::3]):
        fields, ours = info(original / "slab" / name), allocated(original / "slab" / name)
        assert [int(n) for n in counts.split()[1:5]] == \
            [number(fields, n) for n in ("object size", "allocated", "objects", "slabs")], name
        used = {int(a, 16) for a in re.findall(r"^  \[([0-9a-f]+)\]", part, re.M)}
        free = {int(a, 16) for a in re.findall(r"^   ([0-9a-f]{16})  ", part, re.M)}
        assert used <= ours and not free & ours and free, name


def test_tasks(original):
    """Every task that there is is an object in use, and leads to itself."""
    listed = allocated(original / "slab/task_struct")
    tasks = {}
    for folder in original.point.glob("tasks/*/task/*"):
        tasks[int(re.search(r"TASK: ([0-9a-f]+)", (folder / "stack").read_text(errors="replace"))[1],
                  16)] = folder.name
    assert tasks.keys() <= listed
    for address, pid in tasks.items():
        link = original / f"slab/task_struct/objects/{address:x}"
        assert os.readlink(link) == f"../../../objects/task_struct@{address:x}"
        assert (link / "pid").read_text() == f"{pid}\n"


def test_address(original):
    """/address tells the object and whether it is in use."""
    folder = original / "slab/files_cache"
    size, used = number(info(folder), "object size"), allocated(folder)
    for at in sorted(used)[:20]:
        text = (original / f"address/{at + 8:x}").read_text()
        assert f"OBJECT: {at:x}+0x8, of {size} bytes, in use\n" in text
    step = number(info(folder), "size")
    for line in (folder / "slabs").read_text().splitlines()[1:]:
        base, total = int(line.split()[1], 16), int(line.split()[2])
        for at in range(base, base + total * step, step):
            text = (original / f"address/{at:x}").read_text()
            assert ("in use\n" if at in used else "free\n") in text, hex(at)


def offsets_of(core, pa):
    """Where a core has the memory at an address: of the kernel's image it may have two copies."""
    with open(core, "rb") as file:
        head = file.read(64)
        file.seek(64)
        raw = file.read(56 * struct.unpack_from("<H", head, 56)[0])
    for i in range(0, len(raw), 56):
        kind, _, offset, _, start, size = struct.unpack_from("<IIQQQQ", raw, i)
        if kind == 1 and start <= pa < start + size:
            yield offset + pa - start


def on_freelist(tree, page):
    """How many objects of a slab are on its own freelist."""
    [folder] = [f for f in (tree / f"objects/slab@{page}", tree / f"objects/page@{page}")
                if f.exists() and (f / "inuse").exists()][:1]
    return value(folder / "objects") - value(folder / "inuse")


def value(path):
    return int(path.read_text(), 0)


@pytest.mark.parametrize("circle", [False, True], ids=["elsewhere", "circle"])
def test_damaged(original, crashed, tmp_path, circle):
    """A freelist that leads elsewhere, or in a circle: what is in that slab is not told, all else is."""
    folders = [original / "slab" / f"kmalloc-{size}" for size in (64, 128, 256, 512, 96)]
    name = next(f.name for f in folders if f.exists() and
                any(on_freelist(original, line.split()[0]) > 1 for line in (f / "slabs").read_text().splitlines()[1:]))
    cache = original / "slab" / name
    fields, used = info(cache), allocated(cache)
    step, root = number(fields, "size"), fields["kmem_cache".ljust(17)]
    free_at, key = (value(original / f"objects/kmem_cache@{root}" / f) for f in ("offset", "random"))
    lines = [line.split() for line in (cache / "slabs").read_text().splitlines()[1:]]
    base = next(int(w[1], 16) for w in lines if on_freelist(original, w[0]) > 1)
    core = shutil.copyfile(crashed / "vmcore", tmp_path / "vmcore")
    with open(core, "r+b") as file:
        for at in set(range(base, base + PAGE, step)) - used:
            where = at + free_at
            # As the kernel mixes it: with a key, and with its own address turned around.
            turned = int.from_bytes(where.to_bytes(8, "little"), "big")
            bad = (at if circle else 0x4141414141414141) ^ key ^ turned
            text = (original / f"address/{where:x}").read_text()
            pa = int(re.search(r"to physical (0x[0-9a-f]+)", text)[1], 16)
            for offset in offsets_of(core, pa):
                file.seek(offset)
                file.write(struct.pack("<Q", bad))
    mount = Mount(tmp_path / "mnt", "--no-debuginfo", core)
    try:
        after, text = info(mount / "slab" / name), (mount / "slab" / name / "info").read_text()
        why = "is twice on the freelist of its slab" if circle else "the freelist of the slab at .* leads to"
        assert re.search(rf"^!! 1 slabs are not counted: .*{why}", text.splitlines()[-1])
        assert number(after, "slabs") == number(fields, "slabs") - 1
        assert re.search(rf" {base:016x}  !! .*{why}", (mount / "slab" / name / "slabs").read_text())
        assert allocated(mount / "slab" / name) == {a for a in used if not base <= a < base + PAGE}
        assert allocated(mount / "slab/dentry") == allocated(original / "slab/dentry")
    finally:
        mount.close()


def test_unknown(original):
    """What is free, no object, of another cache or no address is not there."""
    objects = original / "slab/task_struct/objects"
    one = min(allocated(original / "slab/task_struct"))
    other = min(allocated(original / "slab/dentry"))
    for name in (f"{one + 8:x}", f"{other:x}", f"0{one:x}", f"{one:x}g", f"{one:X}", "x", "-1", "0"):
        assert not os.path.lexists(objects / name), name
    # The smallest that there is: arm64 had none below a cache line.
    small = next(f"slab/kmalloc-{size}" for size in (8, 128) if (original / f"slab/kmalloc-{size}").exists())
    size = number(info(original / small), "size")
    used = allocated(original / small)
    free = next(a + size for a in sorted(used) if a + size not in used)
    assert not os.path.lexists(original / f"{small}/objects/{free:x}")
    assert os.path.lexists(original / f"{small}/objects/{min(used):x}")
    assert os.readlink(original / f"{small}/objects/{min(used):x}") == \
        f"../../../address/{min(used):x}"
