"""AWS KMS: symmetric keys behind their key policies."""

import base64
import dataclasses
import json
import os
import re
import threading
import time
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import ACCOUNT, REGION
from .access import denied, require
from .errors import Refusal
from .policies import Caller, Policy, PolicyError, Question, decide

ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:"
POLICY_MAX = 32768
NONCE_BYTES = 12
CRYPTOGRAPHIC = {"Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}
BY_ALIAS = CRYPTOGRAPHIC | {"DescribeKey"}


@dataclasses.dataclass
class Key:
    policy_text: str
    policy: Policy
    description: str
    tags: dict
    key_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "Enabled"
    created: float = dataclasses.field(default_factory=time.time)
    deletion: float | None = None
    rotation_days: int | None = None
    material: bytes = dataclasses.field(default_factory=lambda: os.urandom(32))

    @property
    def arn(self):
        return f"{ARN}key/{self.key_id}"

    def seal(self, plaintext, context):
        nonce = os.urandom(NONCE_BYTES)
        return uuid.UUID(self.key_id).bytes + nonce + AESGCM(self.material).encrypt(
            nonce, plaintext, _associated_data(context))

    def open(self, blob, context):
        nonce, sealed = blob[16:16 + NONCE_BYTES], blob[16 + NONCE_BYTES:]
        try:
            return AESGCM(self.material).decrypt(nonce, sealed, _associated_data(context))
        except InvalidTag:
            raise Refusal("InvalidCiphertextException") from None

    def metadata(self):
        found = {
            "AWSAccountId": ACCOUNT, "KeyId": self.key_id, "Arn": self.arn,
            "CreationDate": self.created, "Enabled": self.state == "Enabled",
            "Description": self.description, "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": self.state, "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": False}
        if self.deletion is not None:
            found["DeletionDate"] = self.deletion
        return found


def _associated_data(context):
    return json.dumps(context or {}, sort_keys=True).encode()


def _context_values(context):
    if not context:
        return {}
    values = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return values | {"kms:EncryptionContextKeys": list(context)}


def _tags(parameters):
    return {t["TagKey"]: t["TagValue"] for t in parameters.get("Tags", ())}


def _request_tag_values(tags):
    values = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    return values | ({"aws:TagKeys": list(tags)} if tags else {})


def _key_of_blob(parameters):
    if "CiphertextBlob" not in parameters:
        raise Refusal("ValidationException", "CiphertextBlob is missing")
    blob = base64.b64decode(parameters["CiphertextBlob"])
    if len(blob) < 16 + NONCE_BYTES + 16:
        raise Refusal("InvalidCiphertextException")
    return str(uuid.UUID(bytes=blob[:16])), blob


class Kms:
    name = "kms"

    def __init__(self, principals):
        self._principals = principals
        self._lock = threading.Lock()
        self._keys = {}
        self._aliases = {}  # "alias/…" -> key id
        self._operations = {
            "CreateKey": self._create_key,
            "CreateAlias": self._create_alias,
            "UpdateAlias": self._update_alias,
            "DeleteAlias": self._delete_alias,
            "ListAliases": self._list_aliases,
            "ListKeys": self._list_keys,
            "ReEncrypt": self._re_encrypt,
            "DescribeKey": self._describe_key,
            "GetKeyPolicy": self._get_key_policy,
            "PutKeyPolicy": self._put_key_policy,
            "TagResource": self._tag_resource,
            "ListResourceTags": self._list_resource_tags,
            "EnableKey": self._enable_key,
            "DisableKey": self._disable_key,
            "EnableKeyRotation": self._enable_key_rotation,
            "GetKeyRotationStatus": self._get_key_rotation_status,
            "ScheduleKeyDeletion": self._schedule_key_deletion,
            "CancelKeyDeletion": self._cancel_key_deletion,
            "Encrypt": self._encrypt,
            "Decrypt": self._decrypt,
            "GenerateDataKey": self._generate_data_key,
            "GenerateDataKeyWithoutPlaintext": self._generate_data_key_without_plaintext,
        }
        # What is not asked of one key by its KeyId.
        self._of_account = {"CreateKey", "CreateAlias", "UpdateAlias", "DeleteAlias",
                            "ListAliases", "ListKeys", "ReEncrypt"}

    def call(self, operation, parameters, session):
        handler = self._operations.get(operation)
        if handler is None:
            raise Refusal("UnknownOperationException", f"The double has no {operation}")
        if parameters.get("GrantTokens") or parameters.get("DryRun"):
            raise Refusal("UnsupportedOperationException", "The double has no grants and dry runs")
        with self._lock:
            if operation in self._of_account:
                return handler(parameters, session)
            key_id = parameters.get("KeyId")
            if operation == "Decrypt" and key_id is None:
                key_id = _key_of_blob(parameters)[0]
            key = self._find(key_id, by_alias=operation in BY_ALIAS)
            self._authorize(session, operation, key, parameters)
            if operation in CRYPTOGRAPHIC:
                _want_usable(key)
            return handler(parameters, key, session)

    # Keys and who may use them

    def _find(self, key_id, by_alias=False):
        name = key_id.removeprefix(ARN)
        if by_alias and name.startswith("alias/"):
            if name not in self._aliases:
                raise Refusal("NotFoundException", f"Alias {ARN}{name} is not found.")
            return self._keys[self._aliases[name]]
        key = self._keys.get(name.removeprefix("key/") if name != key_id else name)
        if key is None:
            raise Refusal("NotFoundException", f"Key '{ARN}key/{key_id}' does not exist")
        return key

    def _authorize(self, session, operation, key, parameters, context_name="EncryptionContext"):
        values = _context_values(parameters.get(context_name))
        values |= _request_tag_values(_tags(parameters))
        key_id = parameters.get("KeyId", "").removeprefix(ARN)
        if key_id.startswith("alias/"):
            values["kms:RequestAlias"] = key_id
        if "PendingWindowInDays" in parameters:
            values["kms:ScheduleKeyDeletionPendingWindowInDays"] = \
                str(parameters["PendingWindowInDays"])
        if "BypassPolicyLockoutSafetyCheck" in parameters:
            values["kms:BypassPolicyLockoutSafetyCheck"] = \
                str(parameters["BypassPolicyLockoutSafetyCheck"]).lower()
        self._require(session, f"kms:{operation}", key, values)

    def _require(self, session, action, key, values):
        values = values | {f"aws:ResourceTag/{n}": v for n, v in key.tags.items()}
        aliases = [name for name, key_id in self._aliases.items() if key_id == key.key_id]
        if aliases:
            values["kms:ResourceAliases"] = aliases
        decision = decide(Question(Caller.of_session(session), action, key.arn, values),
                          session.role.policies, key.policy, needs_resource_policy=True)
        if not decision.allowed:
            raise denied(session, action, key.arn, decision.reason)

    def _read_policy(self, text, session, bypass):
        if len(text) > POLICY_MAX:
            raise Refusal("LimitExceededException", "The key policy is too long")
        try:
            policy = Policy.parse(json.loads(text), is_resource_policy=True)
        except (ValueError, PolicyError) as e:
            raise Refusal("MalformedPolicyDocumentException", str(e)) from None
        for statement in policy.statements:
            for kind, name in statement.principals:
                if kind == "AWS" and ":role/" in name and not self._principals.role_by_arn(name):
                    raise Refusal("MalformedPolicyDocumentException", "Policy contains a "
                                  f"statement with one or more invalid principals: {name}")
        question = Question(Caller.of_session(session), "kms:PutKeyPolicy", "*")
        if not bypass and not decide(question, session.role.policies, policy,
                                     needs_resource_policy=True).allowed:
            raise Refusal("MalformedPolicyDocumentException", "The new key policy will not allow "
                          "you to update the key policy in the future.")
        return policy

    def _create_key(self, p, session):
        if p.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT" or p.get("MultiRegion") \
                or p.get("KeyUsage", "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT" \
                or p.get("Origin", "AWS_KMS") != "AWS_KMS" or "CustomerMasterKeySpec" in p:
            raise Refusal("UnsupportedOperationException", "The double has symmetric keys only")
        if "Policy" not in p:
            raise Refusal("UnsupportedOperationException", "The double has no default key policy")
        tags, bypass = _tags(p), p.get("BypassPolicyLockoutSafetyCheck", False)
        values = _request_tag_values(tags) | {
            "kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT",
            "kms:BypassPolicyLockoutSafetyCheck": str(bypass).lower()}
        require(session, "kms:CreateKey", "*", values)
        policy = self._read_policy(p["Policy"], session, bypass)
        key = Key(p["Policy"], policy, p.get("Description", ""), tags)
        if tags:
            require(session, "kms:TagResource", key.arn, values)
        self._keys[key.key_id] = key
        return {"KeyMetadata": key.metadata()}

    def _describe_key(self, _, key, _session):
        return {"KeyMetadata": key.metadata()}

    def _list_keys(self, p, session):
        require(session, "kms:ListKeys", "*")
        page, more = _page(sorted(self._keys), p, 100)
        keys = [{"KeyId": k, "KeyArn": self._keys[k].arn} for k in page]
        return {"Keys": keys, **more}

    def _get_key_policy(self, _, key, _session):
        return {"Policy": key.policy_text, "PolicyName": "default"}

    def _put_key_policy(self, p, key, session):
        key.policy = self._read_policy(p["Policy"], session,
                                       p.get("BypassPolicyLockoutSafetyCheck", False))
        key.policy_text = p["Policy"]
        return None

    def _tag_resource(self, p, key, _session):
        key.tags |= _tags(p)
        return None

    def _list_resource_tags(self, _, key, _session):
        return {"Tags": [{"TagKey": n, "TagValue": v} for n, v in key.tags.items()],
                "Truncated": False}

    # States

    def _enable_key(self, _, key, _session):
        _want_not_pending(key)
        key.state = "Enabled"

    def _disable_key(self, _, key, _session):
        _want_not_pending(key)
        key.state = "Disabled"

    def _enable_key_rotation(self, p, key, _session):
        _want_usable(key)
        key.rotation_days = p.get("RotationPeriodInDays", 365)

    def _get_key_rotation_status(self, _, key, _session):
        status = {"KeyId": key.key_id, "KeyRotationEnabled": key.rotation_days is not None}
        if key.rotation_days is not None:
            status["RotationPeriodInDays"] = key.rotation_days
        return status

    def _schedule_key_deletion(self, p, key, _session):
        _want_not_pending(key)
        days = p.get("PendingWindowInDays", 30)
        if not 7 <= days <= 30:
            raise Refusal("ValidationException", "PendingWindowInDays must be 7 to 30")
        key.state, key.deletion = "PendingDeletion", time.time() + days * 86400
        return {"KeyId": key.arn, "DeletionDate": key.deletion, "KeyState": key.state,
                "PendingWindowInDays": days}

    def _cancel_key_deletion(self, _, key, _session):
        if key.state != "PendingDeletion":
            raise Refusal("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        key.state, key.deletion = "Disabled", None
        return {"KeyId": key.arn}

    # Aliases

    def _require_alias(self, session, action, name, *keys):
        require(session, action, ARN + name)
        for key in keys:
            self._require(session, action, key, {})

    def _create_alias(self, p, session):
        name, key = p["AliasName"], self._find(p["TargetKeyId"])
        if not re.fullmatch("alias/[a-zA-Z0-9:/_-]+", name) or name.startswith("alias/aws/"):
            raise Refusal("InvalidAliasNameException", name)
        self._require_alias(session, "kms:CreateAlias", name, key)
        if name in self._aliases:
            raise Refusal("AlreadyExistsException",
                          f"An alias with the name {ARN}{name} already exists")
        _want_not_pending(key)
        self._aliases[name] = key.key_id
        return None

    def _alias_key(self, name):
        if name not in self._aliases:
            raise Refusal("NotFoundException", f"Alias {ARN}{name} is not found.")
        return self._keys[self._aliases[name]]

    def _update_alias(self, p, session):
        old, new = self._alias_key(p["AliasName"]), self._find(p["TargetKeyId"])
        self._require_alias(session, "kms:UpdateAlias", p["AliasName"], old, new)
        self._aliases[p["AliasName"]] = new.key_id

    def _delete_alias(self, p, session):
        key = self._alias_key(p["AliasName"])
        self._require_alias(session, "kms:DeleteAlias", p["AliasName"], key)
        del self._aliases[p["AliasName"]]

    def _list_aliases(self, p, session):
        require(session, "kms:ListAliases", "*")
        only = self._find(p["KeyId"]).key_id if "KeyId" in p else None
        names = sorted(n for n, k in self._aliases.items() if only in (None, k))
        page, more = _page(names, p, 50)
        return {"Aliases": [{"AliasName": n, "AliasArn": ARN + n, "TargetKeyId": self._aliases[n]}
                            for n in page], **more}

    # Use

    def _encrypt(self, p, key, _session):
        _want_default_algorithm(p)
        plaintext = base64.b64decode(p["Plaintext"])
        return {"CiphertextBlob": key.seal(plaintext, p.get("EncryptionContext")),
                "KeyId": key.arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}

    def _decrypt(self, p, key, _session):
        _want_default_algorithm(p)
        key_id, blob = _key_of_blob(p)
        if key_id != key.key_id:
            raise Refusal("IncorrectKeyException", "The key ID in the request does not identify a "
                          "CMK that can perform this operation.")
        return {"Plaintext": key.open(blob, p.get("EncryptionContext")), "KeyId": key.arn,
                "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}

    def _generate_data_key(self, p, key, _session):
        if ("KeySpec" in p) == ("NumberOfBytes" in p):
            raise Refusal("ValidationException", "Please specify either number of bytes or key "
                          "spec.")
        if "Recipient" in p:
            raise Refusal("UnsupportedOperationException", "The double has no enclaves")
        size = p.get("NumberOfBytes") or {"AES_256": 32, "AES_128": 16}[p["KeySpec"]]
        data_key = os.urandom(size)
        return {"Plaintext": data_key, "KeyId": key.arn,
                "CiphertextBlob": key.seal(data_key, p.get("EncryptionContext"))}

    def _generate_data_key_without_plaintext(self, p, key, session):
        answer = self._generate_data_key(p, key, session)
        del answer["Plaintext"]
        return answer

    def _re_encrypt(self, p, session):
        key_id, blob = _key_of_blob(p)
        source = self._find(p.get("SourceKeyId", key_id), by_alias=True)
        destination = self._find(p["DestinationKeyId"], by_alias=True)
        self._authorize(session, "ReEncryptFrom", source, p, "SourceEncryptionContext")
        self._authorize(session, "ReEncryptTo", destination, p, "DestinationEncryptionContext")
        _want_usable(source)
        _want_usable(destination)
        if key_id != source.key_id:
            raise Refusal("IncorrectKeyException")
        plaintext = source.open(blob, p.get("SourceEncryptionContext"))
        sealed = destination.seal(plaintext, p.get("DestinationEncryptionContext"))
        return {"CiphertextBlob": sealed, "SourceKeyId": source.arn, "KeyId": destination.arn}


def _page(names, p, size):
    """The names after Marker, as many as Limit, and what the answer says of more."""
    names = [n for n in names if n > p.get("Marker", "")]
    limit = p.get("Limit", size)
    if len(names) <= limit:
        return names, {"Truncated": False}
    return names[:limit], {"Truncated": True, "NextMarker": names[limit - 1]}


def _want_default_algorithm(p):
    if p.get("EncryptionAlgorithm", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        raise Refusal("InvalidKeyUsageException", "The key is symmetric")


def _want_usable(key):
    _want_not_pending(key)
    if key.state == "Disabled":
        raise Refusal("DisabledException", f"{key.arn} is disabled.")


def _want_not_pending(key):
    if key.state == "PendingDeletion":
        raise Refusal("KMSInvalidStateException", f"{key.arn} is pending deletion.")
