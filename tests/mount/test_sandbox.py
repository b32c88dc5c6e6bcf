"""The daemon is locked down while it serves."""

import ctypes
import os
import re
import shutil
import signal
import struct
import subprocess

import pytest

from faults import FAULTS, FORBIDDEN, Plan
from mounted import SAMPLE, Mount, VMCOREFS, wait_for

ERRNO, ALLOW = 0x00050000, 0x7fff0000
EOPNOTSUPP, LANDLOCK_CREATE_RULESET = 95, 444
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2


def without_landlock():
    """From here on this process is on a kernel that has none."""
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, LANDLOCK_CREATE_RULESET), (0x06, 0, 0, ERRNO | EOPNOTSUPP),
            (0x06, 0, 0, ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *c) for c in code))
    header = ctypes.create_string_buffer(struct.pack("<H6xQ", len(code), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, header):
        raise OSError(ctypes.get_errno(), "seccomp")


def is_in_mounts(point):
    return f" {point} " in open("/proc/mounts", encoding="utf-8").read()


def status_of(pid):
    return dict(re.findall(r"^(\w+):\t(\S+)$", open(f"/proc/{pid}/status", encoding="utf-8").read(), re.M))


def status(m, key):
    return status_of(m.daemon.pid)[key]


@pytest.mark.parametrize("landlock", [True, False], ids=["landlock", "none"])
@pytest.mark.parametrize("options", [[], ["-s"], ["--no-cache"]], ids=" ".join)
def test_it_is_locked(dumps, tmp_path, landlock, options):
    before = None if landlock else without_landlock
    m = Mount(tmp_path / "mnt", *options, *dumps["kdump"], preexec=before)
    assert (m / "README").read_text() and (m / "dump/debuginfo").read_text()
    assert (status(m, "Seccomp"), status(m, "NoNewPrivs")) == ("2", "1")
    # The filter of this test's own comes on top.
    assert status(m, "Seccomp_filters") == ("1" if landlock else "2")
    limits = open(f"/proc/{m.daemon.pid}/limits", encoding="utf-8").read()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
    m.close()


# What has more to say than a pipe holds.
COMMANDS = ["cat DUMP -- /memory/physical", "ls -R SAMPLE -- /symbols /types", "export DUMP -- - /memory/physical"]


def without_mount(command, dumps, *options):
    verb, *words = command.split()
    if "SAMPLE" in words and not SAMPLE.exists():
        pytest.skip("no sample dump")
    files = {"DUMP": str(dumps["kdump"][0]), "SAMPLE": str(SAMPLE)}
    return [str(VMCOREFS), verb, *options, "--no-debuginfo", *[files.get(w, w) for w in words]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.split()[0])
@pytest.mark.parametrize("landlock", [True, False], ids=["landlock", "none"])
@pytest.mark.parametrize("options", [[], ["--no-sandbox"]], ids=["locked", "not"])
def test_without_a_mount(dumps, command, options, landlock):
    """It waits to be read, and is looked at meanwhile. This test's own filter is one more."""
    with subprocess.Popen(without_mount(command, dumps, *options), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          preexec_fn=None if landlock else without_landlock) as program:
        assert program.stdout.read(1)
        found = status_of(program.pid)
        program.stdout.read()
    assert program.returncode == 0
    filters = (not options) + (not landlock)
    assert (found["Seccomp"], found["Seccomp_filters"]) == ("2" if filters else "0", str(filters))
    assert found["NoNewPrivs"] == ("1" if filters else "0")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.split()[0])
@pytest.mark.parametrize("options", [[], ["--no-sandbox"]], ids=["locked", "not"])
def test_a_forbidden_call_ends_it(dumps, tmp_path, command, options):
    """With a read of the dump it wants to reach the network; how many reads there are differs by one or two."""
    if not FAULTS.exists():
        pytest.skip(f"needs {FAULTS}")
    plan, more = Plan(tmp_path / "plan"), {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    args = without_mount(command, dumps, *options)
    assert subprocess.run(args, check=True, env=plan.env(), **more)
    middle = plan.counts()[0] // 2
    plan.set(middle, FORBIDDEN)
    done = subprocess.run(args, check=False, env=plan.env(), **more)
    assert plan.counts()[1] == 1
    assert done.returncode == (0 if options else -signal.SIGSYS)


def test_not_when_told_so(mount, dumps):
    m = mount("--no-sandbox", *dumps["kdump"])
    assert (m / "README").read_text()
    assert (status(m, "Seccomp"), status(m, "NoNewPrivs")) == ("0", "0")


def test_all_threads_are(mount, dumps):
    m = mount(*dumps["kdump"])
    readers = [subprocess.Popen(["cat", str(m / "memory/physical")], stdout=subprocess.DEVNULL)
               for _ in range(8)]
    for r in readers:
        assert r.wait(60) == 0
    tasks = os.listdir(f"/proc/{m.daemon.pid}/task")
    for tid in tasks:
        text = open(f"/proc/{m.daemon.pid}/task/{tid}/status", encoding="utf-8").read()
        # A sanitizer's own thread was there before.
        assert "Seccomp:\t2" in text or tid == sorted(tasks, key=int)[1], text


def test_who_dies_leaves_nothing_mounted(dumps, tmp_path):
    """As by a forbidden call: the kernel ends the process at once."""
    m = Mount(tmp_path / "mnt", *dumps["kdump"])
    held = os.open(m / "README", os.O_RDONLY)
    m.daemon.send_signal(signal.SIGSYS)
    assert m.daemon.wait(60) == -signal.SIGSYS
    wait_for(lambda: not is_in_mounts(m.point))
    wait_for(lambda: not subprocess.run(["pgrep", "-f", f"{VMCOREFS.name} .*{re.escape(str(m.point))}$"],
                                        check=False, capture_output=True).stdout)
    os.close(held)


def test_dump_beside_the_mount_point(tmp_path, dumps):
    """Where the debug files are looked for lies what we serve ourselves; one thread is enough."""
    (tmp_path / "vmcore").write_bytes(dumps["kdump"][0].read_bytes())
    m = Mount(tmp_path / "mnt", "-s", tmp_path / "vmcore")
    assert "none" in (m / "dump/debuginfo").read_text()
    m.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_another_user(dumps, tmp_path, how):
    """Who may not unmount has fusermount3 do it, which the locked daemon could not start."""
    if os.geteuid() or not shutil.which("fusermount3"):
        pytest.skip("needs root, to become another")
    for folder in [tmp_path, *tmp_path.parents][:4]:
        folder.chmod(folder.stat().st_mode | 0o055)
    shutil.copy(VMCOREFS, tmp_path / "program")
    shutil.copy(dumps["kdump"][0], tmp_path / "vmcore")
    (tmp_path / "vmcore").chmod(0o444)
    (tmp_path / "mnt").mkdir()
    os.chown(tmp_path / "mnt", 65534, 65534)
    user = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    daemon = subprocess.Popen([tmp_path / "program", "-f", tmp_path / "vmcore", tmp_path / "mnt"], **user,
                              env={"PATH": os.environ["PATH"], "HOME": "/nowhere"}, stderr=subprocess.DEVNULL)
    try:
        # What is another user's even root cannot stat.
        wait_for(lambda: daemon.poll() is not None or is_in_mounts(tmp_path / "mnt"))
        text = subprocess.run(["cat", tmp_path / "mnt/summary"], **user, check=True, capture_output=True).stdout
        assert b"DUMPFILE" in text
        daemon.send_signal(how)
        assert daemon.wait(60) == (-how if how == signal.SIGKILL else 0)
        wait_for(lambda: not is_in_mounts(tmp_path / "mnt"))
    finally:
        daemon.kill()
        daemon.wait(60)
