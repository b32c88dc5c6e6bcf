"""Reads back what vmcorefs prints of a structure as C: {member: value}, anonymous members merged into
what they are in. A value is a dict, a list, or a scalar as Scalar or Text has it."""

import re
from dataclasses import dataclass

STRING = r'"(?:[^"\\]|\\.)*"'
SCALAR = re.compile(
    rf"""(?P<string>{STRING})
       | (?P<pointer>0x[0-9a-f]+)(?:\ <(?!repeats\ )[^>]*>)?(?:\ {STRING}(?:\.\.\.)?)?
       | (?P<number>-?\d+)(?:\ '(?:\\\d{{3}}|\\.|[^\\])')?
       | (?P<flags>\([^)]*\))
       | (?P<word>true|false|<not\ in\ dump>|[A-Za-z_]\w*)""", re.X)
MEMBER = re.compile(r" *(?:(\w+) = )?")
BETWEEN = re.compile(r",? *\n? *")
REPEATS = re.compile(r" <repeats (\d+) times>")
ESCAPE = re.compile(rb"\\(?:(\d{3})|(.))", re.S)
LETTERS = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r"))


@dataclass(frozen=True)
class Scalar:
    kind: str       # number, pointer, flags, word
    text: str


@dataclass(frozen=True)
class Text:
    bytes: bytes    # without NULs at the end


def unescape(quoted):
    def one(found):
        octal, letter = found.groups()
        return bytes([int(octal, 8) if octal else LETTERS.get(letter[0], letter[0])])

    return ESCAPE.sub(one, quoted[1:-1].encode())


class Reader:
    """A position in a text."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def accept(self, word):
        found = self.text.startswith(word, self.at)
        self.at += len(word) if found else 0
        return found

    def expect(self, word):
        assert self.accept(word), self.text[max(0, self.at - 80):self.at + 80]

    def match(self, pattern):
        found = pattern.match(self.text, self.at)
        assert found, self.text[max(0, self.at - 80):self.at + 80]
        self.at = found.end()
        return found

    def value(self):
        if self.accept("{<No data fields>}"):
            return {}
        if self.accept("{\n"):
            return self.members()
        if self.accept("{"):
            return self.elements()
        found = self.match(SCALAR)
        if found["string"]:
            return Text(unescape(found["string"]))
        return Scalar(found.lastgroup, found[found.lastgroup])

    def members(self):
        values = {}
        while not self.accept("}"):
            name = self.match(MEMBER)[1]
            value = self.value()
            values.update({name: value} if name else value)
            self.match(BETWEEN)
        return values

    def elements(self):
        values = []
        while not self.accept("}"):
            value = self.value()
            repeats = REPEATS.match(self.text, self.at)
            self.at = repeats.end() if repeats else self.at
            values += [value] * (int(repeats[1]) if repeats else 1)
            self.match(BETWEEN)
        return values


def read(text):
    """The members of "struct NAME {...}"."""
    reader = Reader(text)
    reader.match(re.compile(r"(?:struct|union) \w+ "))
    value = reader.value()
    reader.expect("\n")
    assert reader.at == len(text)
    return value
