"""Many dumps: what one costs, how far two cores help, and what is read of a dump that lies elsewhere."""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import lab
from measure import duration, measure

TRIAGE = Path(__file__).resolve().parents[1] / "fleet/triage"
WAYS = ("null", "bug", "sysrq", "jump")
DUMPS = 64
NODES = 1000
ASKED = ("/signature", "/summary.json")


def fleet(folder):
    """That many paths of dumps, each a file of its own, so that nothing is read twice."""
    paths = []
    for i in range(DUMPS):
        source = lab.dump(crash=WAYS[i % len(WAYS)], via="kdump")
        path = folder / f"vmcore.{i}"
        if not path.exists():
            os.link(lab.variant(source, "zlib-d31")[0], path)
        paths.append(path)
    return paths


def triaged(ours, paths, jobs):
    """Dumps a second."""
    with tempfile.TemporaryDirectory() as out:
        begin = time.perf_counter()
        subprocess.run(["parallel", "--will-cite", f"-j{jobs}", "sh", TRIAGE, out],
                       input="\n".join(map(str, paths)), text=True, check=True,
                       env={**os.environ, "VMCOREFS": str(ours)})
        taken = time.perf_counter() - begin
        assert len(list(Path(out).glob("*.triage"))) == len(paths)
    return len(paths) / taken


def reads(ours, dump, *paths):
    """(how many, bytes) of the reads of the dump"""
    with tempfile.NamedTemporaryFile("r") as log:
        subprocess.run(["strace", "-f", "-e", "trace=pread64", "-o", log.name, ours, "cat",
                        "--no-debuginfo", "--no-cache", dump, "--", *paths],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        sizes = [int(n) for n in re.findall(r"pread64\(.* = (\d+)$", log.read(), re.M)]
    return len(sizes), sum(sizes)


def on_paper(rate, n, read, size):
    """A cluster, by what one machine of two cores does."""
    storage = NODES * rate * read / 1e9
    yield ["dumps a second, as long as storage gives what they read", f"{NODES * rate:.0f}"]
    yield ["bytes a second that storage must give then", f"{storage:.1f} GB"]
    yield ["dumps a second when all of storage gives 10 GB a second", f"{min(NODES * rate, 10e9 / read):.0f}"]
    yield ["the same if each dump had to be copied first", f"{10e9 / size:.0f}"]
    yield ["what a round trip of 1 ms adds to a dump", f"{n} ms"]


def report(ours, folder, runs, table):
    paths = fleet(folder)
    one = measure([ours, "cat", "--stable", "--no-cache", "--no-debuginfo", paths[0], "--", *ASKED],
                  wanted="crash_inner", runs=runs)
    table("One dump of a fleet", ["", "time (CPU), memory", "goal"],
          [["`vmcorefs cat --stable DUMP -- /signature /summary.json`", one.text(), "< 0.2 s, < 80 MB"]])
    rates = {jobs: triaged(ours, paths, jobs) for jobs in (1, 2)}
    table(f"{DUMPS} dumps with GNU parallel", ["jobs", "dumps a second"],
          [[str(jobs), f"{rate:.1f}"] for jobs, rate in rates.items()])
    size = paths[0].stat().st_size
    rows = []
    for path in "/log", "/summary", "/panic/stack", "/stacks/all":
        n, read = reads(ours, paths[0], path)
        rows.append([f"`cat {path[1:]}`", str(n), f"{read / 1e6:.1f} MB"])
    table(f"What is read of a dump of {size / 1e6:.1f} MB", ["", "reads", "bytes"], rows)
    table(f"{NODES} nodes of two cores on paper, by these figures", ["", ""],
          on_paper(rates[2], *reads(ours, paths[0], *ASKED), size))
