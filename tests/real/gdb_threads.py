"""Run by gdb: prints what it makes of a core file, a JSON line.

{"threads": {number: {"frames": [[pc, name of a function in C or null], ...], "sp": sp}}}. Inlined
functions are left out.
"""

import json

import gdb


def frames():
    found = []
    frame = gdb.newest_frame()
    while frame and frame.is_valid() and len(found) < 200:
        if frame.type() == gdb.NORMAL_FRAME:
            symtab = frame.find_sal().symtab
            in_c = frame.function() and symtab and symtab.filename.endswith(".c")
            found.append([frame.pc(), frame.function().name if in_c else None])
        try:
            frame = frame.older()
        except gdb.error:
            break
    return found


def main():
    threads = {}
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        sp = int(gdb.newest_frame().read_register("rsp")) & (1 << 64) - 1
        threads[thread.ptid[1]] = {"frames": frames(), "sp": sp}
    print(json.dumps({"threads": threads}))


main()
