"""Mounting and unmounting, the command line, and files that are no dumps."""

import gzip
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from mounted import PATIENCE, ROOT, VMCOREFS, Mount, run, vmcorefs, wait_for


@pytest.fixture
def point(tmp_path):
    path = tmp_path / "point"
    path.mkdir()
    yield path
    if os.path.ismount(path):
        run("fusermount3", "-u", "-z", path)


def daemons(point):
    """Processes that serve @point."""
    found = subprocess.run(["pgrep", "-f", f"vmcorefs.* {re.escape(str(point))}( |$)"],
                           capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def is_in_mounts(point):
    return f" {point} " in open("/proc/mounts", encoding="utf-8").read()


def test_daemon_answers_when_the_command_returns(point, dumps):
    status, out, err = vmcorefs(*dumps["kdump"], point)
    assert (status, out, err) == (0, "", "")
    assert os.path.ismount(point)
    assert (point / "README").read_text()
    run("fusermount3", "-u", point)
    wait_for(lambda: not daemons(point))


def test_relative_paths(dumps, point):
    dump = dumps["kdump"][0]
    subprocess.run([str(VMCOREFS), dump.name, os.path.relpath(point, dump.parent)],
                   cwd=dump.parent, check=True, timeout=PATIENCE)
    assert str(dump) in (point / "summary").read_text()


@pytest.mark.parametrize("options", [["-s"], ["-o", "fsname=other"], ["-o", "nodev,nosuid"],
                                     ["-o", "rw"], ["-d"]])
def test_options(mount, dumps, options):
    m = mount(*options, *dumps["kdump"])
    assert (m / "README").read_text()
    line = next(x for x in open("/proc/mounts", encoding="utf-8") if f" {m.point} " in x)
    assert " fuse.vmcorefs ro," in line
    assert "default_permissions" in line


def test_options_may_stand_anywhere(point, dumps):
    assert vmcorefs(*dumps["kdump"], point, "-o", "noatime")[0] == 0
    assert (point / "README").exists()


def test_split_sets_in_any_order(mount, dumps):
    one, two = mount(*dumps["split"]), mount(*sorted(dumps["split"]))
    assert (one / "log").read_bytes() == (two / "log").read_bytes()
    assert (one / "memory/physical").read_bytes() == (two / "memory/physical").read_bytes()


def test_unmount_while_files_are_open(dumps, tmp_path):
    m = Mount(tmp_path / "mnt", *dumps["kdump"])
    held = open(m / "README", "rb", buffering=0)
    listed = os.open(m / "dump", os.O_RDONLY | os.O_DIRECTORY)
    with pytest.raises(subprocess.CalledProcessError):
        m.unmount()
    text = held.read()
    m.unmount("-z")
    assert not os.path.ismount(m.point)
    held.seek(0)
    assert held.read() == text, "who has it open can read on"
    assert "pages" in os.listdir(listed)
    held.close()
    os.close(listed)
    assert m.ended() == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_unmount(dumps, tmp_path, how):
    m = Mount(tmp_path / "mnt", *dumps["kdump"])
    held = open(m / "README", "rb", buffering=0)
    m.daemon.send_signal(how)
    assert m.ended() == 0
    assert not os.path.ismount(m.point)
    held.close()


def test_killed_daemon_leaves_errors_not_hangs(dumps, tmp_path):
    m = Mount(tmp_path / "mnt", *dumps["kdump"])
    fd = os.open(m / "memory/physical", os.O_RDONLY)
    m.daemon.kill()
    m.ended()
    with pytest.raises(OSError):
        os.pread(fd, 100, 8 << 20)
    os.close(fd)
    wait_for(lambda: not is_in_mounts(m.point))
    wait_for(lambda: not daemons(m.point))


def as_nobody(*command):
    return subprocess.run(command, user=65534, group=65534, extra_groups=[], check=False,
                          capture_output=True, text=True, cwd="/").returncode


def test_others_see_nothing_unless_allowed(mount, dumps, tmp_path):
    if os.geteuid():
        pytest.skip("needs root")
    for folder in [tmp_path, *tmp_path.parents][:4]:
        folder.chmod(folder.stat().st_mode | 0o055)
    private, shared = mount(*dumps["kdump"]), mount("-o", "allow_other", *dumps["kdump"])
    assert as_nobody("ls", str(private.point)) != 0
    assert as_nobody("cat", str(private / "README")) != 0
    assert as_nobody("ls", str(shared.point)) == 0
    assert as_nobody("cat", str(shared / "README")) == 0


def test_mount_t(dumps, point, tmp_path):
    """As root does, and as fstab makes it: mount(8) finds vmcorefs by its name."""
    if os.geteuid() or not shutil.which("mount.fuse3"):
        pytest.skip("needs root and mount.fuse3")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/vmcorefs").symlink_to(VMCOREFS)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    for command in (
            # mount(8) looks in the usual places only.
            ["mount", "-t", f"fuse.{tmp_path / 'bin/vmcorefs'}", "-o", "noatime"],
            ["mount.fuse3", "-t", "fuse.vmcorefs", "-o", "rw,noauto,noatime"]):
        run(command[0], dumps["kdump"][0], point, *command[1:],
            env={**os.environ, "PATH": path})
        assert (point / "README").read_text()
        line = next(x for x in open("/proc/mounts", encoding="utf-8") if f" {point} " in x)
        assert line.startswith(f"{dumps['kdump'][0]} {point} fuse.vmcorefs ro,")
        run("umount", point)
        wait_for(lambda: not daemons(point))


def test_help():
    for option in "-h", "--help":
        status, out, err = vmcorefs(option)
        assert (status, err) == (0, "")
        assert out.startswith("usage: vmcorefs [options] VMCORE... [VMLINUX] [MODULE.ko...] MOUNTPOINT\n")
        assert max(map(len, out.split("\n"))) <= 100


def test_help_and_manual_name_the_same_options():
    options = set(re.findall(r"^ +-(\w)", vmcorefs("-h")[1], re.M))
    manual = (ROOT / "fs/vmcorefs.1").read_text()
    assert options == set(re.findall(r"^\.It Fl (\w)", manual, re.M))


def test_version():
    for option in "-V", "--version":
        status, out, _ = vmcorefs(option)
        assert status == 0
        assert re.fullmatch(r"vmcorefs \d+\.\d+\.\d+\n", out)


def one_line(args, *expected):
    """It fails, and says why in one line that has these words."""
    status, out, err = vmcorefs(*args)
    assert status != 0 and out == ""
    assert err.startswith("vmcorefs: ") and err.count("\n") == 1, err
    for words in expected:
        assert re.search(words, err), err


def test_usage_errors(dumps, point, tmp_path):
    dump = dumps["kdump"][0]
    one_line([], "usage", "missing")
    one_line([dump], "usage", "mount point is missing")
    one_line(["--nonsense", dump, point], "--nonsense")
    one_line([dump, tmp_path / "nowhere"], "mount point", "No such file")
    one_line([dump, dump], "mount point", "not a directory")
    one_line([tmp_path / "nowhere", point], "nowhere", "No such file")
    one_line([VMCOREFS, point], "dump is missing")
    one_line([VMCOREFS, VMCOREFS, dump, point], "second vmlinux")
    one_line(["-o", f"vmlinux={dump}", dump, point], "not a vmlinux")
    assert vmcorefs("-o", "nonsense", dump, point)[0] != 0
    assert not os.path.ismount(point)


def test_files_that_are_no_dumps(point, tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello\n" * 1000)
    (tmp_path / "random").write_bytes(os.urandom(100000))
    (tmp_path / "short").write_bytes(b"\x7fELF")
    with gzip.open(tmp_path / "dump.gz", "wb") as f:
        f.write(b"hello" * 1000)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    expected = {"empty": "empty", "text": "text", "random": "", "short": "", "dump.gz": "gzip.*gunzip",
                "fifo": "", "folder": "directory", "loop": "symbolic links"}
    for name, words in expected.items():
        start = time.monotonic()
        one_line([tmp_path / name, point], name, words)
        assert time.monotonic() - start < PATIENCE
    for special in "/dev/null", "/dev/zero", "/proc/self/mem":
        one_line([special, point], special)
    assert not os.path.ismount(point)


def test_unreadable_file(dumps, tmp_path, point):
    dump = tmp_path / "secret"
    shutil.copy(dumps["kdump"][0], dump)
    dump.chmod(0)
    if os.geteuid():
        one_line([dump, point], "secret", "Permission denied")
        return
    for folder in [tmp_path, *tmp_path.parents][:4]:
        folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run([str(VMCOREFS), str(dump), str(point)], user=65534, group=65534,
                          extra_groups=[], check=False, capture_output=True, text=True)
    if "cannot" not in done.stderr:
        assert done.returncode and "Permission denied" in done.stderr


def test_names_with_odd_characters(mount, dumps, tmp_path):
    for name in "a b", "comma,comma", "back\\slash", "new\nline", "\x1b[31mred":
        odd = tmp_path / name
        shutil.copy(dumps["kdump"][0], odd)
        m = mount(odd)
        summary = (m / "summary").read_bytes()
        assert b"\x1b" not in summary and b"new\nline" not in summary
        m.unmount()
