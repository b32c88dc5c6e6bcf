"""Dumps that real kernels left, and all that can be made of them."""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "mount")]

import lab   # noqa: E402
from forms import MADE   # noqa: E402
from mounted import MKDUMP, Mount, run   # noqa: E402

SUITES = os.environ.get("VMCOREFS_KERNELS", "bookworm").split()

MAKEDUMPFILE = lab.possible()


@pytest.fixture(scope="session", params=SUITES)
def suite(request):
    return request.param


@pytest.fixture(scope="session")
def crashed(suite):
    """The folder of a real kdump: /proc/vmcore as the capture kernel copied it, and the truth."""
    return lab.dump(suite=suite, crash="null", via="kdump")


@pytest.fixture(scope="session")
def of_qemu(suite):
    """QEMU's dumps of one live guest: an ELF file and a flattened kdump."""
    return lab.dump(suite=suite, crash="none", via="qemu", formats=["elf", "kdump-zlib"])


@pytest.fixture(scope="session")
def original(crashed, tmp_path_factory):
    """The dump as it came, mounted."""
    m = Mount(tmp_path_factory.mktemp("original") / "mnt", crashed / "vmcore")
    yield m
    m.close()


def made_by_mkdump(folder, name, original):
    """mkdump's variants are of the dump without its free and user pages: they are smaller."""
    where = folder / f"made-{name}"
    where.mkdir()
    run(MKDUMP, *MADE[name], *original, where / "vmcore")
    return sorted(where.iterdir())


@pytest.fixture(scope="session", params=[*MAKEDUMPFILE, *MADE])
def variant(request, crashed, tmp_path_factory):
    """(name, files) of one form of the dump."""
    name = request.param
    if name in MAKEDUMPFILE:
        return name, lab.variant(crashed, name)
    source = lab.variant(crashed, "zlib-d31")
    return name, made_by_mkdump(tmp_path_factory.mktemp("made"), name, source)


@pytest.fixture
def mounted(variant, tmp_path):
    """The variant, mounted."""
    m = Mount(tmp_path / "mnt", *variant[1])
    yield m
    m.close()
