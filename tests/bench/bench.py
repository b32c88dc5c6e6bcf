"""Measure vmcorefs and its peers on the same dumps; print Markdown."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "mount"), str(TESTS / "real")]

import fleet   # noqa: E402
import goals   # noqa: E402
import grow   # noqa: E402
import lab   # noqa: E402
import linear   # noqa: E402
import many   # noqa: E402
import memory   # noqa: E402
import paths   # noqa: E402
import tools   # noqa: E402
from measure import SLOW, ahead, duration, measure   # noqa: E402
from mounted import MKDUMP, VMCOREFS   # noqa: E402

# RAM behind that of the guest, of which a little was saved here and there.
HUGE = "comb 64G..16T 16G 64K pattern"
MORE_TASKS = 100_000
PARTS = ["512M", "4G", "16T", "tasks", "goals", "linear", "objects", "fleet"]


@dataclass
class Dump:
    name: str
    files: list
    vmlinux: Path
    offset: int      # of the kernel's image, by KASLR
    folders: tuple   # what a tool in another root must see
    scratch: Path


def mkdump(folder, name, *options):
    path = folder / name
    if not path.exists():
        subprocess.run([MKDUMP, *options, path], check=True)
    return [path]


def forms(base, mem, folder):
    """The dump as it came, and in the forms that tools disagree about."""
    made = [("ELF", [base / "vmcore"])]
    for name in "zlib-d31", "lzo-d31", "snappy-d31", "zstd-d31":
        codec = name.partition("-")[0]
        files = (lab.variant(base, name) if name in lab.possible() else
                 mkdump(folder, f"{mem}-{name}", "-c", codec, *lab.variant(base, "zlib-d31")))
        made.append((name, files))
    made.append(("flattened zlib-d31", lab.variant(base, "flat-zlib-d31")))
    return [describe(f"{mem} {name}", files, base, folder) for name, files in made]


def describe(name, files, base, folder):
    kernel = (base / "vmlinux").resolve()
    notes = memory.Elf(base / "vmcore").notes
    offset = int(re.search(rb"KERNELOFFSET=([0-9a-f]+)", notes)[1], 16)
    return Dump(name, files, kernel, offset, (base, kernel.parent, folder), folder)


def many_tasks():
    return lab.dump(crash="null", via="kdump", mem="4G", sleepers=many.SLEEPERS)


def dumps(parts, folder):
    """Those that the parts take, by name."""
    made = []
    if {"512M", "goals", "linear", "objects"} & parts:
        made += forms(lab.dump(crash="null", via="kdump", mem="512M"), "512M", folder)
    if {"4G", "tasks", "goals", "linear"} & parts:
        base = many_tasks()
        made.append(describe("4G ELF", [base / "vmcore"], base, folder))
        made.append(describe("4G zlib-d31", lab.variant(base, "zlib-d31"), base, folder))
    if {"16T", "goals"} & parts:
        made.append(huge(folder))
    return {d.name: d for d in made}


def huge(folder):
    """Of 16 TB, and hardly anything saved."""
    base = lab.dump(crash="null", via="kdump")
    files = mkdump(folder, "16T", "-a", HUGE, *lab.variant(base, "zlib-d31"))
    return describe("16T zlib", files, base, folder)


def grown(folder):
    """A dump of very many tasks."""
    base, path = lab.dump(crash="null", via="kdump"), folder / "grown"
    grow.grow(VMCOREFS, base / "vmcore", path, MORE_TASKS)
    return describe("100 000 tasks", [path], base, folder)


def table(title, columns, rows):
    print(f"\n{title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


class Bench:
    def __init__(self, arguments, folder):
        self.runs = arguments.runs
        self.ours = tools.Ours(folder / "mnt")
        self.peers = tools.all_tools(not arguments.no_sid)
        self.refusals = []

    def entering(self, dump):
        """What starting nothing in the folder of sid takes."""
        elsewhere = [t for t in self.peers if "sid" in t.name][:1]
        for tool in elsewhere:
            seconds = measure(tool.argv(dump, "true"), runs=self.runs).seconds
            print(f"Those of sid take {duration(seconds)} to enter their folder.")

    def result(self, tool, dump, what):
        """Of one peer; what it refused is kept for the list at the end."""
        result = what(tool, dump, self.runs)
        if result and result.refusal:
            self.refusals.append((tool.name, dump.name, result.refusal))
        return result

    def compare(self, title, all_dumps, what, read):
        able = [t for t in self.peers if what is not tools.start or t.program != "makedumpfile"]
        able = [t for t in able if what is not tools.log or t.program != "gdb"]
        table(title, ["dump", "vmcorefs", *(t.name for t in able), "best of them to vmcorefs"],
              (self.compared(d, what, read, able) for d in all_dumps))

    def compared(self, dump, what, read, able):
        ours = self.ours.timed(dump, read, self.runs)
        theirs = [self.result(t, dump, what) for t in able]
        return [dump.name, ours.text(), *(text_of(r) for r in theirs), ahead(ours.seconds, theirs)]

    def cold_log(self, all_dumps):
        def seconds(point):
            begin = time.perf_counter()
            (point / "log").read_bytes()
            return time.perf_counter() - begin
        table("`cat log` alone, the first after mounting", ["dump", "vmcorefs"],
              ([d.name, duration(self.ours.timed(d, seconds, self.runs).seconds)]
               for d in all_dumps))

    def tasks_of(self, dump):
        """How many there are."""
        counts = []
        self.ours.timed(dump, lambda point: counts.append(len(os.listdir(point / "tasks"))), 1)
        return counts[0]

    def tasks(self, dump):
        """What takes a kernel's types and stacks: the peers have the vmlinux, we also do without."""
        able = [t for t in self.peers if t.program in ("crash", "drgn")]
        table(f"{many.SLEEPERS} tasks, {dump.name}: from the command to the whole answer; "
              "of vmcorefs also the part after the mount",
              ["", "vmcorefs", "vmcorefs VMLINUX", *(t.name for t in able), "best of them to vmcorefs VMLINUX"],
              (many.row(self, q, dump, able) for q in many.QUESTIONS))

    def bulk(self, all_dumps):
        """Bytes a second, of what is in the dump."""
        able = [t for t in self.peers if t.program == "drgn"]
        table("All of physical memory, read in pieces of 1 MiB",
              ["dump", "bytes", "vmcorefs", *(t.name for t in able)],
              (self.bulk_row(d, able) for d in all_dumps))

    def bulk_row(self, dump, able):
        ranges, runs = [], 1 if dump.name.startswith(("4G", "16T")) else self.runs

        def read(point):
            ranges[:] = memory.data_ranges(point / "memory/physical")
            begin = time.perf_counter()
            read_all(point / "memory/physical", ranges)
            return time.perf_counter() - begin

        ours = self.ours.timed(dump, read, runs)
        row = [dump.name, f"{memory.size(ranges) / 1e6:.0f} MB", rate(ours, ranges)]
        for tool in able:
            result = tools.bulk(tool, dump, ranges, runs)
            if result.refusal:
                self.refusals.append((tool.name, dump.name + ", bulk", result.refusal))
            row.append(rate(result, ranges))
        return row


def text_of(result):
    return result.text() if result else "-"


def read_all(path, ranges):
    fd = os.open(path, os.O_RDONLY)
    for start, end in ranges:
        while start < end:
            start += len(os.pread(fd, min(1 << 20, end - start), start))
    os.close(fd)


def rate(result, ranges):
    if result.refusal:
        return "refused"
    return f"{memory.size(ranges) / result.seconds / 1e6:.0f} MB/s, {result.peak / 1e6:.0f} MB peak"


def arguments():
    p = argparse.ArgumentParser(prog="sh tests/bench/run", description=__doc__)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--no-sid", action="store_true", help="only the tools of this machine")
    # A list as the default is no choice for argparse.
    p.add_argument("part", nargs="*", metavar="PART", choices=[*PARTS, []])
    args = p.parse_args()
    args.part = args.part or PARTS
    return args


def measure_dumps(bench, all_dumps):
    """Starting is a part of asking for the log, so that some dumps do for it."""
    bench.entering(all_dumps[0])
    some = [d for d in all_dumps if d.name in ("512M ELF", "512M zlib-d31", "4G zlib-d31", "16T zlib")]
    bench.compare("From the command until it answers: `cat README`; the prompt, a variable",
                  some, tools.start, lambda point: (point / "README").read_bytes() and None)
    bench.compare("From the command to the whole log", all_dumps, tools.log,
                  lambda point: (point / "log").read_bytes() and None)
    bench.cold_log(all_dumps)
    bench.bulk([d for d in all_dumps if d.name != "4G ELF"])


def measure_ours(bench, made, parts, folder):
    """What no other tool has."""
    large = grown(folder) if {"goals", "linear"} & set(parts) else None
    if "goals" in parts:
        table("Goals", ["", "dump", "goal", "measured, peak memory", "holds"],
              goals.rows(bench, VMCOREFS, [*made.values(), large]))
    if "linear" in parts:
        few, many_of_them = made["512M ELF"], made["4G ELF"]
        counted = [(bench.tasks_of(d), d) for d in (few, many_of_them, large)]
        table("What more tasks cost, ELF; the last cell is what one of the most costs to one of the fewer "
              "(of all tasks: by the number of them)",
              ["", "of tasks", *(f"{n} tasks" for n, _ in counted), "ratio"], linear.rows(bench, counted))
    if large:
        large.files[0].unlink()
    if "objects" in parts:
        table("Paths; peak memory of vmcorefs", ["", "time", "peak"], paths.rows(bench, made["512M ELF"]))
    if "fleet" in parts:
        fleet.report(VMCOREFS, folder, bench.runs, table)


def main():
    a = arguments()
    with tempfile.TemporaryDirectory(prefix="vmcorefs-bench-") as folder:
        folder = Path(folder)
        bench = Bench(a, folder)
        made = dumps(set(a.part), folder)
        print(f"Median of {a.runs} runs, of 3 where one takes more than {SLOW} s: wall-clock time (time of the "
              "CPU), peak memory of the largest process. The files are in the page cache, for every tool.", flush=True)
        compared = [d for d in made.values() if d.name.split()[0] in a.part]
        if compared:
            measure_dumps(bench, compared)
        if "tasks" in a.part:
            bench.tasks(made["4G zlib-d31"])
        measure_ours(bench, made, a.part, folder)
        print("\nRefused:\n")
        for tool, dump, why in bench.refusals or [("nobody", "nothing", "")]:
            print(f"- {tool}: {dump}: {why}")


main()
