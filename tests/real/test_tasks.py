"""Tasks: every file of every task and thread is what the guest's /proc said just before the crash."""

import json
import os
import re
import subprocess
from pathlib import Path

import lab
import pytest
from mounted import Mount

FILES = ["comm", "cmdline", "environ", "auxv", "status", "stat", "statm", "limits", "io", "cgroup",
         "wchan", "oom_score_adj", "personality", "loginuid", "sessionid", "uid_map", "gid_map", "children"]

STAT = """pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime
stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss rsslim startcode
endcode startstack kstkesp kstkeip signal blocked sigignore sigcatch wchan nswap cnswap exit_signal
processor rt_priority policy blkio_delay guest cguest start_data end_data start_brk arg_start
arg_end env_start env_end exit_code""".split()

# Between the copy and the crash this moved: (file, field) -> whose, and why. A field of one of
# GROWS is never less than it was.
MOVES = {
    ("status", "Name"): ("workers", "a worker's name tells what it is at"),
    ("comm", None): ("workers", "a worker's name tells what it is at"),
    ("stat", "comm"): ("workers", "a worker's name tells what it is at"),
    ("status", "State"): ("kernel threads", "they wake up for a moment"),
    ("stat", "state"): ("kernel threads", "they wake up for a moment"),
    ("stat", "wchan"): ("kernel threads", "they wake up for a moment"),
    ("stat", "flags"): ("kernel threads", "they wake up for a moment"),
    ("wchan", None): ("kernel threads", "they wake up for a moment"),
    ("stat", "processor"): ("all", "the CPU that it ran on last"),
    ("stat", "utime"): ("all", "it ran"),
    ("stat", "stime"): ("all", "it ran"),
    ("status", "voluntary_ctxt_switches"): ("all", "it ran"),
    ("status", "nonvoluntary_ctxt_switches"): ("all", "it ran"),
    ("stat", "minflt"): ("the copier", "it went on to copy"),
    ("stat", "majflt"): ("the copier", "it went on to copy"),
    ("stat", "blkio_delay"): ("the copier", "it wrote what it copied to a disk"),
    ("stat", "vsize"): ("the copier", "it gave back the memory that it copied with"),
    ("stat", "rss"): ("the copier", "it gave back the memory that it copied with"),
    ("statm", None): ("the copier", "it gave back the memory that it copied with"),
    ("io", None): ("the copier", "it went on to copy"),
    **{("status", key): ("the copier", "it gave back the memory that it copied with")
       for key in ("VmPeak", "VmSize", "VmHWM", "VmRSS", "RssAnon", "VmData", "VmPTE")},
    ("cmdline", None): ("title", "procfs reads only memory that belongs to no file"),
}
GROWS = {"utime", "stime", "minflt", "majflt", "blkio_delay", "voluntary_ctxt_switches",
         "nonvoluntary_ctxt_switches"}


class Truth:
    """What the guest's /proc said of its tasks."""

    def __init__(self, folder):
        self.proc = Path(folder) / "truth/proc"
        slots = json.loads((Path(folder) / "truth/load.json").read_text())
        self.copier = str(slots["truth"]["pid"])
        self.title = str(slots["title"]["pid"]) if "title" in slots else None

    def pids(self):
        return {e.name for e in os.scandir(self.proc) if e.name.isdigit()}

    def tids(self, pid):
        threads = self.proc / pid / "task"
        return set(os.listdir(threads)) if threads.is_dir() else set()

    def folders(self):
        """Of processes ("12") and of their threads ("12/task/34")."""
        for pid in sorted(self.pids(), key=int):
            yield pid
            for tid in sorted(self.tids(pid), key=int):
                yield f"{pid}/task/{tid}"

    def read(self, folder, name):
        path = self.proc / folder / name
        return path.read_bytes() if path.exists() else None

    def may_move(self, folder, name, field):
        who = MOVES.get((name, field), (None,))[0]
        if who in ("workers", "kernel threads"):
            words = fields("stat", self.read(folder, "stat"))
            if who == "workers":
                return words["comm"].startswith(b"(kworker/")
            return bool(int(words["flags"]) & 0x200000)
        pid = folder.split("/")[0]
        return who == "all" or who == "the copier" and pid == self.copier \
            or who == "title" and pid == self.title


def fields(name, text):
    """The parts of a file: those of status and stat by name, else the whole."""
    if name == "status":
        return dict(line.split(":\t", 1) if ":\t" in line else (line, "")
                    for line in text.decode("utf-8", "surrogateescape").splitlines())
    if name != "stat":
        return {None: text}
    begin, end = text.index(b"("), text.rindex(b")") + 1
    words = [text[:begin].strip(), text[begin:end], *text[end:].split()]
    assert len(words) == len(STAT) and text.endswith(b"\n")
    return dict(zip(STAT, words))


def differences(truth, folder, name, now):
    """What is neither equal nor may have moved."""
    then = truth.read(folder, name)
    if then is None or then == now:
        return []
    was, is_ = fields(name, then), fields(name, now)
    wrong = [] if list(was) == list(is_) else [f"{folder}/{name}: {list(was)} is {list(is_)}"]
    for key in was.keys() & is_.keys():
        grew = key not in GROWS or int(is_[key]) >= int(was[key])
        if was[key] != is_[key] and not (grew and truth.may_move(folder, name, key)):
            wrong.append(f"{folder}/{name} {key or ''}: {was[key]!r} is {is_[key]!r}")
    return wrong


@pytest.fixture(scope="module")
def truth(crashed):
    return Truth(crashed)


def knows_slab_pages(vmcoreinfo):
    """Kernels since v6.10 mark slab pages in a way that makedumpfile knows since 1.7.6; an older one
    takes them for user pages."""
    said = subprocess.run(["makedumpfile", "-v"], capture_output=True, text=True, check=False)
    version = re.search(r"version (\d+)\.(\d+)\.(\d+)", said.stdout + said.stderr)
    return "PAGE_SLAB_MAPCOUNT_VALUE" not in vmcoreinfo \
        or tuple(map(int, version.groups())) >= (1, 7, 6)


@pytest.fixture(scope="module")
def filtered(original, crashed, tmp_path_factory):
    """The dump without user memory."""
    if not knows_slab_pages((original / "vmcoreinfo").read_text()):
        pytest.skip("this makedumpfile leaves out the slab pages of this kernel")
    files = lab.variant(crashed, "zlib-d31")
    m = Mount(tmp_path_factory.mktemp("filtered") / "mnt", *files)
    yield m
    m.close()


def test_each_task_is_there_and_no_other(original, truth):
    assert set(os.listdir(original / "tasks")) - {"."} == truth.pids()


def test_each_thread_is_there_and_no_other(original, truth):
    for pid in truth.pids():
        if truth.tids(pid):
            assert set(os.listdir(original / f"tasks/{pid}/task")) == truth.tids(pid), pid


@pytest.mark.parametrize("name", FILES)
def test_file_is_as_in_proc(original, truth, name):
    if name == "wchan" and {truth.read(f, name) for f in truth.folders()} == {b"0"}:
        pytest.skip("this kernel could not tell")
    wrong = []
    for folder in truth.folders():
        if truth.read(folder, name) is not None:
            now = (original / f"tasks/{folder}/{name}").read_bytes()
            wrong += differences(truth, folder, name, now)
    assert not wrong, "\n".join(wrong[:20])


def test_thread_is_found_beside_the_processes(original, truth):
    pid = next(p for p in truth.pids() if len(truth.tids(p)) > 1)
    tid = next(t for t in truth.tids(pid) if t != pid)
    status = (original / f"tasks/{tid}/status").read_text()
    assert f"\nTgid:\t{pid}\n" in status and f"\nPid:\t{tid}\n" in status


def test_what_is_no_task(original):
    for name in ("0", "01", "-1", "4194305", "self", "1x"):
        assert not os.path.lexists(original / f"tasks/{name}"), name
    assert not os.path.lexists(original / "tasks/1/task/2")


def test_parent_leads_to_the_parent(original, truth):
    for folder in truth.folders():
        ppid = fields("stat", truth.read(folder, "stat"))["ppid"].decode()
        link = original / f"tasks/{folder}/parent"
        assert os.path.basename(os.readlink(link)) == ppid
        if ppid != "0":
            assert os.path.samefile(link, original / f"tasks/{ppid}")


def rows_of_ps(mount):
    """(running, pid, ppid, cpu, task, state, name) of each line."""
    head, *lines = (mount / "ps").read_text().splitlines()
    assert head.split() == "PID PPID CPU TASK ST %MEM VSZ RSS COMM".split()
    for line in lines:
        pid, ppid, cpu, task, state, _, _, _, comm = line[1:].split(None, 8)
        yield line[0] == ">", int(pid), int(ppid), int(cpu), task, state, comm


def test_ps_has_each_thread_and_the_idle_tasks(original, truth):
    rows = list(rows_of_ps(original))
    idle = [r for r in rows if r[1] == 0]
    assert [(r[3], r[6]) for r in idle] == [(i, f"[swapper/{i}]") for i in range(len(idle))]
    tids = [int(t) for pid in truth.pids() for t in truth.tids(pid) or {pid}]
    assert sorted(r[1] for r in rows if r[1]) == sorted(tids)
    assert [r[1] for r in rows] == sorted(r[1] for r in rows)


def test_ps_marks_what_runs(original):
    running = [r for r in rows_of_ps(original) if r[0]]
    cpus = len([r for r in rows_of_ps(original) if r[1] == 0])
    assert sorted(r[3] for r in running) == list(range(cpus))
    assert {r[5] for r in running} <= {"RU", "UN"}


def test_places_agree(original):
    assert "tasks:" not in (original / "dump/problems").read_text()


@pytest.mark.parametrize("name", ["task_struct", "signal_struct", "sighand", "cred"])
def test_structure_agrees_with_the_numbers(original, truth, name):
    for pid in ("1", "2", truth.copier):
        text = (original / f"tasks/{pid}/{name}").read_text()
        assert text.startswith("struct ") and "<not in dump>" not in text and "!!" not in text
        if name == "task_struct":
            assert f"\n  pid = {pid},\n" in text


@pytest.mark.parametrize("name", [f for f in FILES if f not in ("cmdline", "environ")])
def test_kernel_memory_is_whole_without_user_pages(original, filtered, truth, name):
    for folder in truth.folders():
        path = f"tasks/{folder}/{name}"
        assert (filtered / path).read_bytes() == (original / path).read_bytes(), path


@pytest.mark.parametrize("name", ["cmdline", "environ"])
def test_missing_user_memory_is_said(filtered, truth, name):
    for pid in truth.pids():
        expected = truth.read(pid, name)
        text = (filtered / f"tasks/{pid}/{name}").read_bytes()
        assert (b"<not in dump>" in text) == bool(expected) or pid == truth.title, pid


@pytest.mark.parametrize("form", ["vmcore", "vmcore.kdump-zlib"])
def test_dump_without_vmcoreinfo(of_qemu, form, tmp_path):
    """Of a live guest, whose tasks went on for a while."""
    truth = Truth(of_qemu)
    m = Mount(tmp_path / "mnt", of_qemu / form)
    try:
        assert set(os.listdir(m / "tasks")) == truth.pids()
        for folder in truth.folders():
            for name in ("cmdline", "environ", "limits", "cgroup", "uid_map"):
                then = truth.read(folder, name)
                now = (m / f"tasks/{folder}/{name}").read_bytes()
                assert then in (None, now) or truth.may_move(folder, name, None), folder
    finally:
        m.close()
