#!/usr/bin/env python3
"""Measures the bare HTTP front (the echo server of tests/unit/http) beside floors of the same run:
requests a second by wrk, 1 GiB up and down by curl against cp with sync.

Usage: LETTERLOCK_BUILD_DIR=build-bench bench/http_bench.py [MIB]"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/http"))
from front import Front  # noqa: E402

MIB = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
RUNS = 3
WRK_SECONDS = 3


def best(seconds_of):
    return min(seconds_of() for _ in range(RUNS))


def wrk(url):
    out = subprocess.run(["wrk", "-t1", "-c32", f"-d{WRK_SECONDS}s", url], check=True,
                         capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def curl(*arguments):
    out = subprocess.run(["curl", "-sf", "-o", "/dev/null", "-w", "%{time_total}", *arguments], check=True,
                         capture_output=True, text=True).stdout
    return float(out)


def copy(source, target):
    start = time.monotonic()
    subprocess.run(["cp", source, target], check=True)
    subprocess.run(["sync", target], check=True)
    seconds = time.monotonic() - start
    os.unlink(target)
    return seconds


def main():
    front = Front()
    try:
        for name, path in (("on the loop", "/v1/inline"), ("on a worker", "/v1/echo")):
            print(f"requests, answered {name:12} {wrk(front.url + path):10.0f} /s")
        with tempfile.NamedTemporaryFile(dir="/var/tmp") as f:
            for _ in range(MIB):
                f.write(os.urandom(1 << 20))
            f.flush()
            up = ("-H", "Expect:", "-X", "POST", "-T", f.name)
            print(f"{MIB} MiB cp + sync          {best(lambda: copy(f.name, f.name + '.copy')):10.3f} s")
            print(f"{MIB} MiB up, dropped        {best(lambda: curl(*up, front.url + '/v1/sink?hash=0')):10.3f} s")
            print(f"{MIB} MiB up, written + sync {best(lambda: curl(*up, front.url + '/v1/sink?hash=0&file=1')):10.3f} s")
            print(f"{MIB} MiB up, SHA-256        {best(lambda: curl(*up, front.url + '/v1/sink')):10.3f} s")
        down = f"{front.url}/v1/source?n={MIB << 20}"
        print(f"{MIB} MiB down               {best(lambda: curl(down)):10.3f} s")
        print(f"most memory so far           {front.memory_kib('VmHWM') / 1024:10.1f} MiB")
    finally:
        front.stop()


if __name__ == "__main__":
    main()
