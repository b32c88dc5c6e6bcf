"""Run a command and measure it."""

import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass

PATIENCE = 300
SLOW = 3   # seconds: of what takes more, three runs do


@dataclass
class Measure:
    seconds: float      # median
    peak: int           # bytes, the largest process at its largest
    cpu: float = 0      # seconds of all its threads, median
    refusal: str = ""   # why it did not do the job

    def text(self):
        if self.refusal:
            return "refused"
        return f"{duration(self.seconds)} ({duration(self.cpu)}), {self.peak / 1e6:.0f} MB"


def ahead(ours, theirs):
    """How many times as long the fastest of the others takes."""
    able = [r.seconds for r in theirs if r and not r.refusal]
    return f"{min(able) / ours:.0f} x" if able else "-"


def duration(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"


def once(argv, script=""):
    """(seconds, of the CPU, peak bytes, exit status, stdout and stderr) of one run."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as feed, tempfile.NamedTemporaryFile() as told:
        feed.write(script.encode())
        feed.seek(0)
        start = time.perf_counter()
        # What a process takes counts from what it was before it executed the command: this one is large.
        process = subprocess.Popen(["/usr/bin/time", "-q", "-f", "%M", "-o", told.name, *(str(a) for a in argv)],
                                   stdin=feed, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        status, usage = wait(process, start)
        seconds = time.perf_counter() - start
        out.seek(0)
        peak = told.read().split()
        return (seconds, usage.ru_utime + usage.ru_stime, int(peak[0]) * 1024 if peak else 0, status,
                out.read().decode(errors="replace"))


def wait(process, start):
    """Until it ends; killed when it takes too long."""
    pause = 0.0005
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.perf_counter() - start > PATIENCE:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 1.2, 0.01)


def measure(argv, script="", wanted="", runs=5):
    """The median of several runs; a refusal when one fails, or does not print what is wanted.

    A command that prints a line "seconds N" has timed itself.
    """
    taken, cpus, peak = [], [], 0
    for _ in range(runs):
        seconds, cpu, rss, status, text = once(argv, script)
        if status or wanted not in text:
            return Measure(0, 0, refusal=reason(status, text))
        own = re.search(r"^seconds (\S+)$", text, re.M)
        taken.append(float(own[1]) if own else seconds)
        cpus.append(cpu)
        peak = max(peak, rss)
        if len(taken) == 3 and min(taken) > SLOW:
            break
    return Measure(statistics.median(taken), peak, statistics.median(cpus))


def reason(status, text):
    """The line of its output that tells most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(
        word in line.lower() for word in ("error", "cannot", "not ", "fail", "invalid", "unknown"))]
    line = (telling or lines or ["no output"])[0]
    return f"exit status {status}: {line[:110]}"
