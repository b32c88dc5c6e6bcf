"""/proc: its files are what the guest's were just before the crash, and programs read them."""

import json
import os
import re
import struct
import subprocess
from pathlib import Path

import pytest
from forms import shown_as, variant_of
from mounted import run

# Files that are equal, byte for byte.
EQUAL = """bus/input/devices bus/input/handlers bus/pci/devices cgroups cmdline consoles cpuinfo crypto devices
execdomains fb filesystems iomem ioports irq/default_smp_affinity kallsyms key-users keys locks mdstat misc modules
partitions swaps sysvipc/msg sysvipc/sem sysvipc/shm tty/drivers tty/ldiscs version""".split()

# What is asked of a filtered dump besides.
MORE_ON_FILTERED = """irq/0/smp_affinity net/igmp net/igmp6 net/ipv6_route net/rt6_stats pagetypeinfo
timer_list""".split()

# Those of the network, and which kernels do not have them.
NET = """anycast6 arp dev dev_mcast fib_trie route icmp icmp6 if_inet6 igmp igmp6 ip6_flowlabel ipv6_route mcfilter
mcfilter6 netlink netstat packet protocols ptype raw raw6 rt6_stats snmp snmp6 sockstat sockstat6 softnet_stat tcp
tcp6 udp udp6 udplite udplite6 unix""".split()

# Those of other namespaces that are compared, too.
OF_OTHER_NETWORKS = """anycast6 dev dev_mcast if_inet6 igmp igmp6 ip6_flowlabel ipv6_route mcfilter mcfilter6 rt6_stats
sockstat tcp unix""".split()

# Those of a process that did not move, but of the processes that did.
OF_PROCESS = """arch_status attr/apparmor/current attr/current autogroup coredump_filter cpu_resctrl_groups
cpuset ksm_merging_pages ksm_stat mountstats numa_maps oom_adj oom_score patch_state projid_map setgroups
smaps smaps_rollup timens_offsets timers timerslack_ns""".split()

# What of them moves all the same.
OF_PROCESS_MOVES = {
    "smaps": (r"(Referenced:) .*", "a page that several share may be used by another of them"),
    "smaps_rollup": (r"(Referenced:) .*", "a page that several share may be used by another of them"),
    "numa_maps": (r"( active=)\d+", "CPUs put off what they move between lists of pages"),
}

# What the crash itself changed below /proc/sys.
SYS_MOVED = {
    "kernel/printk": "a panic prints all",
    "kernel/ftrace_enabled": "tracing ends with a crash",
    **{f"kernel/sched_domain/cpu{n}/domain0/max_newidle_lb_cost": "the CPUs ran" for n in (0, 1)},
}

# What no dump can tell.
SYS_UNKNOWN = {
    "kernel/random/uuid": "another one at each read",
}


def grows(most):
    """A counter that went on."""
    return lambda then, now: 0 <= now - then <= most


def near(most):
    """An amount that went up and down."""
    return lambda then, now: abs(now - then) <= most


def rearmed(then, now):
    """When a timer goes off: KTIME_MAX is never."""
    return abs(now - then) <= 2 * NS or max(then, now) > 2**62


# What moved between the copy of the truth and the crash: the copier wrote what it had copied to a
# disk, freed its memory and asked for the crash; the CPUs ran meanwhile. It takes a tenth of a second.
#   file: [(words, how far their numbers may have moved, why)]
# A word is known by its line's first one and its place in the line, or what stands before its "=".
TIME = "time went on"
RAN = "the CPUs ran"
FREED = "the copier gave back its memory"
WROTE = "the copier wrote to its disk"
LOOKED = "the copier went on through /proc and /sys"
SECONDS = 2
SECOND = 10**9
NS = SECONDS * SECOND
EVENTS = grows(1000 * SECONDS)
ANON = "nr_(zone_)?(in)?active_anon|nr_anon_pages"
MOVES = {
    "uptime": [(".* 0", grows(SECONDS), TIME), (".* 1", grows(2 * SECONDS), "two CPUs were idle")],
    "loadavg": [(".*", near(3), RAN)],
    "stat": [("cpu", grows(100 * SECONDS), TIME), ("intr|ctxt|softirq", EVENTS, RAN),
             ("processes", grows(3), "kernel threads came"),
             ("procs_running|procs_blocked", near(3), RAN)],
    "softirqs": [(".*", EVENTS, RAN)],
    "interrupts": [(".*", EVENTS, RAN)],
    "meminfo": [(r"MemFree|CmaFree|MemAvailable|(In)?[Aa]ctive(\(anon\))?:|AnonPages", near(16384), FREED),
                ("Committed_AS", near(32768), "the same, twice as much as it had touched"),
                ("Slab|SUnreclaim", near(512), FREED), ("PageTables|KernelStack", near(64), FREED)],
    "vmstat": [("pgfree|pgactivate", grows(8192), FREED), ("nr_free_pages|nr_free_cma|" + ANON, near(4096), FREED),
               ("nr_dirty_(background_)?threshold", near(1024), "they are of what is free"),
               ("nr_slab_unreclaimable", near(128), FREED), ("nr_page_table_pages", near(16), FREED),
               ("nr_foll_pin_|pgpgout|nr_(dirtied|written)", grows(4096), WROTE),
               ("pgalloc_|pgfault|numa_(hit|local)", grows(1024), RAN)],
    "zoneinfo": [(f"pages 2|nr_free_pages|nr_free_cma|count:|{ANON}", near(4096), FREED),
                 ("nr_slab_unreclaimable", near(128), FREED), ("nr_page_table_pages", near(16), FREED),
                 ("nr_foll_pin_|nr_(dirtied|written)", grows(4096), WROTE),
                 ("numa_(hit|local)", grows(1024), RAN),
                 ("high:", near(1024), "tuned by what each CPU frees: 51a755c56dc0 (v6.7)")],
    "buddyinfo": [("Node", near(64), FREED)],
    "pagetypeinfo": [("Node", near(64), FREED)],
    "timer_list": [("[.]idle_(entry|wake|exit)time", grows(60 * SECOND), "that CPU had slept for long; see below"),
                   ("now|jiffies:|[.](last|idle|iowait|next|nr|max)", grows(NS), TIME),
                   ("[.]expires_next|next_event:", rearmed, "a CPU that slept had a timer again, or none any more"),
                   ("retries:", grows(100), RAN)],
    "irq/*/spurious": [("count", EVENTS, RAN), ("unhandled", grows(10), RAN),
                       ("last_unhandled", grows(10**5), "the first one since the guest had started")],
    "schedstat": [("cpu", grows(NS), RAN), ("timestamp", grows(1000 * SECONDS), TIME)],
    **{f"pressure/{what}": [("(some|full) avg", near(5), TIME), ("(some|full) total", grows(NS / 1000), TIME)]
       for what in ("cpu", "io", "memory")},
    "diskstats": [("254", grows(10000), WROTE)],
    "slabinfo": [(r"\S+ [12]$", near(256), "objects, as files were closed and memory freed"),
                 (r"\S+ 1[34]$", near(16), "slabs, as files were closed and memory freed")],
    "sys/fs/dentry-state": [(".* [01]", grows(10**5), LOOKED)],
    "sys/fs/file-nr": [(".* 0", near(128), "the kernel leaves out what CPUs have not handed in")],
    "sys/fs/inode-nr": [(".* 0", grows(10**5), LOOKED)],
    "sys/fs/inode-state": [(".* 0", grows(10**5), LOOKED)],
    "sys/kernel/ns_last_pid": [(".* 0", grows(16), "kernel threads came")],
}

# Areas that were given back, which the kernel purges when it has time.
AREA_MOVES = " unpurged vm_area"

# What is done by timers that come, go and are set anew all the time.
TIMERS_MOVE = {"dl_task_timer", "hrtick", "pm_suspend_timer_fn", "sched_rt_period_timer", "tick_nohz_handler",
               "tick_sched_timer", "watchdog_timer_fn"}


def number(word):
    try:
        return float(word.rpartition("=")[2].strip("()%,"))
    except ValueError:
        return None


def word_moved(name, key, then, now):
    """May the word at @key, which is its line's first and its own name or place, become the other?"""
    if then.count("/") == now.count("/") == 1:   # of two numbers
        return all(word_moved(name, key, a, b) or a == b
                   for a, b in zip(then.split("/"), now.split("/")))
    was, is_ = number(then), number(now)
    if was is None or is_ is None:
        return False
    return any(re.match(pattern, key) and may(was, is_) for pattern, may, _ in MOVES[name])


def differences(name, then, now):
    """The lines that are neither equal nor may have moved."""
    then, now = then.splitlines(), now.splitlines()
    if len(then) != len(now):
        return [f"{len(then)} lines are {len(now)}"]
    wrong = []
    for was, is_ in zip(then, now):
        words, others = was.split(), is_.split()
        if len(words) != len(others):
            wrong.append(f"{was!r} is {is_!r}")
            continue
        keys = [f"{words[0]} {word.rpartition('=')[0] or i}" for i, word in enumerate(words)]
        if any(a != b and not word_moved(name, key, a, b)
               for key, a, b in zip(keys, words, others)):
            wrong.append(f"{was!r} is {is_!r}")
        # what stands between the numbers does not move, but for blanks that give way
        elif re.sub(r"[\d ]+", " ", was) != re.sub(r"[\d ]+", " ", is_):
            wrong.append(f"{was!r} is {is_!r}")
    return wrong


@pytest.fixture(scope="module")
def truth(crashed):
    return Path(crashed) / "truth/proc"


@pytest.mark.parametrize("name", EQUAL)
def test_equal(original, truth, name):
    now, then = (original / f"proc/{name}").read_bytes(), (truth / name).read_bytes()
    assert now == shown_as(then.decode("latin-1")).encode("latin-1")


@pytest.mark.parametrize("name", sorted(name for name in MOVES if "*" not in name and name != "timer_list"))
def test_moved(original, truth, name):
    if not (truth / name).exists():
        pytest.skip("this kernel has none")
    now, then = (original / f"proc/{name}").read_text(), (truth / name).read_text()
    assert differences(name, then, now) == []


def free_by_order(text):
    """{zone: how many free blocks of each order, over all migrate types}"""
    found = {}
    for zone, counts in re.findall(r"^Node +\d+, zone +(\w+)(?:, type +\w+)?((?: +\d+){9,})", text, re.M):
        counts = [int(n) for n in counts.split()]
        found[zone] = [sum(pair) for pair in zip(counts, found.get(zone, [0] * len(counts)))]
    return found


def test_free_blocks_are_the_free_pages(original):
    """What is on the lists of free blocks is what the kernel counted, but for what CPUs put off."""
    blocks = free_by_order((original / "proc/buddyinfo").read_text())
    lists = (original / "proc/pagetypeinfo").read_text().split("\nNumber of blocks")[0]
    free = dict(re.findall(r"^Node \d+, zone +(\w+)\n(?:  per-node stats\n(?: {6}.*\n)+)?  pages free +(\d+)",
                           (original / "proc/zoneinfo").read_text(), re.M))
    assert blocks == {zone: counts for zone, counts in free_by_order(lists).items() if zone in blocks}
    assert blocks
    for zone, counts in blocks.items():
        assert abs(sum(n << order for order, n in enumerate(counts)) - int(free[zone])) <= 256, zone


def test_vmallocinfo(original, truth):
    now, then = (path.read_text().splitlines()
                 for path in (original / "proc/vmallocinfo", truth / "vmallocinfo"))
    assert [line for line in now if not line.endswith(AREA_MOVES)] == \
        [line for line in then if not line.endswith(AREA_MOVES)]


TIMER = re.compile(r" #\d+: (?P<timer>.+), (?P<function>.+), (?P<state>S:\d\d)\n"
                   r" # expires at (?P<soft>\d+)-(?P<hard>\d+) nsecs \[in (?P<in_soft>-?\d+) to "
                   r"(?P<in_hard>-?\d+) nsecs\]\n")


def timers(text):
    """({timer: (function, state, times)} of each clock, the text without them)"""
    now = int(re.search(r"^now at (\d+)", text, re.M)[1])
    found = []
    for part in text.split("\n clock ")[1:]:
        then = now + int(re.search(r"[.]offset: +(\d+)", part)[1])
        found.append({})
        for m in TIMER.finditer(part):
            assert int(m["in_soft"]) == int(m["soft"]) - then
            assert int(m["in_hard"]) == int(m["hard"]) - then
            found[-1][m["timer"]] = (m["function"], m["state"], m["soft"], m["hard"])
    return found, TIMER.sub("", text)


def test_timer_list(original, truth):
    """Each timer, by the pointer that the kernel printed, but for those that move."""
    now, now_text = timers((original / "proc/timer_list").read_text())
    then, then_text = timers((truth / "timer_list").read_text())
    assert len(now) == len(then) > 1
    same = 0
    for was, is_ in zip(then, now):
        moved = {name for name, value in was.items() ^ is_.items() if value[0] not in TIMERS_MOVE}
        assert not moved, (was, is_)
        same += len(was.items() & is_.items())
    assert same > 5
    assert differences("timer_list", then_text, now_text) == []
    stamps = re.findall(r"[.]idle_(?:entry|wake|exit)time +: (\d+)", now_text)
    assert len(stamps) > 2 and max(map(int, stamps)) <= int(re.search(r"^now at (\d+)", now_text, re.M)[1])


def below(folder):
    """Its files and folders, by their paths."""
    return sorted(str(path.relative_to(folder)) + ("/" if path.is_dir() else "")
                  for path in Path(folder).rglob("*"))


def test_interrupts_by_number(original, truth, machine):
    """Which CPUs each goes to, and an empty folder for each that handles it."""
    names = below(truth / "irq")
    assert below(original / "proc/irq") == names
    assert machine.serial in names
    for name in names:
        if name.endswith("/"):
            continue
        now, then = ((folder / "irq" / name).read_text() for folder in (original / "proc", truth))
        if name.endswith("/spurious"):
            assert differences("irq/*/spurious", then, now) == [], name
        else:
            assert now == then, name


def test_differences_are_seen():
    """The comparison itself: it can fail."""
    assert differences("uptime", "10.00 5.00\n", "10.50 5.00\n") == []
    assert differences("uptime", "10.00 5.00\n", "9.00 5.00\n")
    assert differences("pressure/io", "some avg10=1.00 total=5\n", "some avg10=1.50 total=500\n") == []
    assert differences("pressure/io", "some avg10=1.00 total=5\n", "some avg10=9.00 total=5\n")
    assert differences("stat", "cpu  1 2\nbtime 5\n", "cpu  1 2\nbtime 6\n")
    assert differences("stat", "cpu  1 2\n", "cpu  1 2\nx 1\n")
    assert differences("interrupts", "NMI:  0   text\n", "NMI:  0  texts\n")


def status(truth, pid):
    return dict(line.split(":\t", 1) for line in
                (truth / pid / "status").read_text(errors="surrogateescape").splitlines()
                if ":\t" in line)


def pids(folder):
    return {name for name in os.listdir(folder) if name.isdigit()}


def test_processes_are_those_of_the_guest(original, truth):
    assert pids(original / "proc") == pids(truth)
    assert os.readlink(original / "proc/self") == "1"
    assert os.readlink(original / "proc/thread-self") == "1/task/1"


def test_processes_belong_to_their_users(original, truth):
    others = 0
    for pid in pids(truth):
        st = os.stat(original / "proc" / pid)
        uid, gid = (status(truth, pid)[key].split()[1] for key in ("Uid", "Gid"))
        assert (st.st_uid, st.st_gid) == (int(uid), int(gid)), pid
        assert st.st_mode & 0o777 == 0o555
        others += uid != "0"
    assert others


def test_kcore(original):
    assert (original / "proc/kcore").samefile(original / "memory/kcore")


def test_files_of_a_process_are_those_of_tasks(original):
    """The same generators: one that is mixed up would show."""
    for name in ("status", "maps", "mountinfo", "limits", "cgroup", "cmdline"):
        assert (original / f"proc/1/{name}").read_bytes() == \
            (original / f"tasks/1/{name}").read_bytes()
    assert (original / "proc/1/stack").read_bytes() == \
        (original / "tasks/1/stack.kernel").read_bytes()


@pytest.mark.parametrize("name", [n for n in NET if n != "tcp"])
def test_net(original, truth, name):
    then = truth / "net" / name
    if not then.exists():
        pytest.skip("this kernel has none")
    assert (original / f"proc/net/{name}").read_bytes() == then.read_bytes()


def test_tcp(original, truth):
    """Of timers that run the time moves, which is of another number system."""
    def lines(text):
        return [re.sub(r" (0[1-4]):[0-9A-F]{8} ", r" \1:TIME ", line) for line in text.splitlines()]

    assert lines((original / "proc/net/tcp").read_text()) == \
        lines((truth / "net/tcp").read_text())


def test_other_networks(original, truth):
    """Each process leads to the files of its own namespace."""
    seen = 0
    for pid in pids(truth):
        if not (truth / pid / "net").is_dir():
            continue
        seen += 1
        for name in OF_OTHER_NETWORKS:
            assert (original / f"proc/{pid}/net/{name}").read_bytes() == \
                (truth / pid / "net" / name).read_bytes()
    assert seen
    assert os.readlink(original / "proc/1/net") == "../net"


def copier(truth):
    slots = json.loads((truth.parent / "load.json").read_text())
    return str(slots["truth"]["pid"])


@pytest.mark.parametrize("name", OF_PROCESS)
def test_of_a_process(original, truth, name):
    seen = 0
    for pid in sorted(pids(truth) - {copier(truth)}, key=int):
        then = truth / pid / name
        if not then.exists():
            continue
        seen += 1
        now = (original / f"proc/{pid}/{name}").read_text(errors="surrogateescape")
        was = then.read_text(errors="surrogateescape")
        if name in OF_PROCESS_MOVES:
            pattern = OF_PROCESS_MOVES[name][0]
            now, was = (re.sub(pattern, r"\1", text) for text in (now, was))
        assert now == was, pid
    if not seen:
        pytest.skip("this kernel has none")


# What only writes, or is copied nowhere: of a process, in the guest.
NOT_OURS = {"clear_refs", "task", "stack", "mem", "pagemap"}


def test_each_name_of_a_process_is_there(original, truth):
    for pid in ("1", "2"):
        theirs = set(os.listdir(truth / pid)) - NOT_OURS
        assert theirs - set(os.listdir(original / f"proc/{pid}")) == set()


def test_map_files(original, truth):
    for pid in sorted(pids(truth) - {copier(truth)}, key=int):
        then, now = (path / pid / "map_files" for path in (truth, original / "proc"))
        names = set(os.listdir(os.fsencode(then)))
        assert set(os.listdir(os.fsencode(now))) == names, pid
        for name in names:
            assert os.readlink(os.path.join(os.fsencode(now), name)) == \
                os.readlink(os.path.join(os.fsencode(then), name)), (pid, name)


def page_of(mount):
    """Bytes of a page of the kernel."""
    return int(re.search(r"^PAGESIZE=(\d+)$", (mount / "vmcoreinfo").read_text(), re.M)[1])


def pages_of(proc, pid, page):
    """(resident, file or shared, swapped) pages of a process by its pagemap, in kB."""
    counts = [0, 0, 0]
    with open(proc / pid / "pagemap", "rb", buffering=0) as f:
        for line in (proc / pid / "maps").read_text(errors="surrogateescape").splitlines():
            start, end = (int(n, 16) // page for n in line.split()[0].split("-"))
            if "[vsyscall]" in line:
                continue
            data = os.pread(f.fileno(), (end - start) * 8, start * 8)
            for entry, in struct.iter_unpack("<Q", data):
                counts[0] += entry >> 63
                counts[1] += entry >> 61 & entry >> 63 & 1
                counts[2] += entry >> 62 & 1
    return [page // 1024 * n for n in counts]


def test_pagemap(original, truth):
    """It agrees with what smaps, which are as the guest's, counts: but for what is no page like others."""
    compared, page = 0, page_of(original)
    for pid in sorted(pids(truth), key=int):
        text = (original / f"proc/{pid}/smaps_rollup").read_text()
        if not text:
            continue
        total = {key: int(kb) for key, kb in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}
        if total["Private_Hugetlb"] or total["Shared_Hugetlb"]:
            continue
        resident, file, swapped = pages_of(original / "proc", pid, page)
        assert 0 <= resident - total["Rss"] <= page // 1024 * 16, pid   # vdso and vvar, the page of zeros
        assert file >= total["Rss"] - total["Anonymous"], pid
        assert swapped >= total["Swap"], pid
        compared += 1
    assert compared > 50


def test_words_of_pagemap(original, truth):
    """Each word is the guest's, but of who ran on."""
    folder = truth.parent / "pagemap"
    if not folder.is_dir():
        pytest.skip("it was not copied")
    slots = json.loads((truth.parent / "load.json").read_text())
    ran = {str(slots[role]["pid"]) for role in ("truth", "spin_user", "spin_kernel")
           if role in slots}
    compared, page = 0, page_of(original)
    for pid in sorted(set(os.listdir(folder)) - ran, key=int):
        with open(original / f"proc/{pid}/pagemap", "rb", buffering=0) as f:
            for line in (folder / pid).read_text().splitlines():
                va, word = (int(n, 16) for n in line.split())
                assert os.pread(f.fileno(), 8, va // page * 8) == struct.pack("<Q", word), (pid, hex(va))
                compared += 1
    assert compared > 1000


def test_frames_of_pagemap(original):
    """What is in the frame is what the process reads."""
    with open(original / "proc/1/maps", encoding="utf-8") as f:
        starts = [int(line.split("-")[0], 16) for line in f if "[v" not in line]
    seen, page = 0, page_of(original)
    with open(original / "proc/1/pagemap", "rb", buffering=0) as frames, \
            open(original / "proc/1/mem", "rb", buffering=0) as mem, \
            open(original / "memory/physical", "rb", buffering=0) as physical:
        for start in starts:
            entry, = struct.unpack("<Q", os.pread(frames.fileno(), 8, start // page * 8))
            if entry >> 63:
                at = (entry & (1 << 55) - 1) * page
                seen += 1
                assert os.pread(physical.fileno(), page, at) == \
                    os.pread(mem.fileno(), page, start)
    assert seen > 3


def rss(proc, pid):
    """(of status, of smaps), in kB"""
    text = (proc / pid / "status").read_text(errors="surrogateescape")
    of_status = re.search(r"^VmRSS:\s+(\d+)", text, re.M)
    of_smaps = re.findall(r"^Rss:\s+(\d+)", (proc / pid / "smaps").read_text(), re.M)
    return int(of_status[1]) if of_status else 0, sum(map(int, of_smaps))


def test_rss_of_smaps_is_that_of_status(original, truth):
    """Before v6.2 each task keeps some to itself, and the guest's own files differ as ours do."""
    for pid in pids(truth):
        counted, walked = rss(original / "proc", pid)
        assert counted == walked or (counted, walked) == rss(truth, pid), pid


SCHED_RAN = re.compile("se|nr_|clock-delta")


def test_sched(original, truth):
    """What a task that did not run has is equal; what did run has the same lines."""
    for pid in pids(truth) - {copier(truth)}:
        then = (truth / pid / "sched").read_text(errors="surrogateescape").splitlines()
        now = (original / f"proc/{pid}/sched").read_text(errors="surrogateescape").splitlines()
        assert len(then) == len(now), pid
        ran = (truth / pid / "schedstat").read_text() != \
            (original / f"proc/{pid}/schedstat").read_text()
        for was, is_ in zip(then[1:], now[1:]):
            assert was.split(":")[0] == is_.split(":")[0]
            if not (ran and SCHED_RAN.match(was)) and not was.startswith("clock-delta"):
                assert was == is_ or "se.exec_start" in was or "last_update_time" in was, pid


def test_sysctls(original, truth):
    wrong, unknown, equal = [], set(), 0
    for folder, _, names in os.walk(truth / "sys"):
        for name in names:
            then = Path(folder) / name
            path = str(then.relative_to(truth / "sys"))
            now = original / "proc/sys" / path
            if not now.exists():
                wrong.append(f"no {path}")
                continue
            text = now.read_bytes()
            if b"!! " in text:
                unknown.add(path)
            elif text == then.read_bytes():
                equal += 1
            elif path not in SYS_MOVED and f"sys/{path}" not in MOVES:
                wrong.append(f"{path}: {text} was {then.read_bytes()}")
    assert wrong == []
    assert unknown == SYS_UNKNOWN.keys()
    assert equal > 600


def test_dentries_in_use(original, truth):
    """Those that the copier left behind are not in use: but for them there are as many as there were."""
    def used(text):
        total, unused, *_ = (int(n) for n in text.split())
        return total - unused
    then, now = ((root / "sys/fs/dentry-state").read_text() for root in (truth, original / "proc"))
    assert abs(used(now) - used(then)) < 200


def test_schedstat(original, truth):
    for pid in sorted(pids(truth), key=int)[:40]:
        then = [int(n) for n in (truth / pid / "schedstat").read_text().split()]
        now = [int(n) for n in (original / f"proc/{pid}/schedstat").read_text().split()]
        assert len(then) == len(now)
        assert all(0 <= b - a < 10**10 for a, b in zip(then, now)), pid


def test_a_reader_finds_itself(original):
    """Under its own pid, which the dump has not; and nobody else finds it there."""
    here = original / "proc"
    code = f"import os; print(open(f'{here}/{{os.getpid()}}/comm').read(), end='')"
    # more processes than the guest had numbers
    seen = run("/usr/bin/python3", "-c", code).decode()
    assert seen == (here / "1/comm").read_text()
    with subprocess.Popen(["sleep", "60"]) as other:
        assert other.pid > 0
        if str(other.pid) not in pids(here):
            assert not (here / str(other.pid)).exists()
        other.kill()


# vmcorefs exec
