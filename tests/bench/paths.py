"""What it costs to find objects by path, and to look at a million of them."""

import os
import statistics
import time

from measure import duration

# Ten names, most of them links that lead through objects: each is found again from the top.
DEEP = "objects/task_struct@init_task/tasks/next/prev/next/prev/next/prev/.address"
TIMES = 1000
OBJECTS = 1_000_000
MEMORY = 16 << 20   # from where on the objects lie, where all memory is mapped
TREES = {"find -xdev": ["find", ".", "-xdev"], "grep -r in tasks": ["grep", "-rsq", "no such text", "tasks"],
         "grep -r in modules": ["grep", "-rsq", "no such text", "modules"],
         "grep -r in proc": ["grep", "-rsq", "no such text", "proc"]}


def seconds(do):
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def deep(point, taken):
    """The first lookup, and the median of those that follow."""
    path = point / DEEP
    taken["first"].append(seconds(lambda: os.stat(path)))
    taken["warm"].append(statistics.median(seconds(lambda: os.stat(path)) for _ in range(TIMES)))
    return taken["first"][-1]


def visit(point):
    """Two names each of objects that are all different."""
    base = int((point / "objects/unsigned long@page_offset_base/value.hex").read_text(), 16) + MEMORY

    def each():
        for i in range(OBJECTS):
            os.stat(f"{point}/objects/list_head@{base + 16 * i:x}/prev.hex")
    return seconds(each)


def rows(bench, dump):
    taken = {"first": [], "warm": []}
    peak = bench.ours.timed(dump, lambda point: deep(point, taken), bench.runs).peak
    for which, times in taken.items():
        yield [f"`stat` of ten names, {which}", f"{statistics.median(times) * 1e6:.0f} us", f"{peak / 1e6:.0f} MB"]
    result = bench.ours.timed(dump, visit, 1)
    yield [f"{OBJECTS} objects, a member of each", duration(result.seconds), f"{result.peak / 1e6:.0f} MB"]
    for what, argv in TREES.items():
        result = bench.ours.timed(dump, lambda point, argv=argv: walk(point, argv), 1)
        yield [what, duration(result.seconds), f"{result.peak / 1e6:.0f} MB"]


def walk(point, argv):
    return seconds(lambda: os.waitpid(os.posix_spawnp(
        "env", ["env", f"--chdir={point}", *argv], os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]), 0))
