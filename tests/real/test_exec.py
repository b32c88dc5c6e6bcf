"""vmcorefs exec: programs read the dump's /proc as a machine's."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from forms import variant_of
from mounted import VMCOREFS, Mount
from test_proc import EQUAL, MORE_ON_FILTERED, near, pids, status


@pytest.fixture(scope="module")
def truth(crashed):
    return Path(crashed) / "truth/proc"


def exec_(folder, *command, **more):
    dump = Path(folder) / "vmcore"
    return subprocess.run([str(VMCOREFS), "exec", "--no-debuginfo", str(dump), "--", *command],
                          capture_output=True, text=True, timeout=120, check=False, **more)


def told(folder, *command):
    done = exec_(folder, *command)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_ps(crashed, truth):
    lines = told(crashed, "ps", "-e", "-o", "pid=,ppid=,uid=,vsz=,stat=").splitlines()
    seen = {words[0]: words[1:] for words in map(str.split, lines)}
    # the reader and its parents are not the dump's
    assert set(seen) == pids(truth)
    for pid, (ppid, uid, vsz, state) in seen.items():
        then = status(truth, pid)
        assert ppid == then["PPid"]
        assert uid == then["Uid"].split()[1]
        assert state[0] == then["State"][0] or "VmSize" not in then or state[0] in "RS"
        assert abs(int(vsz) - int(then.get("VmSize", "0 kB").split()[0])) < 40000


def test_ps_forest_and_threads(crashed):
    assert "\\_" in told(crashed, "ps", "auxf")
    assert len(told(crashed, "ps", "-eLf").splitlines()) > len(told(crashed, "ps", "-ef").splitlines())


def test_top(crashed, truth):
    text = told(crashed, "top", "-b", "-n1")
    total = re.search(r"^Tasks:\s+(\d+) total", text, re.M)
    assert int(total[1]) == len(pids(truth))
    memory = re.search(r"^MiB Mem :\s+([\d.]+) total", text, re.M)
    kb = re.search(r"^MemTotal:\s+(\d+)", (truth / "meminfo").read_text())
    assert float(memory[1]) == pytest.approx(int(kb[1]) / 1024, abs=0.1)


def test_free(crashed, truth):
    words = told(crashed, "free").splitlines()[1].split()
    assert words[1] == re.search(r"^MemTotal:\s+(\d+)", (truth / "meminfo").read_text())[1]


def test_uptime(crashed, truth):
    """The load of the last minute may have been reckoned once more."""
    load = (truth / "loadavg").read_text().split()[:3]
    now = re.search("load average: (.*), (.*), (.*)\n", told(crashed, "uptime")).groups()
    assert all(near(60)(float(a), float(b)) for a, b in zip(load, now))


def test_lsmod(crashed, truth):
    lines = told(crashed, "lsmod").splitlines()[1:]
    then = [line.split() for line in (truth / "modules").read_text().splitlines()]
    assert [line.split()[:3] for line in lines] == [words[:3] for words in then]


def test_pstree_pgrep_pmap_vmstat_slabtop(crashed, truth):
    assert told(crashed, "pstree", "-p").startswith("init(1)")
    assert told(crashed, "pgrep", "-x", "kthreadd") == "2\n"
    assert re.search(r"^total kB\s+\d+", told(crashed, "pmap", "-x", "1"), re.M)
    free = re.search(r"^nr_free_pages (\d+)", (truth / "vmstat").read_text(), re.M)
    now = told(crashed, "vmstat").splitlines()[2].split()
    page = int(re.search(r"^KernelPageSize: +(\d+) kB$", (truth / "1/smaps").read_text(), re.M)[1])
    assert abs(int(now[3]) - page * int(free[1])) < 32768
    caches = told(crashed, "slabtop", "-o")
    number_of = len((truth / "slabinfo").read_text().splitlines()) - 2
    assert re.search(rf"Caches \(% used\)\s+: \d+ / {number_of} ", caches)


def test_exec_status_and_environment(crashed):
    assert exec_(crashed, "sh", "-c", "exit 7").returncode == 7
    assert exec_(crashed, "sh", "-c", "kill -TERM $$").returncode == 128 + 15
    assert exec_(crashed, "/nosuch").returncode == 127
    assert exec_(crashed, "/etc/passwd").returncode == 126
    folder = told(crashed, "sh", "-c", "test -f $VMCOREFS/README && echo $VMCOREFS").strip()
    assert folder.startswith("/") and not os.path.exists(folder)
    assert "cat" == exec_(crashed, "cat", input="cat").stdout


def test_exec_leaves_nothing(crashed, tmp_path):
    """Nothing is mounted, no folder stays, what the command started is gone."""
    done = exec_(crashed, "sh", "-c", "sleep 1234.5 & echo started",
                 env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.stdout == "started\n"
    assert os.listdir(tmp_path) == []
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert subprocess.run(["pgrep", "-f", "sleep 1234[.]5"], check=False,
                          capture_output=True).returncode == 1


def test_exec_is_told_to_end(crashed, tmp_path):
    with subprocess.Popen([str(VMCOREFS), "exec", str(Path(crashed) / "vmcore"), "--", "sh", "-c",
                           f"echo > {tmp_path}/up; sleep 4321"]) as daemon:
        while not (tmp_path / "up").exists():
            time.sleep(0.01)
        daemon.terminate()
        assert daemon.wait(60) == 128 + 9


def test_exec_without_a_dump():
    done = subprocess.run([str(VMCOREFS), "exec", "--", "true"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 125 and "the dump is missing" in done.stderr
    done = subprocess.run([str(VMCOREFS), "exec", "/etc/passwd", "--", "true"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 125 and done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be someone else")
def test_exec_of_another_user(crashed):
    """Without rights, in a user namespace."""
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    done = subprocess.run([*nobody, "unshare", "-Ur", "true"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("the host allows no user namespaces")
    # Not in tmp_path: the folders above that may be for root alone.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        copies = []
        for file in (VMCOREFS, variant_of(crashed, "zlib-d31")[0]):
            copies.append(os.path.join(folder, os.path.basename(file)))
            shutil.copyfile(file, copies[-1])
            os.chmod(copies[-1], 0o755)
        done = subprocess.run(
            [*nobody, copies[0], "exec", "--no-cache", "--no-debuginfo", copies[1], "--", "ps",
             "-e"], capture_output=True, text=True, check=False, cwd="/tmp",
            env={**os.environ, "TMPDIR": "/tmp"})
    assert done.returncode == 0, done.stderr
    assert " kthreadd\n" in done.stdout


def test_programs_on_a_filtered_dump(crashed, tmp_path):
    """Without user pages and free ones: nothing stumbles."""
    files = variant_of(crashed, "zlib-d31")
    m = Mount(tmp_path / "mnt", "--no-debuginfo", *files)
    try:
        for name in [*EQUAL, *MORE_ON_FILTERED]:
            assert (m / f"proc/{name}").read_text(errors="surrogateescape").count("!!") == 0, name
    finally:
        m.close()
    for command in (["ps", "auxf"], ["free"], ["top", "-b", "-n1"], ["lsmod"], ["vmstat"]):
        done = subprocess.run([str(VMCOREFS), "exec", *map(str, files), "--", *command],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)


def test_lsof_netstat_ss(crashed, truth):
    """The sockets of the dead machine, with their processes."""
    listening = [line.split()[1] for line in (truth / "net/tcp").read_text().splitlines()[1:]
                 if line.split()[3] == "0A"]
    ports = {int(end.split(":")[1], 16) for end in listening}
    seen = told(crashed, "netstat", "-ltn")
    assert {int(port) for port in re.findall(r"^tcp .*?:(\d+) ", seen, re.M)} == ports
    assert {int(port) for port in re.findall(r"LISTEN\s.*?:(\d+) ", told(crashed, "ss", "-4ltn"))} == ports
    assert re.search(r"LISTEN .*/load", told(crashed, "netstat", "-ltnp"))
    files = exec_(crashed, "lsof", "-n", "-p", "1").stdout
    assert re.search(r"^busybox|^init", files, re.M) and " cwd " in files


def test_kcore_in_exec(crashed, original):
    """Where nothing but /proc and /sys is the dump's, it leads to the rest of it."""
    size, magic = told(crashed, "sh", "-c", "stat -Lc %s /proc/kcore; head -c 4 /proc/kcore").split("\n")
    assert int(size) == (original / "memory/kcore").stat().st_size
    assert magic == "\x7fELF"
