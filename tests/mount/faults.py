"""Reads that fail, and time that passes, when a test wants it."""

import mmap
import os
import struct

from mounted import MKDUMP

FAULTS = MKDUMP.parents[1] / "tools/faults.so"
FAIL_ONE, FAIL_FROM, SHORT, FAIL_TWO, LATE, STALE, FORBIDDEN = range(1, 8)
PLAN = "<IIIIQII"


class Plan:
    """What is to become of reads: see tests/tools/faults.c."""

    def __init__(self, path):
        path.write_bytes(bytes(struct.calcsize(PLAN)))
        self.path = path
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), struct.calcsize(PLAN))

    def set(self, at=0, what=0):
        self.map[:] = struct.pack(PLAN, 0, at, what, 0, 0, 0, 0)

    def counts(self):
        reads, _, _, done, *_ = struct.unpack(PLAN, self.map[:])
        return reads, done

    def bytes_read(self):
        return struct.unpack(PLAN, self.map[:])[4]

    def asked(self):
        return struct.unpack(PLAN, self.map[:])[5]

    def env(self):
        return {**os.environ, "LD_PRELOAD": str(FAULTS), "FAULTS": str(self.path),
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
