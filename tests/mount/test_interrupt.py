"""A reader that gives up ends the work that was done for it."""

import os
import signal
import subprocess
import threading
import time

import pytest

from mounted import PATIENCE, Mount, mkdump, wait_for

# So many runs of pages that counting them takes long.
SLOW = """
set release 6.1.0-test
vmcoreinfo OSRELEASE=6.1.0-test
pages 0..1M pattern
comb 16M..512G 2p 1p excluded
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


def test_what_takes_too_long_is_stopped(mount, slow):
    """What is there by then is shown, and that it is not all."""
    m = mount(slow)
    start = time.monotonic()
    text = (m / "dump/pages").read_text()
    took = time.monotonic() - start
    if took < 5:
        pytest.skip("not slow here")
    assert text.endswith("!! stopped after 10 s\n"), text[-200:]
    assert 9 < took < 9 + PATIENCE / 4
    assert (m / "dump/format").read_text()


@pytest.fixture(scope="module")
def some_time(tmp_path_factory):
    """A dump with a text that takes a while, on this machine and as this program was built, and the text."""
    folder = tmp_path_factory.mktemp("some")
    for size in range(26, 40):
        dump = mkdump(SLOW.replace("512G", hex(1 << size)), folder / f"dump{size}")
        m = Mount(folder / "mnt", "-o", "timeout=0", dump)
        start = time.monotonic()
        text = (m / "dump/pages").read_text()
        took = time.monotonic() - start
        m.close()
        if took > 0.3:
            return dump, text
    pytest.skip("not slow here")


def halt(m, path):
    """Read while the daemon is kept from working until its time is over: (exit status, text)."""
    before = cpu_time(m)
    with subprocess.Popen(["cat", str(m / path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as reader:
        wait_for(lambda: reader.poll() is not None or cpu_time(m) > before + 0.03)
        m.daemon.send_signal(signal.SIGSTOP)
        time.sleep(4.5)
        m.daemon.send_signal(signal.SIGCONT)
        text = reader.stdout.read()
    return reader.returncode, text


def forget(path):
    """What the kernel has of a file: the daemon is to be asked."""
    with open(path, "rb") as f:
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def test_what_was_stopped_is_whole_another_time(mount, some_time):
    """It is made anew, and longer: the kernel is not to cut it to what there was first."""
    dump, truth = some_time
    m = mount("-o", "timeout=4", "-o", "cache=100", dump)
    status, text = halt(m, "dump/pages")
    if text == truth:
        pytest.skip("not slow here")
    assert status == 0 and text.endswith("!! stopped after 4 s\n") and len(text) != len(truth)

    def is_whole():
        forget(m / "dump/pages")
        found = (m / "dump/pages").read_text()
        assert found == truth or found.endswith("!! stopped after 4 s\n"), found
        return found == truth

    wait_for(is_whole)
    assert (m / "dump/pages").stat().st_size == len(truth)


def test_what_was_whole_is_no_shorter_another_time(mount, some_time):
    """The kernel knows its size. It asks twice, and gets an error and then perhaps all."""
    dump, truth = some_time
    m = mount("-o", "timeout=4", "-o", "cache=100", dump)
    wait_for(lambda: (m / "dump/pages").read_text() == truth)
    for _ in range(2):
        forget(m / "dump/pages")
        status, text = halt(m, "dump/pages")
        assert (status == 0 and text == truth) or (status and not text), (status, text)


def test_time_is_the_user_s(mount, slow):
    m = mount("-o", "timeout=1", slow)
    start = time.monotonic()
    assert (m / "dump/pages").read_text().endswith("!! stopped after 1 s\n")
    assert time.monotonic() - start < PATIENCE / 4


def test_how_soon_it_stops(mount, slow):
    """Within 100 ms of the reader's Ctrl-C nothing is computed for it any more."""
    m = mount(slow)
    reader = begin(m, "cat", str(m / "dump/pages"))
    reader.send_signal(signal.SIGINT)
    start = time.monotonic()
    assert reader.wait(PATIENCE) == -signal.SIGINT
    answered = time.monotonic() - start
    before = cpu_time(m)
    time.sleep(0.5)
    # Seconds of computing, which a loaded machine does not stretch.
    assert cpu_time(m) - before <= 0.1
    assert answered < 0.1 + os.getloadavg()[0]


@pytest.mark.parametrize("options", [[], ["-s"]])
def test_who_is_to_end_does_not_finish_what_is_slow(mount, slow, options):
    m = mount("-o", "timeout=0", *options, slow)
    reader = begin(m, "cat", str(m / "dump/pages"))
    start = time.monotonic()
    m.daemon.terminate()
    assert m.ended() == 0
    assert time.monotonic() - start < PATIENCE / 4
    assert reader.wait(PATIENCE) != 0
    assert not os.path.ismount(m.point)
