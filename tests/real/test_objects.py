"""/objects, /address and /memory/virtual: what the module stored, read with nothing but paths."""

import os
import re
import struct
import subprocess

import pytest
from mounted import Mount, run

ITEM = re.compile(r"(\w+)=(\"[^\"]*\"|\S+)")


@pytest.fixture(scope="module")
def mount(crashed, tmp_path_factory):
    """With the debug file of the module, whose types are in no BTF."""
    m = Mount(tmp_path_factory.mktemp("objects") / "mnt", "-m", crashed / "crashme.ko",
              crashed / "vmcore")
    yield m
    m.close()


@pytest.fixture(scope="module")
def known(crashed):
    """The module's report: {key: [(address, value)]}"""
    found = {}
    for line in (crashed / "truth/crashme").read_text().splitlines():
        key, address, value = (line.split(" ", 2) + [""])[:3]
        found.setdefault(key, []).append((address, value))
    return found


@pytest.fixture(scope="module")
def items(known):
    """[(address, {member: text})], in the order of the list"""
    return [(address, {k: v.strip('"') for k, v in ITEM.findall(text)})
            for address, text in known["item"]]


def sh(mount, script):
    """The output of a shell script that runs in the mounted tree."""
    done = subprocess.run(["sh", "-euc", script], cwd=mount.point, capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (script, done.stderr)
    return done.stdout


def number(text):
    return int(text, 0)


def test_members(mount, items):
    """Numbers, bit fields, a union, an anonymous structure, an array, an enumeration."""
    colors = {"-3": "CRASHME_BLUE", "0": "CRASHME_RED", "5": "CRASHME_GREEN"}
    for address, item in items:
        o = f"objects/crashme_item@{address}"
        for name in "id", "low", "mid", "high", "wide", "x", "y":
            assert sh(mount, f"cat {o}/{name}").split()[0] == item[name], (o, name)
        assert sh(mount, f"cat {o}/name") == item["name"] + "\n"
        assert sh(mount, f"cat {o}/color") == colors[item["color"]] + "\n"
        assert sh(mount, f"cat {o}/flag") == ("true\n" if item["flag"] == "1" else "false\n")
        assert sh(mount, f"cat {o}/value/number") == item["number"] + "\n"
        assert number(sh(mount, f"cat {o}/value/number.hex")) == int(item["number"])
        raw = subprocess.run(["cat", f"{o}/value/number.raw"], cwd=mount.point, check=True,
                             capture_output=True).stdout
        assert raw == struct.pack("<Q", int(item["number"]))
        assert sh(mount, f"cat {o}/value/bytes/0.hex") == f"0x{int(item['number']) & 255:02x}\n"
        first, last = item["matrix"].split("..")
        # BTF, as pahole writes it, knows one dimension of each array only.
        places = "0 5" if "5" in os.listdir(mount / o / "matrix") else "0/0 1/2"
        assert sh(mount, f"cd {o}/matrix; cat {places}") == f"{first}\n{last}\n"
        assert sh(mount, f"cat {o}/label/string") == item["label"] + "\n"


def test_pointers_to_themselves(mount):
    """The module's own, and that of the first task to its parent: the link leads back, any number of times."""
    module = os.readlink(mount / "modules/crashme/object").rpartition("/")[2]
    assert os.readlink(mount / f"objects/{module}/mkobj/mod") == f"../../{module}"
    assert sh(mount, "cat modules/crashme/object/mkobj/mod/mkobj/mod/mkobj/mod/name") == "crashme\n"
    first = os.readlink(mount / "symbols/init_task/object").rpartition("/")[2]
    assert os.readlink(mount / f"objects/{first}/real_parent") == f"../{first}"
    assert os.path.samefile(mount / f"objects/{first}", mount / f"objects/{first}/real_parent/parent")


def test_flexible_array(mount, items):
    """The kernel knows how long it is; a path may name any element."""
    for address, item in items[1:]:
        n = int(item["count"])
        text = sh(mount, f"cat objects/crashme_item@{address}/tail/{n - 1}.hex")
        assert text == f"0x{0xa0 + n - 1:02x}\n"


def test_pointers(mount, items, known):
    """A pointer to a structure, to itself, to nothing, to a function, to characters."""
    o = f"objects/crashme_item@{items[3][0]}"
    assert os.readlink(mount / o / "next") == f"../crashme_item@{items[2][0]}"
    assert sh(mount, f"cat {o}/next/next/next/id").split()[0] == "0"
    assert sh(mount, f"cat {o}/next/next/next/next") == "NULL\n"
    assert os.readlink(mount / o / "handler") == f"../../symbols/{known['handler'][0][1]}" or \
        os.readlink(mount / o / "handler").startswith("../../symbols/crashme_twin@")
    address = sh(mount, f"cat {o}/handler/address").split()[0]
    assert number(address) == int(known["handler"][0][0], 16)
    assert sh(mount, f"cat {o}/next.hex") == f"0x{items[2][0]}\n"
    # The first of a list's links leads to the list's head, and back.
    assert sh(mount, f"cat {o}/link/next/prev/.address").split()[0] == \
        "0x" + items[3][0]


CONTAINERS = {
    "list_head@crashme_items/:crashme_item.link": None,
    "rb_root@crashme_tree/:crashme_item.node": None,
    "idr@crashme_idr/:crashme_item": lambda n, item: 50 * n,
    "maple_tree@crashme_maple/:crashme_item": None,
    "xarray@crashme_radix/:crashme_item": lambda n, item: int(item["key"]),
}


@pytest.mark.parametrize("path", CONTAINERS)
def test_containers(mount, items, known, path):
    """All items, by number or by their own index, in order."""
    if "maple" in path and "maple" not in known:
        assert not (mount / "objects" / path).exists()
        return
    index = CONTAINERS[path]
    entries = sorted(int(n) for n in os.listdir(mount / "objects" / path) if n.isdigit())
    assert entries == sorted(index(n, item) if index else n for n, (_, item) in enumerate(items))
    for n, (address, item) in enumerate(items):
        at = index(n, item) if index else n
        assert os.readlink(mount / "objects" / path / str(at)) == f"../../crashme_item@{address}"
        assert sh(mount, f"cat 'objects/{path}/{at}/id'").split()[0] == item["id"]
    assert not (mount / "objects" / path / "77").exists()


def test_hash(mount, items, known):
    found = set()
    address, count = int(known["hash"][0][0], 16), int(known["hash"][0][1])
    for i in range(count):
        chain = f"objects/hlist_head@{address + 8 * i:x}/:crashme_item.hash"
        found |= {os.readlink(mount / chain / n) for n in os.listdir(mount / chain) if n.isdigit()}
    assert found == {f"../../crashme_item@{a}" for a, _ in items}


def test_slab_objects(mount, known):
    """The chain of objects, from the last back to the first."""
    addresses = [a for a, _ in known["object"]]
    for i, address in list(enumerate(addresses))[::7]:
        o = f"objects/crashme_object@{address}"
        assert sh(mount, f"cat {o}/index {o}/text") == f"{i}\nobject {i}\n"
    path = f"objects/crashme_object@{addresses[9]}" + "/previous" * 9
    assert sh(mount, f"cat {path}/index; cat {path}/previous") == "0\nNULL\n"


def test_per_cpu(mount, known):
    for key, symbol in ("percpu", "crashme_percpu"), ("percpu_dynamic", None):
        for cpu, (address, text) in enumerate(known[key]):
            at = f"{symbol}:{cpu}" if symbol else address
            o = f"objects/crashme_cpu@{at}"
            assert sh(mount, f"cat {o}/cpu {o}/text {o}/magic") == \
                f"{cpu}\n{text.split()[1]} {cpu}\n{0xcafe0000 + cpu}\n"
    for cpu, (_, text) in enumerate(known["percpu_counter"]):
        value = sh(mount, f"cat 'objects/unsigned long@crashme_counter:{cpu}/value'")
        assert value.split()[0] == text.split()[-1]


def test_conventions(mount, crashed):
    """Typed by the kernel's own conventions: modules, tasks, children, open files' dentries."""
    modules = {line.split()[0] for line in
               (crashed / "truth/proc/modules").read_text().splitlines()}
    names = sh(mount, "cat objects/list_head@modules/[0-9]*/name").split()
    assert set(names) == modules
    tasks = mount / "objects/task_struct@init_task/tasks"
    pids = {(tasks / n / "pid").read_text().split()[0] for n in os.listdir(tasks) if n.isdigit()}
    assert pids == set(os.listdir(mount / "tasks"))
    children = sh(mount, "cat tasks/1/object/children/[0-9]*/pid").split()
    assert sorted(children) == sorted((mount / "tasks/1/children").read_text().split())
    assert (mount / "objects/pid_namespace@init_pid_ns/idr/1").exists()
    assert sh(mount, "cat tasks/1/object/mm/mm_mt/0/vm_start.hex 2>/dev/null || "
              "cat tasks/1/object/mm/mmap/vm_start.hex").strip().lstrip("0x").lstrip("0") == \
        (mount / "tasks/1/maps").read_text().split("-")[0].lstrip("0")


def test_objects_from_elsewhere(mount, crashed):
    """Links of tasks, modules and variables."""
    assert sh(mount, "cat tasks/1/object/comm") == (crashed / "truth/proc/1/comm").read_text()
    tid = sorted(os.listdir(mount / "tasks/1/task"))[0]
    assert sh(mount, f"cat tasks/1/task/{tid}/object/pid").split()[0] == tid
    assert sh(mount, "cat modules/crashme/object/name") == "crashme\n"
    assert sh(mount, "cat symbols/crashme_items/object/.address").split()[1] == "<crashme_items>"
    assert not os.path.lexists(mount / "symbols/schedule/object")
    # Of a per-CPU variable one for each CPU.
    assert [sh(mount, f"cat symbols/runqueues/object:{cpu}/cpu") for cpu in (0, 1)] == ["0\n", "1\n"]
    assert set(os.listdir(mount / "symbols/runqueues")) >= {"object:0", "object:1"}
    for name in "runqueues/object", "runqueues/object:2", "runqueues/object:x", "init_task/object:0":
        assert not os.path.lexists(mount / "symbols" / name), name


def test_open_files(mount, crashed):
    """Every open file leads to its struct file; a socket to its socket and sock, which lead back."""
    sockets, kinds = 0, set()
    for folder in mount.point.glob("tasks/*/open/*"):
        pid, fd = folder.parts[-3], folder.parts[-1]
        told = dict(line.split(":", 1) for line in
                    (mount / f"tasks/{pid}/fdinfo/{fd}").read_text().splitlines() if ":" in line)
        assert sh(mount, f"cat tasks/{pid}/open/{fd}/object/f_pos").split()[0] == told["pos"].strip()
        target = os.readlink(mount / f"tasks/{pid}/fd/{fd}")
        assert os.path.lexists(folder / "socket") == target.startswith("socket:["), folder
        if not target.startswith("socket:["):
            continue
        sockets += 1
        sock = os.readlink(folder / "sock").rpartition("/")[2]
        kinds.add(sock.partition("@")[0])
        assert os.readlink(folder / "socket/sk") == f"../sock@{sock.partition('@')[2]}"
        assert os.readlink(folder / "socket/file") == "../" + os.readlink(folder / "object").rpartition("/")[2]
    assert sockets > 10 and {"tcp_sock", "udp_sock", "unix_sock", "netlink_sock"} <= kinds, kinds


def test_mounts(mount):
    """Every line of mountinfo has its directory, which leads to the mount that the line is of."""
    for line in (mount / "tasks/1/mountinfo").read_text().splitlines(keepends=True):
        folder = f"tasks/1/mount/{line.split()[0]}"
        assert sh(mount, f"cat {folder}/mountinfo") == line
        assert sh(mount, f"cat {folder}/object/mnt_id").split()[0] == line.split()[0]
        assert sh(mount, f"cat {folder}/object/mnt_devname/string").strip() == line.split(" - ")[1].split()[1]
    assert not os.path.lexists(mount / "tasks/1/mount/0")
    assert len(os.listdir(mount / "tasks/1/mount")) == \
        len((mount / "tasks/1/mountinfo").read_text().splitlines())


def test_as_c(mount, items):
    """The form of task_struct, and the definition that pahole would print."""
    text = sh(mount, f"cat objects/crashme_item@{items[2][0]}/.c")
    assert text.startswith("struct crashme_item {\n  link = {\n") and "\n  id = 2,\n" in text
    text = sh(mount, f"cat objects/crashme_item@{items[2][0]}/.type")
    assert "struct list_head" in text and re.search(r"unsigned int +low:3;", text), text
    assert sh(mount, "cat tasks/1/object/.c") == (mount / "tasks/1/task_struct").read_text()


def test_types_of_debug_files(mount, items):
    """What BTF lacks, the debug file of the module has."""
    assert sh(mount, "cat types/struct/crashme_item").removeprefix("/* module crashme */\n") == \
        sh(mount, f"cat objects/crashme_item@{items[0][0]}/.type")
    for name in "link", "value", "matrix", "tail":
        at = sh(mount, f"cat objects/crashme_item@{items[0][0]}/{name}/.address")
        offset = int(re.match(r"offset: (\d+)\n", sh(mount, f"cat types/struct/crashme_item.{name}"))[1])
        assert int(at.split()[0], 16) - int(items[0][0], 16) == offset
    for name in "crashme_item.nothing", "crashme_nothing", "crashme_nothing.id":
        assert not os.path.lexists(mount / "types/struct" / name), name
    assert not os.path.lexists(mount / "types/union/crashme_item")


@pytest.mark.parametrize("name", [
    "nonsense", "@", "task_struct@", "@init_task", "task_struct@nowhere", "task_struct@0x10",
    "task_struct@0000800000000000", "no_such_type@init_task", "task_struct@init_task:0",
    "crashme_cpu@crashme_percpu:99", "list_head@ffffffffffffff00+1", "task_struct@phys:0x1000",
    "*@init_task", " *@init_task", "x" * 250 + "@init_task"])
def test_no_such_object(mount, name):
    assert not (mount / "objects" / name).exists()


@pytest.mark.parametrize("name", [
    "nonsense", "tasks/999999", "tasks/01", "tasks/-1", "comm/x", "pid.bin", "pid.hex.hex", ".d",
    "tasks:task_struct", "tasks:no_such.link", "tasks:task_struct.no_such", "pid:task_struct.tasks",
    "comm/0", "cpus_mask/bits/99999999999999999999", "...", "thread/.raw"])
def test_no_such_member(mount, name):
    assert not os.path.lexists(f"{mount.point}/objects/task_struct@init_task/{name}")


def test_same_object_same_inode(mount):
    """find -L tells loops by that."""
    address = os.readlink(mount / "tasks/1/object").rpartition("@")[2]
    inodes = {os.stat(mount / f"objects/task_struct@{a}").st_ino
              for a in (address, "0x" + address, address.upper().replace("X", "x"))}
    assert len(inodes) == 1
    done = subprocess.run(["find", "-L", f"objects/task_struct@{address}/real_parent", "-maxdepth",
                           "3", "-name", "real_parent"], cwd=mount.point, capture_output=True,
                          text=True, check=False)
    assert "File system loop detected" in done.stderr


def test_nothing_is_listed(mount):
    assert os.listdir(mount / "objects") == os.listdir(mount / "address") == []
    assert os.listdir(mount / "memory/virtual") == []


def address(mount, name):
    """{key: value} of /address/<name>"""
    text = (mount / "address" / name).read_text()
    return {m[1]: m[2] for m in re.finditer(r"^ *([A-Z0-9 ]+): (.*)$", text, re.M)}


def test_address_of_data(mount, known):
    found = address(mount, "init_task+0x10")
    assert found["SYMBOL"].startswith("init_task+0x10  (")
    assert found["DECLARED"] == "struct task_struct init_task;"
    assert found["IN"].startswith("init/init_task.c:")
    assert re.match(r"to physical 0x[0-9a-f]+ by a page of \d+ KiB", found["MAPPED"])
    assert found["PHYSICAL"].endswith(", present")


def test_address_of_code(mount, known):
    at = known["handler"][0][0]
    text = (mount / "address" / at).read_text()
    assert re.search(r"SYMBOL: crash\w+ \[crashme\]", text) and "MODULE: crashme  text" in text
    assert re.search(r"SOURCE: (?:crashme/)?known\.c:\d+  in crashme_twin", text)
    assert re.search(rf"^=> 0x{at} <crashme_twin", text, re.M), text


def test_address_of_slab_stack_cpu(mount, known):
    task = os.readlink(mount / "tasks/1/object").rpartition("@")[2]
    assert address(mount, task)["SLAB"] == "task_struct"
    assert address(mount, task)["IT IS"] == f"task_struct@{task}"
    assert address(mount, known["object"][0][0])["SLAB"] == "crashme_cache"
    stack = os.readlink(mount / "tasks/1/object/stack").rpartition("/")[2]
    assert re.match(rf'of task 1 "\w+" at {task}, 0x\w+ bytes below its top', address(mount, stack)["STACK"])
    assert address(mount, "runqueues:1")["PER CPU"] == "runqueues of CPU 1"


def words_of(mount, pid):
    """[(where on the stack, text of the frame)] of a stack that only calls."""
    text = (mount / f"tasks/{pid}/stack").read_text()
    return [(int(at, 16), name) for at, name in re.findall(r"^ *#\d+ \[(\w+)\] (\S+)", text, re.M)]


def task_sp(mount, pid, machine):
    """Where the stack of a task that sleeps ends."""
    return int(sh(mount, f"cat tasks/{pid}/object/{machine.saved_sp}.hex"), 16)


def test_address_of_a_frame(mount, machine):
    """Each word between two return addresses is in the frame of the function that the lower leads to."""
    frames = words_of(mount, 1)
    assert len(frames) > 4
    asleep = task_sp(mount, 1, machine)
    if machine.first_is_on_stack:
        assert address(mount, f"{asleep:x}")["FRAME"] == "what it saved when it went to sleep"
    else:
        (at, first), (above, _) = frames[:2]
        assert at == asleep
        for place in {at, above}:
            assert address(mount, f"{place:x}")["FRAME"] == first
        del frames[0]
    assert address(mount, f"{asleep - 8:x}")["FRAME"] == "none: it is not in use"
    for (at, name), (above, _) in zip(frames, frames[1:]):
        for place in {at + 8, above}:
            text = address(mount, f"{place:x}")["FRAME"]
            assert text == f"{name}, whose address is at [{at:x}]", hex(place)
    last, name = frames[-1]
    assert address(mount, f"{last + 16:x}")["FRAME"] == \
        f"{name}, whose address is at [{last:x}], with the registers that were saved there"


def test_address_of_the_exception(mount, machine):
    """What the panic task had on its stack when it was interrupted by its own fault."""
    pid = os.readlink(mount / "panic").rpartition("/")[2]
    text = (mount / f"tasks/{pid}/stack").read_text()
    sp = re.search(rf"exception {machine.pc}: crash_inner.*?{machine.sp}: (\w+)", text, re.S)[1]
    assert address(mount, sp)["FRAME"].startswith("crash_inner+0x")
    assert address(mount, f"{int(sp, 16) - 8:x}")["FRAME"].startswith(f"{machine.fault_entry}+0x")


def test_address_of_cpu_stack(mount, machine):
    """An interrupt stack is that of its CPU."""
    name, inside = machine.irq_stack
    where = "pcpu_hot" if (mount / "symbols/pcpu_hot").exists() else name
    text = (mount / "symbols" / where / "value").read_text()
    ends = dict(re.findall(rf"per_cpu\(\w+, (\d)\) = (?:\{{.*?{name} = )?(0x\w+)", text, re.S))
    for cpu in 0, 1:
        place = int(ends[str(cpu)], 16) + inside
        assert address(mount, f"{place:x}")["STACK"].startswith(f"of CPU {cpu}, IRQ stack, "), text


def test_address_of_area(mount, crashed):
    """Those that the guest's /proc/vmallocinfo had: their bytes, callers and kinds."""
    checked = 0
    for line in (crashed / "truth/proc/vmallocinfo").read_text().splitlines():
        found = re.match(r"0x(\w+)-0x(\w+) +(\d+) (\S+)/0x\w+ (?:\[\w+\] )?pages=(\d+) vmalloc", line)
        if not found or found[1].lstrip("0") == "":
            continue
        start, end, size, caller, pages = found.groups()
        text = (mount / f"address/{start}").read_text()
        area = re.search(r"AREA: (.*)", text)
        if not area or area[1].split(",")[0] != f"{start.lstrip('0')}-{end.lstrip('0')}":
            continue   # it was given back, or given out again
        assert area[1].startswith(f"{start}-{end}, {size} bytes, vmalloc, {pages} pages"), line
        assert caller in area[1].replace("[", "").replace("]", ""), (line, area[1])
        checked += 1
    assert checked > 40


def test_section_of_a_module(mount, known):
    text = (mount / "address" / known["handler"][0][0]).read_text()
    base = int((mount / "modules/crashme/sections/.text").read_text().split()[0], 16)
    assert f"SECTION: .text  {int(known['handler'][0][0], 16) - base:#x} bytes in\n" in text


def physical(mount, place):
    return int(address(mount, place)["PHYSICAL"].split(",")[0], 16)


def test_containing(mount, items, known):
    """An object in a slab object, in a variable, in a per-CPU variable, in a module's, on a stack."""
    task = os.readlink(mount / "tasks/1/object").rpartition("@")[2]
    text = sh(mount, "cat tasks/1/object/tasks/.containing")
    offset = sh(mount, "head -1 types/struct/task_struct.tasks").split()[1]
    assert re.fullmatch(rf" +SLAB: task_struct\n +OBJECT: {task}\+{int(offset):#x}, of \d+ bytes, in use\n"
                        rf" +IT IS: task_struct@{task}  \.tasks\.next\n", text), text
    assert "SYMBOL: init_task+" in sh(mount, "cat objects/task_struct@init_task/tasks/.containing")
    assert "PER CPU: runqueues+" in sh(mount, "cat objects/rq@runqueues:1/cfs/.containing")
    assert "MODULE: crashme  " in sh(mount, "cat 'objects/list_head@crashme_items/.containing'")
    _, (at, _) = words_of(mount, 1)[:2]
    assert "STACK: of task 1 " in sh(mount, f"cat 'objects/unsigned long@{at:x}/.containing'")
    # The stack's page by where all memory is mapped is none of these.
    direct = int(task, 16) - physical(mount, task)   # as a slab object's
    assert sh(mount, f"cat 'objects/unsigned long@{direct + physical(mount, f'{at:x}'):x}/.containing'") == \
        "unknown\n"


def page_size(mount):
    return int(re.search(r"^PAGESIZE=(\d+)$", (mount / "vmcoreinfo").read_text(), re.M)[1])


def test_physical_address(mount):
    """The same page by both of its names."""
    virtual = address(mount, os.readlink(mount / "tasks/1/object").rpartition("@")[2])
    paddr = virtual["PHYSICAL"].split(",")[0]
    assert address(mount, f"phys:0x{paddr}")["PAGE"] == virtual["PAGE"]
    page = virtual["PAGE"].split(",")[0]
    assert address(mount, page)["STRUCT PAGE"].startswith(
        f"of frame {int(paddr, 16) // page_size(mount):#x}")


def test_address_of_a_task(mount):
    first = (mount / "tasks/1/maps").read_text().splitlines()[0]
    found = address(mount, f"../tasks/1/address/{first.split('-')[0]}")
    assert found["VMA"] == first and found["MAPPED"].startswith("to physical")
    assert b"\x7fELF" in (mount / f"tasks/1/address/{first.split('-')[0]}").read_bytes() or \
        "7f 45 4c 46" in (mount / f"tasks/1/address/{first.split('-')[0]}").read_text()
    assert address(mount, "../tasks/1/address/10")["VMA"] == "none"
    # A page of the program is of its file, one of its stack of nobody's.
    inode = os.readlink(mount / "tasks/1/object/mm/exe_file/f_inode").rpartition("/")[2]
    assert found["MAPPING"].endswith(f"  of {inode}")
    stack = next(line.split("-")[1].split()[0] for line in (mount / "tasks/1/maps").read_text().splitlines()
                 if line.endswith("[stack]"))
    found = address(mount, f"../tasks/1/address/{int(stack, 16) - 4096:x}")
    assert found["MAPPING"].endswith("  anonymous") and found["MAPCOUNT"] == "0"


@pytest.mark.parametrize("name", ["nonsense", "0x10", "12345", "phys:zz", "phys:ffffffffffffffff",
                                  "init_task+", "init_task:1", "+1", "init_task+zz", ""])
def test_no_such_address(mount, name):
    assert not name or not (mount / "address" / name).exists()


def test_virtual(mount, items):
    banner = (mount / "memory/virtual/linux_banner+14").read_bytes()
    assert banner == b"Linux version "
    at = items[2][0]
    whole = (mount / f"memory/virtual/{at}+0x100").read_bytes()
    assert len(whole) == 256
    assert os.stat(mount / f"memory/virtual/{at}+0x100").st_size == 256
    assert (mount / f"memory/virtual/{at}+8").read_bytes() == whole[:8]
    for name in "init_task", "init_task+", "init_task+0", "nonsense+8", "init_task+8x", \
            f"{at}+99999999999999999999", "ffffffffffffff00+0x1000":
        assert not (mount / "memory/virtual" / name).exists(), name
    hole = mount / "memory/virtual/ffffffffff000000+8"
    with pytest.raises(OSError):
        hole.read_bytes()


def test_trees_end(mount):
    """Nothing that is found by a query is walked by find."""
    found = run("find", mount.point / "objects", mount.point / "address", "-xdev").decode()
    assert found.count("\n") == 2
