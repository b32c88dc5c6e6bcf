"""What every part of the lab needs: the cache, locks, atomic results, commands."""

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path


class LabError(Exception):
    """A failure whose text is all that the user needs to see."""


def cache(*parts):
    """A path below the lab's cache; its parent directory exists afterwards."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(home, "vmcorefs-lab", *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(path):
    """Holds the lock that belongs to a cache entry; another run waits for it."""
    name = Path(path)
    with open(name.with_name(f".{name.name}.lock"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def replacing(path):
    """A new directory that takes the place of path when the block ends without an error."""
    path = Path(path)
    tmp = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
    try:
        tmp.chmod(0o755)
        yield tmp
        discard(path)
        tmp.rename(path)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def discard(path):
    """Removes a tree in one step for those who look: it loses its name first."""
    if not path.exists():
        return
    old = Path(tempfile.mkdtemp(prefix=".old-", dir=path.parent))
    path.rename(old / path.name)
    shutil.rmtree(old)


def run(*command, **how):
    """Runs a command and returns its output; its last words are the error when it fails."""
    how.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="surrogateescape", **how)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
        raise LabError(f"{command[0]} exited with {done.returncode}:\n  " + "\n  ".join(words))
    return done.stdout


def need(tool, package):
    """The path of a program of this machine, or an error that names its package."""
    path = shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise LabError(f"{tool} is missing: apt-get install {package}")
    return path


def machine_suite():
    """The codename of this machine's own Debian: its compiler builds that suite's modules."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME")


def machine_arch():
    """This machine's architecture as Debian calls it."""
    return run("dpkg", "--print-architecture").strip()


def say(text):
    """One line of progress, on standard error."""
    os.write(2, f"lab: {text}\n".encode(errors="surrogateescape"))
