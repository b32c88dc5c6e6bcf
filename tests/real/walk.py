"""Walks the finite tree of a mount."""

import os
from concurrent.futures import ThreadPoolExecutor


def names(folder):
    """What a folder lists, and the error at its end."""
    listed = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                listed.append(entry.name)
    except OSError as e:
        return listed, e.errno
    return listed, None


def look(mount, path):
    """What is at a path of the tree: ("file", bytes), ("link", target), ("folder", names, the error that
    its listing ends with or None); ("error", number)."""
    full = os.fsencode(mount.point) + path
    try:
        if os.path.islink(full):
            return "link", os.readlink(full)
        if os.path.isdir(full):
            return "folder", *names(full)
        with open(full, "rb") as f:
            return "file", f.read()
    except OSError as e:
        return "error", e.errno


def walk(mount, choose):
    """{path: what is there}. `choose(folder, names)` tells which of a folder's names to walk."""
    found, level = {}, [b""]
    with ThreadPoolExecutor(4) as pool:
        while level:
            looks = list(pool.map(lambda path: look(mount, path), level))
            found.update(zip(level, looks))
            level = [path + b"/" + name for path, what in zip(level, looks)
                     if what[0] == "folder" for name in choose(path, what[1])]
    return found
