"""The official AWS Encryption SDK as a client of ours: seals and opens with raw-ECDH keyrings."""

import base64

import aws_encryption_sdk
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateRawEcdhKeyringInput, EphemeralPrivateKeyToStaticPublicKeyInput, PublicKeyDiscoveryInput,
    RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey,
    RawEcdhStaticConfigurationsPublicKeyDiscovery)
from aws_cryptography_primitives.smithygenerated.aws_cryptography_primitives.models import (
    ECDHCurveSpec)
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support.argon2_reference import derive

CLIENT = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
PROVIDERS = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


def _keyring(scheme):
    return PROVIDERS.create_raw_ecdh_keyring(
        CreateRawEcdhKeyringInput(curve_spec=ECDHCurveSpec.ECC_NIST_P256, key_agreement_scheme=scheme))


def seal_for(point, plaintext, context):
    """Seals to a compressed P-256 point, ephemeral-static; gives header and frames."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    der = public.public_bytes(serialization.Encoding.DER,
                              serialization.PublicFormat.SubjectPublicKeyInfo)
    keyring = _keyring(RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey(
        value=EphemeralPrivateKeyToStaticPublicKeyInput(recipient_public_key=der)))
    sealed, _ = CLIENT.encrypt(
        source=plaintext, keyring=keyring, encryption_context=context, frame_length=65536,
        algorithm=AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY)
    return sealed


def open_with(private_pem, sealed):
    """Opens with the recipient's PKCS#8 PEM; gives plaintext and encryption context."""
    keyring = _keyring(RawEcdhStaticConfigurationsPublicKeyDiscovery(
        value=PublicKeyDiscoveryInput(recipient_static_private_key=private_pem)))
    plaintext, header = CLIENT.decrypt(source=sealed, keyring=keyring)
    return plaintext, dict(header.encryption_context)


def _unseal(blob, key, label, user_id):
    import uuid
    raw = base64.b64decode(blob)
    return AESGCM(key).decrypt(raw[:12], raw[12:], label + uuid.UUID(user_id).bytes)


def private_keys(user):
    """The user's own private keys as PEM, newest first, unsealed from the key ring by password."""
    ring = user.id.get("/v1/me/key-ring").json()
    wrapping = derive(user.password, ring["kdf"], b"letterlock wrapping key v1")
    ring_key = _unseal(ring["wrap"]["password"], wrapping, b"letterlock ring key v1", user.user_id)
    pems = []
    for key in sorted(ring["keys"], key=lambda k: k["created_at"], reverse=True):
        der = _unseal(key["private_key"], ring_key, b"letterlock private key v1", user.user_id)
        private = serialization.load_der_private_key(der, None)
        pems.append(private.private_bytes(serialization.Encoding.PEM,
                                          serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))
    return pems
