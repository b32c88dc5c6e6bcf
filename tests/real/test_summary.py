"""/summary against what the guest knew of itself."""

import json
import re
from collections import Counter
from contextlib import closing

import pytest
from mounted import Mount

STATES = {"RU": "running", "IN": "sleeping", "UN": "disk sleep", "ST": "stopped",
          "TR": "tracing stop", "DE": "dead", "ZO": "zombie", "PA": "parked", "ID": "idle"}


def rows_of(mount):
    """Label -> text of each row; the stack comes behind an empty line."""
    return rows_of_text((mount / "summary").read_text())


def rows_of_text(text):
    lines = text.partition("\n\n")[0].splitlines()
    return {label.strip(): text for label, text in (line.split(": ", 1) for line in lines)}


@pytest.fixture(scope="module")
def rows(original):
    return rows_of(original)


@pytest.fixture(scope="module")
def truth(crashed):
    return json.loads((crashed / "truth/load.json").read_text())["truth"]


def ps_lines(original):
    return (original / "ps").read_text().splitlines()[1:]


def test_uptime_goes_on_from_the_truth(rows, truth):
    hours, minutes, seconds = map(int, rows["UPTIME"].split(":"))
    assert 0 <= 3600 * hours + 60 * minutes + seconds - truth["boottime_end"] // 10 ** 9 < 60


def test_load_average(rows, crashed):
    """The guest recalculates it every five seconds."""
    then = [float(n) for n in (crashed / "truth/proc/loadavg").read_text().split()[:3]]
    now = [float(n) for n in rows["LOAD AVERAGE"].split(", ")]
    assert all(abs(a - b) < 1 for a, b in zip(now, then))


def test_tasks_are_those_of_ps(rows, original):
    lines = ps_lines(original)
    assert int(rows["TASKS"]) == len(lines)
    states = Counter(STATES[line[1:].split()[4]] for line in lines)
    assert rows["STATES"] == ", ".join(f"{states[s]} {s}" for s in STATES.values() if states[s])


def test_who_died(rows, original, truth):
    assert int(rows["PID"]) == truth["pid"] and rows["COMMAND"] == "load"
    line = next(li for li in ps_lines(original) if li[1:].split()[0] == rows["PID"])
    assert line[0] == ">" and rows["TASK"] in line and rows["CPU"] == line[1:].split()[2]
    assert rows["STATE"] == "running (PANIC)"


def test_taint_names_the_modules(rows, crashed):
    module = (crashed / "truth/sys/module/crashme/taint").read_text().strip()
    letters, words = rows["TAINT"].split("  ")
    assert set(module) <= set(letters) and len(words.split(", ")) == len(letters)
    assert "out-of-tree module" in words.split(", ")
    assert rows["OUT OF TREE"] == "crashme" and "TAINTED" not in rows


KINDS = {"null": "page fault", "hardirq": "page fault", "tasklet": "page fault",
         "timer": "page fault", "work": "page fault", "kthread": "page fault",
         "jump": "page fault", "nx": "page fault", "overflow": "stack overflow", "bug": "BUG()",
         "gpf": "general protection fault", "divide": "divide error", "panic": "panic",
         "sysrq": "sysrq", "softlockup": "soft lockup", "hung": "hung task"}

# What crash.c makes each way access.
OPERANDS = {way: "0x28: in the NULL page; {} is NULL"
            for way in ("null", "hardirq", "tasklet", "timer", "work", "kthread")}
OPERANDS["gpf"] = "0xdead000000000128: not canonical; " \
    "{} is LIST_POISON1, of a list entry that was deleted"


@pytest.fixture(scope="module")
def log(died):
    return (died / "log").read_text(errors="replace")


def test_kind(died):
    assert rows_of(died)["KIND"].split(": ")[0] == KINDS[died.way]


def test_where(died, log):
    """What the kernel printed behind RIP: or pc; when it called panic(), who did."""
    rows = rows_of(died)
    trace = log[log.index("Kernel panic" if KINDS[died.way] in ("panic", "sysrq", "hung task")
                          else died.machine.place):]
    if KINDS[died.way] == "soft lockup":
        trace = log[log.index("soft lockup"):]
    if "CALLED BY" in rows:
        caller = re.search(r" v?panic\+0x[^\n]*\n(?:[^\n]*\? [^\n]*\n|[^\n]* v?panic\+[^\n]*\n)*"
                           r"\[[^]]*\] +(\S+(?: \[\w+\])?)", trace)[1]
        assert rows["CALLED BY"].split("  ")[0] == caller and "<panic>" in rows["INSTRUCTION"]
        return
    place = re.search(rf"{died.machine.place}(\S+(?: \[\w+\])?)", trace)[1]
    where = rows.get("EXCEPTION AT") or rows["HUNG AT"]
    if died.way in ("jump", "nx"):
        assert where.startswith(place.partition("/")[0]) and where.endswith(", no code")
        assert "INSTRUCTION" not in rows
    else:
        assert where.split("  ")[0] == place and not rows["INSTRUCTION"].startswith("!!")


def test_what_was_accessed(died, log):
    rows = rows_of(died)
    address = re.search(died.machine.fault_address, log, re.M)
    if KINDS[died.way] == "page fault":
        assert int(rows["ADDRESS"].partition(":")[0], 16) == int(address[1], 16)
    elif KINDS[died.way] != "stack overflow":
        assert "ADDRESS" not in rows
    if died.way in OPERANDS:
        assert rows["OPERAND"] == OPERANDS[died.way].format(died.machine.first_argument)
    elif died.way in ("jump", "bug", "panic", "sysrq", "hung"):
        assert "OPERAND" not in rows


def test_stack(died):
    """Below it is the stack."""
    assert (died / "summary").read_text().partition("\n\n")[2] == (died / "panic/stack").read_text()


def test_no_death(of_qemu, tmp_path):
    """A kernel that lived has none of this."""
    with closing(Mount(tmp_path / "mnt", of_qemu / "vmcore.kdump-zlib")) as mount:
        text = (mount / "summary").read_text()
    assert not set(rows_of_text(text)) & {"KIND", "EXCEPTION AT", "CALLED BY", "PANIC"}
    assert "!!" not in text and "\n\n" not in text
