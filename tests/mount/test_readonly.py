"""Whatever writes is told that the file system is read-only."""

import errno
import os
import stat

import pytest

NOW = (0, 0)

CALLS = {
    "open for writing": lambda m: os.open(m / "README", os.O_WRONLY),
    "open for both": lambda m: os.open(m / "README", os.O_RDWR),
    "open and append": lambda m: os.open(m / "README", os.O_WRONLY | os.O_APPEND),
    "open and truncate": lambda m: os.open(m / "README", os.O_WRONLY | os.O_TRUNC),
    "create": lambda m: os.open(m / "new", os.O_WRONLY | os.O_CREAT),
    "create exclusively": lambda m: os.open(m / "dump/new", os.O_WRONLY | os.O_CREAT | os.O_EXCL),
    "temporary file": lambda m: os.open(m.point, os.O_RDWR | os.O_TMPFILE),
    "truncate": lambda m: os.truncate(m / "README", 0),
    "mkdir": lambda m: os.mkdir(m / "new"),
    "rmdir": lambda m: os.rmdir(m / "dump"),
    "unlink": lambda m: os.unlink(m / "README"),
    "unlink a link": lambda m: os.unlink(m / "vmcore"),
    "rename": lambda m: os.rename(m / "README", m / "new"),
    "rename over": lambda m: os.rename(m / "README", m / "summary"),
    "link": lambda m: os.link(m / "README", m / "new"),
    "symlink": lambda m: os.symlink("README", m / "new"),
    "mkfifo": lambda m: os.mkfifo(m / "new"),
    "mknod": lambda m: os.mknod(m / "new", stat.S_IFREG | 0o600),
    "chmod": lambda m: os.chmod(m / "README", 0o777),
    "chmod a directory": lambda m: os.chmod(m / "dump", 0o777),
    "chown": lambda m: os.chown(m / "README", os.getuid(), os.getgid()),
    "utime": lambda m: os.utime(m / "README", NOW),
    "utime of a link": lambda m: os.utime(m / "vmcore", NOW, follow_symlinks=False),
    "setxattr": lambda m: os.setxattr(m / "README", "user.x", b"y"),
    "removexattr": lambda m: os.removexattr(m / "README", "user.x"),
}


@pytest.mark.parametrize("call", CALLS)
def test_erofs(tree, call):
    with pytest.raises(OSError) as e:
        CALLS[call](tree)
    assert e.value.errno == errno.EROFS


@pytest.fixture(scope="module")
def writable(dumps, tmp_path_factory):
    """Mounted read-only, then remounted to write."""
    if os.geteuid():
        pytest.skip("needs root")
    from mounted import Mount, run
    m = Mount(tmp_path_factory.mktemp("rw") / "mnt", *dumps["kdump"])
    run("mount", "-i", "-o", "remount,rw", m.point)
    yield m
    m.close()


@pytest.mark.parametrize("call", [c for c in CALLS if c != "temporary file"])
def test_erofs_after_a_remount(writable, call):
    with pytest.raises(OSError) as e:
        CALLS[call](writable)
    assert e.value.errno == errno.EROFS


def test_access(tree):
    assert os.access(tree / "README", os.R_OK)
    assert not os.access(tree / "README", os.W_OK)
    assert not os.access(tree.point, os.W_OK)


def test_names_that_exist(tree):
    with pytest.raises(FileExistsError):
        os.mkdir(tree / "dump")
