"""/log against what the guest itself printed, and what other tools read from the dump."""

import json
import re
import subprocess

import pytest
from forms import skip_foreign
from lab import makedumpfile, peers

STAMP = re.compile(r"\[ *\d+\.\d{6}\]")
# A newer makedumpfile tells whose record it is, which these kernels do not print (PRINTK_CALLER).
CALLER = re.compile(rf"^({STAMP.pattern}) \[ *[TC]\d+\]", re.M)


def plain(text):
    """Without time stamps and the blanks that stand for them in continued lines."""
    return [STAMP.sub("", line, count=1).strip() for line in text.splitlines()]


def console(folder):
    """The lines that the kernel printed, up to where the capture kernel begins."""
    text = (folder / "console").read_text(errors="replace").replace("\r", "")
    first = text.index("Linux version")
    second = text.find("Linux version", first + 1)
    lines = text[:second if second > 0 else None].splitlines()
    return [line for line in lines if STAMP.match(line)]


def test_has_what_the_console_has(original, crashed):
    log = set(plain((original / "log").read_text()))
    printed = [line for line in plain("\n".join(console(crashed))) if line]
    missing = [line for line in printed if line not in log]
    assert len(printed) > 100
    # User space writes to the console too, and may break a line of the kernel's.
    assert len(missing) <= 3, missing


def test_ends_with_the_crash(original, machine):
    log = (original / "log").read_text()
    assert machine.faults in log
    assert "crashme" in log


def test_as_makedumpfile_prints_it(original, crashed, tmp_path):
    skip_foreign(crashed)
    out, vmcore = tmp_path / "dmesg", crashed / "vmcore"
    subprocess.run(makedumpfile.for_kernel_of(vmcore).argv(["--dump-dmesg", vmcore, out], vmcore, tmp_path),
                   check=True, capture_output=True, timeout=300)
    ours, theirs = (original / "log").read_text(), CALLER.sub(r"\1", out.read_text(errors="replace"))
    assert plain(ours) == plain(theirs)
    assert [line for line in ours.splitlines() if STAMP.match(line)] == \
        [line for line in theirs.splitlines() if STAMP.match(line)]


def test_as_crash_prints_it(original, crashed):
    skip_foreign(crashed)
    done = peers.run(["crash", "-s", crashed / "vmlinux", crashed / "vmcore"],
                     *peers.dump_folders(crashed), stdin=None, input="log\nquit\n", timeout=300)
    lines = done.stdout.splitlines()
    if "crash: invalid structure member" in done.stdout + done.stderr:
        pytest.skip("crash is older than this kernel: " + done.stderr.strip().splitlines()[0])
    start = next(i for i, line in enumerate(lines) if "Linux version" in line)
    assert plain("\n".join(lines[start:])) == plain((original / "log").read_text())


def test_json_says_the_same(original):
    records = [json.loads(line) for line in (original / "log.json").read_text().splitlines()]
    texts = "\n".join(r["text"] for r in records).splitlines()
    assert [t.strip() for t in texts] == plain((original / "log").read_text())
    assert [r["seq"] for r in records] == sorted(r["seq"] for r in records)
    assert {r["level"] for r in records} - set(range(8)) == set()
