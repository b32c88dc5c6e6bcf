"""/symbols and /dump/translation against the guest's /proc/kallsyms, by what the dump alone holds, and
with a vmlinux."""

import mmap
import os
import re
import shutil
import subprocess

import pytest
from forms import need_data_symbols, skip_foreign, variant_of
from mounted import Mount, run, vmcorefs

# One in so many symbols is opened; the names are compared as a whole.
STEP = 29


class Kallsyms:
    """The kernel's own lines of /proc/kallsyms: (address, letter, name), in order."""

    def __init__(self, folder):
        lines = (folder / "truth/proc/kallsyms").read_text().splitlines()
        self.rows = [(int(f[0], 16), f[1], f[2]) for f in map(str.split, lines) if len(f) == 3]

    def names(self):
        """As /symbols lists them: the first of a name, the others with their address, each once."""
        seen, listed = set(), []
        for address, _, name in self.rows:
            if (name, address) not in seen:
                listed.append(f"{name}@{address:x}" if name in seen else name)
            seen |= {name, (name, address)}
        return listed


def listed(mount):
    """The names in /symbols in the order of the directory, without those of modules."""
    folder = mount / "symbols"
    names = os.listdir(folder)
    end = next((i for i, n in enumerate(names)
                if i % 256 == 0 and (folder / n / "module").read_text() != "vmlinux\n"), len(names))
    while end and (folder / names[end - 1] / "module").read_text() != "vmlinux\n":
        end -= 1
    return names[:end]


def shown(mount, name):
    """(address, letter) of a symbol."""
    folder = mount / "symbols" / name
    address, letter = [(folder / f).read_text().split()[0] for f in ("address", "kind")]
    return int(address, 16), letter


def check(mount, folder):
    need_data_symbols(folder)
    kallsyms = Kallsyms(folder)
    names = kallsyms.names()
    assert listed(mount) == names
    of_name = {}
    for row in kallsyms.rows:
        of_name.setdefault(row[2], row[:2])
    for name in [*names[::STEP], "init_task", "schedule", "__per_cpu_start", "_end"]:
        bare, _, address = name.partition("@")
        if address:
            assert shown(mount, name)[0] == int(address, 16)
        else:
            assert shown(mount, name) == of_name[bare]


def test_kdump(original, crashed):
    check(original, crashed)


@pytest.mark.parametrize("file", ["vmcore", "vmcore.kdump-zlib"])
def test_qemu(of_qemu, machine, tmp_path, file):
    """No VMCOREINFO in the notes: by the registers of the CPUs, or VMCOREINFO in memory, and a search
    of the image."""
    m = Mount(tmp_path / "mnt", of_qemu / file)
    try:
        check(m, of_qemu)
        translation = (m / "dump/translation").read_text()
    finally:
        m.close()
    assert machine.tables_from in translation
    assert "found by a search" in translation


def test_nothing_told(of_qemu, tmp_path):
    """Neither VMCOREINFO nor registers of CPUs: memory itself tells where its tables are."""
    skip_foreign(of_qemu, "arm64 has no other source than VMCOREINFO")
    shutil.copyfile(of_qemu / "vmcore", tmp_path / "vmcore")
    with open(tmp_path / "vmcore", "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
        for text, last in ((b"QEMU\0", 20000), (b"OSRELEASE=", len(m))):
            at = m.find(text, 0, last)
            while at >= 0:
                m[at:at + 1] = b"x"
                at = m.find(text, at, last)
    m = Mount(tmp_path / "mnt", tmp_path / "vmcore")
    try:
        check(m, of_qemu)
        assert "from kallsyms at physical address" in (m / "dump/translation").read_text()
    finally:
        m.close()
        (tmp_path / "vmcore").unlink()


def test_filtered(crashed, tmp_path):
    """makedumpfile leaves what symbols need, however much it leaves out."""
    m = Mount(tmp_path / "mnt", *variant_of(crashed, "zlib-d31"))
    try:
        check(m, crashed)
    finally:
        m.close()


def test_sizes(original, crashed):
    """The distance to the next symbol at another address."""
    rows = Kallsyms(crashed).rows
    high = sorted({r[0] for r in rows if r[0] >> 63})
    following = dict(zip(high, high[1:]))
    for address, _, name in rows[len(rows) // 2::997]:
        found = int((original / f"symbols/{name}/address").read_text().split()[0], 16)
        size = (original / f"symbols/{name}/size").read_text()
        assert size == f"{following[found] - found}\n", name


def test_banner_is_proof(original, crashed):
    need_data_symbols(crashed)
    translation = (original / "dump/translation").read_text()
    banner = re.search(r"Linux version \S+", (crashed / "console").read_text())[0]
    assert f'linux_banner reads "{banner} "' in translation


def test_vmlinux(crashed, original, machine, tmp_path):
    """It adds names that kallsyms lacks, and changes no others."""
    m = Mount(tmp_path / "mnt", crashed / "vmcore", crashed / "vmlinux")
    try:
        assert listed(m) == listed(original)
        assert "from " + str((crashed / "vmlinux").resolve()) in (m / "dump/translation").read_text()
        nm = run("nm", crashed / "vmlinux").decode().splitlines()
        link = {f[2]: int(f[0], 16) for f in map(str.split, nm) if len(f) == 3}
        moved = shown(m, "_text")[0] - link["_text"]
        for name in machine.vmlinux_names:
            if name in link:
                high = link[name] >> 63
                assert shown(m, name)[0] == link[name] + (moved if high else 0), name
        assert not any((original / "symbols" / name).exists() for name in machine.only_in_vmlinux)
    finally:
        m.close()


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    """An executable of another build."""
    folder = tmp_path_factory.mktemp("another")
    (folder / "x.c").write_text("int main(void) { return 0; }\n")
    run("gcc", "-static", "-Wl,--build-id=0x0123456789abcdef", folder / "x.c", "-o", folder / "x")
    return folder / "x"


def test_wrong_vmlinux(crashed, original, another, tmp_path):
    (tmp_path / "mnt").mkdir()
    status, _, error = vmcorefs(crashed / "vmcore", another, tmp_path / "mnt")
    notes = subprocess.run(["readelf", "-n", crashed / "vmlinux"], capture_output=True, text=True,
                           check=True).stdout
    right = re.search(r"Build ID: (\S+)", notes)[1]
    assert status != 0
    assert error.count("\n") == 1
    assert "0123456789abcdef" in error
    assert right in error
    assert not os.path.ismount(tmp_path / "mnt")
    m = Mount(tmp_path / "mnt", "--force", crashed / "vmcore", another)
    try:
        assert listed(m) == listed(original)
    finally:
        m.close()


def test_code_made_at_run_time(original, crashed, machine):
    """BPF programs and trampolines have the names and addresses that the guest gave them."""
    lines = (crashed / "truth/proc/kallsyms").read_text().splitlines()
    wanted = re.findall(r"^([0-9a-f]+) t (\S+)\t\[(bpf|__builtin__\w+)\]$", "\n".join(lines), re.M)
    assert {owner for _, _, owner in wanted} >= machine.code_owners
    for address, name, owner in wanted:
        symbol = original / "symbols" / name
        assert int((symbol / "address").read_text(), 16) == int(address, 16)
        assert (symbol / "module").read_text() == f"{owner}\n"
    translation = (original / "dump/translation").read_text()
    assert f" {len(wanted)} of code made at run time" in translation
