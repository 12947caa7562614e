#!/usr/bin/env python3
"""Adds up the results that ./test left: JUnit files, Meson logs, single steps. Prints what failed and
the line "N passed, N failed"; exits with 1 unless everything passed and something ran."""

import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def junit(path):
    """Yields (name, state) of every case in a JUnit file."""
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        state = ("failed" if kinds & {"failure", "error"} else
                 "skipped" if "skipped" in kinds else "passed")
        yield f"{path.stem}: {case.get('classname') or ''} {case.get('name')}", state


def meson(path):
    """Yields every case of every C test program, from what cmocka printed. One that began and did
    not end well has failed; so has a program that ended badly for another reason."""
    for line in path.read_text().splitlines():
        test = json.loads(line)
        program = f"{path.parent.name}: {test['name']}"
        printed = test.get("stdout", "") + test.get("stderr", "")
        left = collections.Counter(re.findall(r"\[ RUN {6}\] (\S+)", printed))
        states = {"passed": r"\[ {7}OK \] (\S+)", "skipped": r"\[ {2}SKIPPED \] (\S+)$"}
        for state, pattern in states.items():
            ended = collections.Counter(re.findall(pattern, printed, re.M)) & left
            left -= ended
            for name in ended.elements():
                yield f"{program} {name}", state
        for name in left.elements():
            yield f"{program} {name}", "failed"
        if test["result"] not in ("OK", "SKIP") and not left:
            yield f"{program} {test['result']}", "failed"


def cases(results):
    for path in sorted(results.rglob("*.xml")):
        try:
            yield from junit(path)
        except ElementTree.ParseError:
            yield f"{path.name}: not a complete result file", "failed"
    for path in sorted(results.rglob("testlog.json")):
        yield from meson(path)
    for path in sorted(results.rglob("*.step")):
        yield path.stem, "passed" if path.read_text().strip() == "ok" else "failed"


def main():
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for name, state in cases(pathlib.Path(sys.argv[1])):
        count[state] += 1
        if state != "passed":
            print(f"{state}: {name}")
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{skipped}")
    return 0 if count["passed"] > 0 and count["failed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
