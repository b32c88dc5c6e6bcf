"""Writes an initramfs: cpio in the "newc" form, without needing root for device nodes."""

import os
import stat
from pathlib import Path


class Cpio:
    """Collects members; directories on the way to a member are made by themselves."""

    def __init__(self):
        self.names = set()
        self.parts = []

    def member(self, name, mode, data=b"", rdev=(0, 0)):
        path = name.encode() + b"\0"
        fields = [len(self.parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(path), 0]
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + path
        self.parts.append(pad(head) + pad(data))

    def parents(self, name):
        for parent in reversed(Path(name).parents[:-1]):
            if str(parent) not in self.names:
                self.names.add(str(parent))
                self.member(str(parent), stat.S_IFDIR | 0o755)

    def add(self, name, data, mode=0o644):
        """A regular file; data is bytes, or the path of the file to copy."""
        if isinstance(data, (str, os.PathLike)):
            data = Path(data).read_bytes()
        self.parents(name)
        self.names.add(name)
        self.member(name, stat.S_IFREG | mode, data)

    def device(self, name, major, minor):
        self.parents(name)
        self.member(name, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def bytes(self):
        self.member("TRAILER!!!", 0)
        return b"".join(self.parts)


def pad(data):
    return data + bytes(-len(data) % 4)
