"""/log against what the guest itself printed, and what other tools read from the dump."""

import json
import re
import shutil
import subprocess

import pytest

STAMP = re.compile(r"\[ *\d+\.\d{6}\]")


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


def test_ends_with_the_crash(original):
    log = (original / "log").read_text()
    assert "BUG: kernel NULL pointer dereference" in log
    assert "crashme" in log


def test_as_makedumpfile_prints_it(original, crashed, tmp_path):
    out = tmp_path / "dmesg"
    subprocess.run(["makedumpfile", "--dump-dmesg", crashed / "vmcore", out], check=True,
                   capture_output=True, timeout=300)
    ours, theirs = (original / "log").read_text(), out.read_text(errors="replace")
    assert plain(ours) == plain(theirs)
    assert [line for line in ours.splitlines() if STAMP.match(line)] == \
        [line for line in theirs.splitlines() if STAMP.match(line)]


def test_as_crash_prints_it(original, crashed):
    """Where this machine's crash can open the dump."""
    if not shutil.which("crash"):
        pytest.skip("no crash")
    done = subprocess.run(["crash", "-s", crashed / "vmlinux", crashed / "vmcore"], text=True,
                          input="log\nquit\n", capture_output=True, timeout=300, errors="replace")
    lines = done.stdout.splitlines()
    start = next((i for i, line in enumerate(lines) if "Linux version" in line), None)
    if done.returncode or start is None:
        pytest.skip("this crash does not open the dump")
    assert plain("\n".join(lines[start:])) == plain((original / "log").read_text())


def test_json_says_the_same(original):
    records = [json.loads(line) for line in (original / "log.json").read_text().splitlines()]
    texts = "\n".join(r["text"] for r in records).splitlines()
    assert [t.strip() for t in texts] == plain((original / "log").read_text())
    assert [r["seq"] for r in records] == sorted(r["seq"] for r in records)
    assert {r["level"] for r in records} - set(range(8)) == set()
