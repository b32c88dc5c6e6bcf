"""One guest from boot to dump, as told by the lines that it prints on its console."""

import json
import os
import re
import shlex
import time
from dataclasses import asdict, dataclass, field

from . import images, programs, truth
from .base import LabError, run, say
from .qemu import CONSOLES, MACHINES, Qemu

VIAS = ("kdump", "qemu")
QEMU_FORMATS = ("elf", "kdump-zlib", "kdump-lzo", "kdump-snappy")
TRUTH_SIZE = 4 << 30        # of a sparse file
SLACK = 64 << 20            # a vmcore is larger than the memory by its headers
# Seconds until each stage is reached; under TCG, on a machine that compiles at the same time.
BOOT, SETTLE, DUMP = 180, 240, 300
# QEMU does not always get on when one CPU patches the code that another executes.
STUCK = r"soft lockup - CPU#\d+ stuck for (?:[6-9]\d|\d{3,})s"
DOWN = re.compile(rf"Oops:|Kernel panic|LAB: DUMPED|{STUCK}")


@dataclass
class Guest:
    """What makes one guest differ from another."""

    crash: str = "null"
    via: str = "kdump"
    mem: str = "512M"
    cpus: int = 2
    sleepers: int = 20
    small: bool = False
    append: str = ""
    vmcoreinfo: bool = False    # via=qemu: give QEMU the kernel's note through its device
    formats: list = field(default_factory=lambda: ["elf"])   # via=qemu: the first is `vmcore`

    def check(self):
        if self.via not in VIAS:
            raise LabError(f"via={self.via}: one of {', '.join(VIAS)}")
        if self.via == "kdump" and self.crash == "none":
            raise LabError("via=kdump needs a crash: with crash=none only via=qemu makes a dump")
        for name in self.formats:
            if name not in QEMU_FORMATS:
                raise LabError(f"format {name}: one of {', '.join(QEMU_FORMATS)}")

    def cmdline(self, arch):
        words = [f"console={CONSOLES[arch]}", "rdinit=/init", "panic=0", "oops=panic",
                 f"lab.via={self.via}", f"lab.crash={self.crash}", f"lab.sleepers={self.sleepers}"]
        if self.small:
            words.append("lab.small=1")
        if self.via == "kdump" and "crashkernel=" not in self.append:
            words.append("crashkernel=" + ("256M" if arch == "arm64" else "160M"))
        return " ".join(words + shlex.split(self.append))


def memory_bytes(text):
    """A size as QEMU's -m takes it: megabytes when it has no unit."""
    found = re.fullmatch(r"(\d+)([MG]?)", text)
    if not found:
        raise LabError(f"{text}: a size such as 512M or 4G")
    return int(found[1]) << (30 if found[2] == "G" else 20)


def make(kernel, guest, where, load=None, crashme=None):
    """Boots a guest, brings it down and fills a directory with the dump and the truth."""
    guest.check()
    if kernel.arch not in MACHINES:
        raise LabError(f"no QEMU machine is known for {kernel.arch}")
    times, start = {}, time.monotonic()
    initrd = where / "initrd"
    more = [programs.add_to] if programs.wanted(kernel, guest) else []
    initrd.write_bytes(images.guest_image(kernel, guest.via, guest.small, load, crashme, more))
    disks = {"truth": TRUTH_SIZE}
    if guest.via == "kdump":
        disks["dump"] = memory_bytes(guest.mem) + SLACK
    cmdline = guest.cmdline(kernel.arch)
    say(f"booting {kernel.release} to crash={guest.crash} via={guest.via}")
    with Qemu(kernel.arch, where, kernel.vmlinuz, initrd, cmdline, guest.mem, guest.cpus, disks,
              ["vmcoreinfo"] if guest.vmcoreinfo else []) as qemu:
        for stage, seconds in ("BOOTED", BOOT), ("READY", SETTLE), ("TRUTH", SETTLE):
            found = qemu.wait(re.compile(rf"LAB: {stage}(?: (\d+))?"), seconds, unless=DOWN)
            times[stage.lower()] = round(time.monotonic() - start, 1)
        truth_size = int(found[1])
        (by_kdump if guest.via == "kdump" else by_qemu)(qemu, guest, where)
        times["dumped"] = round(time.monotonic() - start, 1)
    initrd.unlink()
    os.truncate(where / "truth.disk", truth_size)
    truth.unpack(where / "truth.disk", where / "truth")
    (where / "truth.disk").unlink()
    describe(kernel, guest, where, cmdline, times)


def by_kdump(qemu, guest, where):
    """The capture kernel copies /proc/vmcore to the dump disk and powers off."""
    size = int(qemu.wait(re.compile(r"LAB: DUMPED (\d+)"), DUMP, unless=re.compile(STUCK))[1])
    qemu.process.wait(60)
    if not 0 < size <= memory_bytes(guest.mem) + SLACK:
        raise LabError(f"the capture kernel says that it wrote {size} bytes")
    (where / "dump.disk").rename(where / "vmcore")
    os.truncate(where / "vmcore", size)


def by_qemu(qemu, guest, where):
    """QEMU dumps the guest: after its panic, or alive."""
    if guest.crash != "none":
        qemu.wait(re.compile(r"---\[ end Kernel panic"), DUMP)
    qemu.monitor.command("stop")
    for i, name in enumerate(guest.formats):
        file = where / ("vmcore." + name if i else "vmcore")
        qemu.monitor.command("dump-guest-memory", seconds=DUMP, paging=False,
                             protocol=f"file:{file}", format=name)
        file.chmod(0o644)
        run("fallocate", "--dig-holes", file)


def describe(kernel, guest, where, cmdline, times):
    """meta.json, and links to the kernel that the dump belongs to."""
    (where / "vmlinux").symlink_to(kernel.vmlinux)
    (where / "vmlinuz").symlink_to(kernel.vmlinuz)
    about = {"suite": kernel.suite, "flavour": kernel.flavour, "arch": kernel.arch,
             "release": kernel.release, "version": kernel.version, "cmdline": cmdline,
             "guest": asdict(guest), "seconds": times}
    (where / "meta.json").write_text(json.dumps(about, indent=2) + "\n")
