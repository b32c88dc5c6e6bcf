"""Questions about a machine of 10 000 tasks, asked of every tool that can answer them."""

import statistics
import subprocess
import time
from dataclasses import dataclass

import tools
from measure import ahead, duration

SLEEPERS = 10000

DRGN_TASK = """\
from drgn.helpers.linux import find_task
print(find_task(prog, 1)[0])
"""
DRGN_PS = """\
from drgn.helpers.linux import for_each_task, task_cpu, task_rss, task_state_to_char
for t in for_each_task(prog, idle=True):
    mm = t.mm
    print(t.pid.value_(), t.real_parent.tgid.value_(), task_cpu(t), hex(t.value_()),
          task_state_to_char(t), mm.total_vm.value_() * 4 if mm else 0,
          task_rss(t).total * 4 if mm else 0, t.comm.string_())
"""
DRGN_STACKS = """\
from drgn.helpers.linux import for_each_task
for t in for_each_task(prog, idle=True):
    print("PID:", t.pid.value_(), t.comm.string_())
    try:
        print(prog.stack_trace(t))
    except Exception as e:
        print(e)
"""
DRGN_PANIC = "print(prog.crashed_thread().stack_trace())\n"
DRGN_SYMBOLS = "for s in prog.symbols():\n    print(s.name)\n"


@dataclass
class Question:
    """One thing to know: how each tool is asked, and what its answer holds when it is one."""

    what: str
    ours: str           # shell commands, in the mounted tree
    crash: str = ""     # empty: it cannot tell
    drgn: str = ""
    wanted: str = ""


QUESTIONS = [
    Question("the structure of task 1: `cat tasks/1/task_struct`, `task 1`",
             "cat tasks/1/task_struct", "task 1\n", DRGN_TASK, "comm = "),
    Question("all tasks: `cat ps`, `ps`", "cat ps", "ps\n", DRGN_PS, "swapper/1"),
    Question("the status of each: `cat tasks/*/status`", "cat tasks/*/status"),
    Question("the stack of each: `cat stacks/all`, `foreach bt`",
             "cat stacks/all", "foreach bt\n", DRGN_STACKS, "do_syscall_64"),
    Question("the stack that panicked: `cat panic/stack`, `bt`",
             "cat panic/stack", "bt\n", DRGN_PANIC, "vfs_write"),
    Question("all symbols: `ls -U symbols`, `sym -l`",
             "ls -U symbols", "sym -l\n", DRGN_SYMBOLS, "schedule"),
    Question("each of these, one after the other",
             "cat tasks/1/task_struct ps; cat tasks/*/status; cat stacks/all panic/stack; "
             "ls -U symbols"),
]


class Reading:
    """A command of the shell in the tree, and how long it took after the mount."""

    def __init__(self, command):
        self.command, self.taken = command, []

    def __call__(self, point):
        begin = time.perf_counter()
        subprocess.run(["sh", "-c", self.command], cwd=point, stdout=subprocess.DEVNULL,
                       check=True)
        self.taken.append(time.perf_counter() - begin)

    def text(self):
        return duration(statistics.median(self.taken or [0]))


def ask(question, tool, dump, runs):
    """One peer; None: it cannot tell."""
    if tool.program == "crash" and question.crash:
        return tools.crash(tool, dump, question.crash, question.wanted, runs)
    if tool.program == "drgn" and question.drgn:
        return tools.drgn(tool, dump, question.drgn, question.wanted, runs)
    return None


def row(bench, question, dump, able):
    """The whole time of each tool, from the command on; of ours also the time after the mount."""
    cells, ours = [], None
    for vmlinux in None, dump.vmlinux:
        reading = Reading(question.ours)
        ours = bench.ours.timed(dump, reading, bench.runs, vmlinux)
        cells.append(f"{reading.text()} of {ours.text()}")
    theirs = [bench.result(t, dump, lambda *a: ask(question, *a)) for t in able]
    return [question.what, *cells, *(r.text() if r else "-" for r in theirs), ahead(ours.seconds, theirs)]
