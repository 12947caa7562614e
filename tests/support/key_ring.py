"""A second implementation of the key ring: a client that derives and unseals for itself."""

import base64
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support.argon2_reference import derive
from support.sdk import Key


def _unseal(blob, key, label, user_id):
    raw = base64.b64decode(blob)
    return AESGCM(key).decrypt(raw[:12], raw[12:], label + uuid.UUID(user_id).bytes)


def private_keys(user):
    """The user's own keys, newest first, unsealed from the key ring by password."""
    ring = user.id.get("/v1/me/key-ring").json()
    wrapping = derive(user.password, ring["kdf"], b"letterlock wrapping key v1")
    ring_key = _unseal(ring["wrap"]["password"], wrapping, b"letterlock ring key v1", user.user_id)
    keys = []
    for key in sorted(ring["keys"], key=lambda k: k["created_at"], reverse=True):
        der = _unseal(key["private_key"], ring_key, b"letterlock private key v1", user.user_id)
        private = serialization.load_der_private_key(der, None)
        pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
        keys.append(Key(pem.decode()))
    return keys
