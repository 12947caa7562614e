#!/usr/bin/env python3
"""Checks the house sizes (CONTRIBUTING.md): lines a file, a function, a line; parameters; banned calls."""

import pathlib
import re
import subprocess
import sys

FILE_LINES = 700
FUNCTION_LINES = 70
LINE_COLUMNS = 100
PARAMETERS = 8  # port functions carry self and ctx before their own six
BANNED = re.compile(r"\b(sprintf|vsprintf|strcpy|strcat|strncpy|strtok|gets|system|popen|alloca|rand|"
                    r"atoi|atol|usleep|sleep)\s*\(")
NAMES = re.compile(r"(^|_)(util|utils|helper|helpers|manager|common|misc|impl)(_|\.|$)")
TAGS = ["ctags", "-f", "-", "--languages=C", "--kinds-C=f", "--fields=+neS", "-n"]


def code_of(text):
    """text without comments and strings, its line structure kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def file_faults(path):
    text = path.read_text()
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{path}: {len(lines)} lines, over {FILE_LINES}"
    if NAMES.search(path.name):
        yield f"{path}: a name that names nothing"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, over {LINE_COLUMNS}"
    for number, line in enumerate(code_of(text).splitlines(), 1):
        if hit := BANNED.search(line):
            yield f"{path}:{number}: {hit.group(1)} is banned"


def function_faults(files):
    tags = subprocess.run(TAGS + [str(f) for f in files], capture_output=True, text=True, check=True)
    for tag in tags.stdout.splitlines():
        name, path, *rest = tag.split("\t")
        fields = dict(f.split(":", 1) for f in rest if ":" in f)
        length = int(fields["end"]) - int(fields["line"]) + 1
        if length > FUNCTION_LINES:
            yield f"{path}:{fields['line']}: {name} has {length} lines, over {FUNCTION_LINES}"
        signature = fields.get("signature", "()")
        if signature.count(",") + 1 > PARAMETERS:
            yield f"{path}:{fields['line']}: {name} has over {PARAMETERS} parameters"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    files = sorted((root / "src").rglob("*.[ch]"))
    found = [fault for f in files for fault in file_faults(f)]
    found += function_faults(f for f in files if f.suffix == ".c")
    print("\n".join(found) or f"sizes: {len(files)} files within the house rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
