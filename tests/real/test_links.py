"""Links that only some have: in a whole dump each is there of somebody, or for a reason of nobody."""

import re

from mounted import tree_paths, walk

# Whose links those are that nobody has, and why.
NOBODY = {
    r"/tasks/\{pid\}/(task/\{tid\}/)?open/\{fd\}/sock(et)?": "of few files, which are looked for below",
    r"/cpus/\{cpu\}/\{idle\}/(task/\{tid\}/)?(exe|core|blocked_by|open/.*)": "idle threads have no memory and no files, and wait for nothing",
}


def form(path):
    """A path of the table as a pattern."""
    return re.sub(r"\\\{\w+\\\}", r"[^/\n]+", re.escape(path))


def test_each_is_there(original):
    found = "\n".join(walk(original.point))
    lost = [path for kind, path in tree_paths() if kind == "LINK" and "{" not in path.rsplit("/", 1)[1]
            and not re.search(f"^{form(path)}$", found, re.M)]
    assert [path for path in lost if not any(re.fullmatch(p, path) for p in NOBODY)] == []


def test_sockets(original):
    """Each open socket leads to both its structures."""
    sockets = [link for link in original.point.glob("tasks/*/fd/*")
               if link.readlink().name.startswith("socket:[")]
    assert len(sockets) > 5
    for link in sockets:
        opened = link.parent.parent / "open" / link.name
        assert {"socket", "sock"} <= {entry.name for entry in opened.iterdir()}, opened
