#!/usr/bin/env python3
"""Checks that #include arrows between the rooms of src/ only point downwards (ARCHITECTURE.md)."""

import pathlib
import re
import sys

# Room -> the rooms whose headers it may include, besides its own.
ALLOWED = {
    "base": set(),
    "envelope": {"base"},
    "ports": {"envelope", "base"},
    "core": {"ports", "envelope", "base"},
    "embedded": {"ports", "envelope", "base", "core"},
    "aws": {"ports", "envelope", "base"},
    "api": {"core", "ports", "envelope", "base"},
    "http": {"api", "base"},
    "lambda": {"api", "base"},
    "cli": {"envelope", "core", "base"},
    "app": {"http", "lambda", "cli", "api", "embedded", "aws", "core", "ports", "envelope", "base"},
}
# Single headers that an arrow may reach where its room is closed: pure functions shared by both.
ONLY = {
    ("embedded", "core"): {"core/key_ring.h"},
    ("cli", "core"): {"core/key_ring.h"},
    ("http", "api"): {"api/call.h", "api/api.h"},
    ("lambda", "api"): {"api/call.h", "api/api.h"},
}
SYSTEM = {  # library headers that only these rooms may know
    "microhttpd.h": {"http"},
    "sqlite3.h": {"embedded"},
    "curl/curl.h": {"embedded", "aws", "lambda", "cli", "app"},
    "pthread.h": {"base"},
    "sodium.h": {"core", "embedded", "app"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def faults(root):
    for path in sorted(root.rglob("*.[ch]")):
        room = path.relative_to(root).parts[0]
        if room not in ALLOWED:
            if path.name != "main.c":
                yield f"{path}: room {room} is not in the plan"
            continue
        for own, system in INCLUDE.findall(path.read_text()):
            target = own.split("/")[0]
            if own and target != room:
                if target not in ALLOWED[room]:
                    yield f"{path}: {room} must not include {own}"
                elif own not in ONLY.get((room, target), {own}):
                    yield f"{path}: of {target}, {room} may include only {ONLY[(room, target)]}"
            if system in SYSTEM and room not in SYSTEM[system]:
                yield f"{path}: {room} must not include <{system}>"


def main():
    found = list(faults(pathlib.Path(__file__).resolve().parent.parent / "src"))
    print("\n".join(found) or "includes: every arrow points downwards")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
