"""Unpacks what the guest recorded: a tar whose names may hold any byte but / and NUL."""

import os
import tarfile
from pathlib import Path

from .base import LabError


def unpack(tar, where):
    """Files and links as recorded, readable by their owner whatever their mode was."""
    where.mkdir()
    with tarfile.open(tar, "r:", encoding="utf-8", errors="surrogateescape") as members:
        for member in members:
            unpack_member(members, member, where)


def unpack_member(members, member, where):
    path = where / member.name
    if ".." in Path(member.name).parts or member.name.startswith("/"):
        raise LabError(f"the truth has a member {member.name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.resolve() != path.parent.absolute():
        raise LabError(f"the truth has a member below a link: {member.name!r}")
    if member.isdir():
        path.mkdir(exist_ok=True)
    elif member.issym():
        os.symlink(member.linkname, path)
    elif member.isreg():
        path.write_bytes(members.extractfile(member).read())
        path.chmod(member.mode | 0o600)
    else:
        raise LabError(f"the truth has a member of type {member.type!r}: {member.name!r}")
