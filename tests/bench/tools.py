"""The tools that are compared, each as a way to open a dump and to print its log."""

import os
import re
import resource
import shutil
import statistics
import subprocess
import time

from lab import LabError, peers
from measure import Measure, measure
from mounted import VMCOREFS

LOG = "Linux version"
DMESG = 'makedumpfile --dump-dmesg -f "$1" "$2" >/dev/null && cat "$2"; r=$?; rm -f "$2"; exit $r'
DRGN_START = "print(prog['init_task'].comm)\n"
DRGN_LOG = """\
import sys
from drgn.helpers.linux.printk import get_dmesg
sys.stdout.buffer.write(get_dmesg(prog))
"""
DRGN_READ = """\
import time
begin = time.perf_counter()
for start, end in {ranges}:
    while start < end:
        n = min(1 << 20, end - start)
        prog.read(start, n, physical=True)
        start += n
print("seconds", time.perf_counter() - begin)
"""


class Tool:
    """One program: its name with its version, and how to start it."""

    def __init__(self, program, version, prefix):
        self.program, self.name, self.prefix = program, f"{program} {version}", prefix

    def argv(self, dump, *words):
        return self.prefix(words, dump)


def version_of(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)*", done.stdout + done.stderr)
    return found[0] if found else "?"


QUESTION = {"crash": "-v", "drgn": "--version", "gdb": "--version", "makedumpfile": "-v"}


def of_this_machine():
    return [Tool(program, version_of([program, question]), lambda argv, dump: argv)
            for program, question in QUESTION.items() if shutil.which(program)]


def of_sid():
    def prefix(argv, dump):
        return peers.argv(argv, *dump.folders)

    tools = []
    for program, question in QUESTION.items():
        version = version_of(peers.argv([program, question]))
        tools.append(Tool(program, f"{version} (sid)", prefix))
    return tools


def all_tools(with_sid):
    tools = of_this_machine()
    if with_sid:
        try:
            tools += of_sid()
        except LabError as e:
            print(f"No tools of sid: {e}\n")
    order = list(QUESTION)
    return sorted(tools, key=lambda t: order.index(t.program))


def crash(tool, dump, commands, wanted, runs):
    return measure(tool.argv(dump, "crash", "-s", dump.vmlinux, *dump.files),
                   commands + "quit\n", wanted, runs)


def drgn(tool, dump, script, wanted, runs):
    path = dump.scratch / "script.py"
    path.write_text(script)
    return measure(tool.argv(dump, "drgn", "-q", "-s", dump.vmlinux, "-c", dump.files[0], path),
                   wanted=wanted, runs=runs)


def start(tool, dump, runs):
    """From the command to where one could ask something; None: not what it is for."""
    if tool.program == "crash":
        return crash(tool, dump, "", "", runs)
    if tool.program == "drgn":
        return drgn(tool, dump, DRGN_START, "swapper", runs)
    if tool.program == "gdb":
        # It does not know of KASLR: it is told where the kernel was loaded.
        return measure(tool.argv(dump, "gdb", "-nx", "-batch", "-c", dump.files[0], "-ex",
                                 f"symbol-file {dump.vmlinux} -o {dump.offset:#x}", "-ex",
                                 "print init_task.comm"), wanted="swapper", runs=runs)
    return None


def log(tool, dump, runs):
    """From the command to the printed log."""
    if tool.program == "crash":
        return crash(tool, dump, "log\n", LOG, runs)
    if tool.program == "drgn":
        return drgn(tool, dump, DRGN_LOG, LOG, runs)
    if tool.program == "makedumpfile":
        return measure(tool.argv(dump, "sh", "-c", DMESG, "sh", dump.files[0],
                                 f"/tmp/vmcorefs-bench-{os.getpid()}"), wanted=LOG, runs=runs)
    return None


def bulk(tool, dump, ranges, runs):
    """All of physical memory that is in the dump, without the time that it takes to start."""
    if tool.program != "drgn":
        return None
    return drgn(tool, dump, DRGN_READ.format(ranges=ranges), "seconds ", runs)


class Ours:
    """vmcorefs: mounted in the foreground, asked through files."""

    name = "vmcorefs"

    def __init__(self, point):
        self.point = point
        point.mkdir(exist_ok=True)

    def timed(self, dump, read, runs, vmlinux=None):
        """Median from the command until read(point) is done, and the daemon's peak."""
        files = [*dump.files, *([vmlinux] if vmlinux else [])]
        taken, cpus, peak = [], [], 0
        for _ in range(runs):
            begin = time.perf_counter()
            daemon = subprocess.Popen([VMCOREFS, "-f", *files, self.point])
            while not (self.point / "README").exists():
                if daemon.poll() is not None:
                    return Measure(0, 0, refusal=f"exit status {daemon.returncode}")
                time.sleep(0.0002)
            before = children()
            taken.append(read(self.point) or time.perf_counter() - begin)
            cpus.append(cpu_of(daemon.pid) + children() - before)
            peak = max(peak, peak_of(daemon.pid))
            subprocess.run(["fusermount3", "-u", self.point], check=True)
            end(daemon)
        return Measure(statistics.median(taken), peak, statistics.median(cpus))


def end(daemon):
    """Of an unmounted one; whoever copied the mounts meanwhile, to run in a root of his, holds it."""
    try:
        daemon.wait(30)
    except subprocess.TimeoutExpired:
        daemon.terminate()
        daemon.wait(30)


def children():
    """Seconds of the CPU that commands took which have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
        user, system = f.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def peak_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) * 1024
