"""/blocked: what the module's threads wait for, by its own account of them."""

import os
import re

import pytest
from tables import module_lines, one, rows

COLUMNS = "PID TASK BLOCKED FOR OBJECT OWNER NAME IN COMM"


@pytest.fixture(scope="module")
def blocked(tree):
    return rows(tree / "blocked", COLUMNS)


@pytest.fixture(scope="module")
def objects(guest):
    """name: (address, pid of its owner or None) of the module's locks."""
    return {w[1]: (w[0], w[2] if len(w) > 2 else None)
            for kind in ("mutex", "rwsem", "completion") for w in module_lines(guest, kind)}


KINDS = {"mutex": {"mutex"}, "rwsem": {"rwsem-read", "rwsem-write"}, "completion": {"completion"},
         "waitqueue": {"waitqueue"}, "semaphore": {"semaphore"}, "timeout": {"timeout"}}


def test_each_thread_waits_for_what_the_module_says(guest, blocked, objects):
    compared = set()
    for task, pid, comm, kind, *name in module_lines(guest, "thread"):
        if kind not in KINDS:
            continue
        row = one(blocked, TASK=task)
        assert (row["PID"], row["COMM"]) == (pid, comm)
        assert row["FOR"] in KINDS[kind]
        if name:
            assert row["NAME"] == f"{name[0]}[crashme]"
        if name and name[0] in objects:
            address, owner = objects[name[0]]
            assert row["OBJECT"] == address
            assert row["OWNER"] == (owner or "-")
        compared.add(kind)
    assert compared == set(KINDS)


def test_deadlock_is_found_with_both_mutexes(tree, guest):
    left, right = (w[1] for w in module_lines(guest, "thread") if w[2] in
                   ("crashme_left", "crashme_right"))
    text = [line for line in (tree / "blocked").read_text().splitlines()
            if line.startswith("deadlock: ")]
    assert text == [f"deadlock: {left} (crashme_left) mutex crashme_right_lock[crashme] -> "
                    f"{right} (crashme_right) mutex crashme_left_lock[crashme] -> {left}"]


def test_link_to_the_owner(tree, blocked):
    """Of those in state D that wait for what has one, and of no other task; following them goes round."""
    links = {p.parent.name: os.readlink(p) for p in (tree / "tasks").glob("*/blocked_by")}
    assert links == {row["PID"]: f"../../tasks/{row['OWNER']}" for row in blocked if row["OWNER"].isdigit()}
    left = one(blocked, COMM="crashme_left")["PID"]
    assert (tree / f"tasks/{left}/blocked_by/blocked_by/comm").read_text() == "crashme_left\n"


def test_reader_and_writer(blocked):
    assert one(blocked, COMM="crashme_reader")["FOR"] == "rwsem-read"
    assert one(blocked, COMM="crashme_writer")["FOR"] == "rwsem-write"


def test_work_that_is_stuck(blocked, objects):
    row = next(r for r in blocked if r["COMM"].startswith("kworker/"))
    assert (row["FOR"], row["OBJECT"]) == ("completion", objects["crashme_never"][0])
    assert row["IN"].startswith("crashme_wait+") and row["IN"].endswith("[crashme]")


def test_parent_waits_for_its_vfork_child(tree, blocked):
    row = one(blocked, COMM="vfork_parent")
    assert (row["FOR"], row["NAME"]) == ("completion", "stack")
    children = (tree / f"tasks/{row['PID']}/children").read_text().split()
    assert children == [row["OWNER"]]


def test_what_is_not_known_is_not_told(blocked):
    """A new thread waits for no structure that would tell."""
    row = one(blocked, COMM="crashme_new")
    assert (row["FOR"], row["OBJECT"], row["OWNER"], row["NAME"]) == ("?", "?", "?", "?")


def test_all_of_state_d_and_no_other(tree, blocked):
    lines = (tree / "ps").read_text().splitlines()[1:]
    wanted = {line[1:].split()[0] for line in lines if line[1:].split()[4] == "UN"}
    assert {r["PID"] for r in blocked} == wanted


def test_longest_first_and_since_the_module_came(tree, blocked):
    times = [float(r["BLOCKED"]) for r in blocked]
    assert times == sorted(times, reverse=True)
    uptime = float((tree / "proc/uptime").read_text().split()[0])
    assert 0 < times[-1] and times[0] < uptime


def test_timeout_has_seconds_left(guest, blocked):
    row = one(blocked, COMM="crashme_nap")
    left = float(re.fullmatch(r"left=([\d.]+)", row["NAME"])[1])
    assert abs(left + float(row["BLOCKED"]) - 1000000) < 5


def test_file_is_a_plain_text(tree):
    assert os.path.getsize(tree / "blocked") == len((tree / "blocked").read_bytes())
