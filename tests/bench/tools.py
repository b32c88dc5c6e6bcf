"""The tools that are compared, each as a way to open a dump and to print its log."""

import re
import shutil
import subprocess
import time

from lab import LabError, peers
from measure import Measure, measure
from mounted import VMCOREFS

LOG = "Linux version"
DRGN_LOG = ("import sys; from drgn.helpers.linux.printk import get_dmesg; "
            "sys.stdout.buffer.write(get_dmesg(prog))")
DRGN_READ = """
import sys
for line in sys.argv[1].split(","):
    start, end = (int(n) for n in line.split("-"))
    while start < end:
        n = min(1 << 20, end - start)
        prog.read(start, n, physical=True)
        start += n
"""


class Tool:
    """One program: its name with its version, and how to start it."""

    def __init__(self, program, version, prefix):
        self.program, self.name, self.prefix = program, f"{program} {version}", prefix

    def argv(self, dump, *words):
        return self.prefix([self.program, *words], dump)


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


def start(tool, dump, runs):
    """From the command to where one could ask something; None: not what it is for."""
    if tool.program == "crash":
        return measure(tool.argv(dump, "-s", dump.vmlinux, *dump.files), "quit\n", runs=runs)
    if tool.program == "drgn":
        return measure(tool.argv(dump, "-q", "-s", dump.vmlinux, "-c", dump.files[0], "-e",
                                 "print(prog['init_task'].comm)"), wanted="swapper", runs=runs)
    if tool.program == "gdb":
        # What /proc/kcore is to it: the image where it was loaded; without KASLR's offset it
        # reads wrong memory, so it must be asked for something that shows it.
        return measure(tool.argv(dump, "-nx", "-batch", dump.vmlinux, "-c", dump.files[0], "-ex",
                                 "print init_task.comm"), wanted="swapper", runs=runs)
    return None


def log(tool, dump, runs):
    """From the command to the printed log."""
    if tool.program == "crash":
        return measure(tool.argv(dump, "-s", dump.vmlinux, *dump.files), "log\nquit\n", LOG, runs)
    if tool.program == "drgn":
        return measure(tool.argv(dump, "-q", "-s", dump.vmlinux, "-c", dump.files[0], "-e",
                                 DRGN_LOG), wanted=LOG, runs=runs)
    if tool.program == "makedumpfile":
        return measure(tool.argv(dump, "--dump-dmesg", "-f", *dump.files, "/dev/stdout"),
                       wanted=LOG, runs=runs)
    return None


def bulk(tool, dump, ranges, runs):
    """All of physical memory that is in the dump."""
    if tool.program != "drgn":
        return None
    words = ",".join(f"{a}-{b}" for a, b in ranges)
    script = f"import sys; sys.argv[1:] = ['{words}']" + DRGN_READ
    return measure(tool.argv(dump, "-q", "-s", dump.vmlinux, "-c", dump.files[0], "-e", script),
                   runs=runs)


class Ours:
    """vmcorefs: mounted in the foreground, asked through files."""

    name = "vmcorefs"

    def __init__(self, point):
        self.point = point
        point.mkdir(exist_ok=True)

    def timed(self, dump, read, runs):
        """Median from the command until read(point) is done, and the daemon's peak."""
        taken, peak = [], 0
        for _ in range(runs):
            begin = time.perf_counter()
            daemon = subprocess.Popen([VMCOREFS, "-f", *dump.files, self.point])
            while not (self.point / "README").exists():
                if daemon.poll() is not None:
                    return Measure(0, 0, f"exit status {daemon.returncode}")
                time.sleep(0.0002)
            taken.append(read(self.point) or time.perf_counter() - begin)
            peak = max(peak, peak_of(daemon.pid))
            subprocess.run(["fusermount3", "-u", self.point], check=True)
            daemon.wait(30)
        return Measure(sorted(taken)[len(taken) // 2], peak)


def peak_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) * 1024
