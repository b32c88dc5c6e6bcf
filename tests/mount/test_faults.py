"""Files that cannot be read, folders that cannot be written, readers and mount points that vanish: who asked
gets an error, all others and all later readers what they would have got anyway."""

import contextlib
import errno
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys

import pytest

from faults import FAIL_FROM, FAIL_ONE, FAIL_TWO, FAULTS, LATE, SHORT, STALE, Plan
from mounted import PATIENCE, SAMPLE, VMCOREFS, Mount, run, vmcorefs, wait_for

# Every kind of thing that reads: of each some.
TOUR = """summary log log.json vmcoreinfo ps cpus modules symbols/schedule/address symbols/schedule/disassembly
symbols/init_task/value types/struct/task_struct dump/problems dump/translation dump/header dump/notes
dump/pages panic/stack panic/code panic/status panic/maps panic/files panic/fd panic/environ panic/task_struct
panic/stat panic/mounts panic/cgroup slab slab/task_struct/objects tasks tasks/1/stack tasks/1/maps
tasks/1/smaps tasks/1/status tasks/1/fdinfo stacks/all proc/meminfo proc/vmstat proc/interrupts proc/stat
proc/slabinfo proc/net/tcp proc/net/dev proc/sys/kernel objects/task_struct memory/cores kcore""".split()
STEPS = int(os.environ.get("VMCOREFS_FAULTS", "12"))   # 0: every read


@pytest.fixture
def plan(tmp_path):
    if not FAULTS.exists() or not SAMPLE.exists():
        pytest.skip(f"needs {FAULTS} and the sample")
    return Plan(tmp_path / "plan")


def look(path):
    """Bytes, names, or the number of the error."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            return sorted(os.listdir(path))
        with open(path, "rb", buffering=0) as f:
            return f.read(1 << 20)
    except OSError as e:
        return e.errno


def tour(m):
    return {path: look(m / path) for path in TOUR}


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    m = Mount(tmp_path_factory.mktemp("truth") / "mnt", "--no-debuginfo", SAMPLE)
    found = tour(m)
    m.close()
    assert sum(not isinstance(what, int) for what in found.values()) > 40, found
    return found


def look_again(m, truth):
    """What differs; the dump's name does, and /dump/problems tells of the fault."""
    found = tour(m)
    return [p for p in TOUR if found[p] != truth[p] and p not in ("summary", "dump/problems")]


def check_tours(m, plan, truth):
    """One with the fault, one without."""
    first = tour(m)
    wrong = {p: (first[p], truth[p]) for p in TOUR if first[p] not in (truth[p], errno.EIO, errno.ESTALE) and p != "dump/problems"
             and not (first[p] == errno.ENOENT and truth[p] != errno.ENOENT)}
    done = plan.counts()[1]
    plan.set()
    again = look_again(m, truth)
    return first, wrong, again, done


@pytest.mark.parametrize(("path", "reads", "megabytes"), [("log", 40, 2), ("summary", 160, 8)])
def test_few_reads(plan, path, reads, megabytes):
    """A dump that lies elsewhere: of 16 MB, some blocks of 64 KB, each in one piece."""
    plan.set()
    done = subprocess.run([str(VMCOREFS), "cat", "--no-debuginfo", "--no-cache", str(SAMPLE), "--", path],
                          env=plan.env(), check=True, capture_output=True)
    assert done.stdout
    assert 1 < plan.counts()[0] < reads
    assert 50_000 < plan.bytes_read() < megabytes << 20


@pytest.mark.parametrize("what", [FAIL_ONE, FAIL_TWO], ids=["once", "twice"])
def test_each_read_fails(plan, truth, tmp_path, mount, what):
    """The Nth read fails: a file that needed it is an error, none is wrong, and the next time all are right. What lay
    in a block that failed is asked for once more, alone: who needs that feels nothing, unless this fails, too."""
    m = mount("--no-debuginfo", "-s", SAMPLE, env=plan.env())
    plan.set()
    tour(m)
    total = plan.counts()[0]
    m.close()
    assert total > 100
    felt = 0
    for at in range(1, total + 1, max(1, total // STEPS) if STEPS else 1):
        m = mount("--no-debuginfo", "-s", SAMPLE, env=plan.env())
        plan.set(at, what)
        first, wrong, again, _ = check_tours(m, plan, truth)
        m.close()
        felt += errno.EIO in first.values()
        assert not wrong, (at, {p: str(w)[:300] for p, w in wrong.items()})
        assert not again, (at, again)
    assert what == FAIL_ONE or felt > (STEPS or total) / 4


def test_the_first_read_of_each_file_fails(plan, truth, tmp_path, mount):
    m, done = mount("--no-debuginfo", "-s", SAMPLE, env=plan.env()), 0
    for path in TOUR:
        plan.set(1, FAIL_ONE)
        first = look(m / path)
        done += plan.counts()[1]
        plan.set()
        if path != "dump/problems":
            assert first in (errno.EIO, truth[path]), path
            assert look(m / path) == truth[path], path
    m.close()
    assert done > 10


@pytest.mark.parametrize("what", [FAIL_FROM, STALE], ids=["EIO", "ESTALE"])
def test_all_reads_fail_for_a_while(plan, truth, tmp_path, mount, what):
    m = mount("--no-debuginfo", SAMPLE, env=plan.env())
    plan.set(1, what)
    _, wrong, again, done = check_tours(m, plan, truth)
    m.close()
    assert done and not wrong and not again, (wrong, again)


# Of what is not made of what others have read: names, links, a text that goes over the same twice.
LATE_TOUR = [*TOUR, *"memory/usage/files memory/usage/total tasks/1/fd panic sys/kernel/slab proc/irq".split()]


def test_time_is_over_at_each_moment(plan, tmp_path, mount):
    """What is stopped at the Nth look at the clock says so or is an error, and is whole the next time, and the next:
    no list of names is kept in part."""
    m = mount("--no-debuginfo", "-s", SAMPLE, env=plan.env())
    truth = {path: look(m / path) for path in LATE_TOUR}
    m.close()
    felt = {errno.ETIMEDOUT: 0, "text": 0}
    for path in LATE_TOUR:
        m = mount("--no-debuginfo", "-s", SAMPLE, env=plan.env())
        plan.set()
        look(m / path)
        total = plan.asked()
        m.close()
        for at in range(1, total + 1, max(1, total // max(1, STEPS // 6)) if STEPS else 1):
            m = mount("--no-debuginfo", "-s", SAMPLE, env=plan.env())
            plan.set(at, LATE)
            first = look(m / path)
            plan.set()
            again = [look(m / path) for _ in range(3)]
            m.close()
            stopped = isinstance(first, bytes) and first.endswith(b"!! stopped after 10 s\n")
            felt["text"] += stopped
            felt[errno.ETIMEDOUT] += first == errno.ETIMEDOUT
            assert stopped or first in (truth[path], errno.ETIMEDOUT), (path, at, str(first)[:300])
            # Whoever asked for the size has had a text made, which is there until it was read.
            assert again[0] == truth[path] or again[0] == first, (path, at, str(again[0])[:300])
            assert again[1:] == 2 * [truth[path]], (path, at)
    assert all(n > 5 for n in felt.values()), felt


@pytest.mark.parametrize("options", [[], ["-s"]], ids=["threads", "one"])
def test_problems_tell(plan, mount, options):
    m = mount("--no-debuginfo", *options, SAMPLE, env=plan.env())
    assert (m / "dump/problems").read_text() == ""
    plan.set(1, FAIL_FROM)
    with pytest.raises(OSError) as e:
        (m / "stacks/all").read_bytes()
    assert e.value.errno == errno.EIO
    plan.set()
    wait_for(lambda: (m / "dump/problems").read_text() != "")
    text = (m / "dump/problems").read_text()
    assert re.fullmatch(r"\S+/vmcore: \d+ reads failed while it was mounted, the last at 0x\w+: "
                        r"Input/output error\n", text)
    assert (m / "stacks/all").read_bytes()


def test_short_reads(plan, truth, tmp_path, mount):
    plan.set(1, SHORT)
    m = mount("--no-debuginfo", SAMPLE, env=plan.env())
    assert tour(m) == truth and plan.counts()[1]
    m.close()


def test_reads_fail_at_mount(plan, tmp_path, mount):
    (tmp_path / "mnt").mkdir()
    plan.set(1, FAIL_FROM)
    done = subprocess.run([str(VMCOREFS), str(SAMPLE), str(tmp_path / "mnt")], env=plan.env(), check=False,
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode and "Input/output error" in done.stderr and done.stderr.count("\n") == 1
    assert not os.path.ismount(tmp_path / "mnt")


def test_dump_is_cut_and_grows_again(truth, tmp_path, mount):
    copy = tmp_path / "vmcore"
    shutil.copy(SAMPLE, copy)
    whole = copy.read_bytes()
    m = mount("--no-debuginfo", copy)
    os.truncate(copy, 5000)
    assert errno.EIO in tour(m).values()
    copy.write_bytes(whole)
    assert look_again(m, truth) == []
    m.close()


def test_vmlinux_is_cut_and_replaced(mount, tmp_path):
    """What needs it is an error while it lacks something; a file in its place is as good as the first."""
    vmlinux = tmp_path / "vmlinux"
    shutil.copy(VMCOREFS, vmlinux)
    m = mount("--force", SAMPLE, "-o", f"vmlinux={vmlinux}")
    whole = vmlinux.read_bytes()
    before = look(m / "dump/debuginfo")
    os.truncate(vmlinux, 4096)
    for path in TOUR:
        look(m / path)
    assert m.daemon.poll() is None
    vmlinux.write_bytes(whole)
    assert look(m / "dump/debuginfo") == before
    (tmp_path / "new").write_bytes(whole)
    (tmp_path / "new").rename(vmlinux)
    assert look(m / "README") and m.daemon.poll() is None


def test_dump_is_removed(truth, tmp_path, mount):
    copy = tmp_path / "vmcore"
    shutil.copy(SAMPLE, copy)
    m = mount("--no-debuginfo", copy)
    copy.unlink()
    assert look_again(m, truth) == []
    m.close()


@pytest.mark.parametrize("kind", ["read-only", "a file", "full"])
def test_cache_that_cannot_be_written(truth, tmp_path, kind, mount):
    """Slower, and no worse."""
    cache = tmp_path / "cache"
    if kind == "a file":
        cache.write_text("")
    else:
        cache.mkdir()
    if kind == "full" and os.geteuid() == 0:
        run("mount", "-t", "tmpfs", "-o", "size=4k", "none", cache)
        (cache / "vmcorefs").mkdir()
        (cache / "filling").write_bytes(bytes(4096)[:4096 - 1])
    elif kind == "read-only":
        cache.chmod(0o500)
    try:
        m = mount(SAMPLE, env={**os.environ, "XDG_CACHE_HOME": str(cache)})
        assert look_again(m, truth) == []
        m.close()
    finally:
        if kind == "full" and os.geteuid() == 0:
            run("umount", cache)


def test_what_is_kept_is_private(dumps, tmp_path, mount):
    m = mount(*dumps["kdump"], env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "c")})
    assert (tmp_path / "c/vmcorefs").stat().st_mode & 0o777 == 0o700
    m.close()


def test_little_memory(truth, tmp_path, mount):
    """Of 128 MB of address space beside what the libraries and the stacks of threads take."""
    def little():
        resource.setrlimit(resource.RLIMIT_AS, (128 << 20, 128 << 20))

    if "asan" in str(VMCOREFS) or "tsan" in str(VMCOREFS):
        pytest.skip("a sanitizer takes more")
    m = mount("--no-debuginfo", "-s", SAMPLE, preexec=little)
    found = tour(m)
    wrong = {p: found[p] for p in TOUR if found[p] != truth[p] and found[p] != errno.ENOMEM}
    assert not wrong, wrong
    assert (m / "README").read_bytes()
    m.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_readers_die(mount, how, tmp_path):
    m = mount("--no-debuginfo", SAMPLE)
    readers = [subprocess.Popen(["cat", *[str(m / p) for p in ("kcore", "stacks/all", "ps")]],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(8)]
    for r in readers:
        r.send_signal(how)
        r.wait(PATIENCE)
    assert (m / "ps").read_bytes()


def test_mount_point_vanishes(tmp_path, mount):
    """Someone moves the folder above it, and unmounts."""
    (tmp_path / "a").mkdir()
    m = Mount(tmp_path / "a/mnt", "--no-debuginfo", SAMPLE)
    (tmp_path / "a").rename(tmp_path / "b")
    assert (tmp_path / "b/mnt/README").read_bytes()
    run("fusermount3", "-u", tmp_path / "b/mnt")
    assert m.ended() == 0


def holds(pid, path):
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        return any(os.readlink(f"{folder}/{fd}") == str(path) for fd in os.listdir(folder))
    return False


def test_unmounted_while_it_is_read(tmp_path, mount):
    m = mount("--no-debuginfo", SAMPLE)
    reader = subprocess.Popen([sys.executable, "-c",
                               "import sys\nf = open(sys.argv[1], 'rb', buffering=0)\nwhile True: f.seek(0); f.read(1<<20)",
                               str(m / "memory/physical")])
    wait_for(lambda: holds(reader.pid, m / "memory/physical"))
    with pytest.raises(subprocess.CalledProcessError):
        m.unmount()
    run("umount", "-l", m.point)
    assert reader.poll() is None
    reader.kill()
    reader.wait(PATIENCE)
    assert m.ended() == 0


def test_folder_that_is_not_empty(tmp_path, mount):
    (tmp_path / "mnt0").mkdir()
    (tmp_path / "mnt0/file").write_text("mine")
    m = mount("--no-debuginfo", SAMPLE)
    assert not (m / "file").exists()
    m.close()
    assert (tmp_path / "mnt0/file").read_text() == "mine"


def test_nothing_is_mounted_twice(tmp_path, mount):
    """A second daemon over the first one's mount point; each unmounts its own."""
    one = mount("--no-debuginfo", SAMPLE)
    assert vmcorefs("--no-debuginfo", SAMPLE, one.point)[0] == 0
    run("fusermount3", "-u", one.point)
    assert (one / "README").read_bytes()
    one.close()
