"""The served document, and an honest try to break the server with what it describes."""

import os
import pathlib
import subprocess
import sys

import pytest

from support.server import ROOT

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "15")


def test_document_is_served_and_is_ours(server):
    import yaml
    r = server.client().get("/openapi.json")
    assert r.status_code == 200 and r.headers["content-type"] == "application/json"
    assert r.json() == yaml.safe_load((ROOT / "openapi.yaml").read_text())


def test_every_error_code_is_documented(server):
    """The list of codes in the document is that of the error table."""
    import re
    table = (ROOT / "src/base/err.h").read_text()
    codes = set(re.findall(r'X\([A-Z_]+, \d+, "([a-z_]+)"', table)) - {"ok"}
    text = (ROOT / "openapi.yaml").read_text()
    assert [c for c in sorted(codes) if c not in text] == []


def run_schemathesis(server, user, *options):
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis", "run", server.url + "/openapi.json",
        "--header", f"Authorization: Bearer {user.session['id_token']}",
        "--checks", "not_a_server_error", "--max-examples", EXAMPLES, "--request-timeout", "20",
        "--exclude-path", "/v1/events", "--phases", "examples,coverage,fuzzing",
        "--suppress-health-check", "all", "--no-color", *options]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks",
                                "PYTHONPATH": str(ROOT / "tests/support")}
    return subprocess.run(command, capture_output=True, text=True, timeout=900, check=False,
                          env=environment)


def test_schemathesis_finds_no_server_error(make_server):
    server = make_server(LETTERLOCK_QUOTA_BYTES="100GiB")
    user, other = server.user(), server.user()
    user.send(other, "something to find"), other.send(user, "something to read")
    done = run_schemathesis(server, user, "--exclude-path", "/v1/sessions/current",
                            "--exclude-path", "/v1/me", "--exclude-method", "DELETE")
    assert done.returncode == 0, done.stdout[-6000:]
    # What ends sessions and accounts, last, with a user to lose.
    lost = server.user()
    done = run_schemathesis(server, lost, "--include-method", "DELETE")
    assert done.returncode == 0, done.stdout[-6000:]
    assert server.client().get("/healthz").status_code == 200
    assert "error=internal" not in server.log()
