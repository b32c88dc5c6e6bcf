"""Debian's kernels by suite and flavour: image, modules, debug vmlinux and headers.

A kernel's directory in the cache holds `release` and `version` (one line each), `vmlinuz`,
`vmlinux` (with debug information), `config`, `modules/` (the tree as packaged),
`debug/` (debug files of the modules that guests load) and `headers/` (unpacked as from /; not
where the module is built with packages that are installed in a folder of that suite).
"""

import lzma
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .apt import Apt, unpack
from .base import LabError, cache, locked, machine_arch, machine_suite, replacing, say

# What a guest loads, without dependencies; what a kernel has built in is passed over.
SMALL_MODULES = ["virtio_pci", "virtio_mmio", "virtio_blk"]
MODULES = SMALL_MODULES + ["qemu_fw_cfg", "af_packet", "unix", "udp_diag", "loop", "fuse",
                           "overlay", "crc32c_generic", "ext4", "tun", "configfs", "md_mod",
                           "raid0", "raid1", "raid10", "raid456"]


@dataclass
class Kernel:
    suite: str
    flavour: str
    dir: Path

    @property
    def arch(self):
        return arch_of(self.flavour)

    @property
    def name(self):
        return f"{self.suite}-{self.flavour}"

    @property
    def release(self):
        return (self.dir / "release").read_text().strip()

    @property
    def version(self):
        return (self.dir / "version").read_text().strip()

    @property
    def vmlinuz(self):
        return self.dir / "vmlinuz"

    @property
    def vmlinux(self):
        return self.dir / "vmlinux"

    @property
    def has_headers(self):
        """Another architecture's packages cannot be installed in a folder of this machine's."""
        return self.suite == machine_suite() or self.arch != machine_arch()

    @property
    def headers(self):
        """Where a module build starts; exists only if has_headers."""
        return self.dir / "headers/usr/src" / f"linux-headers-{self.release}"

    def modules(self, wanted):
        """The files of some modules and all that they need, in load order: (name, path)."""
        files = {module_name(p): p for p in (self.dir / "modules").rglob("*.ko*")}
        order = {}

        def add(name):
            if name in order or name not in files:
                return
            for needed in module_depends(read_module(files[name])):
                add(needed)
            order[name] = files[name]

        for name in wanted:
            add(name)
        return list(order.items())


def arch_of(flavour):
    return flavour.rpartition("-")[2]


def module_name(path):
    return path.name.split(".ko")[0].replace("-", "_")


def read_module(path):
    """A module's bytes, decompressed as its name says."""
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE,
                              check=True).stdout
    return data


def module_depends(data):
    """The names on the `depends=` line of a module's .modinfo."""
    found = re.search(rb"\0depends=([^\0]*)\0", data)
    names = found[1].decode().split(",") if found and found[1] else []
    return [n.replace("-", "_") for n in names]


def fetch(suite="bookworm", flavour="cloud-amd64", refresh=False):
    """The newest kernel of a suite; with one in the cache the archive is asked only to refresh.

    Where the newest is not complete (a mirror may lack debug packages of the security archive),
    it is the newest of the suite itself.
    """
    where = cache("kernels", f"{suite}-{flavour}")
    kernel = Kernel(suite, flavour, where)
    with locked(where):
        if where.exists() and not refresh:
            complete_debug(kernel)
            return kernel
        apt = Apt(suite, kernel.arch)
        try:
            fetch_newest(apt, kernel)
        except LabError as e:
            if not apt.security:
                raise
            say(f"{e}\n  going on without the security archive")
            fetch_newest(Apt(suite, kernel.arch, security=False), kernel)
    return kernel


def fetch_newest(apt, kernel):
    """Fills or replaces a kernel's directory unless it holds the newest version already."""
    image = apt.depends(f"linux-image-{kernel.flavour}", r"linux-image-\d")[0]
    version = apt.show(image)["Version"]
    if kernel.dir.exists() and kernel.version == version:
        return
    with replacing(kernel.dir) as new:
        download(apt, image, version, Kernel(kernel.suite, kernel.flavour, new))


def download(apt, image, version, kernel):
    """Fills a kernel's directory."""
    release = image.removeprefix("linux-image-")
    (kernel.dir / "release").write_text(release + "\n")
    (kernel.dir / "version").write_text(version + "\n")
    unpack_image(apt, image, release, kernel.dir)
    deb = apt.download(f"{image}-dbg", kernel.dir)
    unpack_debug(deb, kernel)
    deb.unlink()
    if kernel.has_headers:
        unpack_headers(apt, release, kernel)


def unpack_image(apt, image, release, where):
    """vmlinuz, config and modules/, from one package or (since 7.x) from several."""
    tmp = where / "image"
    tmp.mkdir()
    parts = apt.depends(image, rf"linux-(base|binary|modules)-{re.escape(release)}$")
    for package in [image, *parts]:
        deb = apt.download(package, where)
        unpack(deb, tmp)
        deb.unlink()
    for name in "vmlinuz", "config":
        found = [p for p in tmp.rglob(f"{name}*") if p.name in (name, f"{name}-{release}")]
        if not found:
            raise LabError(f"{image} holds no {name}")
        found[0].rename(where / name)
    found = [p for p in tmp.rglob(release) if p.parent.name == "modules" and p.is_dir()]
    if not found:
        raise LabError(f"{image} holds no modules")
    found[0].rename(where / "modules")
    shutil.rmtree(tmp)


def unpack_debug(deb, kernel):
    """vmlinux, and the debug files of the modules that guests load."""
    debug = kernel.dir / "debug"
    debug.mkdir()
    unpack(deb, debug, "*/vmlinux*", *debug_of(name for name, _ in kernel.modules(MODULES)))
    found = [p for p in debug.rglob("vmlinux*") if p.is_file() and not p.is_symlink()]
    if len(found) != 1:
        raise LabError(f"{deb.name} holds {len(found)} vmlinux files, not one")
    os.rename(found[0], kernel.vmlinux)


def debug_of(modules):
    """Wildcards of the debug files of some modules."""
    return ["*/" + name.replace("_", "[-_]") + ".ko*" for name in modules]


def complete_debug(kernel):
    """Adds debug files of modules that guests load since the kernel came, while the archive has them."""
    there = {module_name(p) for p in (kernel.dir / "debug").rglob("*.ko*")}
    missing = [name for name, _ in kernel.modules(MODULES) if name not in there]
    if not missing:
        return
    package = f"linux-image-{kernel.release}-dbg"
    try:
        apt = Apt(kernel.suite, kernel.arch)
        if apt.show(package)["Version"] != kernel.version:
            raise LabError(f"{package} {kernel.version} is not there any more")
        deb = apt.download(package, kernel.dir)
        unpack(deb, kernel.dir / "debug", *debug_of(missing))
        deb.unlink()
    except LabError as e:
        say(f"{e}\n  going on without debug files of {' '.join(missing)}")


def unpack_headers(apt, release, kernel):
    """The header packages, with the one absolute path in them made relative."""
    where = kernel.dir / "headers"
    where.mkdir()
    for source, package in header_packages(apt, release):
        deb = source.download(package, kernel.dir)
        unpack(deb, where)
        deb.unlink()
    makefile = kernel.headers / "Makefile"
    here = "$(dir $(realpath $(lastword $(MAKEFILE_LIST))))../"
    makefile.write_text(makefile.read_text().replace("/usr/src/", here))


def header_packages(apt, release):
    """The header packages that a module build needs, found through their dependencies, each with the
    archive that has it: programs must run on this machine."""
    mine = Apt(apt.suite, machine_arch(), security=apt.security)
    packages = [f"linux-headers-{release}"]
    for package in packages:
        for more in apt.depends(package, r"linux-(headers|kbuild)-"):
            if more not in packages:
                packages.append(more)
    return [(mine if p.startswith("linux-kbuild-") else apt, p) for p in packages]
