#!/usr/bin/python3
"""Sum up test results: meson's testlog.json and pytest's JUnit XML.

    results.py FILE...     prints a line a file, the failures, and "N passed, N failed"

A FILE that is missing, empty or broken is a failure itself: what should have run did not."""

import json
import os
import re
import sys
import xml.etree.ElementTree as xml

SUBTEST = re.compile(r"^(not )?ok\b[^#\n]*(# skip)?", re.I | re.M)


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def fail(self, what):
        self.failed += 1
        self.failures.append(what)


def meson_test(count, test):
    """A test of many in TAP, or one that is its exit code."""
    result, name = test["result"], test["name"].split(" / ")[-1]
    subtests = list(SUBTEST.finditer(test.get("stdout") or ""))
    before = count.failed
    if result == "SKIP":
        count.skipped += 1
        return
    for subtest in subtests:
        if subtest[1]:
            count.fail(f"{name}: {subtest[0]}")
        elif subtest[2]:
            count.skipped += 1
        else:
            count.passed += 1
    if result == "OK" and not subtests:
        count.passed += 1
    if result != "OK" and count.failed == before:
        count.fail(f"{name}: {result.lower()}, exit status {test['returncode']}")


def from_meson(count, path):
    with open(path, encoding="utf-8", errors="replace") as f:
        tests = [json.loads(line) for line in f]
    if not tests:
        raise ValueError("no tests")
    for test in tests:
        meson_test(count, test)


def from_junit(count, path):
    cases = list(xml.parse(path).getroot().iter("testcase"))
    if not cases:
        raise ValueError("no tests")
    for case in cases:
        tags = {child.tag for child in case}
        if tags & {"failure", "error"}:
            count.fail(f"{case.get('classname')}: {case.get('name')}")
        elif "skipped" in tags:
            count.skipped += 1
        else:
            count.passed += 1


def from_list(count, path):
    """Lines that steps without a format of their own leave: "ok NAME" or "not ok NAME"."""
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if line.startswith("ok "):
                count.passed += 1
            else:
                count.fail(line)


READERS = {".json": from_meson, ".xml": from_junit, ".list": from_list}


def read(path):
    count = Count()
    suffix = os.path.splitext(path)[1]
    try:
        READERS[suffix](count, path)
    except (OSError, ValueError, KeyError, xml.ParseError) as e:
        count.fail(f"no results: {e}")
    return count


def main(paths):
    total = Count()
    for path in paths:
        count = read(path)
        name = os.path.splitext(os.path.basename(path))[0]
        print(f"{name:24} {count.passed:5} passed {count.failed:4} failed "
              f"{count.skipped:4} skipped")
        for failure in count.failures:
            print(f"    {failure}")
        total.passed += count.passed
        total.failed += count.failed
    if not paths:
        total.fail("nothing ran")
    print(f"{total.passed} passed, {total.failed} failed")
    return total.failed > 0


sys.exit(main(sys.argv[1:]))
