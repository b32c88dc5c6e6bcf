"""The tree without a mount: cat, ls and export give what a mounted tree has."""

import os
import subprocess
import tarfile

import pytest

from faults import FAIL_TWO, FAULTS, LATE, Plan
from mounted import PATIENCE, SAMPLE, VMCOREFS, run, text_files, vmcorefs

# What export gives only to those who name it.
NOT_EXPORTED = ("memory",)


def output(*args, **more):
    done = subprocess.run([str(VMCOREFS), *map(str, args)], capture_output=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, **more)
    return done.returncode, done.stdout, done.stderr.decode()


def test_cat_is_what_is_mounted(tree, dumps):
    for path in ("README", "summary", "vmcoreinfo", "dump/header", "memory/physical"):
        status, out, err = output("cat", *dumps["kdump"], "--", "/" + path)
        assert out == (tree / path).read_bytes(), path
        assert not err and status in (0, 1)


def test_several_and_patterns(tree, dumps):
    names = sorted(os.listdir(tree / "dump"))
    found = output("cat", *dumps["kdump"], "--", "/vmcoreinfo", "dump/[hp]*")
    parts = [(tree / "vmcoreinfo").read_bytes()]
    listed = output("ls", *dumps["kdump"], "--", "/dump")[1].decode().split()
    assert sorted(listed) == names
    parts += [(tree / "dump" / name).read_bytes() for name in listed if name[0] in "hp"]
    assert found[1] == b"".join(parts)


def test_links_are_followed(dumps):
    status, out, _ = output("cat", *dumps["kdump"], "--", "/vmcore")
    assert (status, out) == (0, output("cat", *dumps["kdump"], "--", "/memory/vmcore")[1])
    assert out[:4] == b"\x7fELF"


@pytest.mark.parametrize("path, complaint", [
    ("/nothing", "no such file"),
    ("/dump", "is a directory"),
    ("/summary/x", "not a directory"),
    ("/dump/x*", "nothing of this name"),
    ("/../../etc/passwd", "no such file"),
    ("", "is a directory"),
])
def test_what_is_not_there(dumps, path, complaint):
    status, out, err = vmcorefs("cat", *dumps["kdump"], "--", path)
    assert status == 1 and out == ""
    assert complaint in err and err.count("\n") == 1
    # What else was asked for comes all the same.
    status, out, _ = vmcorefs("cat", *dumps["kdump"], "--", path, "/vmcoreinfo")
    assert status == 1 and "OSRELEASE=" in out


def test_status_tells_what_is_missing(tmp_path, dumps):
    """A dump without its page tables and symbols: the text says so, and so does the status."""
    status, out, _ = vmcorefs("cat", *dumps["kdump"], "--", "/log")
    assert "!! " in out and status == 1
    assert vmcorefs("cat", *dumps["kdump"], "--", "/vmcoreinfo")[0] == 0
    status, _, err = vmcorefs("export", *dumps["kdump"], "--", tmp_path / "out")
    assert status == 1 and "files lack something" in err


@pytest.mark.parametrize("args, complaint", [
    (["cat"], "usage: the dump is missing"),
    (["cat", "DUMP"], "usage: cat: -- PATH... is missing"),
    (["export", "DUMP"], "usage: export: -- DIRECTORY or -- FILE.tar is missing"),
    (["ls", "-x", "DUMP"], "usage: there is no option -x"),
    (["cat", "/dev/null", "--", "/log"], "/dev/null"),
])
def test_usage(dumps, args, complaint):
    args = [dumps["kdump"][0] if a == "DUMP" else a for a in args]
    status, out, err = vmcorefs(*args)
    assert status == 1 and out == "" and complaint in err


def test_ls(tree, dumps):
    status, out, err = vmcorefs("ls", *dumps["kdump"])
    assert status == 0 and err == ""
    assert sorted(out.split()) == sorted(os.listdir(tree.point))
    long = vmcorefs("ls", "-l", *dumps["kdump"], "--", "/vmcoreinfo", "/vmcore")[1].splitlines()
    assert long[0].split() == ["-", str((tree / "vmcoreinfo").stat().st_size), "/vmcoreinfo"]
    assert long[1].split() == ["l", "13", "/vmcore", "->", "memory/vmcore"]


def test_ls_of_everything(any_tree, dumps, request):
    sample = "sample" in request.node.name
    out = vmcorefs("ls", "-R", *([SAMPLE] if sample else dumps["kdump"]), "--", "/dump", "/cpus")[1]
    found = set()
    for part in out.strip("\n").split("\n\n"):
        title, *names = part.split("\n")
        found |= {f"{title.rstrip(':')}/{name}".lstrip("/") for name in names}
    there = run("find", "dump", "cpus", "-mindepth", "1", cwd=any_tree.point).decode().split("\n")
    assert found == set(filter(None, there))


def test_export_is_what_is_mounted(any_tree, dumps, tmp_path, request):
    """Of the real dump, what has few files."""
    sample = "sample" in request.node.name
    paths = ["/dump", "/cpus", "/summary", "/panic", "/tasks/1"] if sample else []
    args = [SAMPLE] if sample else dumps["kdump"]
    out = tmp_path / "out"
    status, _, err = vmcorefs("export", *args, "--", out, *paths)
    assert status in (0, 1) and "files lack something" in err or status == 0 and err == ""
    if not paths:
        assert set(os.listdir(out)) == set(os.listdir(any_tree.point)) - set(NOT_EXPORTED)
    compared = 0
    for path in text_files(out):
        there = any_tree / str(path.relative_to(out))
        assert path.read_bytes() == there.read_bytes(), path
        assert path.stat().st_mtime == there.stat().st_mtime
        assert path.stat().st_mode & 0o777 == 0o600
        compared += 1
    assert compared > 10
    link = out / ("panic" if sample else "vmcore")
    assert os.readlink(link) == os.readlink(any_tree / link.name)


def test_export_to_tar(dumps, tmp_path):
    """The same bytes each time, and the same as in a folder."""
    for name in ("a.tar", "b.tar"):
        vmcorefs("export", *dumps["kdump"], "--", tmp_path / name, "/dump", "/vmcoreinfo")
    whole = (tmp_path / "a.tar").read_bytes()
    assert whole == (tmp_path / "b.tar").read_bytes()
    assert whole == output("export", *dumps["kdump"], "--", "-", "/dump", "/vmcoreinfo")[1]
    vmcorefs("export", *dumps["kdump"], "--", tmp_path / "folder", "/dump", "/vmcoreinfo")
    with tarfile.open(tmp_path / "a.tar") as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar if m.isreg()}
    there = {str(p.relative_to(tmp_path / "folder")): p.read_bytes()
             for p in (tmp_path / "folder").rglob("*") if p.is_file()}
    assert files == there and "dump/header" in files


@pytest.mark.parametrize("what", [LATE, FAIL_TWO], ids=["late", "unreadable"])
@pytest.mark.parametrize("words", ["cat DUMP -- tasks/*/comm", "ls DUMP -- tasks/*/fd",
                                   "ls -l -R DUMP -- proc/net proc/irq",
                                   "export DUMP -- - tasks/1/fd tasks/1/task proc/irq"], ids=lambda w: w.split()[0])
def test_what_is_left_out_is_told(tmp_path, words, what):
    """At the Nth look at the clock the time is over, or the Nth read fails: all, or a status and a complaint, or a text
    that says so."""
    if not FAULTS.exists() or not SAMPLE.exists():
        pytest.skip(f"needs {FAULTS} and the sample")
    verb, *words = [SAMPLE if w == "DUMP" else w for w in words.split()]
    args, plan = [verb, "--no-debuginfo", "--no-cache", *words], Plan(tmp_path / "plan")
    status, truth, err = output(*args, env=plan.env())
    assert status == 0 and truth and not err
    total = plan.asked() if what == LATE else plan.counts()[0]
    told = 0
    # Which of the first reads comes first, and how many there are, is not the same each time.
    for at in range(1, total - total // 10, max(1, total // 10)):
        plan.set(at, what)
        status, out, err = output(*args, env=plan.env())
        assert plan.counts()[1]
        assert out == truth or status == 1 and (err or b"!! " in out), (at, out, err)
        told += status
    assert told


def test_export_keeps_holes(dumps, tmp_path, tree):
    vmcorefs("export", *dumps["kdump"], "--", tmp_path / "out", "/memory/physical")
    out, there = tmp_path / "out/memory/physical", tree / "memory/physical"
    assert run("cmp", out, there) == b""
    assert out.stat().st_blocks * 512 < out.stat().st_size


def test_export_spoils_nothing(dumps, tmp_path):
    (tmp_path / "mine").write_text("mine")
    status, _, err = vmcorefs("export", *dumps["kdump"], "--", tmp_path)
    assert status == 1 and "is not empty" in err
    assert os.listdir(tmp_path) == ["mine"]
    status, _, err = vmcorefs("export", *dumps["kdump"], "--", tmp_path / "no/such.tar")
    assert status == 1 and "such.tar" in err


def test_full_disk(dumps):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([str(VMCOREFS), "cat", *map(str, dumps["kdump"]), "--", "/vmcore"],
                              stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    assert done.returncode == 1 and b"No space left" in done.stderr


def test_without_fuse(dumps):
    """Where /dev/fuse is not to be had, and no right to mount."""
    hidden = ["unshare", "-m", "sh", "-c", "mount --bind /dev/null /dev/fuse && exec \"$@\"", "sh"]
    if subprocess.run(hidden + ["true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    out = run(*hidden, VMCOREFS, "cat", *dumps["kdump"], "--", "/vmcoreinfo")
    assert b"OSRELEASE=" in out


def test_stable(dumps):
    """No address stays, of what had some; and no time."""
    whole = vmcorefs("cat", SAMPLE, "--", "/summary", "/panic/stack")[1]
    stable = vmcorefs("cat", "--stable", SAMPLE, "--", "/summary", "/panic/stack")[1]
    assert "ffffffff" in whole.replace("ffffffffffffffff", "") and "UPTIME" in whole
    assert "UPTIME" not in stable and "DATE" not in stable
    for word in stable.split():
        if len(word) == 16 and set(word) <= set("0123456789abcdef"):
            assert int(word, 16) < 1 << 32 or int(word, 16) > (1 << 64) - 4096, word
    assert "TASK: task_struct#1" in stable
