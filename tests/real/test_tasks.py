"""Tasks: every file of every task and thread is what the guest's /proc said just before the crash."""

import os
import re

import pytest
from proc import FILES, LINK_FOLDERS, LINKS, TEXTS, Truth, differences, fields


@pytest.fixture(scope="module")
def truth(guest):
    return Truth(guest)


def test_each_task_is_there_and_no_other(tree, truth):
    assert set(os.listdir(tree / "tasks")) - {"."} == truth.pids()


def test_each_thread_is_there_and_no_other(tree, truth):
    for pid in truth.pids():
        if truth.tids(pid):
            assert set(os.listdir(tree / f"tasks/{pid}/task")) == truth.tids(pid), pid


@pytest.mark.parametrize("name", FILES)
def test_file_is_as_in_proc(tree, truth, name):
    if name == "wchan" and {truth.read(f, name) for f in truth.folders()} == {b"0"}:
        pytest.skip("this kernel could not tell: it knew frame pointers only")
    compared, wrong = 0, []
    for folder, _ in truth.files(name):
        now = (tree / f"tasks/{folder}/{name}").read_bytes()
        wrong += differences(truth, folder, name, now)
        compared += 1
    assert not wrong, "\n".join(wrong[:20])
    assert compared > 50


def test_each_file_is_compared(tree, truth):
    """What is in both is compared, here, in test_files.py or in test_stacks.py; `mem` by its use."""
    elsewhere = {*TEXTS, *LINKS, *LINK_FOLDERS, "fdinfo", "mem", "stack", "task"}
    both = set()
    for folder in ("1", "1/task/1"):
        both |= set(os.listdir(tree / "tasks" / folder)) & set(os.listdir(truth.proc / folder))
    assert both - elsewhere == set(FILES)


def test_thread_is_found_beside_the_processes(tree, truth):
    pid = next(p for p in truth.pids() if len(truth.tids(p)) > 1)
    tid = next(t for t in truth.tids(pid) if t != pid)
    status = (tree / f"tasks/{tid}/status").read_text()
    assert f"\nTgid:\t{pid}\n" in status and f"\nPid:\t{tid}\n" in status


def test_what_is_no_task(tree):
    for name in ("0", "01", "-1", "4194305", "self", "1x"):
        assert not os.path.lexists(tree / f"tasks/{name}"), name
    assert not os.path.lexists(tree / "tasks/1/task/2")


def test_parent_leads_to_the_parent(tree, truth):
    for folder in truth.folders():
        ppid = fields("stat", truth.read(folder, "stat"))["ppid"].decode()
        link = tree / f"tasks/{folder}/parent"
        assert os.path.basename(os.readlink(link)) == ppid
        if ppid != "0":
            assert os.path.samefile(link, tree / f"tasks/{ppid}")


def rows_of_ps(mount):
    """(running, pid, ppid, cpu, task, state, name) of each line."""
    head, *lines = (mount / "ps").read_text().splitlines()
    assert head.split() == "PID PPID CPU TASK ST %MEM VSZ RSS COMM".split()
    for line in lines:
        pid, ppid, cpu, task, state, _, _, _, comm = line[1:].split(None, 8)
        yield line[0] == ">", int(pid), int(ppid), int(cpu), task, state, comm


def test_ps_has_each_thread_and_the_idle_tasks(tree, truth):
    rows = list(rows_of_ps(tree))
    idle = [r for r in rows if r[1] == 0]
    assert [(r[3], r[6]) for r in idle] == [(i, f"[swapper/{i}]") for i in range(len(idle))]
    tids = [int(t) for pid in truth.pids() for t in truth.tids(pid) or {pid}]
    assert sorted(r[1] for r in rows if r[1]) == sorted(tids)
    assert [r[1] for r in rows] == sorted(r[1] for r in rows)


def test_ps_marks_what_runs(tree):
    running = [r for r in rows_of_ps(tree) if r[0]]
    cpus = len([r for r in rows_of_ps(tree) if r[1] == 0])
    assert sorted(r[3] for r in running) == list(range(cpus))
    assert {r[5] for r in running} <= {"RU", "UN"}


def test_places_agree(tree):
    assert "tasks:" not in (tree / "dump/problems").read_text()


@pytest.mark.parametrize("name", ["task_struct", "signal_struct", "sighand", "cred"])
def test_structure_agrees_with_the_numbers(tree, truth, name):
    for pid in ("1", "2", truth.copier):
        text = (tree / f"tasks/{pid}/{name}").read_text()
        assert text.startswith("struct ") and "<not in dump>" not in text
        assert not re.search("^!!", text, re.M)
        if name == "task_struct":
            assert f"\n  pid = {pid},\n" in text
