"""The plain tables at / as lists of records, and what the guest's module said of itself."""

import os
from itertools import takewhile


def rows(path, columns):
    """A dict for each line from the header, which must be these columns, to the end or an empty line. The
    last column may have blanks."""
    names = columns.split()
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.split() == names)
    bad = [line for line in lines if line.startswith("!!")]
    assert not bad, bad
    return [dict(zip(names, line.split(None, len(names) - 1), strict=True))
            for line in takewhile(str.strip, lines[start + 1:])]


def module_lines(folder, kind):
    """[words] of each line of this kind in the module's own account, /proc/crashme."""
    path = folder / "truth/proc/crashme"
    path = path if path.exists() else folder / "truth/crashme"
    lines = [line.split() for line in path.read_text().splitlines()]
    return [words[1:] for words in lines if words and words[0] == kind]


def one(rows_, **wanted):
    """The only record with these values."""
    found = [r for r in rows_ if all(r[k] == v for k, v in wanted.items())]
    assert len(found) == 1, (wanted, found)
    return found[0]


def truth(folder, name):
    return (folder / "truth/proc" / name).read_text(errors="replace")


def has_truth(folder, name):
    return os.path.exists(folder / "truth/proc" / name)
