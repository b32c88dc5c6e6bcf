"""A kernel's constant data with a table of exported symbols, for the seed corpora."""

import struct

FIRST = 0xffffffff82000000
TEXT = 0xffffffff81000000
COUNT = 300
FORMS = {"relative": (4, 3), "relative-short": (4, 2), "address": (8, 3), "address-short": (8, 2)}


def data(word, words):
    table = word * words * COUNT
    names = [f"a{i:03}" if i < 100 else "init_task" if i == 100 else f"x{i:03}" for i in range(COUNT)]
    text = b"".join(name.encode() + b"\0" for name in names)
    out, at = b"", 0
    for i, name in enumerate(names):
        for to in (TEXT + 16 * i, FIRST + table + at, 0)[:words]:
            place = FIRST + len(out)
            if word == 8:
                out += struct.pack("<Q", to)
            else:
                out += struct.pack("<i", to - place if to else 0)
        at += len(name) + 1
    return out + text


def seeds():
    for name, form in FORMS.items():
        yield f"exports/{name}", data(*form)
