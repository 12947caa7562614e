"""Letterlock's message format against the official AWS Encryption SDK, in both directions.

Needs a build of the tree: LETTERLOCK_BUILD_DIR, or build/ at its top.
"""

import json
import os
import pathlib
import subprocess

import pytest
from support import sdk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LETTERLOCK_BUILD_DIR", ROOT / "build"))
TOOL = BUILD / "tests" / "interop" / "envelope_tool"
DEADLINE_S = 60

CONTEXTS = {
    "empty": {},
    "letter": {"message": "0193a0f2-0000-7000-8000-000000000001", "recipient": "b", "sender": "a"},
    "utf8": {"Zusatz": "größe", "ключ": "значение", "名前": "受信者 📮", "empty": "", "z": "1"},
}
SIZES = {
    4096: [0, 1, 4095, 4096, 4097, 12288, 1 << 20],
    65536: [0, 1, 65535, 65536, 65537, 1 << 20],
}
CASES = [
    pytest.param(frame, size, context, id=f"f{frame}-n{size}-{name}")
    for frame, sizes in SIZES.items()
    for size in sizes
    for name, context in CONTEXTS.items()
]
SCHEMES = ["ephemeral", "static"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Alice's and Bob's keys and the files of their private keys."""
    folder = tmp_path_factory.mktemp("keys")
    alice, bob = sdk.Key(), sdk.Key()
    for name, key in (("alice", alice), ("bob", bob)):
        key.path = folder / f"{name}.pem"
        key.path.write_bytes(key.pem)
    return alice, bob


def run(*arguments, stdin, status=0):
    done = subprocess.run(
        [TOOL, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done


def tool_seal(plaintext, recipient, sender, context, frame):
    arguments = ["seal", "--frame", frame, "--to", recipient.compressed.hex()]
    if sender is not None:
        arguments += ["--from", sender.path]
    arguments += [f"{name}={value}" for name, value in context.items()]
    return run(*arguments, stdin=plaintext).stdout


def tool_open(sealed, key):
    done = run("open", "--key", key.path, stdin=sealed)
    return done.stdout, json.loads(done.stderr)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("frame, size, context", CASES)
def test_sdk_opens_what_we_seal(keys, scheme, frame, size, context):
    alice, bob = keys
    plaintext = os.urandom(size)
    sender = alice if scheme == "static" else None
    sealed = tool_seal(plaintext, bob, sender, context, frame)
    assert sdk.open_sealed(sdk.discovery_keyring(bob), sealed) == (plaintext, context)
    if scheme == "static":
        assert sdk.open_sealed(sdk.static_keyring(alice, bob), sealed) == (plaintext, context)
        assert sdk.open_sealed(sdk.static_keyring(bob, alice), sealed) == (plaintext, context)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("frame, size, context", CASES)
def test_we_open_what_the_sdk_seals(keys, scheme, frame, size, context):
    alice, bob = keys
    plaintext = os.urandom(size)
    static = scheme == "static"
    keyring = sdk.static_keyring(alice, bob) if static else sdk.ephemeral_keyring(bob)
    sealed = sdk.seal(keyring, plaintext, context, frame)
    opened, report = tool_open(sealed, bob)
    assert opened == plaintext
    assert report["context"] == context
    assert (report["sender"] == alice.compressed.hex()) == static
    if static:
        assert tool_open(sealed, alice)[0] == plaintext


def test_a_stranger_opens_nothing(keys):
    alice, bob = keys
    sealed = tool_seal(b"for bob only", bob, None, {}, 4096)
    refused = run("open", "--key", alice.path, stdin=sealed, status=1)
    assert refused.stdout == b""
    assert b"no-matching-edk" in refused.stderr
    with pytest.raises(Exception):
        sdk.open_sealed(sdk.discovery_keyring(alice), sealed)


def test_both_refuse_a_cut_message(keys):
    _, bob = keys
    sealed = tool_seal(bytes(10000), bob, None, {}, 4096)
    cut = sealed[: 293 + 2 * (4096 + 32)]
    refused = run("open", "--key", bob.path, stdin=cut, status=1)
    assert b"missing-final-frame" in refused.stderr
    with pytest.raises(Exception):
        sdk.open_sealed(sdk.discovery_keyring(bob), cut)
