"""What guests of another architecture than this machine's need: its programs, unpacked from Debian's
packages, and a compiler for it."""

import re
from pathlib import Path

from .apt import Apt, unpack
from .base import LabError, cache, locked, machine_arch, machine_suite, need, replacing, run

PACKAGES = ("busybox-static", "kexec-tools")
# The prefix of the tools that build for an architecture, and the package that brings them.
CROSS = {"arm64": ("aarch64-linux-gnu-", "gcc-aarch64-linux-gnu")}


def is_foreign(arch):
    return arch != machine_arch()


def tool(arch, name):
    """The path of gcc, objcopy, ... for an architecture."""
    if not is_foreign(arch):
        return need(name, "gcc" if name == "gcc" else "binutils")
    if arch not in CROSS:
        raise LabError(f"no compiler is known that builds for {arch}")
    prefix, package = CROSS[arch]
    return need(prefix + name, package)


def make_variables(arch):
    """For the make of a kernel module: Debian's header packages take them for dpkg's."""
    if not is_foreign(arch):
        return []
    prefix, _ = CROSS[arch]
    return [f"DEB_BUILD_ARCH={machine_arch()}", f"DEB_HOST_ARCH={arch}",
            f"DEB_HOST_GNU_TYPE={prefix[:-1]}", f"CROSS_COMPILE={prefix}"]


def root(arch):
    """A folder with the programs of an architecture as they lie below / there."""
    suite = machine_suite()
    where = cache("programs", f"{suite}-{arch}")
    with locked(where):
        if not where.exists():
            with replacing(where) as new:
                fill(Apt(suite, arch), new)
    return where


def fill(apt, where):
    packages = list(PACKAGES)
    for package in packages:
        deb = apt.download(package, where)
        unpack(deb, where)
        deb.unlink()
        packages += [p for p in apt.depends(package, r"z?lib") if p not in packages]


def program(arch, name):
    """A program's file."""
    found = [p for p in (root(arch) / d / name for d in ("bin", "sbin", "usr/bin", "usr/sbin"))
             if p.exists()]
    if not found:
        raise LabError(f"no package of {', '.join(PACKAGES)} for {arch} holds {name}")
    return found[0]


def libraries(arch, path):
    """What a program is linked to, with its loader: (the name in a guest, the file)."""
    top, wanted, ret = root(arch), [path], {}
    for file in wanted:
        text = run("readelf", "-W", "-d", "-l", file)
        names = re.findall(r"\(NEEDED\).*\[(.+)\]", text)
        loader = re.findall(r"interpreter: /lib\w*/([^]]+)\]", text)
        for name in names + loader:
            if name in ret:
                continue
            ret[name] = find_library(top, name)
            wanted.append(ret[name])
    return [(f"lib/{name}", file) for name, file in ret.items()]


def find_library(top, name) -> Path:
    for folder in top / "lib", top / "usr/lib":
        for file in [folder / name, *folder.glob(f"*-linux-gnu/{name}")]:
            if file.exists():
                return file.resolve()
    raise LabError(f"the packages lack the library {name}")
