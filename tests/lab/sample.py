"""The bundled sample, tests/sample/vmcore: a real kdump small enough for the repository."""

import json
import shutil
from pathlib import Path

from .base import LabError
from .dumps import dump
from .variants import variant

SAMPLE = Path(__file__).resolve().parents[1] / "sample"
LIMIT = 20 << 20

README = """\
vmcore is the crash dump of a small virtual machine, as kdump writes it on any server.

The machine: {mem} of memory, {cpus} CPUs, Debian's kernel {release} (package version
{version}), its few tasks started by tests/lab/guest. The module crashme was asked to
dereference a null pointer a few calls deep; the kernel panicked, and the capture kernel that
kexec had put in place saved /proc/vmcore, which makedumpfile reduced:

    makedumpfile -c -d 31 (zlib; no zero, cache, user or free pages)

Kernel text, read-only data with the symbol table (kallsyms) and the types (BTF) are inside.

The debug information of this kernel, when wanted, is the file vmlinux in Debian's package
linux-image-{release}-dbg, build-id {build_id}.

`python3 tests/lab --sample` makes it anew.
"""


def make():
    """Writes tests/sample and returns its directory."""
    where = dump(crash="null", mem="384M", small=True, sleepers=3)
    (vmcore,) = variant(where, "zlib-d31")
    size = vmcore.stat().st_size
    if size > LIMIT:
        raise LabError(f"the sample would have {size} bytes, more than {LIMIT}")
    about = json.loads((where / "meta.json").read_text())
    SAMPLE.mkdir(exist_ok=True)
    (SAMPLE / "vmcore").unlink(missing_ok=True)
    shutil.copyfile(vmcore, SAMPLE / "vmcore")
    text = README.format(**about, **about["guest"], build_id=about["build_ids"]["vmlinux"])
    (SAMPLE / "README").write_text(text)
    return SAMPLE
