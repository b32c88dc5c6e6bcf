"""Who uses the memory, what is mounted, under way, on the network, of BPF: plain tables, compared with what
the guest itself said of each."""

import calendar
import collections
import json
import os
import re
import struct
import time
from pathlib import Path

import pytest
from forms import variant_of
from mounted import Mount
from plain import lines, pids, users
from spoiled import Spoiled

TABLES = [*(f"memory/usage/{name}" for name in
            "total processes files shmem slab vmalloc cgroups".split()),
          "mounts", "inflight-io", "network/interfaces", "network/sockets", "bpf/progs", "bpf/maps"]

# Each CPU keeps changes of counters to itself until they are as many: pages, of two CPUs and a node.
COUNTED_LATE_KB = 4 * 2 * 125


@pytest.fixture(scope="module")
def truth(crashed):
    return Path(crashed) / "truth"


@pytest.fixture(scope="module")
def copier(truth):
    return str(json.loads((truth / "load.json").read_text())["truth"]["pid"])


def meminfo(proc):
    return {key: int(value.split()[0]) for key, value in
            (line.split(":") for line in (proc / "meminfo").read_text().splitlines())}


@pytest.mark.parametrize("path", TABLES)
def test_is_there_soon(original, path):
    begin = time.monotonic()
    text = (original / path).read_text()
    assert time.monotonic() - begin < 10
    assert text.count("\n") >= 1 and "!!" not in text


@pytest.mark.parametrize("path", TABLES)
def test_of_a_filtered_dump(crashed, original, path, tmp_path):
    """Nothing of these tables is in the memory of processes or of files."""
    files = variant_of(crashed, "zlib-d31")
    m = Mount(tmp_path / "mnt", "--no-debuginfo", *files)
    try:
        now, whole = ((mount / path).read_text().splitlines() for mount in (m, original))
    finally:
        m.close()
    assert len(now) == len(whole)
    for ours_, all_ in zip(now, whole):
        # what ext4 has in a page of its block device alone
        assert ours_ == all_ or path == "mounts" and " ext4 " in all_ \
            and ours_.endswith(",...") and all_.startswith(ours_[:-4])


# memory

def usage(mount):
    """{what: kB}"""
    found = {}
    for line in lines(mount, "memory/usage/total"):
        kb, _, what = line.split(maxsplit=2)
        found[what] = int(kb)
    return found


def test_total(original, truth):
    parts = usage(original)
    parts.pop("not in MemTotal: kernel image, struct pages, crash kernel, firmware")
    total = parts.pop("MemTotal, the sum")
    nowhere = next(kb for what, kb in parts.items() if what.startswith("counted nowhere"))
    assert total == meminfo(truth / "proc")["MemTotal"]
    assert abs(sum(parts.values()) - total) <= total / 100
    # what has no name is little, and nothing is counted twice
    assert 0 <= nowhere <= total / 100


def test_parts_of_total_are_those_of_meminfo(original):
    parts, info = usage(original), meminfo(original / "proc")

    def part(begin):
        return sum(kb for what, kb in parts.items() if what.startswith(begin))

    assert parts["free"] == info["MemFree"]
    assert part("anonymous") == info["AnonPages"]
    assert part("shmem") == info["Shmem"]
    assert part("file cache") == info["Cached"] + info["Buffers"] - info["Shmem"]
    assert part("slab, reclaimable") == info["SReclaimable"]
    assert part("slab, unreclaimable") == info["SUnreclaim"]
    assert part("page tables of processes") == info["PageTables"]
    assert part("kernel stacks") == info["KernelStack"]
    # the stacks are a part of that
    assert part("vmalloc") == info["VmallocUsed"] - info["KernelStack"]
    assert part("huge pages") == info["Hugetlb"]
    assert 0 <= part("per-CPU") < info["Percpu"]


def test_slab(original):
    """/proc/slabinfo is what the guest's was, see test_proc."""
    then = {}
    for line in (original / "proc/slabinfo").read_text().splitlines()[2:]:
        words = line.split()
        then[words[0]] = [int(n) for n in words[1:6]] + [int(words[14])]
    sizes, seen = [], set()
    for line in lines(original, "memory/usage/slab"):
        objects, active, _, _, slabs, per_slab, kb, name = line.split()
        if name == "(sum)":
            assert int(kb.rstrip("K")) == sum(sizes)
            continue
        was = then[name]
        assert [int(n) for n in (active, objects, per_slab, slabs)] == [was[0], was[1], was[3], was[5]]
        assert int(kb.rstrip("K")) == int(slabs) * was[4] * 4
        sizes.append(int(kb.rstrip("K")))
        seen.add(name)
    assert seen == set(then)
    assert sizes == sorted(sizes, reverse=True) and len(sizes) > 50


def of_status(truth, pid):
    text = (truth / "proc" / pid / "status").read_text(errors="surrogateescape")
    found = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    keys = "VmRSS RssAnon RssFile RssShmem VmSwap VmPTE".split()
    return [int(found[key].split()[0]) for key in keys] if "VmRSS" in found else None


def test_processes(original, truth, copier):
    rows = {}
    order = []
    for line in lines(original, "memory/usage/processes"):
        *numbers, pid, comm = line.split(maxsplit=7)
        rows[pid] = [int(n) for n in numbers]
        order.append(rows[pid][0] + rows[pid][4])
        name = (original / f"tasks/{pid}/comm").read_bytes()[:-1]
        assert comm == name.decode() if name.isalnum() else comm
    assert order == sorted(order, reverse=True)
    compared, without = 0, []
    for pid in pids(truth) - {copier}:
        was = of_status(truth, pid)
        if was is None:
            continue
        if pid not in rows:
            without.append(was)
            continue
        assert rows[pid] == was, pid
        compared += 1
    # one that shares the memory of its parent shows there; a leader that is gone has threads
    assert all(was in rows.values() for was in without) and len(without) < 3
    assert compared > 20


def test_files_are_the_page_cache(original):
    info = meminfo(original / "proc")
    *rows, last = lines(original, "memory/usage/files")
    sizes = [int(row.split()[0]) for row in rows]
    assert last.split()[-1] == "(sum)" and int(last.split()[0]) == sum(sizes)
    assert sizes == sorted(sizes, reverse=True)
    assert abs(sum(sizes) - info["Cached"] - info["Buffers"]) <= COUNTED_LATE_KB


def test_names_of_files(original, truth):
    """Files that processes of the guest had mapped have the names that they had there, and inodes."""
    rows = {}
    for line in lines(original, "memory/usage/files")[:-1]:
        _, dev, ino, fs, name = line.split(maxsplit=4)
        rows[dev, ino] = fs, name
    then = {}
    for pid in pids(truth):
        for line in (truth / "proc" / pid / "maps").read_text(errors="surrogateescape").splitlines():
            words = line.split(maxsplit=5)
            if len(words) == 6 and words[5].startswith("/") and words[4] != "0":
                major, minor = (int(n, 16) for n in words[3].split(":"))
                then[f"{major}:{minor}", words[4]] = words[5]
    both = then.keys() & rows.keys()
    assert len(both) >= 5
    for key in both:
        # overlayfs shows its own name of what lies elsewhere; octal: what a terminal shall not see
        if rows[key][0] != "overlay" and "\\" not in then[key] + rows[key][1]:
            assert rows[key][1] == then[key]
    assert any(fs == "ext4" and name.startswith("/mnt/disk/") for fs, name in rows.values())
    assert any(name.startswith("/SYSV") for _, name in rows.values())
    assert any(name.startswith("/memfd:") for _, name in rows.values())


def mountinfo(truth, pid):
    path = truth / "proc" / pid / "mountinfo"
    return [line.split(" ") for line in path.read_bytes().decode("latin-1").splitlines()]


def test_shmem(original, truth):
    *rows, last = lines(original, "memory/usage/shmem")
    sizes = [int(row.split()[0]) for row in rows]
    assert int(last.split()[0]) == sum(sizes)
    assert abs(sum(sizes) - meminfo(truth / "proc")["Shmem"]) <= COUNTED_LATE_KB
    seen = {}
    for row in rows:
        _, _, most, inodes, most_inodes, dev, fs, place = row.split(maxsplit=7)
        seen[dev] = most, int(inodes), most_inodes, fs, place
    compared = 0
    for words in mountinfo(truth, "1"):
        kind, _, options = words[words.index("-") + 1:][:3]
        if kind not in ("tmpfs", "devtmpfs", "rootfs") or words[3] != "/":
            continue
        most, inodes, most_inodes, fs, _ = seen[words[2]]
        assert fs == kind and inodes >= 1
        size = re.search(r"\bsize=(\d+)k", options)
        nr = re.search(r"nr_inodes=(\d+)", options)
        assert not size or most == size[1]
        assert not nr or most_inodes == nr[1]
        compared += 1
    assert compared >= 5
    places = {place for *_, place in seen.values()}
    assert {"/tmp", "/dev/shm", "(the kernel's own)"} <= places


def test_vmalloc(original, truth):
    sums, areas = collections.Counter(), collections.Counter()
    for line in (truth / "proc/vmallocinfo").read_text().splitlines():
        pages = re.search(r" pages=(\d+)", line)
        if pages:
            kind = "vmap" if " vmap" in line else "vmalloc"
            caller = re.match(r"\S+ +\d+ (?:(\S+?)\+0x\S+( \[\w+\])?)?", line)
            key = kind, (caller[1] or "?") + (caller[2] or "")
            sums[key] += 4 * int(pages[1])
            areas[key] += 1
    now, total = {}, {}
    for line in lines(original, "memory/usage/vmalloc"):
        kb, n, kind, caller = line.split(maxsplit=3)
        if caller == "(sum)":
            total[kind] = int(kb)
        else:
            now[kind, caller] = int(kb), int(n)
    assert now == {key: (sums[key], areas[key]) for key in sums}
    assert total["vmalloc"] == meminfo(truth / "proc")["VmallocUsed"]
    assert total["vmalloc"] == sum(kb for (kind, _), (kb, _) in now.items() if kind == "vmalloc")


def test_cgroups(original, truth):
    seen = {}
    for line in lines(original, "memory/usage/cgroups"):
        kb, most, swap, most_swap, state, path = line.split(maxsplit=5)
        seen[path] = [kb, most, swap, most_swap]
        assert state in ("-", "dead")
    top = truth / "sys/fs/cgroup"
    compared = 0
    for file in top.rglob("memory.current"):
        folder = file.parent
        names = "memory.current memory.max memory.swap.current memory.swap.max".split()
        then = [(folder / name).read_text().strip() for name in names]
        path = "/" + str(folder.relative_to(top)).replace("\\", "\\134")
        assert seen[path] == [n if n == "max" else str(int(n) // 1024) for n in then]
        compared += 1
    assert compared and "/" in seen


# mounts

def table_of_mounts(original):
    """{namespace: {(id, parent, dev, root, place, type, source)}}, {(namespace, id): options}"""
    spaces, options = collections.defaultdict(set), {}
    for line in (original / "mounts").read_bytes().decode("latin-1").splitlines()[1:]:
        number, parent, ns, dev, kind, source, root, place, opts = line.split()
        spaces[ns].add((number, parent, dev, root, place, kind, source))
        options[ns, number] = opts
    return spaces, options


def test_mounts(original, truth):
    spaces, options = table_of_mounts(original)
    seen = set()
    for pid in pids(truth):
        link = truth / "proc" / pid / "ns/mnt"
        ns = os.readlink(link)[5:-1] if os.path.lexists(link) else None
        rooted = truth / "proc" / pid / "root"
        if not ns or not os.path.lexists(rooted) or os.readlink(rooted) != "/":
            continue
        lines_, tab = mountinfo(truth, pid), (truth / "proc" / pid / "mounts").read_bytes()
        then = set()
        for words in lines_:
            kind, source, _ = words[words.index("-") + 1:][:3]
            then.add((*words[:3], words[3], words[4], kind, source))
        if not then <= spaces[ns]:   # a root that others are mounted on hides them
            assert len(then) < 3, pid
            continue
        seen.add(ns)
        shown = [line.split(" ")[3] for line in tab.decode("latin-1").splitlines()]
        for words, opts in zip(lines_, shown):
            if "..." not in options[ns, words[0]]:
                assert options[ns, words[0]] == opts
        # nothing is there that no process sees, but for what is hidden below another's root
        assert len(spaces[ns]) - len(then) <= 2
    assert len(seen) >= 2


# BPF

def fdinfo(truth, key):
    """(pid, fd, {key: value}) of descriptors whose fdinfo has the key."""
    for pid in pids(truth):
        folder = truth / "proc" / pid / "fdinfo"
        for file in folder.iterdir() if folder.is_dir() else []:
            if not file.is_file():
                continue
            text = file.read_text(errors="replace")
            if key in text:
                yield pid, file.name, dict(line.split(":\t", 1) for line in text.splitlines()
                                           if ":\t" in line)


def facts(truth, name):
    """What bpf(2) told the guest: {id: {key: value}}"""
    lines_ = (truth / "bpf" / name).read_text().splitlines()
    return {words["id"]: words for words in
            (dict(word.split("=", 1) for word in line.split()) for line in lines_)}


def enum(mount, name, prefix):
    """{value: what bpftool calls it}"""
    text = (mount / "types/enum" / name).read_text()
    pairs = re.findall(rf"{prefix}(\w+)\s*=\s*(\d+)", text)
    return {value: word.lower() for word, value in reversed(pairs)}


def test_bpf_maps(original, truth):
    kinds, then = enum(original, "bpf_map_type", "BPF_MAP_TYPE_"), facts(truth, "maps")
    rows = {line.split()[0]: line.split(maxsplit=9) for line in lines(original, "bpf/maps")}
    assert rows.keys() == then.keys() and then
    for number, was in then.items():
        _, kind, name, key, value, entries, flags, *_ = rows[number]
        assert (kind, name) == (kinds[was["type"]], was["name"])
        assert (key, value, entries) == (was["key"], was["value"], was["max"])
        assert int(flags, 16) == int(was["flags"], 0)
    seen = 0
    for pid, fd, info in fdinfo(truth, "map_id:"):
        *_, memory, state, tasks = rows[info["map_id"]]
        assert memory in (info["memlock"], "?")
        assert state == ("frozen" if info["frozen"] == "1" else "-")
        assert (pid, fd) in users(tasks)
        seen += 1
    assert seen


def test_bpf_progs(original, truth):
    kinds, then = enum(original, "bpf_prog_type", "BPF_PROG_TYPE_"), facts(truth, "programs")
    rows = {line.split()[0]: line.split(maxsplit=11) for line in lines(original, "bpf/progs")}
    assert rows.keys() == then.keys() and then
    slots = json.loads((truth / "load.json").read_text())["truth"]
    booted = (slots["realtime_begin"] - slots["boottime_begin"]) / 1e9
    for number, was in then.items():
        _, kind, name, tag, gpl, loaded, uid, xlated, jited, _, maps, _ = rows[number]
        assert (kind, name, tag) == (kinds[was["type"]], was["name"], was["tag"])
        assert (uid, xlated, jited) == (was["uid"], was["xlated_len"], was["jited_len"])
        assert gpl == ("gpl" if was["gpl"] == "1" else "-")
        assert (0 if maps == "-" else maps.count(",") + 1) == int(was["maps"])
        when = calendar.timegm(time.strptime(loaded, "%Y-%m-%dT%H:%M:%S+0000"))
        assert abs(when - booted - int(was["load_time"]) / 1e9) < 1.5
    seen = 0
    for pid, fd, info in fdinfo(truth, "prog_id:"):
        assert rows[info["prog_id"]][9] == info["memlock"]
        assert (pid, fd) in users(rows[info["prog_id"]][11])
        seen += 1
    assert seen


# requests of block devices

def test_nothing_is_in_flight(original, truth):
    """The guest's disks had done what they were asked for."""
    for line in (truth / "proc/diskstats").read_text().splitlines():
        assert line.split()[11] == "0"
    assert lines(original, "inflight-io") == []


class Members:
    """Where members of the kernel's structures are."""

    def __init__(self, mount):
        self.mount = mount

    def place(self, struct_, member):
        path = self.mount / f"types/struct/{struct_}.{member}"
        if not path.exists():
            return None, None
        text = path.read_text()
        return int(re.search(r"offset: (\d+)", text)[1]), int(re.search(r"size: +(\d+)", text)[1])

    def offset(self, struct_, member):
        return self.place(struct_, member)[0]


def planted(dump, m, tag):
    """What makes a request of a device that is in use: [(address, bytes)], its own address, the queue's."""
    folder = dump.whole / "slab/request_queue/objects"
    if not folder.exists():
        folder = dump.whole / "slab/blkdev_queue/objects"   # until v5.11
    for name in sorted(os.listdir(folder)):
        queue = int(name, 16)
        tag_set = dump.number(queue + m.offset("request_queue", "tag_set"))
        if tag_set:
            break
    tags = dump.number(dump.number(tag_set + m.offset("blk_mq_tag_set", "tags")))
    offset, size = m.place("blk_mq_tags", "bitmap_tags")
    bits = dump.number(tags + offset) if size == 8 else tags + offset
    word = dump.number(bits + m.offset("sbitmap_queue", "sb") + m.offset("sbitmap", "map"))
    rq = dump.number(dump.number(tags + m.offset("blk_mq_tags", "static_rqs")) + 8 * tag)
    cleared = word + m.offset("sbitmap_word", "cleared")
    changes = [(word + m.offset("sbitmap_word", "word"), struct.pack("<Q", 1 << tag)),
               (cleared, bytes(8))]
    numbers = {"q": (8, queue), "ref": (4, 1), "state": (4, 1), "cmd_flags": (4, 1),
               "__sector": (8, 4242), "__data_len": (4, 8192), "tag": (4, tag), "bio": (8, 0),
               "start_time_ns": (8, 10**9), "io_start_time_ns": (8, 0)}
    for member, (size, value) in numbers.items():
        changes.append((rq + m.offset("request", member), value.to_bytes(size, "little")))
    return changes, rq


def test_a_request_in_flight(crashed, original, tmp_path):
    """One that was made in a copy of the dump."""
    dump = Spoiled(crashed / "vmcore", tmp_path / "vmcore", original)
    changes, rq = planted(dump, Members(original), 3)
    with dump.change(*changes):
        mount = Mount(tmp_path / "mnt", "--no-debuginfo", dump.path)
        try:
            rows = lines(mount, "inflight-io")
        finally:
            mount.close()
    assert len(rows) == 1
    dev, name, op, sector, size, state, age, issued, hwq, tag, address, flags, *rest = rows[0].split()
    assert (op, sector, size, state, issued, hwq, tag) == \
        ("WRITE", "4242", "8192", "in-flight", "-", "0", "3")
    assert int(address, 16) == rq
    assert 1000 < int(age) < 10**6   # the guest had been up for some seconds
    assert flags == "-" and rest == ["-", "-", "-"]
    parts = (original / "proc/partitions").read_text() + (original / "proc/diskstats").read_text()
    assert re.search(rf"\b{name}\b", parts)
    assert re.fullmatch(r"\d+:\d+", dev)
