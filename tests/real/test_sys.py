"""/sys: the tree is the guest's, and what is told of devices, memory and control groups."""

import os
import re
import shutil
from pathlib import Path

import pytest
from mounted import run
from test_exec import told

# Other file systems that are mounted in it.
MOUNTED = ("kernel/debug/", "kernel/tracing/", "kernel/security/")

# What moved between the copy and the crash: the copier wrote what it had copied to a disk and freed its
# memory, the CPUs ran, interrupts came, and connections to itself were closed.
#   (files, how far their numbers may have moved, why)
MOVES = [
    (r"kernel/irq/\d+/per_cpu_count", 5000, "the CPUs ran"),
    (r"devices/system/node/node\d+/meminfo", 65536, "the copier freed its memory"),
    (r"devices/virtual/net/lo/statistics/[rt]x_(packets|bytes)", 10**6, "connections ended"),
    (r"devices/.*/block/(vd.|loop0)/stat", 10**6, "the copier wrote to its disk"),
    (r"fs/cgroup/io\.stat", 10**9, "the copier wrote to its disk"),
    (r"fs/cgroup/cpu\.stat", 10**9, "the CPUs ran"),
    (r"fs/cgroup/([^/]+/)*(cpu|io|memory)\.pressure", 10**9, "time went on"),
    (r"fs/cgroup/memory\.stat", 256 << 20, "the copier freed its memory"),
    (r"fs/cgroup/second/cpu\.stat", 10**7, "what a test began ends"),
]

# Kernel threads that came and went.
OF_TASKS = r"fs/cgroup/cgroup\.(procs|threads)"

# Values that are told to be made by the kernel in a way of its own.
UNKNOWN = [
    (r"devices/system/cpu/.*", "topology, caches, weak points: asked of the CPU"),
    (r"devices/system/clocksource/.*", "few look"),
    (r"devices/system/node/(.*/)?(uevent|numastat|vmstat|power/.*|memory_failure/.*|hugepages/.*)",
     "the same as of the whole machine, mostly"),
    (r"power/.*", "states of sleep"),
    (r"devices/.*/uevent", "of buses, each in its way"),
    (r"devices/.*/queues/.*", "steering of packets"),
    (r"devices/.*/(trace|mq|integrity)/.*", "tracing, hardware queues"),
    (r"devices/virtual/(bdi|workqueue)/.*", "write-back, affinity"),
    (r"devices/.*/block/[^/]+/(events|events_async|events_poll_msecs|inflight|partscan)",
     "of the driver"),
    (r"devices/.*/block/[^/]+/(serial|cache_type)", "asked of the device"),
    (r"devices/.*/block/md\d+/md/.*", "of arrays: what of them is looked at is in /proc/mdstat"),
    (r"devices/.*/queue/(async_depth|io_\w+|iostats_\w+|nomerges|nr_zones|rq_affinity|wbt_lat_usec)",
     "bits that moved from kernel to kernel"),
    (r"devices/.*/queue/(max_(open|active)_zones|atomic_\w+|max_write_\w+|write_\w+|dax)",
     "limits that few have"),
    (r"kernel/(.*/)?crash_elfcorehdr_size|kernel/kexec/crash_cma_ranges", "worked out when asked"),
    (r"kernel/boot_params/version", "of the boot loader"),
    (r"kernel/(reboot|cgroup|iommu_groups|livepatch|sched_ext)/.*", "words for settings"),
    (r"kernel/mm/(damon|mempolicy)/.*", "of other subsystems"),
    (r"kernel/mm/transparent_hugepage/shrink_underused", "a static switch"),
    (r"fs/cgroup/(.*/)?(misc|rdma|hugetlb|dmem)\..*", "of controllers that few use"),
    (r"fs/cgroup/(.*/)?io\.(cost\.\w+|max|weight|latency|prio\.class)", "of the policies of I/O"),
    (r"fs/cgroup/(.*/)?memory\.(numa_stat|zswap\..*)", "the same by node"),
    (r"fs/cgroup/(.*/)?(cpuset\.cpus\.\w+(\.\w+)?|cpu\.uclamp\.\w+|irq\.pressure)", "few look"),
    (r"fs/cgroup/(.*/)?cgroup\.stat\.local", "time frozen"),
]


# Structures of modules, whose types are in the dump since v5.11.
OF_MODULES = r"devices/virtual/block/loop\d+/loop/.*"


def is_unknown(path, types_of_modules=True):
    return any(re.fullmatch(pattern, path) for pattern, _ in UNKNOWN) or \
        not types_of_modules and bool(re.fullmatch(OF_MODULES, path))


# Of those directories these are known all the same.
KNOWN = """devices/system/cpu/kernel_max devices/system/cpu/online devices/system/cpu/possible
devices/system/cpu/present devices/system/node/has_cpu devices/system/node/has_memory
devices/system/node/node0/cpulist devices/system/node/node0/cpumap devices/system/node/node0/distance
devices/system/node/online fs/cgroup/cgroup.controllers fs/cgroup/cgroup.subtree_control
fs/cgroup/cpuset.cpus.effective fs/cgroup/cpuset.mems.effective fs/cgroup/lab/cgroup.events
fs/cgroup/lab/cgroup.stat fs/cgroup/lab/cgroup.type fs/cgroup/lab/cpu.max fs/cgroup/lab/cpu.stat
fs/cgroup/lab/cpu.weight fs/cgroup/lab/io.stat fs/cgroup/lab/memory.current
fs/cgroup/lab/memory.events fs/cgroup/lab/memory.max fs/cgroup/lab/memory.stat
fs/cgroup/lab/pids.current fs/cgroup/lab/pids.max kernel/kexec_crash_loaded kernel/notes
kernel/vmcoreinfo""".split()


def files(truth):
    """Paths of the files and links that the guest had, but for modules, which have a test of their own."""
    for folder, folders, names in os.walk(truth):
        links = [n for n in folders if os.path.islink(os.path.join(folder, n))]
        folders[:] = [n for n in folders if n not in links]
        for name in names + links:
            path = os.path.relpath(os.path.join(folder, name), truth)
            if not path.startswith(("module/",) + MOUNTED):
                yield path


def numbers(text):
    return [float(n) for n in re.findall(rb"\d+(?:\.\d+)?", text)]


def moved(path, then, now):
    """May the text have become this?"""
    for pattern, most, _ in MOVES:
        if re.fullmatch(pattern, path):
            was, is_ = numbers(then), numbers(now)
            return re.sub(rb"[\d. ]+", b"", then) == re.sub(rb"[\d. ]+", b"", now) and \
                len(was) == len(is_) and all(abs(a - b) <= most for a, b in zip(was, is_))
    if re.fullmatch(OF_TASKS, path):
        was, is_ = then.split(), now.split()
        stayed = [p for p in was if p in is_]
        return stayed == [p for p in is_ if p in was] and len(stayed) >= len(was) - 3 and \
            len(is_) <= len(was) + 3
    return False


@pytest.fixture(scope="module")
def truth(crashed):
    return Path(crashed) / "truth/sys"


def test_comparison_can_fail():
    assert moved("fs/cgroup/cpu.stat", b"usage_usec 5\n", b"usage_usec 7\n")
    assert not moved("fs/cgroup/cpu.stat", b"usage_usec 5\n", b"usage_sec 5\n")
    assert not moved("fs/cgroup/lab/cpu.stat", b"usage_usec 5\n", b"usage_usec 7\n")
    assert moved("fs/cgroup/cgroup.procs", b"1\n2\n3\n", b"1\n3\n4\n")
    assert not moved("fs/cgroup/cgroup.procs", b"1\n2\n3\n", b"1\n3\n2\n")
    assert is_unknown("devices/system/cpu/modalias") and not is_unknown("fs/cgroup/cpu.stat")
    assert not is_unknown("devices/virtual/net/lo/mtu")
    assert not is_unknown("fs/cgroup/lab/memory.current")


def test_each_file(original, truth):
    wrong, equal, unknown = [], 0, 0
    types_of_modules = (original / "symbols/btf_modules").exists()
    for path in files(truth):
        then, now = truth / path, original / "sys" / path
        if not os.path.lexists(now):
            wrong.append(f"no {path}")
        elif then.is_symlink():
            if os.readlink(then) != os.readlink(now):
                wrong.append(f"{path}: -> {os.readlink(now)}, was {os.readlink(then)}")
            equal += 1
        else:
            was, is_ = then.read_bytes(), now.read_bytes()
            if re.search(rb"^!! ", is_, re.M):
                unknown += 1
                if not is_unknown(path, types_of_modules):
                    wrong.append(f"{path}: {is_[-200:]}")
            elif is_ == was:
                equal += 1
            elif not moved(path, was, is_):
                wrong.append(f"{path}: {is_[:400]} was {was[:400]}")
    assert wrong == []
    assert equal > unknown


@pytest.mark.parametrize("path", KNOWN)
def test_known(original, truth, path):
    if not (truth / path).exists():
        pytest.skip("this kernel has none")
    assert (original / "sys" / path).read_bytes() == (truth / path).read_bytes()


def test_no_more_than_there_was(original, truth):
    """In a directory that was copied, nothing is made up: the same names."""
    for folder in ("class/net", "class/block", "block", "kernel/mm", "kernel/irq", "fs/cgroup",
                   "fs/cgroup/lab", "devices/virtual/net/lo"):
        if (truth / folder).is_dir():
            # what could not be read was not copied
            more = set(os.listdir(original / "sys" / folder)) - set(os.listdir(truth / folder))
            assert not more - {"cgroup.kill", "memory.reclaim", "phys_port_id", "phys_port_name",
                               "phys_switch_id", "speed", "duplex", "threaded"}, folder


def test_groups_agree_with_tasks(original):
    """Who is in a group says so."""
    top = original / "sys/fs/cgroup"
    for folder, _, _ in os.walk(top):
        group = "/" + os.path.relpath(folder, top) if Path(folder) != top else "/"
        for pid in (Path(folder) / "cgroup.procs").read_text().split():
            assert (original / f"proc/{pid}/cgroup").read_text() == f"0::{group}\n", pid


def test_links_of_devices(original):
    disks = set(os.listdir(original / "sys/block"))
    assert disks == set(os.listdir(original / "sys/class/block"))
    for disk in disks:
        folder = original / "sys/block" / disk
        major, minor = (folder / "dev").read_text().strip().split(":")
        assert (original / f"sys/dev/block/{major}:{minor}").samefile(folder)
        assert (folder / "subsystem").resolve().name == "block"
        assert int((folder / "size").read_text()) >= 0
        assert f"DEVNAME={disk}\n" in (folder / "uevent").read_text()


def test_lsblk(crashed):
    if not shutil.which("lsblk"):
        pytest.skip("no lsblk here")
    lines = told(crashed, "lsblk", "-b", "-n", "-l", "-o", "NAME,SIZE,TYPE,RO").splitlines()
    seen = {words[0]: words[1:] for words in map(str.split, lines)}
    assert seen["loop0"] == [str(12 << 20), "loop", "0"]
    for disk in ("vda", "vdb"):
        assert int(seen[disk][0]) > 1 << 20 and seen[disk][1] == "disk"


def test_find_ends(original):
    """No directory is in itself."""
    text = run("find", str(original / "sys"), "-xdev").decode("utf-8", "replace")
    assert len(text.splitlines()) < 200000
