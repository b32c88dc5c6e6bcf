"""The programs of guest/programs: this machine's own, which run in the guest and then on its dump.

A guest that is small, has a crowd of sleepers or is of another architecture has none of them.
"""

import platform
from pathlib import Path

from .base import need
from .images import GUEST, add_program

TABLE = GUEST / "programs"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# With more tasks the programs would take longer than all else.
MOST_SLEEPERS = 500
# Where Debian has them, and by which package; busybox is in every guest.
PACKAGES = {"free": "procps", "fuser": "psmisc", "lsmod": "kmod", "lsof": "lsof",
            "netstat": "net-tools", "pgrep": "procps", "pmap": "procps", "ps": "procps",
            "pstree": "psmisc", "slabtop": "procps", "ss": "iproute2", "top": "procps",
            "uptime": "procps", "vmstat": "procps", "w": "procps"}
# top(1) wants to know its terminal.
TERMINAL = ("lib/terminfo/d/dumb", "usr/share/terminfo/d/dumb")


def commands():
    """The table: by name the words of each command, with @ROLE where a number shall stand."""
    rows = (line.split() for line in TABLE.read_text().splitlines() if not line.startswith("#"))
    return {words[0]: words[1:] for words in rows if words}


def wanted(kernel, guest):
    return (not guest.small and guest.sleepers <= MOST_SLEEPERS
            and MACHINES.get(kernel.arch) == platform.machine())


def paths():
    """The files of this machine, by their places in the guest."""
    return {f"usr/bin/{name}": Path(need(name, package)) for name, package in PACKAGES.items()}


def add_to(image):
    """Adds the table and what it needs to an initramfs."""
    image.add("programs", TABLE)
    native = next(arch for arch, machine in MACHINES.items() if machine == platform.machine())
    for name, path in paths().items():
        add_program(image, native, name, path)
    for name in TERMINAL:
        if Path("/", name).exists():
            image.add(name, Path("/", name))
