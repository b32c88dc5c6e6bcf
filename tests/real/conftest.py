"""Dumps that real kernels left, and all that can be made of them."""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "mount")]

import lab   # noqa: E402
from forms import FORMS, HOW, MADE, MAKEDUMPFILE, alone, arch_of, variant_of   # noqa: E402
from machine import machine_of   # noqa: E402
from mounted import MKDUMP, Mount, run   # noqa: E402

SUITES = os.environ.get("VMCOREFS_KERNELS", "bookworm").split()

# Ways to die that take another path each, dumped by kdump or by another; VMCOREFS_CRASHES asks for more.
WAYS = os.environ.get("VMCOREFS_CRASHES",
                      "null bug hardirq tasklet overflow jump sysrq null@qemu").split()


@pytest.fixture(scope="session", params=SUITES)
def suite(request):
    return request.param


GUESTS = {
    "kdump": {"crash": "null", "via": "kdump"},
    "qemu": {"crash": "none", "via": "qemu", "formats": ["elf", "kdump-zlib"]},
}


@pytest.fixture(scope="session")
def crashed(suite):
    """The folder of a real kdump: /proc/vmcore as the capture kernel copied it, and the truth."""
    return lab.dump(suite=suite, **GUESTS["kdump"])


@pytest.fixture(scope="session")
def machine(crashed):
    """What is of its architecture alone."""
    return machine_of(crashed)


@pytest.fixture(scope="session")
def of_qemu(suite):
    """QEMU's dumps of one live guest: an ELF file and a flattened kdump, without VMCOREINFO notes."""
    return lab.dump(suite=suite, **GUESTS["qemu"])


@pytest.fixture(scope="session", params=GUESTS)
def guest(request, suite):
    """The folder of either, whose `vmcore` is an ELF file."""
    return lab.dump(suite=suite, **GUESTS[request.param])


@pytest.fixture(scope="session")
def tree(guest, tmp_path_factory):
    """That vmcore, mounted; no debug file is used."""
    m = Mount(tmp_path_factory.mktemp("tree") / "mnt", *alone(guest))
    yield m
    m.close()


@pytest.fixture(scope="session")
def original(crashed, tmp_path_factory):
    """The dump as it came, mounted; no debug file is used."""
    m = Mount(tmp_path_factory.mktemp("original") / "mnt", *alone(crashed))
    yield m
    m.close()


def made_by_mkdump(folder, name, original):
    """mkdump's variants are of the dump without its free and user pages: they are smaller."""
    where = folder / f"made-{name}"
    where.mkdir()
    run(MKDUMP, *MADE[name], *original, where / "vmcore")
    return sorted(where.iterdir())


@pytest.fixture(scope="session", params=FORMS)
def variant(request, crashed, tmp_path_factory):
    """(name, files) of one form of the dump."""
    name = request.param
    if name in MAKEDUMPFILE:
        return name, variant_of(crashed, name)
    source = ([crashed / "vmcore"] if arch_of(crashed) != "amd64" else
              lab.variant(crashed, "zlib-d31"))
    return name, made_by_mkdump(tmp_path_factory.mktemp("made"), name, source)


@pytest.fixture
def mounted(variant, tmp_path):
    """The variant, mounted."""
    m = Mount(tmp_path / "mnt", *variant[1])
    yield m
    m.close()


@pytest.fixture(scope="module", params=[(s, w, h) for s in SUITES for w in WAYS for h in HOW],
                ids=lambda p: "-".join(p))
def died(request, tmp_path_factory):
    """A dump of each way to die, mounted; .way is its name, .via who made it."""
    suite, way, how = request.param
    way, _, via = way.partition("@")
    folder = lab.dump(suite=suite, crash=way, via=via or "kdump")
    mount = Mount(tmp_path_factory.mktemp("died") / "mnt", *alone(folder, how))
    mount.way, mount.via, mount.machine = way, via or "kdump", machine_of(folder)
    yield mount
    mount.close()
