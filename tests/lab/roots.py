"""Folders with another Debian suite in them, to run its tools in: made by debootstrap, kept.

Every command runs in a mount namespace of its own, so nothing stays mounted behind it.
"""

import os
import shutil
import subprocess

from .apt import KEYRINGS, Apt
from .base import LabError, cache, locked, need, replacing, run, say

MOUNT = """
set -e
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
while [ "$1" != -- ]; do
	mkdir -p "$ROOT$2"
	mount --bind "$1" "$ROOT$2"
	[ "$3" = rw ] || mount -o remount,bind,ro "$ROOT$2"
	shift 3
done
shift
exec chroot "$ROOT" "$@"
"""


class Root:
    """One suite's folder; it comes into being when something is installed in it."""

    def __init__(self, suite, arch="amd64"):
        self.suite, self.arch = suite, arch
        self.dir = cache("roots", f"{suite}-{arch}")

    def create(self):
        if os.geteuid():
            raise LabError(f"only root can make a folder of {self.suite} to run its tools in")
        apt = Apt(self.suite, self.arch)
        apt.update()
        sources = (apt.dir / "sources.list").read_text()
        _, _, keys, mirror, *_ = sources.split(maxsplit=5)
        keyring = keys.removeprefix("signed-by=").split("]")[0].split(",")[0]
        say(f"making a folder of {self.suite}")
        with replacing(self.dir) as new:
            run(need("debootstrap", "debootstrap"), "--variant=minbase", f"--arch={self.arch}",
                f"--keyring={keyring}", self.suite, new, mirror)
            (new / "etc/apt/sources.list").write_text(sources)
            settings = run("apt-config", "dump", "Acquire")
            (new / "etc/apt/apt.conf.d/50machine").write_text(settings)
            # Nothing here needs to survive a loss of power.
            (new / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
            for name in "resolv.conf", "hosts":
                shutil.copy(f"/etc/{name}", new / "etc" / name)
            shutil.copytree(KEYRINGS, new / str(KEYRINGS)[1:], dirs_exist_ok=True)

    def install(self, *packages):
        """Makes sure that packages are there; asks the archive only when one is missing."""
        with locked(self.dir):
            if not self.dir.exists():
                self.create()
            if all(self.installed(p) for p in packages):
                return
            say(f"installing {' '.join(packages)} in the folder of {self.suite}")
            # Who was interrupted has left its half.
            for command in (["dpkg", "--configure", "-a"],
                            ["apt-get", "update", "-qq"],
                            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]):
                done = self.run(command, env={"DEBIAN_FRONTEND": "noninteractive"})
                if done.returncode:
                    tail = "\n  ".join(done.stderr.strip().splitlines()[-8:])
                    raise LabError(f"{' '.join(command[:2])} in {self.dir}:\n  {tail}")

    def installed(self, package):
        return (self.dir / "var/lib/dpkg/info" / f"{package}.list").exists() or any(
            (self.dir / "var/lib/dpkg/info").glob(f"{package}:*.list"))

    def argv(self, command, binds=(), env=None):
        """What to execute so that a command runs inside.

        binds are (outside, inside, "ro" or "rw"); env is all of its environment but PATH, HOME
        and LC_ALL.
        """
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                    "ROOT": self.dir, **(env or {})}
        places = [str(x) for bind in binds for x in bind]
        return ["env", "-i", *(f"{k}={v}" for k, v in settings.items()), "unshare", "--mount",
                "sh", "-c", MOUNT, "sh", *places, "--", *(str(c) for c in command)]

    def run(self, command, binds=(), env=None, **how):
        """Runs a command inside: the finished process with its texts, whatever its exit code."""
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "text": True, "errors": "surrogateescape", **how}
        return subprocess.run(self.argv(command, binds, env), check=False, **how)
