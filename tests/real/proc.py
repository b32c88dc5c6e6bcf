"""What a guest's /proc said of its tasks, and what of that moved before the dump was made."""

import json
import os
import re
from pathlib import Path

FILES = ["comm", "cmdline", "environ", "auxv", "status", "stat", "statm", "limits", "io", "cgroup",
         "wchan", "syscall", "oom_score_adj", "personality", "loginuid", "sessionid", "uid_map",
         "gid_map", "children", "timers"]
TEXTS = ["maps", "mountinfo", "mounts"]
LINKS = ["cwd", "root", "exe"]
LINK_FOLDERS = ["fd", "ns"]

STAT = """pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime
stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss rsslim startcode
endcode startstack kstkesp kstkeip signal blocked sigignore sigcatch wchan nswap cnswap exit_signal
processor rt_priority policy blkio_delay guest cguest start_data end_data start_brk arg_start
arg_end env_start env_end exit_code""".split()

PF_KTHREAD = 0x200000
WORKERS, THREADS, COPIER, TITLE, ALL = "workers", "kernel threads", "the copier", "title", "all"

# Between the copy and the dump this moved: (file, field) -> whose, and why. A field of one of
# GROWS is never less than it was.
MOVES = {
    ("status", "Name"): ({WORKERS}, "a worker's name tells what it is at"),
    ("comm", None): ({WORKERS}, "a worker's name tells what it is at"),
    ("stat", "comm"): ({WORKERS}, "a worker's name tells what it is at"),
    ("status", "State"): ({THREADS, COPIER}, "they wake up for a moment, it goes to sleep"),
    ("stat", "state"): ({THREADS, COPIER}, "they wake up for a moment, it goes to sleep"),
    ("stat", "wchan"): ({THREADS, COPIER}, "they wake up for a moment, it goes to sleep"),
    ("wchan", None): ({THREADS, COPIER}, "they wake up for a moment, it goes to sleep"),
    ("syscall", None): ({THREADS, COPIER}, "they wake up for a moment, it ran"),
    ("stat", "flags"): ({THREADS}, "they wake up for a moment"),
    ("stat", "processor"): ({ALL}, "the CPU that it ran on last"),
    ("stat", "utime"): ({ALL}, "it ran"),
    ("stat", "stime"): ({ALL}, "it ran"),
    ("status", "voluntary_ctxt_switches"): ({ALL}, "it ran"),
    ("status", "nonvoluntary_ctxt_switches"): ({ALL}, "it ran"),
    ("stat", "minflt"): ({COPIER}, "it went on to copy"),
    ("stat", "majflt"): ({COPIER}, "it went on to copy"),
    ("stat", "blkio_delay"): ({COPIER}, "it wrote what it copied to a disk"),
    ("stat", "vsize"): ({COPIER}, "it gave back the memory that it copied with"),
    ("stat", "rss"): ({COPIER}, "it gave back the memory that it copied with"),
    ("statm", None): ({COPIER}, "it gave back the memory that it copied with"),
    ("io", None): ({COPIER}, "it went on to copy"),
    **{("status", key): ({COPIER}, "it gave back the memory that it copied with")
       for key in ("VmPeak", "VmSize", "VmHWM", "VmRSS", "RssAnon", "VmData", "VmPTE")},
    ("cmdline", None): ({TITLE}, "procfs reads only memory that belongs to no file"),
}
GROWS = {"utime", "stime", "minflt", "majflt", "blkio_delay", "voluntary_ctxt_switches",
         "nonvoluntary_ctxt_switches"}

# Of the copier's own files these are not compared: it went on to copy.
OF_COPIER = {"maps", "fd", "fdinfo"}


class Truth:
    """What the guest's /proc said of its tasks."""

    def __init__(self, folder):
        self.proc = Path(folder) / "truth/proc"
        self.slots = json.loads((Path(folder) / "truth/load.json").read_text())
        self.copier = str(self.slots["truth"]["pid"])
        self.title = str(self.slots["title"]["pid"]) if "title" in self.slots else None

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

    def files(self, name):
        """(folder, path) where the truth has a file or a link of this name that is to be compared."""
        for folder in self.folders():
            path = self.proc / folder / name
            moved = name in OF_COPIER and folder.split("/")[0] == self.copier
            if os.path.lexists(path) and not moved:
                yield folder, path

    def lists(self, name):
        """(folder, its names) of the directories of this name."""
        for folder, path in self.files(name):
            if path.is_dir():
                yield folder, set(os.listdir(os.fsencode(path)))

    def may_move(self, folder, name, field):
        whose = MOVES.get((name, field), (set(),))[0]
        words = fields("stat", self.read(folder, "stat"))
        pid = folder.split("/")[0]
        return ALL in whose \
            or WORKERS in whose and words["comm"].startswith(b"(kworker/") \
            or THREADS in whose and bool(int(words["flags"]) & PF_KTHREAD) \
            or COPIER in whose and pid == self.copier \
            or TITLE in whose and pid == self.title


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
    if name == "children":
        # A worker came, or went, before the copier came to it.
        here = truth.pids()
        then, now = (b" ".join(p for p in text.split() if p.decode() in here) for text in (then, now))
    was, is_ = fields(name, then), fields(name, now)
    wrong = [] if list(was) == list(is_) else [f"{folder}/{name}: {list(was)} is {list(is_)}"]
    for key in was.keys() & is_.keys():
        grew = key not in GROWS or int(is_[key]) >= int(was[key])
        if was[key] != is_[key] and not (grew and truth.may_move(folder, name, key)):
            wrong.append(f"{folder}/{name} {key or ''}: {was[key]!r} is {is_[key]!r}")
    return wrong


def unknown_options(mount):
    """File systems whose mount options the dump does not tell: they are in a module's structures, whose
    types are in the dump since v5.11."""
    return [] if (mount / "symbols/btf_modules").exists() else ["overlay"]


def agrees(ours, theirs, unknown):
    """Are two lines equal, but for options that are not known, of these file systems?"""
    if b",..." in ours and any(f" {fs} ".encode() in ours for fs in unknown):
        return re.fullmatch(re.escape(ours).replace(re.escape(b",..."), rb"(,[^ ]*)?"), theirs)
    return ours == theirs


def assert_same_lines(mount, truth, name, unknown):
    compared = 0
    for folder, path in truth.files(name):
        ours = (mount / "tasks" / folder / name).read_bytes().split(b"\n")
        theirs = path.read_bytes().split(b"\n")
        assert len(ours) == len(theirs), folder
        for pair in zip(ours, theirs):
            assert agrees(*pair, unknown), (folder, *pair)
        compared += 1
    assert compared > 50
