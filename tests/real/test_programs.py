"""Programs, unmodified, print on the dump what they printed in the guest just before the crash."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import lab
import pytest
from forms import skip_foreign, variant_of
from lab import programs
from mounted import VMCOREFS
from proc import PF_KTHREAD, fields

COMMANDS = {name: words for name, words in programs.commands().items() if words[0] != "busybox"}

# As programs.c of the guest gives them; PROC_ROOT is set by vmcorefs.
ENVIRONMENT = {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "HOME": "/nosuch", "LC_ALL": "C",
               "TZ": "UTC", "TERM": "dumb", "COLUMNS": "200"}

# Whose line it is.
WORKERS, THREADS, COPIER, TITLE, ALL = "workers", "kernel threads", "the copier", "title", "all"

# Why a figure moved: programs ran first, then all of /proc and /sys was copied.
RAN = "it ran until the crash"
WOKE = "they wake up for a moment, it was waiting for the program"
NAMED = "a worker's name tells what it is at"
COPIED = "it went on to copy"
LOOKED = "the copier looked up every file of /proc and /sys, and wrote what was in them"
CLOCK = "the program takes the clock of the machine where it runs, and the uptime of the dump"
HOST = "the program looks for it in the host's /dev"
TYPED = "procfs reads only memory that belongs to no file"


def number(text):
    """Of a size with a unit, a share, or a time such as 1:02.34, too."""
    text = text.rstrip("%").replace(".", "", text.count(".") - 1)
    if ":" in text:
        parts = re.split("[:-]", text)
        return sum(float(p) * 60 ** n for n, p in enumerate(reversed(parts)))
    return float(text.rstrip("kKmMgt"))


def near(most):
    return lambda then, now: abs(number(now) - number(then)) <= most


def grows(most):
    return lambda then, now: 0 <= number(now) - number(then) <= most


def any_(then, now):
    return True


# Columns of tables of tasks: (whose, how far, why).
TASKS = {
    "%CPU": ({ALL}, any_, RAN), "C": ({ALL}, any_, RAN), "PSR": ({ALL}, near(1), RAN),
    "TIME": ({ALL}, grows(600), RAN), "TIME+": ({ALL}, grows(600), RAN),
    "START": ({ALL}, any_, CLOCK), "STIME": ({ALL}, any_, CLOCK),
    "STAT": ({THREADS, COPIER}, any_, WOKE), "S": ({THREADS, COPIER}, any_, WOKE),
    "WCHAN": ({THREADS, COPIER}, any_, WOKE),
    "CMD": ({WORKERS, TITLE}, any_, NAMED + "; " + TYPED),
    "COMMAND": ({WORKERS, TITLE}, any_, NAMED + "; " + TYPED),
    "TTY": ({ALL}, lambda then, now: then.startswith("pts/") and now == "?", HOST),
    "TT": ({ALL}, lambda then, now: then.startswith("pts/") and now == "?", HOST),
    **{name: ({COPIER}, near(20000), COPIED) for name in
       ("%MEM", "VSZ", "RSS", "SZ", "DRS", "MINFL", "MAJFL", "OOM", "VIRT", "RES", "SHR")},
}

# Columns of the other tables, whatever the row.
MEMORY = {name: (near(65536), LOOKED)
          for name in ("used", "free", "shared", "buff/cache", "cache", "available", "inact", "active")}
RATES = {name: (any_, "an average since the boot")
         for name in ("si", "so", "bi", "bo", "in", "cs", "us", "sy", "id", "wa", "st", "gu")}
TABLES = {
    "free": MEMORY, "free_wide": MEMORY,
    "vmstat": {**MEMORY, **RATES, "r": (near(9), RAN), "b": (near(9), RAN)},
    "vmstat_active": {**MEMORY, **RATES, "r": (near(9), RAN), "b": (near(9), RAN)},
    "vmstat_slabs": {"Num": (near(50000), LOOKED), "Total": (near(50000), LOOKED)},
    **{name: {column: (near(50000), LOOKED) for column in
              ("OBJS", "ACTIVE", "USE", "SLABS", "CACHE_SIZE")}
       for name in ("slabtop", "slabtop_names")},
}

# Lines of figures with what they are: (which, how far, why); the others are equal.
SUMS = {
    "vmstat_sums": [("(used|active|inactive|free) memory|swap cache", near(65536), LOOKED),
                    ("ticks|interrupts|context", grows(10**6), RAN),
                    ("forks", grows(100), "the programs themselves, and kernel threads"),
                    ("pages? |K paged", grows(10**6), LOOKED)],
    "vmstat_forks": [("forks", grows(100), "the programs themselves, and kernel threads")],
    "vmstat_disk_sum": [("writ|milli|reads|inprogress", grows(200000), LOOKED)],
    "vmstat_disks": [("vd|loop0", grows(200000), LOOKED)],
    "netstat_sums": [("packets|segments|InOctets|OutOctets|OutTransmits|InNoECTPkts|requests sent out|[Pp]robe|[Aa]ck|Delivered|OrigDataSent",
                      grows(5000), "a full window is probed now and then, by a role")],
    "netstat_devices": [("^lo ", grows(50), "a full window is probed now and then, by a role")],
    "ss_sums": [],
}

# A place that a program found by looking at itself, or asked of the running kernel.
SHM = re.compile(r" (\[ shmid=0x[0-9a-f]+ \]|SYSV[0-9a-f]{8} \(deleted\))$")   # pmap makes one to learn its device
INTERFACE = re.compile(r".* - no statistics available - ")   # netstat asks by ioctl, too: the host's
TIMER = re.compile(r"timer:\((\w+),[^,]*,")   # counts down


class Answer:
    """What a program printed then, and what it prints now."""

    def __init__(self, folder, name, files=None):
        self.truth = Path(folder) / "truth"
        self.slots = json.loads((self.truth / "load.json").read_text())
        skip_foreign(Path(folder), "the programs are this machine's own, which no foreign kernel runs")
        ran = self.slots["programs"]
        self.then = (self.truth / "programs" / name).read_text(errors="surrogateescape")
        self.pid = str(ran[f"pid {name}"])
        self.then_status = ran[f"status {name}"]
        words = [str(self.slots[w[1:]]["pid"]) if w[0] == "@" else w for w in COMMANDS[name]]
        self.started = time.time()
        done = subprocess.run(
            [VMCOREFS, "exec", "--no-debuginfo", *(files or [Path(folder) / "vmcore"]), "--", *words],
            env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            errors="surrogateescape", check=False)
        self.now, self.status, self.stderr = done.stdout, done.returncode, done.stderr

    def pid_of(self, role):
        return str(self.slots[role]["pid"])

    def is_in_truth(self, pid):
        """Neither the program nor what it started."""
        return (self.truth / "proc" / pid).exists()

    def whose(self, pid):
        """Who has this line, of the whole that may move."""
        if not self.is_in_truth(pid):
            return {ALL, WORKERS}   # it came or went since
        who = {ALL}
        if pid == self.pid_of("truth"):
            who.add(COPIER)
        if pid == self.pid_of("title"):
            who.add(TITLE)
        words = fields("stat", (self.truth / "proc" / pid / "stat").read_bytes())
        if int(words["flags"]) & PF_KTHREAD:
            who.add(THREADS)
        if words["comm"].startswith(b"(kworker/"):
            who.add(WORKERS)
        return who


@pytest.fixture(scope="module")
def answer(crashed):
    cache = {}

    def ask(name):
        if name not in cache:
            cache[name] = Answer(crashed, name)
            assert cache[name].status == cache[name].then_status, cache[name].stderr
        return cache[name]

    return ask


def cells(line, count):
    """The words of a row; the last may hold blanks, also before the words of a forest."""
    found = re.match(r"\s*(?:\S+\s+){0,%d}\S+(?: |$)" % max(count - 2, 0), line)
    words = found[0].split()
    last = line[found.end():]
    return words + [last if "\\_" in last else last.strip()]


def table(text, key, skip=0):
    """The rows below the header as {column: value}, by their key."""
    lines = text.splitlines()[skip:]
    columns = re.sub(r"(OBJ|CACHE) (SIZE)", r"\1_\2", lines[0]).split()
    if key == "row":
        columns.insert(0, "row")
    rows = [dict(zip(columns, cells(line, len(columns)))) for line in lines[1:] if line]
    return {tuple(row.get(k, "") for k in key.split("+")): row for row in rows}


TASK_TABLES = {
    "ps_auxf": ("PID", 0), "ps_ef": ("PID", 0), "ps_threads": ("PID+TID", 0), "ps_groups": ("PID", 0),
    "ps_spaces": ("PID", 0), "ps_memory": ("PID", 0), "top": ("PID", 6), "top_threads": ("PID", 6),
}


def task_moved(a, pid, column, then, now):
    whose, may, _ = TASKS.get(column, (set(), None, None))
    return bool(whose & a.whose(pid)) and may(then, now)


def task_differences(a, then, now):
    wrong = []
    for key in then.keys() | now.keys():
        pid = key[-1]
        if key[0] == a.pid:
            continue   # the program itself
        was, is_ = then.get(key), now.get(key)
        if not was or not is_:
            if WORKERS not in a.whose(pid):
                wrong.append((key, was, is_))
            continue
        wrong += [(key, c, was[c], is_[c]) for c in was
                  if was[c] != is_[c] and not task_moved(a, pid, c, was[c], is_[c])]
    return wrong


@pytest.mark.parametrize("name", TASK_TABLES)
def test_tasks(answer, original, name):
    a = answer(name)
    key, skip = TASK_TABLES[name]
    # a group of the guest whose name has a blank, which would be a column
    then, now = (table(t.replace("/in ner", "/in_ner"), key, skip) for t in (a.then, a.now))
    assert len(then) > 100
    if not (original / "proc/1/attr").exists():   # ps has no label to show
        for row in [*then.values(), *now.values()]:
            row.pop("LABEL", None)
    if {row.get("WCHAN") for row in then.values()} == {"-"}:   # this kernel knew frame pointers only
        for row in [*then.values(), *now.values()]:
            row.pop("WCHAN")
    assert task_differences(a, then, now) == []


@pytest.mark.parametrize("name", ["top", "top_threads"])
def test_top_counts(answer, name):
    """Above its table."""
    a = answer(name)
    then, now = a.then.splitlines(), a.now.splitlines()
    for was, is_ in zip(then[1:5], now[1:5]):
        words, others = was.split(), is_.split()
        if was.startswith("%Cpu"):   # of the time until the first look, or of all
            assert others[0] == words[0] and len(others) > 8
            continue
        assert [w for w in words if not w[0].isdigit()] == [w for w in others if not w[0].isdigit()]
        for w, o in zip(words, others):
            assert not w[0].isdigit() or near(64)(w, o), (was, is_)
    total = re.compile(r"(\d+) total|([\d.]+) total")
    assert total.search(then[3])[0] == total.search(now[3])[0]


@pytest.mark.parametrize("name", TABLES)
def test_tables(answer, name):
    a = answer(name)
    key, skip = {"free": ("row", 0), "free_wide": ("row", 0), "vmstat": ("swpd", 1),
                 "vmstat_active": ("swpd", 1), "vmstat_slabs": ("Cache", 0),
                 "slabtop": ("NAME", 6), "slabtop_names": ("NAME", 6)}[name]
    then, now = (table(t, key, skip) for t in (a.then, a.now))
    assert then.keys() == now.keys() and then
    wrong = [(k, c, then[k][c], now[k][c]) for k in then for c in then[k]
             if then[k][c] != now[k][c]
             and not (c in TABLES[name] and TABLES[name][c][0](then[k][c], now[k][c]))]
    assert wrong == []


def figures(line):
    return re.findall(r"[\d.]+", line)


@pytest.mark.parametrize("name", SUMS)
def test_sums(answer, name):
    a = answer(name)
    then, now = ([line for line in text.splitlines() if not INTERFACE.match(line)]
                 for text in (a.then, a.now))
    assert len(then) == len(now) > 0
    wrong = []
    for was, is_ in zip(then, now):
        assert re.sub(r"[\s\d.]+", " ", was) == re.sub(r"[\s\d.]+", " ", is_)
        rules = [rule for rule in SUMS[name] if re.search(rule[0], was)]
        for w, o in zip(figures(was), figures(is_)):
            if w != o and not any(may(w, o) for _, may, _ in rules):
                wrong.append((was, is_))
    assert wrong == []


@pytest.mark.parametrize("name", ["netstat", "netstat_routes", "netstat_groups",
                                  "ss", "ss_tcp", "pmap", "pmap_all", "pmap_device", "pgrep_args"])
def test_same_lines(answer, original, name):
    """Line by line, but for places that a program learns of itself and timers."""
    if name == "netstat_groups" and not (original / "proc/net/igmp").exists():
        pytest.skip("there is no /proc/net/igmp")
    a = answer(name)

    def lines(text):
        found = []
        for line in text.splitlines():
            if SHM.search(line):
                line = SHM.sub(" shm", re.sub(" +", " ", line))
            if not INTERFACE.match(line):
                found.append(TIMER.sub(r"timer:(\1,", line).rstrip())
        return found

    assert lines(a.now) == lines(a.then) and lines(a.then)


def test_lsmod(answer):
    """The users of a module in the order in which their directory has them: any."""
    a = answer("lsmod")

    def rows(text):
        return [(*line.split()[:3], sorted(line.split()[3].split(","))) if len(line.split()) > 3
                else line for line in text.splitlines()]

    assert rows(a.now) == rows(a.then)


@pytest.mark.parametrize("name", ["pgrep", "pgrep_state"])
def test_pgrep(answer, name):
    a = answer(name)

    def rows(text):
        return dict(line.split(" ", 1) for line in text.splitlines())

    then, now = rows(a.then), rows(a.now)
    moved = [pid for pid in then.keys() | now.keys() if then.get(pid) != now.get(pid)]
    assert all(a.whose(pid) & {WORKERS, THREADS} for pid in moved)
    assert len(moved) < len(then) / 2


@pytest.mark.parametrize("name", ["pstree", "pstree_args"])
def test_pstree(answer, name):
    """All branches; the last of a parent is drawn otherwise."""
    a = answer(name)

    def lines(text):
        return [line.replace("`", "|").replace("(title,", "title,").replace(",)", ",")
                for line in text.splitlines()
                if not re.search(rf"pstree[(,]{a.pid}", line)]

    assert lines(a.now) == lines(a.then)


UPTIME = re.compile(r" ([\d:]+) up +(?:(\d+) days?, +)?(?:(\d+):(\d+)|(\d+) min),"
                    r" +\d+ users?,  load average: ([\d.]+), ([\d.]+), ([\d.]+)")


@pytest.mark.parametrize("name", ["uptime", "w", "top"])
def test_uptime(answer, name):
    """The hour is the reader's; how long it was up, and the load, are the dump's."""
    a = answer(name)
    seconds = float((a.truth / "proc/uptime").read_text().split()[0])
    load = (a.truth / "proc/loadavg").read_text().split()[:3]
    line = a.now.splitlines()[0].removeprefix("top -")
    _, days, hours, minutes, only, *now = UPTIME.fullmatch(line).groups(default="0")
    up = int(days) * 1440 + int(hours) * 60 + int(minutes) + int(only)
    assert 0 <= up - int(seconds / 60) <= 1
    assert all(abs(float(x) - float(y)) < 60 for x, y in zip(now, load))
    if name == "w":   # nobody is logged in on a dump
        assert a.now.splitlines()[1:2] == a.then.splitlines()[1:2]


def test_uptime_since(answer):
    """It is the reader's clock less the uptime of the dump."""
    a = answer("uptime_since")
    seconds = float((a.truth / "proc/uptime").read_text().split()[0])
    since = time.mktime(time.strptime(a.now.strip(), "%Y-%m-%d %H:%M:%S")) - time.timezone
    assert abs(a.started - seconds - since) < 30
    assert re.fullmatch(r"[\d-]+ [\d:]+\n", a.then)


# What lsof shows otherwise, and why.
LSOF = [
    (r" 0t0 ", " ", "it tries with a file of its own whether fdinfo tells offsets; its own is not there"),
    (r"\[(eventfd|eventpoll|pidfd)[:\d,.]*\]", r"[\1]", "the same: numbers out of fdinfo"),
    (r" PSXMQ (.* /lab-queue)", r" REG \1", "it knows them by the device of /dev/mqueue, the host's"),
    (r" \S+ (\S+ \S+ /mnt/overlay/.*)", r" DEVICE \1", "overlay shows a device of its own making"),
    (r" sock \S+ (\d+) (protocol: \S+|can't identify protocol)", r" sock \1",
     "it asks for an attribute of the socket; and the device of sockets is the reader's"),
    (r" \((stat|path)[: ][^)]*\)$", "", "of a mapped file it looks at the host's"),
    (r" mem \S+ \S+ (?:\d+ )?(\d+ /)", r" mem \1", "the same"),
    (r" \(deleted\)$", "", "the same"),
]


def lsof_lines(a, text):
    """Without the program and what it started, the copier, and a file whose path is too long for procfs."""
    deep = f"{a.pid_of('files')} root {a.slots['files']['fd deep']}"
    lines = []
    for line in text.splitlines()[1:]:
        line = re.sub(" +", " ", line)
        pid = line.split()[1]
        if not a.is_in_truth(pid) or pid == a.pid_of("truth") or deep in line:
            continue
        for pattern, instead, _ in LSOF:
            line = re.sub(pattern, instead, line)
        lines.append(line)
    return lines


@pytest.mark.parametrize("name, least", [("lsof", 1000), ("lsof_task", 60), ("lsof_internet", 20), ("lsof_unix", 14)])
def test_lsof(answer, name, least):
    a = answer(name)
    then, now = lsof_lines(a, a.then), lsof_lines(a, a.now)
    assert len(then) > least
    if name == "lsof":   # a worker is named after what it is at
        then, now = ([line for line in lines if not line.startswith("kworker")] for lines in (then, now))
    assert now == then


@pytest.mark.parametrize("name", ["fuser_tcp", "fuser_udp"])
def test_fuser_of_sockets(answer, name):
    """Given a path it takes the host's file, of which the dump has no user: that is not compared."""
    a = answer(name)
    assert (a.now, a.stderr) == (a.then, (a.truth / f"programs/{name}.stderr").read_text())


# Of memory of user space there is none in such a dump, and the page cache is not.
FILTERED = ["ps_threads", "ps_spaces", "free", "vmstat", "vmstat_sums", "vmstat_disks", "vmstat_slabs",
            "slabtop", "lsmod", "pstree", "pgrep", "ss", "ss_tcp", "lsof_internet", "lsof_unix"]


@pytest.mark.parametrize("name", FILTERED)
def test_same_on_a_filtered_dump(answer, crashed, name):
    there = Answer(crashed, name, variant_of(crashed, "zlib-d31"))
    assert (there.status, there.now) == (answer(name).status, answer(name).now)


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - set(FILTERED)))
def test_ends_well_on_a_filtered_dump(answer, crashed, original, name):
    if name == "netstat_groups" and not (original / "proc/net/igmp").exists():
        pytest.skip("there is no /proc/net/igmp")
    there = Answer(crashed, name, variant_of(crashed, "zlib-d31"))
    assert there.status == (1 if name == "fuser_file" else there.then_status), there.stderr
    assert len(there.now.splitlines()) >= len(there.then.splitlines()) * 0.9 or name == "fuser_file"
