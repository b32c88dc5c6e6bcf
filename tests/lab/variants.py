"""Copies of a kdump in the other formats and dump levels, made by this machine's makedumpfile."""

import re
import subprocess

from .base import LabError, locked, need, replacing, run, say

# Name: (the options, the codec that makedumpfile must have been built with)
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


def lacking():
    """The codecs that this machine's makedumpfile was built without; it would store raw pages."""
    text = subprocess.run([need("makedumpfile", "makedumpfile"), "-v"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False).stdout
    return set(re.findall(r"^(\w+)\s+disabled$", text, re.M))


def possible():
    """The names of the variants that can be made on this machine."""
    missing = lacking()
    return [name for name, (_, codec) in VARIANTS.items() if codec not in missing]


def variant(dump, name):
    """The files of one variant of a dump's directory: one path, or several of a split set."""
    options, codec = VARIANTS[name]
    if codec in lacking():
        raise LabError(f"this machine's makedumpfile was built without {codec}")
    where = dump / "variants" / name
    where.parent.mkdir(exist_ok=True)
    with locked(where):
        if not where.exists():
            say(f"makedumpfile {' '.join(options)}")
            with replacing(where) as new:
                convert(dump / "vmcore", options, new)
    return sorted(p for p in where.iterdir() if p.name.startswith("vmcore"))


def convert(vmcore, options, where):
    command = [need("makedumpfile", "makedumpfile"), *options, vmcore]
    if "-F" in options:
        with open(where / "vmcore", "wb") as out:
            done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise LabError(f"makedumpfile: {done.stderr.strip()}")
    elif "--split" in options:
        run(*command, *(where / f"vmcore.{n}" for n in range(SPLIT)))
    else:
        run(*command, where / "vmcore")
