"""Run by drgn on a core of a kernel: prints what it finds there, a JSON line.

VMCOREFS_WORDS has the addresses of words to be read.
"""

import json
import os

from drgn import FaultError
from drgn.helpers.linux.pid import for_each_task, find_task


def word(prog, address):
    try:
        return prog.read_u64(address)
    except FaultError:
        return None


def stack(prog, what):
    return [frame.pc for frame in prog.stack_trace(what)]


def main(prog):
    tasks = {t.pid.value_(): t.comm.string_().decode("latin-1") for t in for_each_task(prog)}
    print(json.dumps({
        "tasks": tasks,
        "init": prog["init_task"].comm.string_().decode(),
        "crashed": stack(prog, prog.crashed_thread().object),
        "stacks": {pid: stack(prog, find_task(prog, pid)) for pid in list(tasks)[:40]},
        "words": [word(prog, int(a)) for a in os.environ["VMCOREFS_WORDS"].split()],
    }))


main(prog)   # noqa: F821: drgn gives it
