"""Many dumps: GNU parallel on this machine, Slurm on a cluster, and what they find grouped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import lab
import pytest
from mounted import VMCOREFS

FLEET = Path(__file__).resolve().parents[1] / "fleet"
sys.path.insert(0, str(FLEET))

from cluster import Cluster   # noqa: E402 pylint: disable=wrong-import-position

# A fleet of machines that died in these ways, by how many of each.
WAYS = {"null": 4, "bug": 2, "sysrq": 1, "jump": 1}
ENV = {**os.environ, "VMCOREFS": str(VMCOREFS)}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """The dumps' paths, with a blank and a file that is none among them; way -> paths"""
    folder = tmp_path_factory.mktemp("crash files")
    made = {}
    for way, n in WAYS.items():
        source = lab.dump(suite="bookworm", crash=way, via="kdump") / "vmcore"
        for i in range(n):
            path = folder / f"{way}-{i}" / "vmcore"
            path.parent.mkdir()
            path.symlink_to(source)
            made.setdefault(way, []).append(path)
    path = folder / "broken"
    path.write_bytes(b"this is no dump\n" * 100)
    made["broken"] = [path]
    return made


def check(groups, fleet):
    found = {}
    for group in groups:
        found[frozenset(group["dumps"])] = group
    assert set(found) == {frozenset(map(str, paths)) for paths in fleet.values()}
    sizes = [len(g["dumps"]) for g in groups]
    assert sizes == sorted(sizes, reverse=True)
    null = found[frozenset(map(str, fleet["null"]))]
    assert null["functions"][0] == "crash_inner [crashme]" and "page fault" in null["signature"]
    assert null["releases"][0].startswith("6.1.")
    broken = found[frozenset(map(str, fleet["broken"]))]
    assert broken["signature"].startswith("!! ") and "broken" in broken["signature"]


def grouped(out):
    done = subprocess.run([FLEET / "group", out, "--json"], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_parallel(fleet, tmp_path):
    paths = [str(p) for paths in fleet.values() for p in paths]
    subprocess.run(["parallel", "--will-cite", "-j2", "sh", FLEET / "triage", tmp_path],
                   input="\n".join(paths), text=True, check=True, env=ENV, timeout=300)
    check(grouped(tmp_path), fleet)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    text = subprocess.run([FLEET / "group", tmp_path], capture_output=True, text=True, check=True)
    assert text.stdout.startswith("    4  ") and "< " + str(fleet["null"][0]) in text.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's daemons want root")
def test_slurm(fleet, tmp_path):
    paths = [str(p) for paths in fleet.values() for p in paths]
    (tmp_path / "list").write_text("".join(f"{p}\n" for p in paths))
    cluster = Cluster(tmp_path / "cluster")
    try:
        done = subprocess.run(["sh", FLEET / "slurm.sh", tmp_path / "out", tmp_path / "list"],
                              env={**cluster.env, "VMCOREFS": str(VMCOREFS)}, check=False,
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr + cluster.logs()
    finally:
        cluster.close()
    check(grouped(tmp_path / "out"), fleet)
    assert done.stdout.startswith("    4  ")
