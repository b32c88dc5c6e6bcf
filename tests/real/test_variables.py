"""/symbols/<name>/{declaration,source,value}: of the test module what it said itself, of the kernel what
/proc/sys said and what drgn reads; and the types of DWARF against those of BTF."""

import json
import os
import random
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from forms import need_data_symbols
from machine import machine_of
from lab import peers
from mounted import MKDUMP, Mount, run

TYPES_OF = MKDUMP.parent / "types_of"
SAMPLE = 500
VALUES = 100


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def mounted(crashed, cache, tmp_path_factory):
    """The dump with its vmlinux; crashme.ko lies beside it."""
    m = Mount(tmp_path_factory.mktemp("variables") / "mnt", crashed / "vmcore", crashed / "vmlinux",
              env=dict(os.environ, XDG_CACHE_HOME=str(cache)))
    yield m
    m.close()


@pytest.fixture(scope="module")
def alone(crashed, tmp_path_factory):
    m = Mount(tmp_path_factory.mktemp("alone") / "mnt", "--no-debuginfo", crashed / "vmcore")
    yield m
    m.close()


def read(mount, name, what):
    return (mount / "symbols" / name / what).read_text(errors="replace").rstrip("\n")


def value(mount, name):
    text = read(mount, name, "value")
    assert text.startswith(f"{name} = "), text
    return text[len(name) + 3:]


def number(text):
    """The number that a value begins with."""
    first = text.split()[0]
    return {"true": 1, "false": 0}[first] if first in ("true", "false") else int(first, 0)


# ---- the module

def test_parameters_of_the_module(crashed, mounted):
    """Each is a static variable of the module, whose address and value the module told. Those that the
    guest's init writes afterwards are in test_modules.py."""
    report = (crashed / "truth/proc/crashme").read_text().splitlines()
    told = {}
    for line in report:
        m = re.match(r"(p_\w+) ([0-9a-f]+) (-?\d+)$", line)
        if m and "array" not in m[1] and m[1] not in ("p_custom", "p_string"):
            told[m[1]] = int(m[3])
    assert len(told) >= 8
    for name, wanted in told.items():
        assert number(value(mounted, name)) == wanted, name
        assert re.fullmatch(r"(crashme/)?params\.c:\d+", read(mounted, name, "source"))
    assert '"given at load"' in value(mounted, "p_charp")
    assert value(mounted, "p_string") == '"copied_in"'
    assert read(mounted, "p_int_array", "declaration") == "int p_int_array[5];"
    assert read(mounted, "p_charp_array", "declaration") == "char *p_charp_array[4];"


def test_per_cpu_of_the_module(crashed, mounted):
    counters = re.findall(r"^percpu_counter \w+ (\d+) (\d+)$",
                          (crashed / "truth/proc/crashme").read_text(), re.M)
    assert counters
    wanted = "\n".join(f"per_cpu(crashme_counter, {cpu}) = {n}" for cpu, n in counters)
    assert read(mounted, "crashme_counter", "value") == wanted
    for cpu, _ in counters:
        assert f'per_cpu(crashme_percpu, {cpu}) = {{\n  magic = {0xcafe0000 + int(cpu)},\n' \
            f'  cpu = {cpu},\n  text = "static {cpu}"\n}}' in read(mounted, "crashme_percpu", "value")


def test_declarations_of_the_module(mounted):
    assert read(mounted, "crashme_items", "declaration") == "struct list_head crashme_items;"
    assert read(mounted, "crashme_objects", "declaration") == \
        "struct crashme_object *crashme_objects[100];"
    assert read(mounted, "crashme_hash", "declaration") == "struct hlist_head crashme_hash[8];"
    assert read(mounted, "known_init", "declaration") == "int known_init(void);"
    # two static functions of one name
    twins = [n for n in os.listdir(mounted / "symbols") if n.startswith("crashme_twin")]
    sources = {Path(read(mounted, n, "source").split(":")[0]).name for n in twins}
    assert sources == {"known.c", "threads.c"}


# ---- the kernel's numbers

# /proc/sys/<file>: the variable that it shows as it is.
SYSCTLS = {
    "kernel/panic": "panic_timeout",
    "kernel/panic_on_oops": "panic_on_oops",
    "kernel/panic_on_warn": "panic_on_warn",
    "kernel/overflowuid": "overflowuid",
    "kernel/overflowgid": "overflowgid",
    "kernel/threads-max": "max_threads",
    "kernel/randomize_va_space": "randomize_va_space",
    "kernel/print-fatal-signals": "print_fatal_signals",
    "kernel/sched_child_runs_first": "sysctl_sched_child_runs_first",
    "vm/swappiness": "vm_swappiness",
    "vm/overcommit_memory": "sysctl_overcommit_memory",
    "vm/overcommit_ratio": "sysctl_overcommit_ratio",
    "vm/min_free_kbytes": "min_free_kbytes",
    "vm/dirty_ratio": "vm_dirty_ratio",
    "vm/dirty_background_ratio": "dirty_background_ratio",
    "vm/panic_on_oom": "sysctl_panic_on_oom",
    "vm/page-cluster": "page_cluster",
    "vm/laptop_mode": "laptop_mode",
    "vm/vfs_cache_pressure": "sysctl_vfs_cache_pressure",
    "fs/suid_dumpable": "suid_dumpable",
    "fs/protected_symlinks": "sysctl_protected_symlinks",
    "fs/pipe-max-size": "pipe_max_size",
    "net/core/somaxconn": None,
}

# Of those the ones that variables.def has: they are right without debug information.
KNOWN_ALONE = {"panic_timeout", "panic_on_oops", "panic_on_warn", "overflowuid", "overflowgid",
               "max_threads", "sysctl_overcommit_memory", "sysctl_overcommit_ratio",
               "sysctl_panic_on_oom", "vm_swappiness", "min_free_kbytes", "vm_dirty_ratio",
               "dirty_background_ratio"}


def sysctls(crashed, mount):
    """(variable, what /proc/sys says) of those that this kernel has."""
    for file, name in SYSCTLS.items():
        path = crashed / "truth/proc/sys" / file
        if name and path.exists() and (mount / "symbols" / name).exists():
            yield name, int(path.read_text().split()[0])


def test_sysctls(crashed, mounted):
    checked = list(sysctls(crashed, mounted))
    if not checked:
        pytest.skip("this truth has no /proc/sys")
    for name, wanted in checked:
        assert number(value(mounted, name)) == wanted, name


def test_without_debuginfo_the_well_known_ones(mounted, alone):
    """variables.def has the types that DWARF has, and a type that it has not is not made up."""
    text = (Path(__file__).parents[2] / "kernel/object/variables.def").read_text()
    names = [n for n in re.findall(r'^VARIABLE\("(\w+)"', text, re.M)
             if (alone / "symbols" / n).exists()]
    assert len(names) > 70
    shown = 0
    for name in names:
        declaration = read(alone, name, "declaration")
        if declaration.startswith("unknown:"):
            continue
        # A qualifier, and which of two names of a type, are not the value's business.
        wanted = read(mounted, name, "declaration").replace("volatile ", "").replace("const ", "")
        assert SAME_TYPE.get(wanted, wanted) == declaration
        ours = read(mounted, name, "value")
        # BTF has one dimension where C has several (see REASONS).
        if "{{" not in ours:
            assert read(alone, name, "value") == ours, name
        shown += 1
    assert shown >= len(names) * 0.85
    assert {n for n in KNOWN_ALONE if (alone / "symbols" / n).exists()} <= set(names)


# DWARF's: variables.def's, of the same size and meaning.
SAME_TYPE = {}


def test_per_cpu_without_debuginfo(suite, mounted, alone):
    """BTF has the types of per-CPU variables, but for that of bullseye."""
    names = [n for n in os.listdir(alone / "symbols")
             if "@" not in n and read(alone, n, "address").endswith(" per CPU")]
    known = [n for n in names if not read(alone, n, "declaration").startswith("unknown:")]
    assert len(names) > 200
    if suite == "bullseye":
        assert not known
        return
    assert len(known) > 150
    for name in known:
        assert read(alone, name, "declaration") == read(mounted, name, "declaration")
    for name in random.Random(1).sample(known, 20):
        assert read(alone, name, "value") == read(mounted, name, "value"), name


def test_unknown_says_so(alone):
    assert read(alone, "sys_call_table", "declaration") == \
        "unknown: no debug information (see /dump/debuginfo)"
    assert read(alone, "schedule", "source").startswith("unknown: ")
    rows = read(alone, "crashme_items", "value").splitlines()
    assert rows[0] == "unknown: no debug information (see /dump/debuginfo); its bytes:"
    assert re.fullmatch(r"[0-9a-f]{16}  ([0-9a-f]{2} ){16} \|.{16}\|", rows[1])
    assert not (alone / "symbols/schedule/value").exists()


def test_functions(mounted, alone):
    """Prototypes of DWARF, and BTF's where it is sure."""
    assert re.match(r"(long )?int do_sys_open\(int dfd, const char \*filename, int flags, umode_t mode\);",
                    read(mounted, "do_sys_open", "declaration"))
    assert re.fullmatch(r"fs/open\.c:\d+", read(mounted, "do_sys_open", "source"))
    assert re.fullmatch(r"kernel/sched/core\.c:\d+", read(mounted, "schedule", "source"))
    names = [n for n in os.listdir(mounted / "symbols") if "@" not in n]
    sample = [n for n in random.Random(2).sample(names, 3000)
              if read(mounted, n, "kind")[0] in "tT" and read(mounted, n, "module") == "vmlinux"]
    same = both = 0
    for name in sample:
        ours, btf = (read(m, name, "declaration") for m in (mounted, alone))
        if not ours.startswith("unknown:") and not btf.startswith("unknown:") and "(" in btf:
            both += 1
            same += same_prototype(ours, btf)
    assert both > 500
    # Inline definitions of lib/string.c's functions (fortify-string.h) have __kernel_size_t.
    assert same >= both - both // 200


def same_prototype(a, b):
    """But for the names of parameters, which two declarations need not share."""
    def nameless(parameter):
        return re.sub(r"\w+$", "", parameter).rstrip()

    (a, parameters), (b, others) = (t.rstrip(");").split("(", 1) for t in (a, b))
    parameters, others = parameters.split(", "), others.split(", ")
    return a == b and len(parameters) == len(others) and all(
        p == q or nameless(p) in (q, nameless(q)) or p == nameless(q)
        for p, q in zip(parameters, others))


def test_memory_of_the_start_is_freed(mounted):
    names = [n for n in os.listdir(mounted / "symbols") if n.startswith("__setup_str_")][:3]
    names += ["__initcall_start"] if (mounted / "symbols/__initcall_start").exists() else []
    assert names
    for name in names:
        assert read(mounted, name, "value").startswith("unknown: its memory was freed"), name


def test_the_index_is_kept(mounted, cache, crashed, tmp_path):
    read(mounted, "modules", "declaration")
    kept = list((cache / "vmcorefs").iterdir())
    assert [p.suffix for p in kept] == [".types"] and kept[0].stat().st_mode & 0o777 == 0o600
    before = kept[0].read_bytes()
    spoiled = bytearray(before)
    spoiled[len(spoiled) // 2] ^= 1
    kept[0].write_bytes(spoiled)
    m = Mount(tmp_path / "mnt", crashed / "vmcore", crashed / "vmlinux",
              env=dict(os.environ, XDG_CACHE_HOME=str(cache)))
    try:
        assert read(m, "modules", "declaration") == "struct list_head modules;"
    finally:
        m.close()
    assert kept[0].read_bytes() == before


# ---- drgn

SCRIPT = r"""
import json, sys
import drgn

vmcore, vmlinux, names = sys.argv[1:]
prog = drgn.Program()
prog.set_core_dump(vmcore)
prog.load_debug_info([vmlinux])
Kind = drgn.TypeKind

def bare(t):
    while t.kind == Kind.TYPEDEF:
        t = t.type
    return t

def leaf(obj):
    t = bare(obj.type_)
    v = obj.value_()
    if t.kind == Kind.ENUM:
        return [e.name for e in t.enumerators if e.value == v] or [v]
    return v

def leaves(obj, out):
    '''Numbers in the order in which they stand in memory; None: there is what we do not compare.'''
    t = bare(obj.type_)
    if t.kind in (Kind.STRUCT, Kind.UNION):
        if t.members is None:
            return False
        return all(leaves(member(obj, m), out) for m in t.members)
    if t.kind in (Kind.INT, Kind.BOOL, Kind.ENUM, Kind.POINTER):
        out.append(leaf(obj))
        return True
    return False

def member(obj, m):
    kwargs = {"bit_field_size": m.bit_field_size} if m.bit_field_size else {}
    at = obj.address_ * 8 + (obj.bit_offset_ or 0) + m.bit_offset
    if kwargs:
        return drgn.Object(prog, m.type, address=at // 8, bit_offset=at % 8, **kwargs)
    return drgn.Object(prog, m.type, address=at // 8)

result = {}
for name in json.load(open(names)):
    try:
        obj = prog.variable(name)
    except LookupError:
        continue
    entry = {"declaration": obj.type_.variable_declaration(name), "address": obj.address_}
    try:
        values = []
        if leaves(obj, values) and len(values) < 2000:
            entry["values"] = values
    except (drgn.FaultError, drgn.ObjectAbsentError, ValueError):
        pass
    result[name] = entry
json.dump(result, sys.stdout)
"""


@pytest.fixture(scope="module")
def drgn(crashed, mounted, tmp_path_factory):
    """{name: what drgn says} of a sample of the kernel's variables that have a name of their own."""
    need_data_symbols(crashed)
    folder = tmp_path_factory.mktemp("drgn")
    listed = os.listdir(mounted / "symbols")
    double = {n.split("@")[0] for n in listed if "@" in n}
    names = [n for n in listed if n not in double and "." not in n and "@" not in n and
             not n.startswith(("__ksymtab_", "__BTF_ID", "__UNIQUE_ID")) and
             (mounted / "symbols" / n / "value").exists() and
             read(mounted, n, "module") == "vmlinux" and "per CPU" not in read(mounted, n, "address")]
    sample = random.Random(3).sample(names, 3 * SAMPLE)
    (folder / "names").write_text(json.dumps(sample))
    (folder / "script.py").write_text(SCRIPT)
    done = peers.run(["python3", str(folder / "script.py"), str(crashed / "vmcore"),
                      str((crashed / "vmlinux").resolve()), str(folder / "names")],
                     *peers.dump_folders(crashed), folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Our spelling of C's integers, which is BTF's and DWARF's, and drgn's.
SPELLINGS = [("long long unsigned int", "unsigned long long"), ("long long int", "long long"),
             ("long unsigned int", "unsigned long"), ("long int", "long"),
             ("short unsigned int", "unsigned short"), ("short int", "short")]


def as_drgn_says(declaration):
    for ours, theirs in SPELLINGS:
        declaration = re.sub(rf"\b{ours}\b", theirs, declaration)
    return declaration.replace("{...}", "<anonymous>").rstrip(";")


def without_bodies(declaration):
    while "{" in declaration:
        declaration = re.sub(r"\{[^{}]*\}", "<anonymous>", declaration)
    return declaration.replace("* const", "*const")


# Of a type that drgn writes in another way than C and we do.
OTHER_FORM = [
    # parameters of functions: drgn leaves their names out or not, by its version
    lambda ours, theirs: "(" in ours and "(" in theirs and
    ours.split("(")[0] == theirs.split("(")[0],
    # arrays without elements and those without a length are one to BTF's form, in which types are kept
    lambda ours, theirs: ours.replace("[]", "[0]") == theirs.replace("[]", "[0]"),
]


def test_types_as_drgn_has_them(mounted, drgn):
    assert len(drgn) > SAMPLE
    wrong = []
    for name, entry in drgn.items():
        ours = as_drgn_says(read(mounted, name, "declaration"))
        theirs = without_bodies(entry["declaration"])
        if ours != theirs and not any(form(ours, theirs) for form in OTHER_FORM):
            wrong.append((ours, theirs))
    assert not wrong, f"{len(wrong)} of {len(drgn)}: {wrong[:5]}"


def our_leaves(text):
    """The numbers of a printed value without arrays, in its order."""
    found = []
    for line in text.splitlines():
        token = line.strip().split(" = ", 1)[-1].rstrip(",")
        if token in ("{", "}", "{<No data fields>}"):
            continue
        first = token.split()[0]
        if first in ("true", "false"):
            found.append(first == "true")
        elif re.fullmatch(r"-?\d+|0x[0-9a-f]+", first):
            found.append(int(first, 0))
        else:
            found.append(token)
    return found


def test_values_as_drgn_reads_them(mounted, drgn):
    checked, single = 0, 0
    for name, entry in drgn.items():
        if not entry.get("values"):
            continue
        text = read(mounted, name, "value")
        if text.startswith("unknown: its memory was freed"):
            continue
        ours = our_leaves(text[len(name) + 3:])
        theirs = [v[0] if isinstance(v, list) else v for v in entry["values"]]
        assert ours == theirs, f"{name}: {text[:2000]}"
        checked += 1
        single += len(theirs) == 1
    assert checked >= VALUES and single >= VALUES // 3


# ---- BTF

# Why a type of DWARF may print in another way than the same of BTF.
REASONS = {
    "dimensions": "pahole makes one dimension of several",
    "enumerations": "before pahole 1.24 BTF had none that are signed or wider than 32 bits",
}


def one_dimension(text):
    def product(m):
        n = 1
        for d in re.findall(r"\d+", m[0]):
            n *= int(d)
        return f"[{n}]"
    return re.sub(r" +", " ", re.sub(r"(\[\d+\]){2,}", product, text))


def unsigned(text):
    return re.sub(r"= (-?\d+),", lambda m: f"= {int(m[1]) % (1 << 32)},", text)


def definitions(what, vmlinux):
    """{(kind, name): [definition]} as types_of prints them."""
    types = {}
    for part in run(TYPES_OF, what, vmlinux).decode().split("== ")[1:]:
        head, text = part.split("\n", 1)
        kind, name, _ = head.split(" ")
        types.setdefault((kind, name), []).append(one_dimension(text))
    return types


def test_types_of_dwarf_are_those_of_btf(crashed):
    btf, dwarf = (definitions(w, (crashed / "vmlinux").resolve()) for w in ("btf", "dwarf"))
    assert len(btf) > 9000
    assert set(btf) == set(dwarf)
    old = not any("= -" in t for (kind, _), ts in btf.items() if kind == "enum" for t in ts)
    different = [k for k in btf if len(btf[k]) == len(dwarf[k]) == 1 and btf[k] != dwarf[k] and
                 not (old and k[0] == "enum" and btf[k][0] == unsigned(dwarf[k][0]))]
    assert different == []
    # BTF has equal definitions of several files once, and so have we those of one header.
    assert sum(len(v) > 1 for v in dwarf.values()) < 40


# ---- a kernel without BTF

def without_btf(crashed, folder):
    """The dump with the first page of its BTF spoiled, and its vmlinux with DWARF but without what is
    loaded, as .debug files are."""
    vmlinux, vmcore = folder / "vmlinux", folder / "vmcore"
    run(machine_of(crashed).tools + "objcopy", "--only-keep-debug", (crashed / "vmlinux").resolve(), vmlinux)
    shutil.copyfile(crashed / "crashme.ko", folder / "crashme.ko")
    with closing(Mount(folder / "raw", crashed / "vmcore")) as m:
        shutil.copyfile(m / "memory/vmcore", vmcore)
    magic = bytes.fromhex("9feb010018000000")
    data = bytearray(vmcore.read_bytes())
    at = data.find(magic)
    while at >= 0:
        data[at:at + 8] = bytes(8)
        at = data.find(magic, at)
    vmcore.write_bytes(data)
    return vmcore, vmlinux


SAME_WITHOUT_BTF = ["ps", "summary", "modules/crashme/state", "tasks/1/status", "tasks/1/stat",
                    "tasks/1/maps", "tasks/1/files", "tasks/1/task_struct", "tasks/1/mm_struct",
                    "cpus/0/stack", "types/struct/list_head", "types/enum/pid_type"]


def test_without_btf(crashed, mounted, tmp_path):
    """Everything that BTF gives, DWARF gives."""
    vmcore, vmlinux = without_btf(crashed, tmp_path)
    with closing(Mount(tmp_path / "alone", "--no-debuginfo", vmcore)) as m:
        assert not (m / "tasks/1/status").exists()
    with closing(Mount(tmp_path / "mnt", vmcore, vmlinux,
                       env=dict(os.environ, XDG_CACHE_HOME=str(tmp_path / "cache")))) as m:
        for path in SAME_WITHOUT_BTF:
            ours, wanted = ((x / path).read_text(errors="replace") for x in (m, mounted))
            if path == "summary":
                ours, wanted = (re.sub(r"^ *(KERNEL|DUMPFILE):.*\n", "", t, flags=re.M)
                                for t in (ours, wanted))
            assert one_dimension(ours) == one_dimension(wanted), path


# ---- a vmlinux that lost something

def test_damaged_debug_info(crashed, mounted, tmp_path):
    """A megabyte in the middle of .debug_info is gone: what is said is what the whole file says, or that
    it is not known; and nothing of it is kept."""
    vmlinux = tmp_path / "vmlinux"
    shutil.copyfile(crashed / "vmlinux", vmlinux)
    section = re.search(r"\] \.debug_info +PROGBITS +\w+ (\w+) (\w+)",
                        run("readelf", "-SW", vmlinux).decode())
    at, size = int(section[1], 16), int(section[2], 16)
    with open(vmlinux, "r+b") as f:
        f.seek(at + size // 2)
        f.write(b"\xff" * (1 << 20))
    names = [n for n in os.listdir(mounted / "symbols") if "@" not in n]
    lost = 0
    with closing(Mount(tmp_path / "mnt", crashed / "vmcore", vmlinux,
                       env=dict(os.environ, XDG_CACHE_HOME=str(tmp_path / "cache")))) as m:
        for name in random.Random(4).sample(names, 600):
            ours, whole = (read(x, name, "declaration") for x in (m, mounted))
            if ours.startswith("unknown: not in what can be read of the debug information (DWARF "):
                lost += 1
            elif not ours.startswith("unknown:") and "(" not in ours:
                assert ours == whole
    assert lost > 20
    assert not list((tmp_path / "cache").glob("vmcorefs/*"))
