"""The guest's two initramfs images, put together from tests/lab/guest and a kernel's modules."""

import re
from pathlib import Path

from . import foreign
from .base import need, run
from .cpio import Cpio
from .kernels import MODULES, SMALL_MODULES, read_module

GUEST = Path(__file__).parent / "guest"


def base_image(kernel, init, modules):
    """What both images hold: /init, busybox, and modules with their load order."""
    image = Cpio()
    image.add("init", init, 0o755)
    image.add("bin/busybox", program(kernel.arch, "busybox", "busybox-static"), 0o755)
    image.device("dev/console", 5, 1)
    image.device("dev/null", 1, 3)
    order = ""
    for name, path in kernel.modules(modules):
        image.add(f"modules/{name}.ko", read_module(path))
        order += f"{name}.ko\n"
    image.add("modules/order", order.encode())
    return image


def capture_image(kernel):
    return base_image(kernel, GUEST / "capture-init", SMALL_MODULES).bytes()


def guest_image(kernel, via, small=False, load=None, crashme=None, more=()):
    """The first kernel's image; load and crashme are paths, left out when there is none.

    Functions in `more` are called with the image, to add to it.
    """
    image = base_image(kernel, GUEST / "init", SMALL_MODULES if small else MODULES)
    if load:
        image.add("load", load, 0o755)
    if crashme:
        image.add("crashme.ko", crashme)
    if via == "kdump":
        add_program(image, kernel.arch, "sbin/kexec", program(kernel.arch, "kexec", "kexec-tools"))
        image.add("vmlinuz", kernel.vmlinuz)
        image.add("capture.img", capture_image(kernel))
    for add in more:
        add(image)
    return image.bytes()


def program(arch, name, package):
    return foreign.program(arch, name) if foreign.is_foreign(arch) else need(name, package)


def add_program(image, arch, name, path):
    """A program with its shared libraries and loader."""
    image.add(name, path, 0o755)
    if foreign.is_foreign(arch):
        for library, file in foreign.libraries(arch, path):
            image.add(library, file, 0o755)
        return
    for library in re.findall(r"(/\S+) \(0x", run("ldd", path)):
        if library.lstrip("/") not in image.names:
            image.add(library.lstrip("/"), library, 0o755)
