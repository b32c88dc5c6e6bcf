"""Run by drgn: prints every scalar member of the structures of every task, and of other objects, a JSON
line each.

{"task": [tgid, tid, cpu or null], "file": name, "address": number, "members": {path: [kind, value]}},
where cpu is that of an idle task; {"object": "struct@address", "members": ...}; at the end {"enums":
{name: {enumerator: value}}}. A value is a number, or a list of the elements' values.
"""

import functools
import json
import stat

from drgn import TypeKind, cast
from drgn.helpers.linux.cpumask import for_each_possible_cpu
from drgn.helpers.linux.fs import for_each_file
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.sched import idle_task

# As fs/task/struct.c: the structures that a task leads to.
FILES = {
    "task_struct": lambda t: t,
    "mm_struct": lambda t: t.mm,
    "signal_struct": lambda t: t.signal,
    "sighand": lambda t: t.sighand,
    "files_struct": lambda t: t.files,
    "fs_struct": lambda t: t.fs,
    "cred": lambda t: t.real_cred,
    "nsproxy": lambda t: t.nsproxy,
}
OBJECTS = 1000
enums = {}


def bare(kind):
    while kind.kind == TypeKind.TYPEDEF:
        kind = kind.type
    return kind


@functools.cache
def members_of(kind):
    """(name or None, bare type) of each member; and of what kind a scalar of that type is."""
    return [(m.name, bare(m.type)) for m in kind.members]


@functools.cache
def kind_of(kind):
    if kind.kind != TypeKind.ENUM:
        return {TypeKind.INT: "int", TypeKind.BOOL: "bool", TypeKind.POINTER: "pointer",
                TypeKind.STRUCT: "members", TypeKind.UNION: "members",
                TypeKind.ARRAY: "array", TypeKind.CLASS: "members"}[kind.kind]
    values = {e.name: e.value for e in kind.enumerators}
    name = f"{kind.tag} {len(enums)}"
    enums[name] = values
    return "enum " + name


def put(out, path, value, kind):
    what = kind_of(kind)
    if what == "members":
        # Members of anonymous members are members.
        for i, (name, inner) in enumerate(members_of(kind)):
            if name is not None:
                put(out, f"{path}.{name}", value.member_(name), inner)
            else:
                put_anonymous(out, path, value, inner)
    elif what == "array":
        if kind.length is None or kind.length == 0:
            return
        inner = bare(kind.type)
        if kind_of(inner) in ("members", "array"):
            for i in range(kind.length):
                put(out, f"{path}[{i}]", value[i], inner)
        else:
            out[path] = ["[" + kind_of(inner), value.value_()]
    else:
        out[path] = [what, value.value_()]


def put_anonymous(out, path, value, kind):
    for name, inner in members_of(kind):
        if name is not None:
            put(out, f"{path}.{name}", value.member_(name), inner)
        else:
            put_anonymous(out, path, value, inner)


def show(prog, task, cpu):
    for file, find in FILES.items():
        pointer = find(task)
        if not pointer:
            continue
        out = {}
        put(out, "", pointer[0], bare(bare(pointer.type_).type))
        print(json.dumps({"task": [int(task.tgid), int(task.pid), cpu], "file": file,
                          "address": int(pointer), "members": out}))


def objects(prog):
    """Modules, and what tasks have open: files, names, inodes, sockets."""
    yield from list_for_each_entry("struct module", prog["modules"].address_of_(), "list")
    for task in for_each_task(prog):
        if not task.files:
            continue
        for _, file in for_each_file(task):
            if not file:
                continue
            yield from (file, file.f_path.dentry, file.f_inode)
            if stat.S_ISSOCK(file.f_inode.i_mode):
                yield cast("struct socket *", file.private_data)


def show_objects(prog):
    seen = set()
    for pointer in objects(prog):
        kind = bare(bare(pointer.type_).type)
        name = f"{kind.tag}@{int(pointer):x}"
        if not pointer or name in seen or len(seen) == OBJECTS:
            continue
        seen.add(name)
        out = {}
        put(out, "", pointer[0], kind)
        print(json.dumps({"object": name, "members": out}))


def main(prog):
    # An arm64 CPU that was stopped is no more online.
    for cpu in for_each_possible_cpu(prog):
        show(prog, idle_task(prog, cpu), cpu)
    for task in for_each_task(prog):
        show(prog, task, None)
    show_objects(prog)
    print(json.dumps({"enums": enums}))


main(prog)   # noqa: F821: drgn gives it
