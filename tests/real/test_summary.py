"""/summary against what the guest knew of itself."""

import json
import re
from collections import Counter

import pytest

STATES = {"RU": "running", "IN": "sleeping", "UN": "disk sleep", "ST": "stopped",
          "TR": "tracing stop", "DE": "dead", "ZO": "zombie", "PA": "parked", "ID": "idle"}


@pytest.fixture(scope="module")
def rows(original):
    """Label -> text of each row."""
    lines = (original / "summary").read_text().splitlines()
    return {label.strip(): text for label, text in (line.split(": ", 1) for line in lines)}


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
    letters, foreign = re.fullmatch(r"(\w+)  \((.*)\)", rows["TAINT"]).groups()
    assert set(module) <= set(letters) and "crashme" in foreign.split(", ")
