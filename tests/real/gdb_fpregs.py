"""Run by gdb: prints as JSON what each thread has in its vector registers, four words each, and in MXCSR
and the control word of the x87."""

import json

import gdb

REGISTERS = 16


def of_thread(thread):
    thread.switch()
    words = [[int(gdb.parse_and_eval(f"$ymm{i}.v4_int64[{n}]")) & (1 << 64) - 1 for n in range(4)]
             for i in range(REGISTERS)]
    return {"ymm": words, "mxcsr": int(gdb.parse_and_eval("(int)$mxcsr")),
            "fctrl": int(gdb.parse_and_eval("$fctrl"))}


print(json.dumps({"threads": {t.ptid[1]: of_thread(t) for t in gdb.selected_inferior().threads()}}))
