"""Figures that were set as goals, each measured on a new mount: what the reader of one file waits for."""

import statistics
import subprocess
import time
from dataclasses import dataclass

from measure import duration, measure

ALL = "printf '%s\\0' tasks/*/{} | xargs -0 cat"


@dataclass
class Goal:
    """Seconds, or bytes, that a question must not take."""

    what: str
    dump: str           # its name among those that were made
    ask: str            # shell commands, in the mounted tree
    most: float         # seconds
    vmlinux: bool = False
    mounting: bool = False   # counted too
    memory: float = 0   # MB at most


GOALS = [
    *(Goal("mount until `cat README` answers", name, "cat README", 0.05, mounting=True)
      for name in ("512M zlib-d31", "4G zlib-d31", "16T zlib", "100 000 tasks")),
    Goal("`cat log`, cold", "512M zlib-d31", "cat log", 0.02),
    Goal("mount to first `cat tasks/1/task_struct`", "512M zlib-d31", "cat tasks/1/task_struct", 0.1, True, True),
    Goal("mount to first `cat tasks/1/task_struct`", "512M zlib-d31", "cat tasks/1/task_struct", 0.15, False, True),
    Goal("`cat tasks/*/task_struct`", "512M zlib-d31", ALL.format("task_struct"), 0.3),
    Goal("`cat tasks/*/status`", "4G zlib-d31", ALL.format("status"), 3),
    Goal("`cat ps`", "4G zlib-d31", "cat ps", 0.3),
    Goal("`cat stacks/all`", "4G zlib-d31", "cat stacks/all", 1),
    Goal("`cat stacks/all`", "4G zlib-d31", "cat stacks/all", 2, True),
    Goal("`cat panic/stack`, cold", "512M zlib-d31", "cat panic/stack", 0.06),
    Goal("`cat panic/stack`, cold", "512M zlib-d31", "cat panic/stack", 0.4, True),
    Goal("`ls -U symbols`", "512M zlib-d31", "ls -U symbols", 1),
    Goal("`cat proc/meminfo`, the second", "512M zlib-d31", "cat proc/meminfo", 0.01),
    Goal("`cat proc/kallsyms`", "512M zlib-d31", "cat proc/kallsyms", 0.3),
    Goal("resident after ps, all status, all stacks", "4G zlib-d31",
         f"cat ps stacks/all; {ALL.format('status')}", 10, memory=60),
    Goal("resident after ps, all status, all stacks", "4G zlib-d31",
         f"cat ps stacks/all; {ALL.format('status')}", 10, True, memory=300),
]
# Of a kernel without BTF: (what, option, seconds); MB.
INDEX = [("all DWARF read", ["--no-cache"], 2.5), ("DWARF as it was kept", [], 0.1)]
INDEX_MEMORY = 300
# Mounted by no daemon: (dump, seconds)
PS = [("512M zlib-d31", 0.5), ("4G zlib-d31", 6)]


def shell(point, command):
    subprocess.run(["sh", "-c", command], cwd=point, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def row(ours, goal, dump, runs):
    alone = []

    def read(point):
        if "second" in goal.what:
            shell(point, goal.ask)
        begin = time.perf_counter()
        shell(point, goal.ask)
        alone.append(time.perf_counter() - begin)

    result = ours.timed(dump, read, runs, dump.vmlinux if goal.vmlinux else None)
    seconds = result.seconds if goal.mounting else statistics.median(alone)
    peak = result.peak / 1e6
    held = peak < goal.memory if goal.memory else seconds < goal.most
    wanted = f"{goal.memory:.0f} MB" if goal.memory else duration(goal.most)
    return [goal.what + (", with VMLINUX" if goal.vmlinux else ""), goal.dump, f"< {wanted}",
            f"{duration(seconds)}, {peak:.0f} MB", "yes" if held else "no"]


def index_row(program, dump, what, options, most, runs):
    """The first run leaves what the others read, unless it keeps nothing: the median is theirs."""
    result = measure(["env", f"XDG_CACHE_HOME={dump.scratch}", program, "cat", "--no-btf", *options, *dump.files,
                      dump.vmlinux, "--", "/tasks/1/task_struct"], wanted="struct task_struct", runs=runs)
    held = not result.refusal and result.seconds < most and result.peak / 1e6 < INDEX_MEMORY
    return [f"`vmcorefs cat --no-btf DUMP VMLINUX -- /tasks/1/task_struct`, {what}", dump.name,
            f"< {duration(most)}, {INDEX_MEMORY} MB", result.text(), "yes" if held else "no"]


def rows(bench, program, dumps):
    """Of those dumps that are there."""
    by_name = {d.name: d for d in dumps}
    for row_of_index in INDEX:
        if "512M zlib-d31" in by_name:
            yield index_row(program, by_name["512M zlib-d31"], *row_of_index, bench.runs)
    for goal in GOALS:
        if goal.dump in by_name:
            yield row(bench.ours, goal, by_name[goal.dump], bench.runs)
    for name, most in PS:
        if name in by_name:
            result = measure([program, "exec", "--no-cache", "--no-debuginfo", *by_name[name].files, "--", "ps", "aux"],
                             wanted="kthreadd", runs=bench.runs)
            yield ["`vmcorefs exec DUMP -- ps aux`", name, f"< {duration(most)}", result.text(),
                   "yes" if not result.refusal and result.seconds < most else "no"]
