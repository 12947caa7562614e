"""Writes seeds for the fuzz targets, taken from the message-format vectors: seeds.py OUT_DIR."""

import base64
import json
import pathlib
import struct
import sys

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors" / "message-format"
MAX_SEED_BYTES = 8192  # larger ones only slow the fuzzer down
EDK_INFO_BYTES = 75


def messages():
    for path in sorted(VECTORS.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            yield case, base64.b64decode(case["message_base64"])


def message_seeds(case, message):
    """(target, bytes) for the parts of one message."""
    yield "header", message
    if len(message) > 37:
        (length,) = struct.unpack_from(">H", message, 35)
        yield "encryption_context", message[37 : 37 + length]
    at = message.find(b"\x00\x08raw-ecdh\x00\x4b")
    if at >= 0:
        info = message[at + 12 : at + 12 + EDK_INFO_BYTES]
        ciphertext = message[at + 12 + EDK_INFO_BYTES + 2 :][:112]
        for flags in range(4):
            yield "keyring_ecdh", bytes([flags, len(info)]) + info + ciphertext
    if "header_length" in case:
        frames = message[case["header_length"] :]
        yield "validator", bytes([255, 255]) + frames
    if "private_key_pem" in case:
        yield "ecdh_encoding", case["private_key_pem"].encode()
        body = "".join(case["private_key_pem"].split("\n")[1:-2])
        yield "ecdh_encoding", base64.b64decode(body)
    if "recipient_public_key_compressed" in case:
        yield "ecdh_encoding", bytes.fromhex(case["recipient_public_key_compressed"])


def small_frames(frame_length, sizes):
    """Frames with empty ciphertext and tags, right in all that needs no key."""
    out = b""
    for number, size in enumerate(sizes, 1):
        final = number == len(sizes)
        head = struct.pack(">I", number) + bytes(8) + struct.pack(">I", number)
        if final:
            head = b"\xff" * 4 + head + struct.pack(">I", size)
        out += head + bytes(size if final else frame_length) + bytes(16)
    return out


def made_seeds():
    for sizes in ([0], [5], [16, 16, 3], [16, 16]):
        yield "validator", bytes([15, 6]) + small_frames(16, sizes)
    for manifest in (
        {},
        {"text": "Grüße 📮"},
        {"file": {"name": "a.txt", "media_type": "text/plain", "size": 3}, "sent_at_ms": 1},
    ):
        text = json.dumps(manifest, ensure_ascii=False).encode()
        yield "manifest", bytes([9]) + struct.pack(">I", len(text)) + text + b"abc"
    for edits in (b"", b"\0\0\5\1", b"\1\0\x90\0", b"\2\0\0\7", b"\3\0\x80\x40"):
        yield "opener", bytes([100, 30]) + edits


def token_seeds():
    """A mode (fuzz_token.c) and a part of a token each."""
    claims = {
        "iss": "https://letters.example.org",
        "sub": "7d444840-9dc0-41d1-b245-5ffdce74fad2",
        "sid": "9f2b1c3e-0d1a-4b5c-8e6f-102030405060",
        "token_use": "id",
        "aud": "letterlock",
        "cognito:username": "anna",
        "letterlock:custody": "A" * 43,
        "iat": 1795000000,
        "nbf": 1795000000,
        "exp": 1795003600,
    }
    access = {**claims, "token_use": "access", "client_id": "letterlock", "username": "anna"}
    header = {"alg": "ES256", "kid": "key 1", "typ": "JWT"}
    ec = {"kty": "EC", "crv": "P-256", "kid": "a", "alg": "ES256", "use": "sig"}
    ec |= {
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    rsa = {"kty": "RSA", "kid": "a", "n": "x" * 342 + "w", "e": "AQAB"}
    parts = [(1, header), (2, claims), (2, access), (3, {"keys": [ec]}), (3, {"keys": [rsa, ec]})]
    for mode, part in parts:
        yield "token", bytes([mode]) + json.dumps(part).encode()
    encoded = [base64.urlsafe_b64encode(json.dumps(x).encode()) for x in (header, claims)]
    yield "token", b"\0" + b".".join([*encoded, b"A" * 86]).replace(b"=", b"")


def lambda_event_seeds():
    """Events of API Gateway, of either payload, and of Cognito."""
    first = {
        "httpMethod": "GET",
        "path": "/a/x y",
        "headers": {"Cookie": "a=1", "Authorization": "Bearer t"},
        "multiValueHeaders": {"Cookie": ["a=1", "b=2"], "Authorization": ["Bearer t"]},
        "queryStringParameters": {"q": "a&b"},
        "multiValueQueryStringParameters": {"q": ["a&b", "+"]},
        "requestContext": {"identity": {"sourceIp": "203.0.113.7"}, "authorizer": {"claims": {}}},
        "body": None,
        "isBase64Encoded": False,
    }
    second = {
        "version": "2.0",
        "rawPath": "/prod/echo",
        "rawQueryString": "q=%20",
        "cookies": ["a=1", "b=2"],
        "headers": {"content-type": "text/plain"},
        "requestContext": {"http": {"method": "POST", "sourceIp": "2001:db8::7"}},
        "body": "AAEC",
        "isBase64Encoded": True,
    }
    attributes = {"sub": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "email": "anna@example.org"}
    trigger = {
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "userName": "anna",
        "request": {"userAttributes": attributes},
        "response": {},
    }
    nothing = {"httpMethod": "TRACE", "path": "", "headers": None, "requestContext": {}}
    events = [first, second, trigger, nothing, {**first, "path": "/b"}, {"Records": []}]
    events += [{**second, "body": "\0text", "isBase64Encoded": False, "rawQueryString": ""}]
    events += [{**first, "queryStringParameters": {"\0": ""}}]
    events += [{**trigger, "triggerSource": "PostConfirmation_ConfirmForgotPassword"}]
    for event in events:
        yield "lambda_event", json.dumps(event).encode()


def main(out):
    seeds = [seed for case, message in messages() for seed in message_seeds(case, message)]
    seeds += [*made_seeds(), *token_seeds(), *lambda_event_seeds()]
    for number, (target, data) in enumerate(seeds):
        folder = pathlib.Path(out) / f"fuzz_{target}"
        folder.mkdir(parents=True, exist_ok=True)
        if len(data) <= MAX_SEED_BYTES:
            (folder / f"seed-{number:04}").write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
