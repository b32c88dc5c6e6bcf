"""Dumps that real kernels left, and all that can be made of them."""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "mount")]

import lab   # noqa: E402
from forms import FORMS, HOW, MADE, MAKEDUMPFILE, alone, arch_of, need_data_symbols, variant_of   # noqa: E402
from machine import machine_of   # noqa: E402
from mounted import MKDUMP, Mount, run   # noqa: E402

SUITES = os.environ.get("VMCOREFS_KERNELS", "bookworm").split()

# Ways to die that take another path each, dumped by kdump or by another; VMCOREFS_CRASHES asks for more.
WAYS = os.environ.get("VMCOREFS_CRASHES",
                      "null bug hardirq tasklet overflow jump sysrq null@qemu").split()


# What is shown by variables whose names are nowhere but in debug files when kallsyms has functions alone; behind a dash
# one of the test's parameters.
BY_NAMES_OF_DATA = {
    "test_blocked": "test_deadlock_is_found_with_both_mutexes"
                    " test_each_thread_waits_for_what_the_module_says".split(),
    "test_exec": "test_free test_lsof_netstat_ss test_ps test_ps_forest_and_threads"
                 " test_pstree_pgrep_pmap_vmstat_slabtop test_top test_uptime".split(),
    "test_files": "test_text-mountinfo test_text-mounts".split(),
    "test_links": "test_each_is_there".split(),
    "test_module_values": "test_items".split(),
    "test_objects": "test_address_of_code test_address_of_data test_containers test_containing"
                    " test_conventions test_objects_from_elsewhere test_per_cpu test_virtual".split(),
    "test_proc": ["test_equal-mdstat"],
    "test_sys": ["test_each_file", "test_links_of_devices", "test_lsblk",
                 *(f"test_known-devices/system/{name}" for name in (
                     "cpu/kernel_max cpu/online cpu/possible cpu/present node/has_cpu node/has_memory node/online"
                     " node/node0/cpulist node/node0/cpumap node/node0/distance").split())],
    "test_timers": "test_timer_of_the_module".split(),
    "test_torn": "test_list".split(),
    "test_usage": "test_a_request_in_flight test_is_there_soon-mounts test_mounts".split(),
    "test_variables": "test_declarations_of_the_module test_functions test_parameters_of_the_module"
                      " test_per_cpu_of_the_module test_per_cpu_without_debuginfo test_types_as_drgn_has_them"
                      " test_unknown_says_so test_values_as_drgn_reads_them"
                      " test_without_debuginfo_the_well_known_ones".split(),
    "test_vmlinux": "test_cut test_lacks".split(),
}


@pytest.fixture(autouse=True)
def names_of_data(request):
    """Skips what needs them, of a kernel that has none."""
    tests, name = BY_NAMES_OF_DATA.get(request.module.__name__, []), request.node.originalname
    parameters = getattr(request.node, "callspec", None)
    if "suite" in request.fixturenames and (
            name in tests or parameters and any(f"{name}-{value}" in tests for value in parameters.params.values())):
        need_data_symbols(request.getfixturevalue("crashed"))


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
