"""What more tasks cost: nothing for what is of one task or of none, and as much more as they are more
for what is of all."""

import statistics
import time

import goals
from measure import duration

# (question, of all tasks)
QUESTIONS = [("mount until `cat README` answers", "cat README", False),
             ("`cat log`", "cat log", False),
             ("`cat types/struct/task_struct`", "cat types/struct/task_struct", False),
             ("`cat panic/stack`", "cat panic/stack", False),
             ("`cat ps`", "cat ps", True),
             ("`cat tasks/*/status`", goals.ALL.format("status"), True),
             ("`cat stacks/all`", "cat stacks/all", True)]


def asked(bench, dump, command, mounting):
    alone = []

    def read(point):
        begin = time.perf_counter()
        goals.shell(point, command)
        alone.append(time.perf_counter() - begin)

    result = bench.ours.timed(dump, read, bench.runs)
    return result.seconds if mounting else statistics.median(alone)


def rows(bench, dumps):
    """@dumps: (number of tasks, dump), few first. The last cell: a task of the most to one of the fewer."""
    for what, command, of_all in QUESTIONS:
        seconds = [asked(bench, dump, command, "mount" in what) for _, dump in dumps]
        counts = [n for n, _ in dumps]
        ratio = seconds[-1] / seconds[-2] / (counts[-1] / counts[-2] if of_all else 1)
        yield [what, "all" if of_all else "one", *map(duration, seconds), f"{ratio:.1f}"]
