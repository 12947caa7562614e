"""The package for Lambda: what tools/lambda_package makes starts by itself and serves."""

import os
import pathlib
import subprocess
import time
import zipfile

import pytest

from aws import cloud
from aws.gateway import Gateway
from support.server import BUILD, SANITIZED

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "build-lambda" / "lambda.zip"
PACKAGE_MAX_BYTES = 50 << 20  # what Lambda takes as an upload

pytestmark = pytest.mark.skipif(SANITIZED, reason="sanitizers' libraries are not for Lambda")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    done = subprocess.run([ROOT / "tools" / "lambda_package"], capture_output=True, text=True,
                          timeout=120, env=os.environ | {"LETTERLOCK_BUILD_DIR": str(BUILD)})
    assert done.returncode == 0, done.stderr
    print(done.stdout.strip())
    directory = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(PACKAGE) as archive:
        for entry in archive.infolist():
            path = pathlib.Path(archive.extract(entry, directory))
            path.chmod(entry.external_attr >> 16)
    return directory


def test_the_package_fits_and_holds_no_glibc(unpacked):
    assert PACKAGE.stat().st_size <= PACKAGE_MAX_BYTES
    names = {p.name for p in (unpacked / "lib").iterdir()}
    assert any(n.startswith("libcurl") for n in names)
    assert not any(n.startswith(("libc.so", "libm.so", "ld-linux")) for n in names)


def test_the_packed_program_serves_with_its_own_libraries(double, unpacked):
    gateway = Gateway(cloud.aws_environment(double), "2.0", [str(unpacked / "bootstrap")],
                      LD_LIBRARY_PATH=str(unpacked / "lib"))
    began = time.perf_counter()
    answer = gateway.request("GET", "/v1/config")
    cold = time.perf_counter() - began
    assert answer.status_code == 200 and answer.json()["backend"] == "aws"
    began = time.perf_counter()
    assert gateway.request("GET", "/v1/config").status_code == 200
    warm = time.perf_counter() - began
    print(f"first answer of a new process {cold * 1000:.0f} ms, of a warm one {warm * 1000:.1f} ms")
