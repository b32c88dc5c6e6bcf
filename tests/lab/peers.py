"""The newest tools of others that read dumps, in a folder of Debian sid: to compare with them."""

from .roots import Root

SUITE = "sid"
PACKAGES = ("crash", "gdb", "makedumpfile", "python3-drgn")


def argv(command, *folders, writable=()):
    """What to execute so that a peer runs with these folders at their own paths, read-only but for
    the writable ones.

    A dump's folder links to its kernel's, which must be named too; `dump_folders` knows both.
    """
    root = Root(SUITE)
    root.install(*PACKAGES)
    return root.argv(command, [(f, f, "ro") for f in folders] + [(f, f, "rw") for f in writable])


def run(command, *folders, **how):
    """Runs a peer to its end: the finished process with its texts, whatever its exit code."""
    root = Root(SUITE)
    root.install(*PACKAGES)
    return root.run(command, [(f, f, "ro") for f in folders], **how)


def dump_folders(dump):
    """The folder of a result and the one that its vmlinux lies in."""
    return dump, (dump / "vmlinux").resolve().parent
