"""The Debian package, installed on a Debian of its own, and its service's unit."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = os.environ.get("BASE_IMAGE", "debian:bookworm-slim")
UNIT = ROOT / "infra" / "systemd" / "letterlock.service"
EXPOSURE_MAX = 2.0  # of 10, by systemd-analyze security
SECONDS = 300

INSIDE = r"""
set -e
apt-get -qq update
apt-get -qq install -y --no-install-recommends /package/*.deb >/tmp/apt.log 2>&1 || { tail /tmp/apt.log; exit 1; }
id letterlock
stat -c '%U:%G %a' /etc/letterlock/letterlock.env
install -d -o letterlock -g letterlock -m 700 /var/lib/letterlock
letterlock="setpriv --reuid=letterlock --regid=letterlock --clear-groups letterlock"
settings="--env-file /etc/letterlock/letterlock.env"
$letterlock serve $settings 2>/tmp/log &
server=$!
for i in $(seq 100); do $letterlock health $settings 2>/dev/null && break; sleep 0.1; done
$letterlock health $settings && echo healthy
$letterlock admin users $settings
kill $server
wait $server && echo stopped
apt-get -qq purge -y letterlock >/tmp/purge.log 2>&1
cat /tmp/purge.log
test -f /var/lib/letterlock/letterlock.sqlite && echo kept
test ! -e /usr/bin/letterlock && echo gone
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("deb")
    subprocess.run([ROOT / "infra" / "deb" / "build", out], check=True, timeout=SECONDS)
    return next(out.glob("*.deb"))


def test_the_package_installs_serves_and_goes(package):
    done = subprocess.run(
        ["docker", "run", "--rm", "--network=host", "-v", f"{package.parent}:/package:ro", BASE,
         "bash", "-c", INSIDE], capture_output=True, text=True, timeout=SECONDS)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "root:letterlock 640" in lines
    for word in ("healthy", "stopped", "kept", "gone"):
        assert word in lines
    assert any(line.startswith("username ") for line in lines)
    assert "the letters are still in /var/lib/letterlock" in done.stdout


def test_the_same_source_gives_the_same_package(package, tmp_path):
    subprocess.run([ROOT / "infra" / "deb" / "build", tmp_path], check=True, timeout=SECONDS)
    assert next(tmp_path.glob("*.deb")).read_bytes() == package.read_bytes()


def test_the_service_is_exposed_little():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", UNIT],
                          capture_output=True, text=True, timeout=SECONDS)
    level = re.search(r"exposure level for letterlock.service: ([\d.]+)", done.stdout).group(1)
    print(f"systemd-analyze security: {level}")
    assert float(level) <= EXPOSURE_MAX
