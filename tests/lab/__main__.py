"""python3 tests/lab: makes one dump and prints its directory."""

import argparse
import shutil
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import boot, dumps, kernels, sample, variants   # noqa: E402
from lab.base import LabError, cache, discard   # noqa: E402

PARTS = ("apt", "kernels", "builds", "programs", "roots", "dumps", "failed")


def arguments():
    p = argparse.ArgumentParser(prog="python3 tests/lab", description=__doc__)
    guest = boot.Guest()
    p.add_argument("--suite", default="bookworm", help="Debian suite of the kernel")
    p.add_argument("--arch", default="amd64", help="Debian architecture of the kernel")
    p.add_argument("--flavour", help="as in linux-image-FLAVOUR (default: cloud-ARCH)")
    p.add_argument("--crash", default=guest.crash, help="how it goes down: null bug overflow "
                   "hardirq tasklet jump panic sysrq ..., or none to dump it alive")
    p.add_argument("--via", default=guest.via, choices=boot.VIAS, help="who writes the dump")
    p.add_argument("--mem", default=guest.mem, help="memory, such as 512M or 4G")
    p.add_argument("--cpus", type=int, default=guest.cpus)
    p.add_argument("--sleepers", type=int, default=guest.sleepers, help="extra sleeping tasks")
    p.add_argument("--small", action="store_true", help="few tasks, few modules")
    p.add_argument("--append", default="", help="more words for the kernel command line")
    p.add_argument("--vmcoreinfo", action="store_true", help="give QEMU the VMCOREINFO note")
    p.add_argument("--formats", type=lambda s: s.split(","), default=guest.formats,
                   help="with --via qemu, comma-separated: " + " ".join(boot.QEMU_FORMATS))
    p.add_argument("--variant", action="append", default=[], choices=list(variants.VARIANTS),
                   help="also convert a kdump with makedumpfile (repeatable)")
    p.add_argument("--out", type=Path, help="copy the result here")
    p.add_argument("--update", action="store_true", help="look for a newer kernel first")
    p.add_argument("--sample", action="store_true", help="make tests/sample/vmcore anew")
    p.add_argument("--list", action="store_true", help="what the cache holds")
    p.add_argument("--clean", nargs="*", choices=PARTS, metavar="PART",
                   help="empty the cache, or parts of it: " + " ".join(PARTS))
    a = p.parse_args()
    a.flavour = a.flavour or f"cloud-{a.arch}"
    return a


def show_list():
    for part in ("kernels", "dumps"):
        where = cache(part)
        for entry in sorted(where.glob("[!.]*")) if where.exists() else []:
            size = sum(f.lstat().st_blocks for f in entry.rglob("*")) * 512
            print(f"{size >> 20:6} MiB  {entry}")


def make(a):
    if a.update:
        kernels.fetch(a.suite, a.flavour, refresh=True)
    where = dumps.dump(a.suite, a.flavour, crash=a.crash, via=a.via, mem=a.mem, cpus=a.cpus,
                       sleepers=a.sleepers, small=a.small, append=a.append,
                       vmcoreinfo=a.vmcoreinfo, formats=a.formats)
    for name in a.variant:
        variants.variant(where, name)
    if a.out:
        shutil.copytree(where, a.out, symlinks=True)
    print(a.out or where)


def main():
    a = arguments()
    if a.list:
        show_list()
    elif a.clean is not None:
        for part in a.clean or PARTS:
            discard(cache(part))
    elif a.sample:
        print(sample.make())
    else:
        make(a)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except LabError as e:
        sys.exit(f"lab: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
