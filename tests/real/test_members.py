"""/types/struct/NAME.MEMBER and the same of unions beside gdb."""

import os
import re
import subprocess

import pytest

MEMBERS = """
    task_struct.se.vruntime task_struct.comm task_struct.comm[3] task_struct.thread.sp task_struct.tasks.next
    task_struct.pending.signal mm_struct.mmap_base mm_struct.pgd vm_area_struct.vm_end dentry.d_name.len
    inode.i_mode inode.i_data.nrpages file.f_pos super_block.s_id[0] page.flags list_head.prev
    sk_buff.len net_device.name[15] module.list.next module.name cred.uid.val signal_struct.rlim[7].rlim_max
    kmem_cache.node[1] pt_regs.ip sock.__sk_common.skc_family rq.cfs.curr
""".split()
UNIONS = """
    sigval.sival_ptr nf_inet_addr.ip6[2] nf_inet_addr.in6.in6_u.u6_addr16[3] bpf_attr.prog_flags
    acpi_object.package.elements
""".split()
ALL = [("struct", m) for m in MEMBERS] + [("union", m) for m in UNIONS]


def test_members(original, crashed):
    args = []
    for kind, member in ALL:
        name, path = member.split(".", 1)
        place = f"(({kind} {name} *)0)->{path}"
        args += ["-ex", f'printf "{member} %lu %lu\\n", (unsigned long)&{place}, sizeof({place})']
    done = subprocess.run(["gdb", "-nx", "-q", "-batch", "-ex", "set debuginfod enabled off", *args,
                           crashed / "vmlinux"], capture_output=True, text=True, timeout=600, check=False)
    theirs = re.findall(r"^(\S+) (\d+) (\d+)$", done.stdout, re.M)
    assert len(theirs) >= len(ALL) - 4, done.stderr
    assert sum(member in UNIONS for member, _, _ in theirs) >= 3
    for member, offset, size in theirs:
        kind = "union" if member in UNIONS else "struct"
        text = (original / f"types/{kind}" / member).read_text()
        assert re.fullmatch(rf"offset: {offset}\nsize:   {size}\ntype:   \S.*\n", text), (member, text)


def test_bits(original):
    """As the definition says: "unsigned int in_iowait:1; /* 2344: 3  4 */"."""
    definition = (original / "types/struct/task_struct").read_text()
    bits = re.findall(r"(\w+):(\d+); */\* *(\d+): *(\d+) +\d+ \*/", definition)
    assert bits
    for name, size, offset, bit in bits:
        first, rest = (original / f"types/struct/task_struct.{name}").read_text().split("\n", 1)
        at, number = re.fullmatch(r"offset: (\d+), bit (\d)", first).groups()
        assert 8 * int(at) + int(number) == 8 * int(offset) + int(bit), name
        assert rest.startswith(f"size:   {size} bit"), name


@pytest.mark.parametrize("name", ["task_struct.", "task_struct.nothing", "task_struct.mm.pgd", ".comm",
                                  "task_struct..se", "task_struct.comm[", "nothing.comm",
                                  "task_struct.se.vruntime.x", "task_struct.comm[-1]"])
def test_none(original, name):
    assert not os.path.lexists(original / "types/struct" / name)
    # A definition is a file, so that nothing can be below it.
    assert not os.path.lexists(original / "types/struct/task_struct/comm")
    for other in "task_struct.comm", "sigval.", "sigval.nothing":
        assert not os.path.lexists(original / "types/union" / other), other
