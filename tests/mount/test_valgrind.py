"""No byte is used before it is set, and all memory is given back: what valgrind sees of one tour."""

import os
import shutil
import subprocess

import pytest

from mounted import ROOT, SAMPLE, VMCOREFS, run, wait_for
from test_faults import TOUR, look


def test_tour(tmp_path):
    if not shutil.which("valgrind") or not SAMPLE.exists():
        pytest.skip("needs valgrind and the sample")
    if b"libasan" in run("ldd", VMCOREFS) or b"libtsan" in run("ldd", VMCOREFS):
        pytest.skip("a sanitizer looks after this build")
    if b"debuginfo reader" in subprocess.run(["valgrind", "-q", VMCOREFS, "--version"], capture_output=True,
                                             check=False).stderr:
        pytest.skip("this valgrind cannot read the debug information of this build's compiler")
    (tmp_path / "mnt").mkdir()
    log = tmp_path / "log"
    daemon = subprocess.Popen(["valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite",
                               "--error-exitcode=99", f"--log-file={log}",
                               f"--suppressions={ROOT / 'tests/mount/valgrind.supp'}", VMCOREFS, "-f", "--no-sandbox",
                               "--no-debuginfo", SAMPLE, tmp_path / "mnt"])
    try:
        wait_for(lambda: daemon.poll() is not None or os.path.ismount(tmp_path / "mnt"))
        found = [look(tmp_path / "mnt" / path) for path in TOUR]
        assert sum(not isinstance(what, int) for what in found) > 40
    finally:
        if os.path.ismount(tmp_path / "mnt"):
            run("fusermount3", "-u", "-z", tmp_path / "mnt")
        status = daemon.wait(300)
    text = log.read_text()
    assert status == 0 and "ERROR" not in text, text[:5000]
