"""Seals the cases of tests/vectors/message-format/raw-ecdh-static.json anew with the official SDK.

Keys, plaintexts, contexts and names stay; only what the SDK draws at random differs. Usage, at the
top of the tree: PYTHONPATH=tests python tests/interop/make_static_vectors.py FILE (read and
rewritten).
"""

import base64
import hashlib
import json
import struct
import sys

from support import sdk

EDK_BYTES = 201
HEADER_FIXED_BYTES = 92


def plaintext_of(rule):
    blocks = range(rule["length"] // 32 + 1)
    seed = rule["seed"].encode()
    text = b"".join(hashlib.sha256(seed + struct.pack(">I", i)).digest() for i in blocks)
    text = text[: rule["length"]]
    assert hashlib.sha256(text).hexdigest() == rule["sha256"]
    return text


def context_bytes(header):
    (length,) = struct.unpack_from(">H", header, 35)
    return header[37 : 37 + length]


def seal_case(case):
    sender = sdk.Key(case["sender_private_key_pem"])
    recipient = sdk.Key(case["recipient_private_key_pem"])
    plaintext = plaintext_of(case["plaintext"])
    frame_length = case["frame_length"]
    sealed = sdk.seal(
        sdk.static_keyring(sender, recipient), plaintext, case["context"], frame_length
    )
    for keyring in (
        sdk.discovery_keyring(recipient),
        sdk.static_keyring(sender, recipient),
        sdk.static_keyring(recipient, sender),
    ):
        assert sdk.open_sealed(keyring, sealed) == (plaintext, case["context"])
    context = context_bytes(sealed)
    case["context_serialized_hex"] = context.hex()
    case["header_length"] = HEADER_FIXED_BYTES + len(context) + EDK_BYTES
    case["message_length"] = len(sealed)
    body = len(sealed) - case["header_length"] - 40
    case["regular_frames"], case["final_frame_length"] = divmod(body, frame_length + 32)
    case["message_base64"] = base64.b64encode(sealed).decode()


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    for case in vectors["cases"]:
        seal_case(case)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(vectors, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
