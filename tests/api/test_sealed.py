"""The second door: letters sealed and opened by the client, with the official SDK as the client."""

import base64
import json
import struct
import time
import uuid

import pytest

from support.replies import problem
from support import key_ring, sdk

pytestmark = pytest.mark.embedded("key rings and their public keys")


def open_with_sdk(server, user, letter):
    sealed = user.id.get(f"/v1/letters/{letter}/sealed")
    assert sealed.status_code == 200
    assert sealed.headers["content-type"] == "application/vnd.letterlock.sealed"
    own = key_ring.private_keys(user)[0]
    return sdk.open_sealed(sdk.discovery_keyring(own), sealed.content)


@pytest.mark.parametrize("size", [0, 1, 65_000, 65_536 * 3, 1_000_000])
def test_official_sdk_opens_our_letters(server, alice, bob, size):
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    r = alice.id.post("/v1/letters", data={"to": bob.name, "text": "t"},
                      files={"file": ("f.bin", data)})
    assert r.status_code == 201, r.text
    letter = r.json()["id"]
    plaintext, context = open_with_sdk(server, bob, letter)
    n = struct.unpack(">I", plaintext[:4])[0]
    manifest = json.loads(plaintext[4:4 + n])
    assert plaintext[4 + n:] == data and manifest["text"] == "t"
    assert context == {"message": letter, "recipient": bob.user_id, "sender": alice.user_id}


def test_sealed_ranges(server, alice, bob):
    letter = alice.send(bob, "range me")["id"]
    path = f"/v1/letters/{letter}/sealed"
    whole = bob.access.get(path).content
    r = bob.access.get(path, headers={"Range": "bytes=10-99"})
    assert r.status_code == 206 and r.content == whole[10:100]


def new_letter_id():
    ms = int(time.time() * 1000)
    raw = bytearray(ms.to_bytes(6, "big") + uuid.uuid4().bytes[6:])
    raw[6] = raw[6] & 0x0F | 0x70
    return str(uuid.UUID(bytes=bytes(raw)))


def plaintext_of(text, data=b""):
    manifest = json.dumps({"text": text}).encode()
    return struct.pack(">I", len(manifest)) + manifest + data


def seal(from_user, to_user, text, letter=None, **context):
    """Seals as a client would; context overrides what is bound."""
    letter = letter or new_letter_id()
    point = base64.b64decode(
        from_user.id.get(f"/v1/people/{to_user.user_id}").json()["public_key"])
    fields = {"message": letter, "recipient": to_user.user_id,
              "sender": from_user.user_id} | context
    keyring = sdk.ephemeral_keyring(sdk.PublicKey(point))
    return letter, sdk.seal(keyring, plaintext_of(text), {k: v for k, v in fields.items() if v},
                            65536)


def post(sender, recipient, sealed):
    return sender.id.post("/v1/letters", params={"to": recipient.name}, content=sealed,
                          headers={"Content-Type": "application/vnd.letterlock.sealed"})


def test_we_open_letters_sealed_by_the_sdk(server, alice, bob):
    letter, sealed = seal(alice, bob, "sealed outside")
    r = post(alice, bob, sealed)
    assert r.status_code == 201, r.text
    assert r.json()["id"] == letter
    assert bob.id.get(f"/v1/letters/{letter}/manifest").json()["text"] == "sealed outside"
    # The same bytes again are a retry; other bytes under the same id are refused.
    r = post(alice, bob, sealed)
    assert r.status_code == 201 and r.json()["id"] == letter
    problem(post(alice, bob, seal(alice, bob, "another text", letter=letter)[1]), 409,
            "idempotency_mismatch")


def test_sealed_refusals(server, alice, bob, carol):
    good = new_letter_id()
    cases = {
        "context names another recipient": seal(alice, bob, "x", recipient=carol.user_id)[1],
        "context names another sender": seal(alice, bob, "x", sender=carol.user_id)[1],
        "context names no letter": seal(alice, bob, "x", message=None)[1],
        "letter id is not a UUID": seal(alice, bob, "x", letter="one")[1],
        "letter id is not version 7": seal(alice, bob, "x", letter=str(uuid.uuid4()))[1],
        "sealed to another key": seal(alice, carol, "x", recipient=bob.user_id)[1],
        "cut": seal(alice, bob, "x")[1][:-1],
        "trailing byte": seal(alice, bob, "x")[1] + b"\0",
        "empty": b"",
        "not a message": b"hello",
        "header only": seal(alice, bob, "x")[1][:300],
    }
    for name, sealed in cases.items():
        r = post(alice, bob, sealed)
        assert r.status_code in (400, 422), (name, r.status_code, r.text)
        assert r.headers["content-type"] == "application/problem+json"
    assert bob.id.get(f"/v1/letters/{good}").status_code == 404


def test_people_show_keys(server, alice, bob):
    person = alice.id.get(f"/v1/people/{bob.user_id}").json()
    assert len(base64.b64decode(person["public_key"])) == 33 and person["fingerprint"]
