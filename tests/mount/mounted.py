"""Dumps made for tests, and vmcorefs mounted on them."""

import functools
import os
import re
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VMCOREFS = Path(os.environ.get("VMCOREFS", ROOT / "build/fs/vmcorefs")).resolve()
MKDUMP = Path(os.environ.get("MKDUMP", VMCOREFS.parents[1] / "tests/image/mkdump")).resolve()
SAMPLE = ROOT / "tests/sample/vmcore"

# Builds with sanitizers on a loaded machine.
PATIENCE = 120


def run(*args, **more):
    """A command that must succeed; its output."""
    args = [str(a) for a in args]
    return subprocess.run(args, check=True, capture_output=True, timeout=PATIENCE, **more).stdout


def vmcorefs(*args):
    """vmcorefs run to its end: (exit status, stdout, stderr)."""
    done = subprocess.run([str(VMCOREFS), *map(str, args)], capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def mkdump(memory, output, *options):
    """Write a dump of a memory in text form."""
    run(MKDUMP, *options, "-m", "-", output, input=memory.encode())
    return output


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


class Mount:
    """vmcorefs in the foreground, so that its end and its exit status are seen."""

    def __init__(self, point, *args, env=None, preexec=None):
        self.point = Path(point)
        self.point.mkdir(exist_ok=True)
        self.log = self.point.with_name(self.point.name + ".stderr")
        with open(self.log, "wb") as log:
            self.daemon = subprocess.Popen([str(VMCOREFS), "-f", *map(str, args), str(point)],
                                           stdin=subprocess.DEVNULL, stderr=log, env=env,
                                           preexec_fn=preexec)
        wait_for(lambda: self.daemon.poll() is not None or os.path.ismount(point))
        if self.daemon.poll() is not None:
            raise RuntimeError(self.log.read_text())

    def __truediv__(self, path):
        return self.point / path.lstrip("/")

    def unmount(self, *options):
        run("fusermount3", "-u", *options, self.point)

    def ended(self):
        """The daemon's exit status, once it is unmounted."""
        return self.daemon.wait(PATIENCE)

    def close(self):
        # Also when the daemon is gone: a dead mount stays.
        if f" {self.point} " in Path("/proc/mounts").read_text(encoding="utf-8"):
            run("fusermount3", "-u", "-z", self.point)
        try:
            self.daemon.wait(10)
        except subprocess.TimeoutExpired:
            # A test that failed still has files open.
            self.daemon.terminate()
        status = self.ended()
        assert status == 0, f"vmcorefs ended with {status}: {self.log.read_text()}"


def table():
    """(kind, path, function, help) of every line of tree.def."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "fs/tree.def").read_text(), flags=re.S)
    rules = re.findall(r'^([A-Z]+)\(\s*"([^"]+)",\s*(?:has_\w+,\s*)?(\w+),\s*((?:"[^"]*"\s*)+)\)', text, re.M)
    return [(kind, path, function, "".join(re.findall(r'"([^"]*)"', help_)))
            for kind, path, function, help_ in rules]


@functools.cache
def tree_rules():
    """(kind, path, help) of every line of tree.def."""
    return [(kind, path, help_) for kind, path, _, help_ in table()]


def tree_paths():
    """(kind, path) of all that can be in the tree: also what one directory has like another."""
    rules = table()
    likes = {}
    for source in (ROOT / "fs").rglob("*.c"):
        likes.update(re.findall(r'^const struct lister (\w+) = \{[^}]*\.like = "([^"]+)"',
                                source.read_text(), re.M))
    base = [(kind, path) for kind, path, _, _ in rules]
    paths = base
    # Twice: what a directory is like may hold one that is like another.
    for _ in range(2):
        found = list(base)
        for _, path, function, _ in rules:
            like = likes.get(function)
            own = path[len(like) + 1:].split("/")[0] if like else ""
            found += [(kind, path + p[len(like):]) for kind, p in paths
                      if like and p.startswith(like + "/")
                      and p[len(like) + 1:].split("/")[0] != own]
        paths = found
    return paths


MOST = 20


def some(names):
    """At most MOST of those that a directory lists, and all that the table names."""
    fixed = {part for _, path, _ in tree_rules() for part in path.split("/")}
    listed = [name for name in names if name not in fixed]
    if len(listed) > MOST:
        listed = [listed[i * (len(listed) - 1) // (MOST - 1)] for i in range(MOST)]
    return [name for name in names if name in fixed] + listed


def walk(point):
    """Paths below the mount point, as tree.def writes them; of large directories some."""
    found, folders = [], [""]
    while folders:
        inside = folders.pop()
        kinds = {e.name: e.is_dir(follow_symlinks=False) for e in os.scandir(f"{point}{inside}")}
        for name in some(sorted(kinds)):
            found.append(f"{inside}/{name}")
            if kinds[name]:
                folders.append(f"{inside}/{name}")
    return found


def text_files(point):
    """The files that are not memory."""
    return [point / path.lstrip("/") for path in walk(point)
            if (point / path.lstrip("/")).is_file() and not path.startswith("/memory")
            and not (point / path.lstrip("/")).is_symlink()]
