#!/usr/bin/python3
"""The tables of files in README.md and in the manual page are those of fs/tree.def, and the options in
README.md those of `vmcorefs --help`.

Run in the root of the tree. With --write the tables of files are brought up to date."""

import re
import sys

README, MANUAL, OPTIONS = "README.md", "fs/vmcorefs.1", "fs/options.c"
COMPLETIONS = [f"fs/completions/{name}" for name in ("vmcorefs.bash", "_vmcorefs", "vmcorefs.fish")]


def tree():
    """(path, help) of each line of fs/tree.def, in its order"""
    text = re.sub(r"/\*.*?\*/", "", open("fs/tree.def", encoding="utf-8").read(), flags=re.S)
    lines = re.findall(r'^[A-Z]+\(\s*"([^"]+)"[^"]*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', text, re.M)
    return [(path, "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', help_)).replace('\\"', '"'))
            for path, help_ in lines]


def readme_table(entries):
    """A row each of what stands at / and of each name that stands for many, and one a folder for the rest"""
    folders, helps = {}, {}
    for path, help_ in entries:
        folder, name = path.rsplit("/", 1)
        if name not in folders.setdefault(folder, []):
            folders[folder].append(name)
        helps.setdefault(path, help_)

    rows = []
    for folder, names in folders.items():
        plain = [name for name in names if folder and not name.startswith("{")]
        rows += [(f"{folder}/{name}", helps[f"{folder}/{name}"]) for name in names if name not in plain]
        rows += [(f"{folder}/", ", ".join(plain))] if plain else []
    return "| path | what it is |\n|---|---|\n" + "".join(
        f"| `{path}` | {help_.replace('|', chr(92) + '|')} |\n" for path, help_ in rows)


def manual_table(entries):
    def quoted(text):
        text = text.replace("\\", "\\e").replace("-", "\\-")
        return "\\&" + text if text[:1] in ".'" else text

    return "".join(f".It Pa {quoted(path)}\n{quoted(help_)}\n" for path, help_ in entries)


TABLES = {
    # document: what stands before its table and after it, and who writes it
    README: ("<!-- tree -->\n", "<!-- /tree -->\n", readme_table),
    MANUAL: (".Sh FILES\nNames in braces stand for many.\n.Bl -tag -width Ds\n", ".El\n",
             manual_table),
}


def check(document, entries, write):
    """What is wrong with the document's table"""
    before, after, table = TABLES[document]
    text = open(document, encoding="utf-8").read()
    try:
        start = text.index(before) + len(before)
        end = text.index(after, start)
    except ValueError:
        return [f"{document}: there is no table of files"]
    wanted = table(entries)
    if text[start:end] == wanted:
        return []
    if not write:
        return [f"{document}: not as fs/tree.def; run tests/lint/tables.py --write"]
    open(document, "w", encoding="utf-8").write(text[:start] + wanted + text[end:])
    return []


def missing_options():
    """Options that --help names and a document does not"""
    source = open(OPTIONS, encoding="utf-8").read()
    options = re.findall(r'^\s*"\s{4}(-\w)(?:, (--[\w-]+)| (\w+))', source, re.M)
    bad = [] if options else [f"{OPTIONS}: no options found"]
    for document, form in (README, "`{}"), (MANUAL, "Fl {}"):
        text = open(document, encoding="utf-8").read().replace("\\-", "-")
        for letter, long_name, name in options:
            flag = form.format(letter if document == README else letter[1:])
            if flag not in text or (long_name or name).lstrip("-").lower() not in text.lower():
                bad.append(f"{document}: does not tell of {letter} {long_name or name}")
    return bad


def missing_completions():
    """Long options and commands of --help that a shell would not complete"""
    source = open(OPTIONS, encoding="utf-8").read()
    words = re.findall(r'^\s*"\s{4}(?:-\w, |    )--([\w-]+)', source, re.M)
    words += re.findall(r'^\s*"\s{7}vmcorefs (\w+) ', source, re.M)
    bad = [] if len(words) > 5 else [f"{OPTIONS}: no long options found"]
    for document in COMPLETIONS:
        text = open(document, encoding="utf-8").read()
        bad += [f"{document}: does not complete {word}" for word in words
                if not re.search(rf"(?<![\w-]){word}(?![\w-])", text.replace("--", ""))]
    return bad


def main():
    entries = tree()
    bad = [] if entries else ["fs/tree.def: no entries"]
    for document in TABLES:
        bad += check(document, entries, "--write" in sys.argv[1:])
    bad += missing_options() + missing_completions()
    print("\n".join(bad), end="\n" if bad else "")
    sys.exit(bool(bad))


main()
