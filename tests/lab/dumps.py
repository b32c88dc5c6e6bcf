"""The finished dumps: made when first asked for, found again as long as nothing changed.

A result is a directory with `vmcore`, `console`, `truth/`, `meta.json`, `load`, `crashme.ko` and
links to `vmlinux` and `vmlinuz`.
"""

import json
import os
import re
import shutil
import time
from dataclasses import asdict
from pathlib import Path

from . import boot, build, foreign, kernels, programs
from .base import LabError, cache, discard, locked, replacing, say
from .qemu import Accident

HERE = Path(__file__).parent
# What has a part in how a dump comes out.
SOURCES = [HERE / name for name in
           ("guest", "boot.py", "build.py", "images.py", "kernels.py", "programs.py", "qemu.py")]
# Under TCG a CPU may still run into the breakpoint of a static key that another CPU has just
# finished patching: "Oops: int3", seen on 6.12 while the guest was setting up.
TRIES = 3
# Seconds for which a dump of another state of the guest is kept: two checkouts may share the cache.
KEPT = 86400


def dump(suite="bookworm", flavour=None, **guest):
    """The directory of a dump; the keywords are those of boot.Guest.

    A suite may have an architecture behind it, as trixie-arm64; the flavour is that of clouds.
    """
    suite, _, arch = suite.partition("-")
    flavour = flavour or f"cloud-{arch or 'amd64'}"
    kernel = kernels.fetch(suite, flavour)
    guest = boot.Guest(**guest)
    guest.check()
    name = result_name(kernel, guest)
    ran = programs.paths().values() if programs.wanted(kernel, guest) else ()
    sources = SOURCES + ([HERE / "foreign.py"] if foreign.is_foreign(kernel.arch) else [])
    key = build.digest(*sources, *ran, also=kernel.version + json.dumps(asdict(guest)))
    where = cache("dumps", f"{name}.{key[:12]}")
    with locked(cache("dumps", name)):
        if not where.exists():
            with replacing(where) as new:
                make(kernel, guest, new, name)
        os.utime(where)
        for old in where.parent.glob(f"{name}.*"):
            if old.stat().st_mtime < time.time() - KEPT:
                discard(old)
    return where


def result_name(kernel, guest):
    """Readable, and different for different guests."""
    plain = asdict(boot.Guest())
    words = [kernel.name, guest.crash, guest.via]
    for key, value in asdict(guest).items():
        if key in ("crash", "via") or value == plain[key]:
            continue
        text = "+".join(value) if isinstance(value, list) else str(value)
        words.append(key if value is True else key + text)
    return re.sub(r"[^\w.+-]", "_", "-".join(words))


def make(kernel, guest, where, name):
    load, crashme = build.load(kernel.arch), build.crashme(kernel)
    stripped = build.stripped(kernel, crashme, where / "stripped.ko")
    for left in reversed(range(TRIES)):
        try:
            boot.make(kernel, guest, where, load, stripped)
            break
        except LabError as e:
            console = cache("failed", name)
            if not (where / "console").exists():
                raise
            shutil.copy(where / "console", console)
            error = LabError(f"{e}\n  the whole console: {console}")
            if not left or not isinstance(e, Accident):
                raise error from None
            say(f"{error}\n  trying again")
    stripped.unlink()
    shutil.copy(load, where / "load")
    shutil.copy(crashme, where / "crashme.ko")
    finish(where)


def finish(where):
    """Adds the build-ids to meta.json: what the dump must agree with."""
    about = json.loads((where / "meta.json").read_text())
    about["build_ids"] = {n: build.build_id(where / n) for n in ("vmlinux", "load", "crashme.ko")}
    (where / "meta.json").write_text(json.dumps(about, indent=2) + "\n")
