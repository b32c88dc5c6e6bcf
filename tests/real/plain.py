"""Plain tables of the tree: one record a line below a header."""

import os
import re


def lines(mount, path):
    """Those of a table, without its header; none tells of an error."""
    text = (mount / path).read_text()
    assert "!!" not in text
    return text.splitlines()[1:]


def pids(truth):
    """Of the processes that the guest had."""
    return {name for name in os.listdir(truth / "proc") if name.isdigit()}


def users(text):
    """{(pid, fd)} of what ss(8) and our tables have of tasks."""
    return set(re.findall(r"pid=(\d+),fd=(\d+)", text))
