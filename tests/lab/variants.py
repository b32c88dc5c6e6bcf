"""Copies of a kdump in the other formats and dump levels, as makedumpfile makes them."""

import subprocess

from . import makedumpfile
from .base import LabError, locked, replacing, run, say

# Name: (the options, the codec that it must have been built with)
VARIANTS = {
    "raw-d0": (["-d", "0"], None),
    "raw-d31": (["-d", "31"], None),
    "zlib-d0": (["-c", "-d", "0"], None),
    "zlib-d1": (["-c", "-d", "1"], None),
    "zlib-d31": (["-c", "-d", "31"], None),
    "lzo-d31": (["-l", "-d", "31"], "lzo"),
    "snappy-d31": (["-p", "-d", "31"], "snappy"),
    "zstd-d31": (["-z", "-d", "31"], "zstd"),
    "elf-d0": (["-E", "-d", "0"], None),
    "elf-d1": (["-E", "-d", "1"], None),
    "elf-d31": (["-E", "-d", "31"], None),
    "flat-zlib-d31": (["-F", "-c", "-d", "31"], None),
    "flat-elf-d31": (["-F", "-E", "-d", "31"], None),
    "split-zlib-d31": (["--split", "--splitblock-size", "1024", "-c", "-d", "31"], None),
}
SPLIT = 3


def possible():
    """The names of the variants that can be made on this machine."""
    missing = makedumpfile.of_this_machine().lacking
    return [name for name, (_, codec) in VARIANTS.items() if codec not in missing]


def variant(dump, name):
    """The files of one variant of a dump's directory: one path, or several of a split set.

    Nothing of the kernel's own memory is missing in them, however new the kernel is.
    """
    vmcore = dump / "vmcore"
    tool = makedumpfile.for_kernel_of(vmcore)
    where = dump / "variants" / ("makedumpfile-" + ".".join(map(str, tool.version))) / name
    with locked_folder(where):
        if not where.exists():
            with replacing(where) as new, makedumpfile.told(vmcore) as source:
                convert(tool, name, source, new)
                for file in files_of(new) if source != vmcore else ():
                    makedumpfile.restore(file)
    return files_of(where)


def plain_variant(dump, name):
    """The same as this machine's makedumpfile makes it, even where that is too old for the kernel."""
    where = dump / "variants/plain" / name
    with locked_folder(where):
        if not where.exists():
            with replacing(where) as new:
                convert(makedumpfile.of_this_machine(), name, dump / "vmcore", new)
    return files_of(where)


def locked_folder(where):
    where.parent.mkdir(parents=True, exist_ok=True)
    return locked(where)


def files_of(where):
    return sorted(p for p in where.iterdir() if p.name.startswith("vmcore"))


def convert(tool, name, vmcore, where):
    options, codec = VARIANTS[name]
    if codec in tool.lacking:
        raise LabError(f"{tool.name} makedumpfile was built without {codec}")
    say(f"{tool.name} makedumpfile {' '.join(options)}")
    out = [where / "vmcore"]
    if "--split" in options:
        out = [where / f"vmcore.{n}" for n in range(SPLIT)]
    if "-F" not in options:
        run(*tool.argv([*options, vmcore, *out], vmcore, where.parent))
        return
    with open(out[0], "wb") as f:
        done = subprocess.run(tool.argv([*options, vmcore], vmcore, where.parent), stdout=f,
                              stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                              check=False)
    if done.returncode:
        raise LabError(f"makedumpfile: {done.stderr.strip()}")
