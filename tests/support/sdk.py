"""The official AWS Encryption SDK, set up for the one suite of Letterlock's message format."""

import aws_encryption_sdk
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsKeyringInput,
    CreateRawEcdhKeyringInput,
    EphemeralPrivateKeyToStaticPublicKeyInput,
    PublicKeyDiscoveryInput,
    RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey,
    RawEcdhStaticConfigurationsPublicKeyDiscovery,
    RawEcdhStaticConfigurationsRawPrivateKeyToStaticPublicKey,
    RawPrivateKeyToStaticPublicKeyInput,
)
from aws_cryptography_primitives.smithygenerated.aws_cryptography_primitives.models import (
    ECDHCurveSpec,
)
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SUITE = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY

_client = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
)
_providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


class Key:
    """A P-256 key pair in the forms that the SDK and Letterlock's tool take."""

    def __init__(self, pem=None):
        if pem is None:
            self._key = ec.generate_private_key(ec.SECP256R1())
        else:
            self._key = load_pem_private_key(pem.encode(), password=None)
        self.pem = self._key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        public = self._key.public_key()
        self.spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.compressed = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


class PublicKey:
    """A public key as the API gives it: a compressed P-256 point."""

    def __init__(self, point):
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        self.spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _keyring(scheme):
    return _providers.create_raw_ecdh_keyring(
        CreateRawEcdhKeyringInput(
            key_agreement_scheme=scheme, curve_spec=ECDHCurveSpec.ECC_NIST_P256
        )
    )


def ephemeral_keyring(recipient):
    """Seals to recipient with a fresh sender key."""
    return _keyring(
        RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey(
            EphemeralPrivateKeyToStaticPublicKeyInput(recipient_public_key=recipient.spki)
        )
    )


def static_keyring(own, other):
    """Seals from own to other, and opens what either sealed to the other."""
    return _keyring(
        RawEcdhStaticConfigurationsRawPrivateKeyToStaticPublicKey(
            RawPrivateKeyToStaticPublicKeyInput(
                sender_static_private_key=own.pem, recipient_public_key=other.spki
            )
        )
    )


def discovery_keyring(recipient):
    """Opens whatever was sealed to recipient."""
    return _keyring(
        RawEcdhStaticConfigurationsPublicKeyDiscovery(
            PublicKeyDiscoveryInput(recipient_static_private_key=recipient.pem)
        )
    )


def kms_keyring(key_arn, kms):
    """Seals and opens with a KMS key, by a boto3 client."""
    return _providers.create_aws_kms_keyring(
        CreateAwsKmsKeyringInput(kms_key_id=key_arn, kms_client=kms)
    )


def seal(keyring, plaintext, context, frame_length):
    sealed, _ = _client.encrypt(
        source=plaintext,
        keyring=keyring,
        encryption_context=context,
        algorithm=SUITE,
        frame_length=frame_length,
    )
    return sealed


def open_sealed(keyring, sealed):
    """The plaintext and the encryption context."""
    plaintext, header = _client.decrypt(source=sealed, keyring=keyring)
    return plaintext, dict(header.encryption_context)
