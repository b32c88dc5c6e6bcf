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

import lab   # noqa: E402
import memory   # noqa: E402
import tools   # noqa: E402
from measure import duration, measure   # noqa: E402
from mounted import MKDUMP   # noqa: E402

# RAM behind that of the guest, of which a little was saved here and there.
HUGE = "comb 64G..16T 16G 2M pattern"


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
    vmcore = base / "vmcore"
    made = [("ELF", [vmcore])]
    for name in "zlib-d31", "lzo-d31", "snappy-d31", "zstd-d31":
        codec = name.partition("-")[0]
        files = (lab.variant(base, name) if name in lab.possible() else
                 mkdump(folder, f"{mem}-{name}", "-c", codec, *lab.variant(base, "zlib-d31")))
        made.append((name, files))
    made.append(("flattened zlib-d31", lab.variant(base, "flat-zlib-d31")))
    made.append(("split zlib-d31", lab.variant(base, "split-zlib-d31")))
    return [describe(f"{mem} {name}", files, base, folder) for name, files in made]


def describe(name, files, base, folder):
    kernel = (base / "vmlinux").resolve()
    notes = memory.Elf(base / "vmcore").notes
    offset = int(re.search(rb"KERNELOFFSET=([0-9a-f]+)", notes)[1], 16)
    return Dump(name, files, kernel, offset, (base, kernel.parent, folder), folder)


def dumps(wanted, folder):
    made = []
    for mem in "512M", "4G":
        if mem in wanted:
            base = lab.dump(crash="null", via="kdump", mem=mem)
            made += forms(base, mem, folder)
    if "16T" in wanted:
        base = lab.dump(crash="null", via="kdump")
        files = mkdump(folder, "16T", "-a", HUGE, *lab.variant(base, "zlib-d31"))
        made.append(describe("16T zlib", files, base, folder))
    return made


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

    def cell(self, tool, dump, what):
        """Of one peer; what it refused is kept for the list at the end."""
        result = what(tool, dump, self.runs)
        if result is None:
            return "-"
        if result.refusal:
            self.refusals.append((tool.name, dump.name, result.refusal))
        return result.text()

    def compare(self, title, all_dumps, what, read):
        able = [t for t in self.peers if what is not tools.start or t.program != "makedumpfile"]
        able = [t for t in able if what is not tools.log or t.program != "gdb"]
        table(title, ["dump", "vmcorefs", *(t.name for t in able)],
              ([d.name, self.ours.timed(d, read, self.runs).text(),
                *(self.cell(t, d, what) for t in able)] for d in all_dumps))

    def cold_log(self, all_dumps):
        def seconds(point):
            begin = time.perf_counter()
            (point / "log").read_bytes()
            return time.perf_counter() - begin
        table("`cat log` alone, the first after mounting", ["dump", "vmcorefs"],
              ([d.name, duration(self.ours.timed(d, seconds, self.runs).seconds)]
               for d in all_dumps))

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
    p.add_argument("dump", nargs="*", default=["512M", "4G", "16T"])
    return p.parse_args()


def main():
    a = arguments()
    with tempfile.TemporaryDirectory(prefix="vmcorefs-bench-") as folder:
        folder = Path(folder)
        bench = Bench(a, folder)
        all_dumps = dumps(a.dump, folder)
        print(f"Median of {a.runs} runs: wall-clock time, peak memory of the largest process. "
              "The files are in the page cache, for every tool.")
        bench.entering(all_dumps[0])
        bench.compare("From the command until it answers: `cat README`; the prompt, a variable",
                      all_dumps, tools.start, lambda point: (point / "README").read_bytes() and None)
        bench.compare("From the command to the whole log", all_dumps, tools.log,
                      lambda point: (point / "log").read_bytes() and None)
        bench.cold_log(all_dumps)
        bench.bulk(all_dumps)
        print("\nRefused:\n")
        for tool, dump, why in bench.refusals or [("nobody", "nothing", "")]:
            print(f"- {tool}: {dump}: {why}")


main()
