import contextlib
import os
import shutil
import signal

import pytest

from mounted import MKDUMP, SAMPLE, VMCOREFS, Mount, mkdump

# Memory of every status: in the dump, zero, excluded, no RAM; and odd ends.
MEMORY = """
set release 6.1.0-test
set nodename host
set version #1 SMP test
set cpus 2
set time 1700000000
vmcoreinfo OSRELEASE=6.1.0-test
vmcoreinfo PAGESIZE=4096
vmcoreinfo SYMBOL(init_uts_ns)=ffffffff81000000
vmcoreinfo SYMBOL(swapper_pg_dir)=ffffffff81400000
vmcoreinfo NUMBER(phys_base)=0
vmcoreinfo KERNELOFFSET=0
vmcoreinfo CRASHTIME=1700000123
note CORE 1 0*336
note CORE 1 0*336
page 0x1000 bytes "hello"
page 0x2000 vmcoreinfo
pages 0x3000..0x9f000 random
pages 1M..3M kernel pattern
pages 3M..4M zero
pages 4M..5M user excluded
pages 5M..6M random
comb 6M..10M 2p 1p random
pages 16M..17M pattern
"""


# A shell starts what runs in the background with Ctrl-C ignored, and that is inherited; what has a
# handler is not.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    lacking = [what for what, there in (
        ("/dev/fuse", os.path.exists("/dev/fuse")),
        ("fusermount3", shutil.which("fusermount3")),
        (f"{VMCOREFS}", VMCOREFS.exists()),
        (f"{MKDUMP}", MKDUMP.exists()),
    ) if not there]
    for item in items:
        if lacking:
            item.add_marker(pytest.mark.skip(reason="needs " + ", ".join(lacking)))


@pytest.fixture(scope="session")
def dumps(tmp_path_factory):
    """One memory in several formats: name -> files."""
    folder = tmp_path_factory.mktemp("dumps")
    made = {
        "elf": mkdump(MEMORY, folder / "elf", "-f", "elf"),
        "kdump": mkdump(MEMORY, folder / "kdump"),
        "raw": mkdump(MEMORY, folder / "raw", "-c", "raw"),
        "flat": mkdump(MEMORY, folder / "flat", "-F"),
        "zero": mkdump(MEMORY, folder / "zero", "-d", "1"),
        "level": mkdump(MEMORY, folder / "level", "-d", "31"),
    }
    made = {name: [path] for name, path in made.items()}
    mkdump(MEMORY, folder / "split", "--split", "3")
    made["split"] = [folder / f"split.{i}" for i in (2, 0, 1)]
    return made


@pytest.fixture
def mount(tmp_path):
    """mount(files and options...) -> Mount; unmounted at the end."""
    mounts = []

    def make(*args, **more):
        mounts.append(Mount(tmp_path / f"mnt{len(mounts)}", *args, **more))
        return mounts[-1]

    yield make
    with contextlib.ExitStack() as stack:
        for m in mounts:
            stack.callback(m.close)


@pytest.fixture(scope="module")
def tree(dumps, tmp_path_factory):
    """A mount that the tests of a module share: they only read it."""
    m = Mount(tmp_path_factory.mktemp("tree") / "mnt", *dumps["kdump"])
    yield m
    m.close()


@pytest.fixture(scope="module", params=["made", "sample"])
def any_tree(request, dumps, tmp_path_factory):
    """The same of a dump made for the tests, and of the real one."""
    files = dumps["kdump"] if request.param == "made" else [SAMPLE]
    if not files[0].exists():
        pytest.skip("no sample dump")
    m = Mount(tmp_path_factory.mktemp("tree") / "mnt", *files)
    yield m
    m.close()
