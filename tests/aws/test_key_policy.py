"""The key policies that the server sends to KMS, evaluated as a table.

The statements cover for each other: that owners alone decrypt is said by what is allowed and said
again by two denials. A handful of requests would not notice a denial that got lost, so every request
is decided three times: by the policy as shipped, by its Allow statements alone, and by its Deny
statements together with one that allows everything. That the table notices is shown by mutation.
"""

import copy
import dataclasses
import itertools
import json
import random
import subprocess

import pytest

from aws import cloud
from aws.double import ACCOUNT
from aws.double.policies import Caller, Policy, Question, decide
from support.server import BUILD, ROOT

TOOL = BUILD / "tests/unit/aws/kms/key_policy_tool"
TEMPLATE = ROOT / "infra/terraform/policies/shared-key.json"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/8b1f0f5e-53d2-4b2e-9a55-9c4e3f9a7d10"
OWN = "5f0c1a52-8a0e-4f2c-9f5b-0d7a3a6a1c11"
NEAR = "5f0c1a52-8a0e-4f2c-9f5b-0d7a3a6a1c12"
OTHER = "c2b7c0de-1111-4222-8333-444455556666"
LETTER = "0193592b-7f6a-7c3e-8b57-2f2f0d0a9e01"

OWNER, SERVER, LAMBDA = "identity-pool-authenticated", "app-server", "app-lambda"
PROVISIONER, ADMIN, STRANGER = "post-confirmation", "kms-admin", "somebody-else"
ROLES = (OWNER, SERVER, LAMBDA, PROVISIONER, ADMIN, STRANGER)
TAGS = (OWN, None, OTHER, NEAR, OWN.upper())

SEAL = ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Encrypt")
OPEN = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant")
ERASE = ("kms:ScheduleKeyDeletion", "kms:DeleteAlias")
PROVISION = ("kms:DescribeKey", "kms:CreateAlias", "kms:TagResource", "kms:EnableKeyRotation",
             "kms:ScheduleKeyDeletion")
ADMINISTER = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:EnableKeyRotation",
              "kms:GetKeyRotationStatus", "kms:DisableKey", "kms:EnableKey",
              "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:DeleteAlias",
              "kms:TagResource", "kms:ListResourceTags")
ACTIONS = tuple(dict.fromkeys(
    OPEN + SEAL + ERASE + PROVISION + ADMINISTER
    + ("kms:ReEncryptTo", "kms:UpdateAlias", "kms:GenerateDataKeyPair", "kms:UntagResource")))

# None: the pair is absent.
CONTEXTS = tuple(
    {name: value for name, value in
     (("message", message), ("recipient", recipient), ("sender", sender)) if value is not None}
    for message, recipient, sender in itertools.chain(
        itertools.product((LETTER, None), (OWN, OTHER, None), (OWN, OTHER, None)),
        [(LETTER, NEAR, OTHER), (LETTER, OTHER, NEAR), (LETTER, NEAR, NEAR),
         (LETTER, "", ""), (LETTER, OWN.upper(), OTHER)]))


@dataclasses.dataclass(frozen=True)
class Request:
    role: str
    tag: str | None
    action: str
    context: dict

    def question(self):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{self.role}"
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/session"
        tags = {} if self.tag is None else {"sub": self.tag}
        context = {f"kms:EncryptionContext:{name}": v for name, v in self.context.items()}
        return Question(Caller(session, arn, tags), self.action, KEY, context)


REQUESTS = [Request(*parts) for parts in itertools.product(ROLES, TAGS, ACTIONS, CONTEXTS)]
random.Random(1).shuffle(REQUESTS)  # whatever is wrong shows early
QUESTIONS = [request.question() for request in REQUESTS]


# --- what the policies are to say, in Python ---

def allows_user(r):
    recipient, sender = r.context.get("recipient"), r.context.get("sender")
    if r.role in (SERVER, LAMBDA):
        if r.action in ("kms:DescribeKey", *ERASE):
            return True
        to_owner = recipient == OWN or r.action == "kms:Encrypt" and sender == OWN
        return r.action in SEAL and to_owner and "message" in r.context
    if r.role == OWNER:
        return r.action == "kms:Decrypt" and r.tag == OWN and OWN in (recipient, sender)
    return r.action in {PROVISIONER: PROVISION, ADMIN: ADMINISTER}.get(r.role, ())


def denies_user(r):
    return r.action in OPEN and (r.tag != OWN or r.role != OWNER)


def allows_shared(r):
    if r.role in (SERVER, LAMBDA):
        return r.action in SEAL and "recipient" in r.context and "message" in r.context
    if r.role == OWNER:
        sides = (r.context.get("recipient"), r.context.get("sender"))
        return r.action == "kms:Decrypt" and r.tag is not None and r.tag in sides
    return r.role == ADMIN and r.action in ADMINISTER


def denies_shared(r):
    sides = (r.context.get("recipient"), r.context.get("sender"))
    return r.action in OPEN and (r.role != OWNER or r.tag is None or r.tag not in sides)


RULES = {"user": (allows_user, denies_user), "shared": (allows_shared, denies_shared)}


# --- evaluating ---

def shipped(mode):
    """The policy as the server writes it."""
    roles = {name: f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ROLES}
    done = subprocess.run(
        [TOOL, OWN if mode == "user" else "shared", ACCOUNT, roles[OWNER],
         f"{roles[SERVER]},{roles[LAMBDA]}", roles[PROVISIONER], roles[ADMIN]],
        check=True, capture_output=True, text=True, timeout=30)
    return json.loads(done.stdout)


def allowed(policy, question):
    return decide(question, resource_policy=policy, needs_resource_policy=True).allowed


def views(document):
    """The three policies under which every request is decided; None where nothing is left."""
    def of(statements):
        whole = {"Version": document["Version"], "Statement": statements}
        return Policy.parse(whole, is_resource_policy=True) if statements else None
    everything = {"Sid": "Everything", "Effect": "Allow", "Principal": "*", "Action": "kms:*",
                  "Resource": "*"}
    split = {effect: [s for s in document["Statement"] if s["Effect"] == effect]
             for effect in ("Allow", "Deny")}
    return (of(document["Statement"]), of(split["Allow"]), of([*split["Deny"], everything]))


def differences(mode, document):
    """The views and requests in which a policy decides otherwise than the rules."""
    allows, denies = RULES[mode]
    shipped_view, allow_view, deny_view = views(document)
    for request, question in zip(REQUESTS, QUESTIONS):
        may, must_not = allows(request), denies(request)
        for name, policy, expected in (("shipped", shipped_view, may and not must_not),
                                       ("allow", allow_view, may),
                                       ("deny", deny_view, not must_not)):
            if expected != (policy is not None and allowed(policy, question)):
                yield name, request


@pytest.fixture(scope="module", params=("user", "shared"))
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def document(mode):
    return shipped(mode)


def test_the_whole_table(mode, document):
    assert len(REQUESTS) > 10_000
    assert next(differences(mode, document), None) is None


# --- cases by name, which need no rules to be read ---

RECEIVED = {"message": LETTER, "recipient": OWN, "sender": OTHER}
SENT = {"message": LETTER, "recipient": OTHER, "sender": OWN}
FOREIGN = {"message": LETTER, "recipient": OTHER, "sender": OTHER}
NEARLY = {"message": LETTER, "recipient": NEAR, "sender": OTHER}
NAMELESS = {"recipient": OWN, "sender": OTHER}
DECRYPT, GENERATE, ENCRYPT = "kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"

# name: role, tag, action, context, allowed by a user's key, allowed by the shared one
CASES = {
    "the owner opens a letter received": (OWNER, OWN, DECRYPT, RECEIVED, True, True),
    "the owner opens a letter sent": (OWNER, OWN, DECRYPT, SENT, True, True),
    "the owner opens a letter of others": (OWNER, OWN, DECRYPT, FOREIGN, False, False),
    "the owner without a context": (OWNER, OWN, DECRYPT, {}, False, False),
    "the owner, recipient one character off": (OWNER, OWN, DECRYPT, NEARLY, False, False),
    "another user": (OWNER, NEAR, DECRYPT, RECEIVED, False, False),
    "the other side, under our key": (OWNER, OTHER, DECRYPT, RECEIVED, False, True),
    "another user claims to be the recipient": (OWNER, OTHER, DECRYPT, FOREIGN, False, True),
    "a session without a tag": (OWNER, None, DECRYPT, RECEIVED, False, False),
    "an untagged session, an empty recipient":
        (OWNER, None, DECRYPT, {"message": LETTER, "recipient": ""}, False, False),
    "the server decrypts": (SERVER, None, DECRYPT, RECEIVED, False, False),
    "the server with a forged tag": (SERVER, OWN, DECRYPT, RECEIVED, False, False),
    "the function with a forged tag": (LAMBDA, OWN, DECRYPT, RECEIVED, False, False),
    "the administrator decrypts": (ADMIN, None, DECRYPT, RECEIVED, False, False),
    "the administrator with a forged tag": (ADMIN, OWN, DECRYPT, RECEIVED, False, False),
    "the provisioner decrypts": (PROVISIONER, OWN, DECRYPT, RECEIVED, False, False),
    "another role of the account": (STRANGER, OWN, DECRYPT, RECEIVED, False, False),
    "the server re-encrypts": (SERVER, OWN, "kms:ReEncryptFrom", RECEIVED, False, False),
    "the owner re-encrypts": (OWNER, OWN, "kms:ReEncryptFrom", RECEIVED, False, False),
    "the owner lends the key": (OWNER, OWN, "kms:CreateGrant", RECEIVED, False, False),
    "the server lends the key": (SERVER, None, "kms:CreateGrant", {}, False, False),
    "the server seals to the owner": (SERVER, None, GENERATE, RECEIVED, True, True),
    "the function seals to the owner": (LAMBDA, None, GENERATE, RECEIVED, True, True),
    "the server seals to someone else": (SERVER, None, GENERATE, FOREIGN, False, True),
    "the server seals no letter": (SERVER, None, GENERATE, NAMELESS, False, False),
    "the server seals to nobody": (SERVER, None, GENERATE, {"message": LETTER}, False, False),
    "the server wraps the sender's copy": (SERVER, None, ENCRYPT, SENT, True, True),
    "the server makes a key for the sender": (SERVER, None, GENERATE, SENT, False, True),
    "the server wraps a copy of no letter":
        (SERVER, None, ENCRYPT, {"sender": OWN, "recipient": OTHER}, False, False),
    "the owner seals": (OWNER, OWN, GENERATE, RECEIVED, False, False),
    "the administrator seals": (ADMIN, None, ENCRYPT, RECEIVED, False, False),
    "the server looks the key up": (SERVER, None, "kms:DescribeKey", {}, True, False),
    "the server erases the key": (SERVER, None, "kms:ScheduleKeyDeletion", {}, True, False),
    "the provisioner names the key": (PROVISIONER, None, "kms:CreateAlias", {}, True, False),
    "the provisioner changes the policy": (PROVISIONER, None, "kms:PutKeyPolicy", {}, False, False),
    "the server changes the policy": (SERVER, None, "kms:PutKeyPolicy", {}, False, False),
    "the administrator changes the policy": (ADMIN, None, "kms:PutKeyPolicy", {}, True, True),
    "the administrator takes the key's name away": (ADMIN, None, "kms:DeleteAlias", {}, True, True),
    "the administrator names a key": (ADMIN, None, "kms:CreateAlias", {}, False, False),
    "the provisioner takes a key's name away":
        (PROVISIONER, None, "kms:DeleteAlias", {}, False, False),
    # Sweeping, which reads tags, is the administrator's.
    "the provisioner reads tags": (PROVISIONER, None, "kms:ListResourceTags", {}, False, False),
    "the server reads tags": (SERVER, None, "kms:ListResourceTags", {}, False, False),
    "the administrator disables the key": (ADMIN, None, "kms:DisableKey", {}, True, True),
}


@pytest.mark.parametrize("name", CASES)
def test_case(mode, document, name):
    role, tag, action, context, *expected = CASES[name]
    policy = Policy.parse(document, is_resource_policy=True)
    decision = decide(Request(role, tag, action, context).question(), resource_policy=policy,
                      needs_resource_policy=True)
    assert decision.allowed == expected[mode == "shared"], decision.reason


# --- the table notices ---

def mutants(document):
    """Every policy that has one part less, under a name that says which."""
    for i, statement in enumerate(document["Statement"]):
        def without(change):
            changed = copy.deepcopy(document)
            change(changed["Statement"], changed["Statement"][i])
            return changed
        sid = statement["Sid"]
        yield f"{sid}", without(lambda all_, _: all_.pop(i))
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                yield f"{sid} {operator} {key}", without(
                    lambda _, s: s["Condition"][operator].pop(key)
                    and (s["Condition"][operator] or s["Condition"].pop(operator)))
        if isinstance(statement["Action"], list):
            for action in statement["Action"]:
                yield f"{sid} {action}", without(lambda _, s: s["Action"].remove(action))
        if isinstance(statement["Principal"], dict) \
                and isinstance(statement["Principal"]["AWS"], list):
            for arn in statement["Principal"]["AWS"]:
                yield f"{sid} {arn}", without(lambda _, s: s["Principal"]["AWS"].remove(arn))


# Without its value the variable matches nothing anyway; the condition says so for readers, and
# for a service that might one day take it for the empty text.
SAID_TWICE = {"user": set(), "shared": {"OwnerDecrypt Null aws:PrincipalTag/sub",
                                        "OwnerDecryptCopy Null aws:PrincipalTag/sub"}}


def test_every_part_counts(mode, document):
    unnoticed = {name for name, mutant in mutants(document)
                 if next(differences(mode, mutant), None) is None}
    assert unnoticed == SAID_TWICE[mode]


def test_lost_denials_show_in_their_view_alone(mode, document):
    """Why there are three views: as shipped, the policy hides what it has lost."""
    for statement in document["Statement"]:
        if statement["Effect"] == "Deny":
            lost = dict(document, Statement=[s for s in document["Statement"] if s != statement])
            assert {view for view, _ in differences(mode, lost)} == {"deny"}


def test_key_policy_document_size(document):
    """Within KMS's limit of 32 KiB, by far: there is room for more roles."""
    assert len(json.dumps(document)) < 4096


def test_terraform_says_the_same():
    """Terraform makes the shared key: by a template, whose policy must be the one tested here."""
    role = f"arn:aws:iam::{ACCOUNT}:role/"
    made = json.loads(cloud.render(TEMPLATE.read_text(), {
        "key_administrators": json.dumps([role + ADMIN]), "owner_role_arn": role + OWNER,
        "server_role_arns": json.dumps([role + SERVER, role + LAMBDA])}))
    expected = shipped("shared")
    for statement in expected["Statement"]:
        if statement["Sid"] == "AdminNoUse":
            statement["Principal"]["AWS"] = [statement["Principal"]["AWS"]]
    assert made == expected
