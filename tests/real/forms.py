"""The forms of a dump: those of makedumpfile; those that the distribution's may have been built without,
or never makes, by mkdump."""

import json
import re

import lab
import pytest

MAKEDUMPFILE = lab.possible()

# Name: the options of mkdump
MADE = {
    "lzo": ["-c", "lzo"],
    "snappy": ["-c", "snappy"],
    "zstd": ["-c", "zstd"],
    "mixed-v3": ["-c", "mixed", "-v", "3"],
    "flat-shuffled": ["-c", "zstd", "--flat=shuffle"],
    "flat-overwritten-elf": ["-f", "elf", "--flat=overwrite"],
    "lime": ["-f", "lime"],
    "split-zstd": ["-c", "zstd", "-s", "5"],
}



def arch_of(folder):
    """The architecture of a dump's kernel, as Debian calls it."""
    return json.loads((folder / "meta.json").read_text())["arch"]


def skip_foreign(folder, why="crash and makedumpfile read dumps of their own architecture only"):
    """Skips what only x86_64 has."""
    if arch_of(folder) != "amd64":
        pytest.skip(why)


def variant_of(folder, name):
    """lab.variant(), where there is a makedumpfile that reads such dumps."""
    skip_foreign(folder)
    return lab.variant(folder, name)


def has_data_symbols(folder):
    """Are they in its kallsyms? Those of arm64 in bookworm are of functions only."""
    config = (folder / "vmlinux").resolve().parent / "config"
    return "CONFIG_KALLSYMS_ALL=y" in config.read_text()


def need_data_symbols(folder):
    if not has_data_symbols(folder):
        pytest.skip("this kernel's kallsyms has functions only")


def alone(folder, how="alone"):
    """What to mount so that the dump is used alone, or as HOW has it; where its kallsyms has functions
    only, with its vmlinux."""
    if has_data_symbols(folder):
        return [*HOW[how], folder / "vmcore"]
    return [folder / "vmcore", folder / "vmlinux"]


def shown_as(text):
    """An assembler's own labels, which some modules have kept, hold control bytes; we never print such."""
    return re.sub(r"[\x01-\x08\x0e-\x1f]", lambda m: f"\\{ord(m[0]):03o}", text)


FORMS = [*MAKEDUMPFILE, *MADE]

# With the dump alone, and with the debug files that lie beside it.
HOW = {"alone": ["--no-debuginfo"], "debuginfo": []}
