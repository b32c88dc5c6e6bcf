"""makedumpfile: this machine's, or sid's for the kernels that are newer than this machine's."""

import contextlib
import re
import subprocess
import tempfile
from pathlib import Path

from . import peers
from .base import LabError, need, run

# What a kernel's VMCOREINFO names, and the first makedumpfile that knows what to do with it. Slab
# pages are marked in another way since 46df8e73a4a3 (v6.10); an older makedumpfile takes them for user
# pages and leaves them out.
KNOWS = {b"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)": (1, 7, 6)}
# A member that v7.1 renamed; no makedumpfile up to 1.7.8 asks for the new name, and so it takes pages
# behind the first one of a slab for user pages. All that it wants of it still holds: bit 0 tells such
# a page.
RENAMED = b"OFFSET(page.compound_info)=", b"OFFSET(page.compound_head)="
HEAD = 1 << 20      # of a file; its notes are in there


class Makedumpfile:
    """One of them: its version, the codecs that it lacks, and how to run it."""

    def __init__(self, name, start):
        self.name, self.start = name, start
        done = subprocess.run(start(["makedumpfile", "-v"]), stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
        found = re.search(r"version (\d+)\.(\d+)\.(\d+)", done.stdout)
        if not found:
            raise LabError(f"{name} makedumpfile does not tell its version:\n  {done.stdout}")
        self.version = tuple(map(int, found.groups()))
        # It would store raw pages instead.
        self.lacking = set(re.findall(r"^(\w+)\s+disabled$", done.stdout, re.M))

    def argv(self, options, vmcore, folder):
        """What to execute so that it reads a vmcore and may write into a folder."""
        return self.start(["makedumpfile", *options], [vmcore.parent], [folder])

    def knows(self, vmcore):
        """Does it know this kernel well enough to leave out nothing of the kernel's own?"""
        head = head_of(vmcore)
        return RENAMED[0] not in head and self.can_be_told(vmcore)

    def can_be_told(self, vmcore):
        """The same, when rename() has told it a name that it does not know."""
        head = head_of(vmcore)
        return all(self.version >= since for what, since in KNOWS.items() if what in head)


def head_of(file):
    with open(file, "rb") as f:
        return f.read(HEAD)


def rename(file, old, new):
    """Replaces a word of the notes by another of the same length."""
    at = head_of(file).find(old)
    assert len(old) == len(new)
    if at >= 0:
        with open(file, "r+b") as f:
            f.seek(at)
            f.write(new)


@contextlib.contextmanager
def told(vmcore):
    """A vmcore whose notes have the names that makedumpfile knows: itself, or a copy."""
    if RENAMED[0] not in head_of(vmcore):
        yield vmcore
        return
    with tempfile.TemporaryDirectory(prefix=".told-", dir=vmcore.parent) as folder:
        copy = Path(folder, "vmcore")
        run("cp", "--sparse=always", vmcore, copy)
        rename(copy, *RENAMED)
        yield copy


def restore(file):
    """What was made of such a copy gets the names that its kernel has."""
    rename(file, *reversed(RENAMED))


def of_this_machine():
    need("makedumpfile", "makedumpfile")
    return Makedumpfile("this machine's",
                        lambda command, *_: ["env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command])


def of_sid():
    return Makedumpfile("sid's", lambda command, readable=(), writable=():
                        peers.argv(command, *readable, writable=writable))


def for_kernel_of(vmcore):
    """This machine's when it knows the kernel that left the vmcore, otherwise sid's."""
    mine = of_this_machine()
    return mine if mine.can_be_told(vmcore) else of_sid()
