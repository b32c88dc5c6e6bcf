"""Builds what runs in the guest: the static program /load and the module crashme.ko."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from . import foreign
from .base import LabError, cache, locked, machine_suite, replacing, run, say
from .images import GUEST
from .roots import Root

HERE = Path(__file__)


def digest(*paths, also=""):
    """One hash over files and directories, names included."""
    sha = hashlib.sha256(also.encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                sha.update(f"{file.name}\0{file.stat().st_size}\0".encode())
                sha.update(file.read_bytes())
    return sha.hexdigest()


def built(name, key, make):
    """A directory in the cache that make() fills; made again when the key changes."""
    where = cache("builds", name)
    with locked(where):
        stamp = where / "key"
        if not stamp.exists() or stamp.read_text() != key:
            with replacing(where) as new:
                make(new)
                (new / "key").write_text(key)
    return where


def load(arch):
    """The path of the static test load for an architecture."""
    sources = sorted((GUEST / "load").glob("*.c"))
    compiler = foreign.tool(arch, "gcc")

    def make(where):
        say("building the test load")
        run(compiler, "-std=gnu17", "-O1", "-g", "-Wall", "-Wextra", "-static", "-pthread",
            f"-ffile-prefix-map={GUEST}=/usr/src", "-o", where / "load", *sources,
            cwd=GUEST / "load")

    return built(f"load-{arch}", digest(GUEST / "load", HERE), make) / "load"


def crashme(kernel):
    """The path of crashme.ko, with debug information, for a kernel."""
    source = GUEST / "crashme"

    def make(where):
        say(f"building crashme.ko for {kernel.release}")
        work = where / "src"
        shutil.copytree(source, work)
        if kernel.suite == machine_suite():
            make_module(kernel, kernel.headers, work, lambda command: run(*command))
        else:
            make_in_root(kernel, work)
        (work / "crashme.ko").rename(where / "crashme.ko")
        shutil.rmtree(work)

    key = digest(source, HERE, also=kernel.version)
    return built(f"crashme-{kernel.name}", key, make) / "crashme.ko"


def make_module(kernel, headers, work, call):
    """Runs make through call(); no path of this machine gets into the module, and so into dumps."""
    maps = f"-ffile-prefix-map={work}=/usr/src/crashme"
    top = str(headers).removesuffix(f"/usr/src/{headers.name}")
    if top:
        maps += f" -ffile-prefix-map={top}="
    call(["make", "-s", "-j2", "-C", headers, f"M={work}", f"KCFLAGS={maps}",
          *foreign.make_variables(kernel.arch), "modules"])


def make_in_root(kernel, work):
    """With the compiler and the headers of the kernel's own suite."""
    root = Root(kernel.suite)
    headers = f"linux-headers-{kernel.release}"
    binds = [(work, "/mnt", "rw")]
    if foreign.is_foreign(kernel.arch):
        root.install("make", foreign.CROSS[kernel.arch][1], "libc6-dev", "libelf1")
        binds += [(kernel.headers.parents[2], "/headers", "ro")]
        place = Path("/headers/usr/src") / headers
    else:
        root.install("make", "gcc", "libc6-dev", headers)
        place = Path("/usr/src") / headers

    def call(command):
        done = root.run(command, binds=binds)
        if done.returncode:
            raise LabError("building crashme.ko:\n" + done.stdout[-2000:] + done.stderr[-2000:])

    make_module(kernel, place, Path("/mnt"), call)


def stripped(kernel, module, where):
    """A copy of a module without debug information, as a guest would have it."""
    run(foreign.tool(kernel.arch, "objcopy"), "--strip-debug", module, where)
    return where


def build_id(path):
    """The build-id of an ELF file, or None; readelf may know other notes less well."""
    text = subprocess.run(["readelf", "-n", path], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, errors="replace", check=False).stdout
    found = re.search(r"Build ID: (\w+)", text)
    return found[1] if found else None
