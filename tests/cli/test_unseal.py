"""Opening messages offline, against the vectors of the message format. Needs no server."""
import base64
import hashlib
import json

import pytest

from support.server import ROOT

VECTORS = ROOT / "tests" / "vectors" / "message-format"


def cases(file):
    return json.loads((VECTORS / file).read_text(encoding="utf-8"))["cases"]


def ids(case):
    return case["name"]


def write_inputs(someone, case, pem_name):
    (someone.cwd / "key.pem").write_text(case[pem_name], encoding="ascii")
    (someone.cwd / "message").write_bytes(base64.b64decode(case["message_base64"]))


def files(someone):
    return sorted(path.name for path in someone.cwd.iterdir())


@pytest.mark.parametrize("case", cases("raw-ecdh.json"), ids=ids)
def test_raw_plaintext(person, case):
    someone = person("carol")
    write_inputs(someone, case, "private_key_pem")
    someone.run("unseal", "--key", "key.pem", "--raw", "-o", "plain", "message")
    plain = (someone.cwd / "plain").read_bytes()
    assert len(plain) == case["plaintext"]["length"]
    assert hashlib.sha256(plain).hexdigest() == case["plaintext"]["sha256"]
    assert files(someone) == ["key.pem", "message", "plain"]


@pytest.mark.parametrize("side", ["sender", "recipient"])
@pytest.mark.parametrize("case", cases("raw-ecdh-static.json"), ids=ids)
def test_both_sides_open(person, case, side):
    someone = person("carol")
    write_inputs(someone, case, f"{side}_private_key_pem")
    message = (someone.cwd / "message").read_bytes()
    done = someone.run("unseal", "--key", "key.pem", "--raw", "-", stdin=message)
    assert len(done.stdout) == case["plaintext"]["length"]
    assert hashlib.sha256(done.stdout).hexdigest() == case["plaintext"]["sha256"]


REFUSED = [case for case in cases("negative.json")
           if case["keyring"] == "raw-ecdh" and case["reason"] != "context-mismatch"]


@pytest.mark.parametrize("case", REFUSED, ids=ids)
def test_refused_and_nothing_left(person, case):
    someone = person("carol")
    write_inputs(someone, case, "private_key_pem")
    expected = 1 if case["reason"] == "no-matching-edk" else 6
    done = someone.run("unseal", "--key", "key.pem", "--raw", "-o", "plain", "message",
                       exit=expected)
    assert files(someone) == ["key.pem", "message"]
    assert done.stdout == b""
    if expected == 6:
        assert case["reason"].encode() in done.stderr


def test_every_cut_is_refused(person):
    someone = person("carol")
    case = next(c for c in cases("raw-ecdh.json") if c["regular_frames"] > 0)
    write_inputs(someone, case, "private_key_pem")
    message = (someone.cwd / "message").read_bytes()
    header, frame = case["header_length"], case["frame_length"] + 32
    for n in (0, 1, header - 1, header, header + 1, header + frame, len(message) - 1):
        (someone.cwd / "message").write_bytes(message[:n])
        someone.run("unseal", "--key", "key.pem", "--raw", "-o", "plain", "message", exit=6)
        assert files(someone) == ["key.pem", "message"]


def test_several_keys_in_one_file(person):
    someone = person("carol")
    case, other = cases("raw-ecdh-static.json")[0], cases("raw-ecdh-static.json")[-1]
    write_inputs(someone, case, "recipient_private_key_pem")
    keys = other["sender_private_key_pem"] + case["recipient_private_key_pem"]
    (someone.cwd / "key.pem").write_text("a comment\n" + keys, encoding="ascii")
    done = someone.run("unseal", "--key", "key.pem", "--raw", "message")
    assert len(done.stdout) == case["plaintext"]["length"]


def test_existing_file_is_kept(person):
    someone = person("carol")
    case = cases("raw-ecdh.json")[0]
    write_inputs(someone, case, "private_key_pem")
    (someone.cwd / "plain").write_text("mine")
    words = ("unseal", "--key", "key.pem", "--raw", "-o", "plain", "message")
    someone.run(*words, exit=7)
    assert (someone.cwd / "plain").read_text() == "mine"
    someone.run(*words, "--force")
    assert (someone.cwd / "plain").stat().st_size == case["plaintext"]["length"]


def test_what_is_no_letter_says_so(person):
    someone = person("carol")
    case = next(c for c in cases("raw-ecdh.json") if c["plaintext"]["length"] > 4)
    write_inputs(someone, case, "private_key_pem")
    done = someone.run("unseal", "--key", "key.pem", "message", exit=6)
    assert b"--raw" in done.stderr
    assert files(someone) == ["key.pem", "message"]


@pytest.mark.parametrize("pem", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n"
                                 "-----END PRIVATE KEY-----\n"])
def test_a_key_file_without_keys(person, pem):
    someone = person("carol")
    write_inputs(someone, cases("raw-ecdh.json")[0], "private_key_pem")
    (someone.cwd / "key.pem").write_text(pem)
    someone.run("unseal", "--key", "key.pem", "--raw", "message", exit=1)
