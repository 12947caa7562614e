"""The Terraform files themselves: format, validity, and that a mistake would be noticed."""

import json
import subprocess

import pytest

from infra import driver, parts

ROOT_FILES = "main.tf"


def test_format(terraform):
    outcome = terraform.run("fmt", check=..., recursive=..., diff=...)
    assert outcome.code == 0, outcome.out


def test_valid(terraform):
    outcome = terraform.run("validate", json=...)
    assert driver.faults(outcome) == []
    assert outcome.json()["warning_count"] == 0


STORAGE, HOST, IDENTITY = (f"modules/{m}/main.tf" for m in ("storage", "host", "identity"))
PLANTED = {
    "unknown attribute": (STORAGE, "billing_mode  ", "billing_mood  ", "Unsupported argument"),
    "unknown nested attribute": (
        HOST, "http_tokens  ", "http_token  ", "Unsupported argument"),
    "unknown block": (STORAGE, "point_in_time_recovery {", "point_in_time_recover {",
                      "Unsupported block type"),
    "missing argument": (HOST, "  ip_protocol       = \"tcp\"\n  from_port         = 22\n",
                         "  from_port         = 22\n", "Missing required argument"),
    "wrong type": (HOST, "volume_size = 20", "volume_size = \"big\"", "Incorrect attribute value"),
    "reference to nothing": (HOST, "aws_eip.this.allocation_id", "aws_eip.this.allocation",
                             "Unsupported attribute"),
    "undeclared resource": (HOST, "aws_key_pair.this.key_name", "aws_key_pair.that.key_name",
                            "undeclared resource"),
    "second of a single block": (
        HOST, "  root_block_device {", "  root_block_device {}\n  root_block_device {", "Too many"),
    "unknown type": (STORAGE, 'resource "aws_s3_bucket" "letters"',
                     'resource "aws_s3_buckets" "letters"', "Invalid resource type"),
    "gone in version 6": (HOST, 'domain = "vpc"', "vpc = true", "Unsupported argument"),
    "read-only attribute": (HOST, 'domain = "vpc"', 'public_ip = "192.0.2.1"', "read-only"),
    "circle": (ROOT_FILES, "  environment        = local.trigger_settings",
               "  environment        = local.server_settings", "Cycle"),
    "argument of no module": (ROOT_FILES, "  self_sign_up   =", "  self_signup    =",
                              "Unsupported argument"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_fault_is_noticed(terraform, name):
    file, old, new, expected = PLANTED[name]
    restore = terraform.edit(file, old, new)
    try:
        found = driver.faults(terraform.run("validate", json=...))
    finally:
        restore()
    assert any(expected in fault for fault in found), found


def test_cases_of_terraform_test(terraform):
    """infra/terraform/tests, run by `terraform test` with a mocked provider."""
    outcome = terraform.run("test", json=...)
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    summary = [line["test_summary"] for line in lines if line["type"] == "test_summary"]
    assert summary and summary[0]["status"] == "pass" and summary[0]["passed"] >= 8, outcome.text


def test_example_names_exactly_what_must_be_set(terraform):
    example = (parts.TERRAFORM / "terraform.tfvars.example").read_text()
    names = [line.split("=")[0].strip() for line in example.splitlines()
             if line and not line.startswith("#")]
    assert names == ["ssh_key", "ur_ip"]


def test_lock_file_is_not_the_stubs():
    lock = parts.TERRAFORM / ".terraform.lock.hcl"
    assert not lock.exists() or parts.PROVIDER_VERSION not in lock.read_text()


def test_security_lint():
    """checkov's rules; those that do not fit are named with reasons in infra/checkov.yaml."""
    run = subprocess.run(
        [parts.CACHE / "checkov" / "bin" / "checkov", "--config-file",
         parts.TERRAFORM / "checkov.yaml", "-d", parts.TERRAFORM], capture_output=True, text=True,
        timeout=300, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]


def test_every_skip_of_the_lint_has_a_reason():
    lines = (parts.TERRAFORM / "checkov.yaml").read_text().splitlines()
    skips = [line for line in lines if line.strip().startswith("- CKV")]
    assert skips
    assert all(len(line.partition("#")[2].strip()) > 10 for line in skips), skips


@pytest.fixture(params=["deployment", "shared_deployment"])
def user_data(request):
    return request.getfixturevalue(request.param).resources()["module.host.aws_instance.this"][
        "user_data"]


def test_user_data_is_a_sound_script(user_data, tmp_path):
    script = tmp_path / "user-data.sh"
    script.write_text(user_data)
    subprocess.run(["bash", "-n", script], check=True)
    lint = subprocess.run([parts.CACHE / "venv" / "bin" / "shellcheck", script],
                          capture_output=True, text=True, check=False)
    assert lint.returncode == 0, lint.stdout
    assert len(user_data.encode()) < 16384  # EC2's limit


def test_user_data_carries_no_secret(user_data):
    assert not [word for word in ("AKIA", "SECRET", "PASSWORD", "PRIVATE KEY") if word in user_data]


