#!/usr/bin/python3
"""The tables of files in README.md and in the manual page say what fs/tree.def says.

Run in the root of the tree."""

import re
import sys


def tree():
    """path -> help, from fs/tree.def"""
    text = re.sub(r"/\*.*?\*/", "", open("fs/tree.def", encoding="utf-8").read(), flags=re.S)
    lines = re.findall(r'^[A-Z]+\(\s*"([^"]+)"[^"]*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', text, re.M)
    return {path: "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', help_)).replace('\\"', '"')
            for path, help_ in lines}


def plain(text):
    """Without markup, which may stand between any two words."""
    text = re.sub(r'\\f.|\\&|[`*|]|^\.\w+', " ", text, flags=re.M)
    return " ".join(text.replace("\\-", "-").replace("\\e", "\\").split())


def missing(document, entries):
    try:
        text = plain(open(document, encoding="utf-8").read())
    except FileNotFoundError:
        return [f"{document}: there is none"]
    return [f"{document}: not as in fs/tree.def: {path}  {help_}"
            for path, help_ in entries.items()
            if path not in text or plain(help_) not in text]


def main():
    entries = tree()
    bad = [] if entries else ["fs/tree.def: no entries"]
    for document in "README.md", "fs/vmcorefs.1":
        bad += missing(document, entries)
    print("\n".join(bad), end="\n" if bad else "")
    sys.exit(bool(bad))


main()
