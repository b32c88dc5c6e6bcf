"""What tests must know of an architecture: the names of its registers, what its kernel prints, where a
note has what."""

import json
import re
from types import SimpleNamespace

X86 = SimpleNamespace(
    pc="RIP", sp="RSP", call="ORIG_RAX", args="RDI RSI RDX R10 R8 R9".split(),
    registers="RAX RBX RCX RDX RSI RDI RBP RSP R8 R9 R10 R11 R12 R13 R14 R15 RFLAGS".split(),
    printed=re.compile(r"\b([A-Z][A-Z0-9_]{1,7}): (?:00[0-9a-f]{2}:)?([0-9a-f]{4,16})\b"),
    renamed={"EFLAGS": "RFLAGS", "R08": "R8", "R09": "R9"},
    place="RIP: 0010:", trace="Call Trace:", place_is_frame=True,
    stopped_by_kdump=("crash_nmi_callback",), stopped="stop_this_cpu+",
    # of struct elf_prstatus: its bytes, where sp is, bytes of all registers
    prstatus=336, note_sp=112 + 8 * 19, gregs=27 * 8,
    first_is_on_stack=True, saved_sp="thread/sp", fault_entry="asm_exc_page_fault",
    irq_stack=("hardirq_stack_ptr", -64),
    faults="BUG: kernel NULL pointer dereference", fault_address=r"address: ([0-9a-f]{16})$",
    first_argument="RDI", exception=5,
    call_instruction="callq", code_owners={"bpf", "__builtin__ftrace"},
    tables_from="in QEMU's note",
    only_in_vmlinux=["swapper_pg_dir"],
    vmlinux_names=("swapper_pg_dir", "init_top_pgt", "__ksymtab_schedule", "__crc_schedule"),
    handlers={"timer": ("timer_interrupt",), "acpi": ("acpi_irq", "?")}, serial="4/ttyS0/",
    early_interrupts={"0"},
    has_orc=True,
    tools="", objdump=("i386:x86-64",),
)

ARM64 = SimpleNamespace(
    pc="PC", sp="SP", call="SYSCALLNO", args="ORIG_X0 X1 X2 X3 X4 X5".split(),
    registers=[f"X{n}" for n in range(30)] + ["SP", "PSTATE"],
    printed=re.compile(r"\b(x\d+|sp|pstate) ?: ([0-9a-f]{8,16})\b"),
    renamed={name.lower(): name for name in [f"X{n}" for n in range(30)] + ["SP", "PSTATE"]},
    # What pc says is the trace's first frame too.
    place="pc : ", trace="Call trace:", place_is_frame=False,
    stopped_by_kdump=("ipi_handler", "do_handle_IPI", "ipi_cpu_crash_stop"), stopped="ipi_handler+",
    prstatus=392, note_sp=112 + 8 * 31, gregs=34 * 8,
    # A task that sleeps has what it goes on at in its task_struct.
    first_is_on_stack=False, saved_sp="thread/cpu_context/sp", fault_entry="el1h_64_sync",
    irq_stack=("irq_stack_ptr", 64),
    faults="Unable to handle kernel NULL pointer dereference",
    fault_address=r"virtual address ([0-9a-f]{16})$",
    first_argument="X0", exception=8,
    call_instruction="bl", code_owners={"bpf", "__builtin__kprobes"},
    tables_from="from VMCOREINFO SYMBOL(swapper_pg_dir)",
    only_in_vmlinux=[],
    vmlinux_names=("swapper_pg_dir", "idmap_pg_dir"),
    handlers={"arch_timer": ("arch_timer_handler_virt", "arch_timer_handler_phys")}, serial="13/uart-pl011/",
    # between CPUs, and the timer's
    early_interrupts={str(n) for n in range(1, 13)},
    # Its frames are a list on the stack.
    has_orc=False,
    tools="aarch64-linux-gnu-", objdump=("aarch64", "-z"),
)

MACHINES = {"amd64": X86, "arm64": ARM64}


def machine_of(folder):
    """That of a dump's folder."""
    return MACHINES[json.loads((folder / "meta.json").read_text())["arch"]]
