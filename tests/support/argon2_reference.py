"""A second implementation of the password derivation, for tests of clients that derive alone."""

import base64

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(password, parameters, label=b"letterlock authentication secret v1"):
    master = hash_secret_raw(
        password.encode(), base64.b64decode(parameters["salt"]), parameters["passes"],
        parameters["memory_kib"], parameters["lanes"], 32, Type.ID)
    return HKDF(hashes.SHA256(), 32, None, label).derive(master)
