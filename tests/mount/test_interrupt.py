"""A reader that gives up ends the work that was done for it."""

import os
import signal
import subprocess
import threading
import time

import pytest

from mounted import PATIENCE, mkdump, wait_for

# So many runs of pages that counting them takes long.
SLOW = """
set release 6.1.0-test
vmcoreinfo OSRELEASE=6.1.0-test
pages 0..1M pattern
comb 1G..512G 2p 1p excluded
"""


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    return mkdump(SLOW, tmp_path_factory.mktemp("slow") / "dump")


def cpu_time(m):
    """Seconds that the daemon has computed."""
    fields = open(f"/proc/{m.daemon.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_idle(m):
    before = cpu_time(m)
    time.sleep(0.3)
    return cpu_time(m) == before


def begin(m, *command):
    """A reader, and wait until the daemon works for it."""
    reader = subprocess.Popen([*command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: reader.poll() is not None or cpu_time(m) > 0.2)
    if reader.poll() is not None:
        pytest.skip("not slow here")
    return reader


@pytest.mark.parametrize("command", ["cat dump/pages", "stat memory/physical",
                                     "stat memory/vmcore"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_reader_is_interrupted(mount, slow, command, how):
    m = mount(slow)
    tool, path = command.split()
    reader = begin(m, tool, str(m / path))
    reader.send_signal(how)
    assert reader.wait(PATIENCE) == -how
    wait_for(lambda: is_idle(m))
    assert (m / "dump/format").read_text(), "and all goes on"


def test_waiting_reader_is_interrupted(mount, slow):
    """The second reader waits for the first one's rendering; it can leave alone."""
    m = mount(slow)
    first = begin(m, "cat", str(m / "dump/pages"))
    second = subprocess.Popen(["cat", str(m / "dump/pages")], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    second.send_signal(signal.SIGINT)
    assert second.wait(PATIENCE) == -signal.SIGINT
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    assert first.wait(PATIENCE) == -signal.SIGINT
    wait_for(lambda: is_idle(m))


def test_others_do_not_wait(mount, slow):
    """Long renders of some do not keep others from reading."""
    m = mount(slow)
    readers = [begin(m, "cat", str(m / "dump/pages")), begin(m, "stat", str(m / "memory/vmcore"))]
    done = threading.Event()

    def read():
        (m / "README").read_text()
        done.set()

    threading.Thread(target=read, daemon=True).start()
    assert done.wait(PATIENCE / 4)
    for reader in readers:
        reader.kill()
        reader.wait(PATIENCE)
