"""Debian packages of any suite, fetched with apt in a state directory of our own.

The mirrors are those of this machine's own apt configuration, the signatures are checked against
Debian's archive keyring, and nothing on this machine is installed or changed.
"""

import re
import subprocess
from pathlib import Path

from .base import LabError, cache, locked, need, run, say

KEYRINGS = Path("/usr/share/keyrings")
FIELDS = "$(LABEL)|$(SUITE)|$(CODENAME)|$(REPO_URI)"


def machine_mirrors():
    """The base addresses of Debian's main and security archives, by label."""
    mirrors = {}
    for line in run(need("apt-get", "apt"), "indextargets", "--format", FIELDS).splitlines():
        label, _, _, uri = line.split("|")
        mirrors.setdefault(label, uri.rstrip("/"))
    if "Debian" not in mirrors:
        raise LabError("this machine's apt knows no Debian archive (see apt-get indextargets); "
                       "run apt-get update, or add one")
    return mirrors


def keyrings():
    """Every keyring of Debian's archive on this machine, as a Signed-By value."""
    found = sorted(KEYRINGS.glob("debian-archive-keyring.*"))
    if not found:
        raise LabError("no Debian archive keyring: apt-get install debian-archive-keyring")
    return ",".join(str(f) for f in found)


class Apt:
    """One suite and architecture, with its security archive where there is one."""

    def __init__(self, suite, arch, security=True):
        self.suite, self.arch, self.security = suite, arch, security
        self.dir = cache("apt", f"{suite}-{arch}")
        self.updated = False
        self.options = [
            "-o", f"Dir::State={self.dir}/state", "-o", f"Dir::Cache={self.dir}/cache",
            "-o", f"Dir::State::status={self.dir}/status",
            "-o", f"Dir::Etc::sourcelist={self.dir}/sources.list",
            "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Dir::Etc::preferencesparts=/dev/null",
            "-o", f"APT::Architecture={arch}", "-o", f"APT::Architectures={arch}",
            "-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root",
            "-o", "APT::Install-Recommends=false", "-qq",
        ]

    def sources(self):
        mirrors = machine_mirrors()
        line = f"deb [arch={self.arch} signed-by={keyrings()}] "
        text = line + f"{mirrors['Debian']} {self.suite} main\n"
        if self.security and "Debian-Security" in mirrors:
            text += line + f"{mirrors['Debian-Security']} {self.suite}-security main\n"
        return text

    def update(self):
        """Fetches the indexes, once."""
        if self.updated:
            return
        for part in "state/lists/partial", "cache/archives/partial":
            (self.dir / part).mkdir(parents=True, exist_ok=True)
        (self.dir / "status").touch()
        say(f"reading the package indexes of {self.suite}")
        with locked(self.dir):
            try:
                self.fetch_indexes()
            except LabError:
                if not self.security:
                    raise
                self.security = False
                self.fetch_indexes()
        self.updated = True

    def fetch_indexes(self):
        (self.dir / "sources.list").write_text(self.sources())
        try:
            run("apt-get", *self.options, "-o", "APT::Update::Error-Mode=any", "update")
        except LabError as e:
            hint = ""
            if "NO_PUBKEY" in str(e):
                hint = ("\n  the keys of this suite are newer than this machine's "
                        "debian-archive-keyring: upgrade that package")
            raise LabError(f"no verified package index of {self.suite}: {e}{hint}") from None

    def show(self, package):
        """The fields of the newest version of a package."""
        self.update()
        try:
            text = run("apt-cache", *self.options, "--no-all-versions", "show", package)
        except LabError:
            raise LabError(f"{self.suite} has no package {package} for {self.arch}") from None
        return dict(re.findall(r"^([\w-]+): (.*)$", text, re.M))

    def depends(self, package, pattern):
        """The packages that a package depends on whose names match a pattern."""
        text = self.show(package).get("Depends", "")
        names = re.findall(r"(?:^|[,|] *)([a-z0-9][^ ,|(:]*)", text)
        return [n for n in dict.fromkeys(names) if re.match(pattern, n)]

    def download(self, package, where):
        """Fetches a package's .deb into a directory and returns its path."""
        version = self.show(package)["Version"]
        say(f"fetching {package} {version}")
        before = set(where.glob("*.deb"))
        run("apt-get", *self.options, "download", f"{package}={version}", cwd=where)
        (new,) = set(where.glob("*.deb")) - before
        return new


def unpack(deb, where, *wildcards):
    """Unpacks the members of a package that match one of the wildcards, or all of them."""
    select = ["--wildcards", *wildcards] if wildcards else []
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as data:
        run("tar", "-x", "-C", where, "--no-same-owner", *select, stdin=data.stdout)
        data.stdout.close()
