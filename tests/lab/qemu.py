"""One QEMU: its disks, its console read line by line, its QMP channel."""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import time

from .base import LabError, need

# KVM is not used: results must not depend on whether a machine offers it.
MACHINES = {
    "amd64": ["qemu-system-x86_64", "-cpu", "max"],
    "arm64": ["qemu-system-aarch64", "-machine", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on"],
}
PACKAGES = {"amd64": "qemu-system-x86", "arm64": "qemu-system-arm"}
CONSOLES = {"amd64": "ttyS0", "arm64": "ttyAMA0"}


class Accident(LabError):
    """The guest crashed or hung of itself: another try may do."""


def die_with_parent():
    """In the child: even if this program is killed, QEMU does not stay."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Qemu:
    """A running guest; leaving the `with` block ends it whatever happened.

    dir takes the console's log and the disk images; disks maps a serial number to a size in bytes.
    """

    def __init__(self, arch, dir, kernel, initrd, cmdline, mem="512M", cpus=2, disks=None,
                 devices=()):
        self.dir = dir
        program, *machine = MACHINES[arch]
        self.command = [
            need(program, PACKAGES[arch]), *machine, "-accel", "tcg,thread=multi", "-m", mem,
            "-smp", str(cpus), "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", "stdio", "-mon", "chardev=qmp,mode=control",
            "-kernel", kernel, "-initrd", initrd, "-append", cmdline,
        ]
        for serial, size in (disks or {}).items():
            with open(dir / f"{serial}.disk", "wb") as f:
                f.truncate(size)
            self.command += [
                "-drive", f"file={serial}.disk,format=raw,if=none,id={serial},cache=unsafe,"
                          "discard=unmap,detect-zeroes=unmap",
                "-device", f"virtio-blk-pci,drive={serial},serial={serial}"]
        for device in devices:
            self.command += ["-device", device]

    def __enter__(self):
        ours, theirs = socket.socketpair()
        with theirs:
            channel = ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}"]
            self.process = subprocess.Popen(
                [str(c) for c in self.command + channel], cwd=self.dir, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()], preexec_fn=die_with_parent)
        self.monitor = Monitor(ours)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.log = open(self.dir / "console", "wb")
        self.pending = b""
        self.last = ""
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.monitor.close()

    def lines(self, seconds):
        """Console lines as they come; an error when none ends the loop in that many seconds."""
        end = time.monotonic() + seconds
        while True:
            while b"\n" in self.pending:
                line, self.pending = self.pending.split(b"\n", 1)
                self.last = line.decode(errors="replace").strip()
                yield self.last
            left = end - time.monotonic()
            if left <= 0:
                raise Accident(f"the guest did not get on within {seconds} s; "
                               f"its last words: {self.last}")
            select.select([self.process.stdout], [], [], left)
            data = self.process.stdout.read()
            if data == b"":
                return
            self.pending += data or b""
            self.log.write(data or b"")

    def wait(self, pattern, seconds, unless=None):
        """The match of a pattern on a console line to come.

        `LAB: FAIL` there is an error, and a line that matches `unless` an Accident.
        """
        for line in self.lines(seconds):
            if "LAB: FAIL" in line:
                raise LabError("the guest says: " + line.partition("LAB: FAIL")[2].strip())
            if unless and unless.search(line):
                raise Accident(f"the guest went down too early: {line}")
            found = pattern.search(line)
            if found:
                return found
        raise LabError(f"the guest ended too early; its last words: {self.last}")


class Monitor:
    """The QMP connection; it introduces itself before its first command."""

    def __init__(self, link):
        self.link = link
        self.stream = link.makefile("rw")
        self.ready = False

    def close(self):
        self.stream.close()
        self.link.close()

    def command(self, execute, seconds=120, **arguments):
        """Runs a command and returns its answer; events on the way are passed over."""
        if not self.ready:
            self.ready = True
            self.command("qmp_capabilities")
        self.link.settimeout(seconds)
        json.dump({"execute": execute, "arguments": arguments}, self.stream)
        self.stream.flush()
        for line in self.stream:
            answer = json.loads(line)
            if "error" in answer:
                raise LabError(f"QEMU's {execute}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise LabError(f"QEMU ended during {execute}")
