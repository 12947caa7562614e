"""The keys port on KMS: who opens what, keys made once and for all, letters that AWS's SDK opens."""

import base64
import concurrent.futures
import dataclasses
import itertools
import json
import os
import re
import subprocess
import uuid

import pytest
from botocore.exceptions import ClientError

from aws import cloud
from support import sdk
from support.server import BUILD, ROOT, wait_for

pytestmark = pytest.mark.usefixtures("no_faults_left")

PROGRAMS = BUILD / "tests/unit/aws/kms"
TOOL, POLICY_TOOL = PROGRAMS / "keys_tool", PROGRAMS / "key_policy_tool"
CONTRACT = (ROOT / "tests/unit/embedded/contract_keys.c").read_text()
PASSWORD = "Correct-horse-battery-9"
TEXT = b"Meet me at the usual place."
HOURS = 3600
NOT_FOR_US, DAMAGED = "not_sealed_to_you", "letter_damaged"


@dataclasses.dataclass
class Person:
    id: str
    session: str
    id_token: str


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


class Deployment:
    """An AWS environment, and the server's code at work in it."""

    def __init__(self, double, **settings):
        self.double = double
        self.environment = cloud.aws_environment(double)
        self.settings = {"LETTERLOCK_AWS_USER_KEYS_MAX": "100000", **settings}
        self.kms = self.environment.client("kms", "kms-admin")

    def run(self, *arguments, given=b"", role="app-server", **settings):
        """The output of keys_tool as a role, and the code of the error it ended with, or None."""
        variables = self.environment.variables(role, **{**self.settings, **settings})
        done = subprocess.run([TOOL, *arguments], input=given, capture_output=True, timeout=60,
                              env={"PATH": os.environ["PATH"], **variables}, check=False)
        if done.returncode == 0:
            return done.stdout, None
        assert done.returncode == 1, done.stderr.decode()
        return done.stdout, done.stderr.decode().splitlines()[-1].split()[0]

    def succeed(self, *arguments, **options):
        output, error = self.run(*arguments, **options)
        assert error is None, error
        return output

    def provision(self, user_id):
        """The key's ARN."""
        made = self.succeed("provision", user_id, role="post-confirmation")
        return json.loads(made)["reference"]

    def person(self, with_key=True):
        name = f"u{uuid.uuid4().hex[:10]}"
        email = f"{name}@example.org"
        cognito, client = self.environment.anonymous("cognito-idp"), self.environment.client_id
        sub = cognito.sign_up(ClientId=client, Username=name, Password=PASSWORD,
                              UserAttributes=[{"Name": "email", "Value": email}])["UserSub"]
        cognito.confirm_sign_up(ClientId=client, Username=name,
                                ConfirmationCode=self.environment.code(email))
        token = cognito.initiate_auth(
            ClientId=client, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD})
        token = token["AuthenticationResult"]["IdToken"]
        if with_key:
            self.provision(sub)
        return Person(sub, claims_of(token)["origin_jti"], token)

    def seal(self, sender, recipient, copy="copy", text=TEXT):
        return self.succeed("seal", sender.id, recipient.id, str(uuid.uuid4()), copy, given=text)

    def open(self, person, sealed, token=None, times=1, **settings):
        """The text, or the code of the error."""
        token = person.id_token if token is None else token
        output, error = self.run("open", person.id, person.session, token, str(times),
                                 given=sealed, **settings)
        return error or output

    def keys_of(self, user_id):
        """What there is for a user in KMS: {ARN: state} of the tagged keys, and the alias's ARN."""
        found = {}
        for key in self.all_keys():
            if {"TagKey": "sub", "TagValue": user_id} in self.tags(key):
                found[key] = self.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        return found, self.alias(user_id)

    def all_keys(self):
        pages = self.kms.get_paginator("list_keys").paginate()
        return [key["KeyArn"] for page in pages for key in page["Keys"]]

    def tags(self, key):
        """Of a key of this deployment; others do not show theirs."""
        try:
            return self.kms.list_resource_tags(KeyId=key)["Tags"]
        except ClientError as e:
            assert e.response["Error"]["Code"] == "AccessDeniedException"
            return []

    def alias(self, user_id):
        try:
            return self.kms.describe_key(KeyId=f"alias/user/{user_id}")["KeyMetadata"]["Arn"]
        except self.kms.exceptions.NotFoundException:
            return None

    def owner(self, person):
        """A KMS client of the user's own."""
        identity = self.environment.anonymous("cognito-identity")
        logins = {self.environment.provider: person.id_token}
        identity_id = identity.get_id(IdentityPoolId=self.environment.identity_pool,
                                      Logins=logins)["IdentityId"]
        found = identity.get_credentials_for_identity(IdentityId=identity_id, Logins=logins)
        found = found["Credentials"]
        return self.double.client("kms", {"access_key": found["AccessKeyId"],
                                          "secret_key": found["SecretKey"],
                                          "token": found["SessionToken"]})

    def calls(self, operation):
        return [c for c in self.double.control("log") if c["operation"] == operation]


@pytest.fixture(scope="module")
def deployment(double):
    return Deployment(double)


@pytest.fixture(scope="module")
def anna(deployment):
    return deployment.person()


@pytest.fixture(scope="module")
def bert(deployment):
    return deployment.person()


@pytest.fixture(scope="module")
def carl(deployment):
    return deployment.person()


# --- the contract ---

def role_that_does_all(environment):
    """One role that makes, wraps under and removes keys. What it needs besides the keys' policies
    (kms_provision.h) is all that it has."""
    names = f"arn:aws:kms:{cloud.REGION}:{cloud.ACCOUNT}"
    allow = {"kms:CreateKey": "*", "kms:ListKeys": "*", "kms:TagResource": f"{names}:key/*",
             "kms:CreateAlias": f"{names}:alias/user/*", "kms:DeleteAlias": f"{names}:alias/user/*"}
    return environment.double.control(
        "role", name=f"{environment.name}-keys", policies=[{
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}
                          for action, resource in allow.items()]}])["arn"]


@pytest.fixture(scope="module")
def outcomes(deployment):
    """What became of each case: {name: what was printed}, "" when it passed."""
    environment = deployment.environment
    role = role_that_does_all(environment)
    variables = environment.variables(
        "keys", **deployment.settings, CMOCKA_MESSAGE_OUTPUT="TAP",
        LETTERLOCK_AWS_SERVER_ROLES=role, LETTERLOCK_AWS_PROVISIONER_ROLE=role)
    done = subprocess.run([PROGRAMS / "contract_keys_aws"], env=variables, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = {}
    for part in re.split(r"^(?=(?:not )?ok \d+ - )", done.stdout, flags=re.M)[1:]:
        failed, name = re.match(r"(not )?ok \d+ - (\w+)", part).groups()
        found[name] = part if failed else ""
    assert done.returncode == 0 or any(found.values()), done.stdout
    return found


@pytest.mark.parametrize("case", re.findall(r"TEST\((test_\w+)\)", CONTRACT))
def test_contract(outcomes, case):
    assert outcomes[case] == ""


class Header:
    """The parts of a sealed message's header that KMS has to do with."""

    def __init__(self, sealed):
        self._sealed, self._at = sealed, 35
        self.context = {}
        size = self._u16()
        if size > 0:
            for _ in range(self._u16()):
                name = self._text()
                self.context[name] = self._text()
        self.edks = [(self._text(), self._text(), self._part()) for _ in range(self._u16())]

    def _u16(self):
        self._at += 2
        return int.from_bytes(self._sealed[self._at - 2:self._at], "big")

    def _part(self):
        size = self._u16()
        self._at += size
        return self._sealed[self._at - size:self._at]

    def _text(self):
        return self._part().decode()


# --- opening ---

def test_both_sides_open(deployment, anna, bert):
    sealed = deployment.seal(anna, bert)
    assert deployment.open(bert, sealed) == TEXT
    assert deployment.open(anna, sealed) == TEXT


def test_header(deployment, anna, bert):
    header = Header(deployment.seal(anna, bert))
    assert set(header.context) == {"message", "recipient", "sender"}
    assert [(p, arn) for p, arn, _ in header.edks] == [
        ("aws-kms", deployment.alias(bert.id)), ("aws-kms", deployment.alias(anna.id))]


def test_without_a_copy(deployment, anna, bert):
    sealed = deployment.seal(anna, bert, copy="alone")
    assert len(Header(sealed).edks) == 1
    assert deployment.open(anna, sealed) == NOT_FOR_US
    assert deployment.open(bert, sealed) == TEXT


def test_to_oneself(deployment, anna):
    sealed = deployment.seal(anna, anna)
    assert len(Header(sealed).edks) == 1
    assert deployment.open(anna, sealed) == TEXT


def test_others_do_not_open(deployment, anna, bert, carl):
    assert deployment.open(carl, deployment.seal(anna, bert)) == NOT_FOR_US


def test_somebody_elses_token_does_not_help(deployment, anna, bert, carl):
    """Were the server to mistake carl for bert, KMS would not."""
    sealed = deployment.seal(anna, bert)
    mistaken = dataclasses.replace(bert, id_token=carl.id_token)
    assert deployment.open(mistaken, sealed) == NOT_FOR_US


def test_opening_takes_a_valid_id_token(deployment, anna, bert):
    sealed = deployment.seal(anna, bert)
    assert deployment.open(bert, sealed, token="") == "id_token_required"
    assert deployment.open(bert, sealed, token="e30.e30.e30") == "unauthenticated"


def test_damage(deployment, anna, bert):
    sealed = deployment.seal(anna, bert, copy="alone")
    _, arn, blob = Header(sealed).edks[0]
    flipped = blob[:-1] + bytes([blob[-1] ^ 1])
    assert deployment.open(bert, sealed.replace(blob, flipped)) == DAMAGED
    message = Header(sealed).context["message"].encode()
    assert deployment.open(bert, sealed.replace(message, str(uuid.uuid4()).encode())) == DAMAGED
    other = arn[:-1] + ("0" if arn[-1] != "0" else "1")
    assert deployment.open(bert, sealed.replace(arn.encode(), other.encode())) == NOT_FOR_US
    assert deployment.open(bert, sealed) == TEXT


def test_moved_to_another_recipient(deployment, anna, bert, carl):
    """Under carl's ARN, and with carl in the context, bert's wrapped key opens nothing."""
    sealed = deployment.seal(anna, bert, copy="alone")
    moved = sealed.replace(deployment.alias(bert.id).encode(), deployment.alias(carl.id).encode())
    assert deployment.open(carl, moved) == NOT_FOR_US
    moved = moved.replace(bert.id.encode(), carl.id.encode())
    assert deployment.open(carl, moved) == DAMAGED


def count(deployment, *operations):
    return [len(deployment.calls(operation)) for operation in operations]


OPENING = ("DescribeKey", "GetId", "GetCredentialsForIdentity", "Decrypt")


def test_calls_of_an_open(deployment, anna, bert):
    """Once warm, it takes one Decrypt."""
    sealed = deployment.seal(anna, bert)
    deployment.double.control("clear_log")
    assert deployment.open(bert, sealed, times=3) == TEXT
    assert count(deployment, *OPENING) == [1, 1, 1, 3]


def test_expired_credentials_are_fetched_again(deployment, anna, bert):
    sealed = deployment.seal(anna, bert)
    deployment.double.control("clear_log")
    deployment.double.control("fault", match="kms.Decrypt", kind="error", nth=2,
                              code="ExpiredTokenException")
    assert deployment.open(bert, sealed, times=3) == TEXT
    assert count(deployment, *OPENING) == [1, 1, 2, 4]


def test_an_identity_that_is_gone_is_asked_for_again(deployment, anna, bert):
    sealed = deployment.seal(anna, bert)
    deployment.double.control("clear_log")
    deployment.double.control("fault", match="kms.Decrypt", kind="error", nth=2,
                              code="ExpiredTokenException")
    deployment.double.control("fault", match="cognito-identity.GetCredentialsForIdentity", nth=2,
                              kind="error", code="ResourceNotFoundException")
    assert deployment.open(bert, sealed, times=2) == TEXT
    assert count(deployment, *OPENING) == [1, 2, 3, 3]


def test_credentials_that_stay_expired(deployment, anna, bert):
    sealed = deployment.seal(anna, bert)
    deployment.double.control("fault", match="kms.Decrypt", kind="error", count=2,
                              code="ExpiredTokenException")
    assert deployment.open(bert, sealed) == "token_expired"


@pytest.mark.parametrize("role, tags", [
    ("app-server", {}), ("app-lambda", {}), ("post-confirmation", {}), ("kms-admin", {}),
    ("app-server", "own"), ("kms-admin", "own"), ("identity-pool-authenticated", {}),
    ("identity-pool-authenticated", "other"), ("identity-pool-authenticated", "near")])
def test_decrypt_is_refused(deployment, anna, bert, role, tags):
    near = bert.id[:-1] + ("0" if bert.id[-1] != "0" else "1")
    tags = {"own": {"sub": bert.id}, "other": {"sub": anna.id}, "near": {"sub": near}}.get(
        tags, tags) if tags else {}
    header = Header(deployment.seal(anna, bert, copy="alone"))
    session = deployment.environment.session(role, tags=tags)
    _, arn, blob = header.edks[0]
    with pytest.raises(ClientError) as refusal:
        deployment.double.client("kms", session).decrypt(
            KeyId=arn, CiphertextBlob=blob, EncryptionContext=header.context)
    assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"


def test_decrypt_by_the_owner(deployment, anna, bert):
    header = Header(deployment.seal(anna, bert, copy="alone"))
    _, arn, blob = header.edks[0]
    owner = deployment.owner(bert)
    opened = owner.decrypt(KeyId=arn, CiphertextBlob=blob, EncryptionContext=header.context)
    assert len(opened["Plaintext"]) == 32
    for changed, code in (({"recipient": anna.id}, "AccessDeniedException"),
                          ({"message": str(uuid.uuid4())}, "InvalidCiphertextException"),
                          ({"sender": bert.id}, "InvalidCiphertextException")):
        with pytest.raises(ClientError) as refusal:
            owner.decrypt(KeyId=arn, CiphertextBlob=blob,
                          EncryptionContext={**header.context, **changed})
        assert refusal.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("context", [{"recipient": "own"}, {"message": "m"}, {},
                                     {"message": "m", "recipient": "other", "sender": "own"}])
def test_generating_is_bound_to_recipient_and_letter(deployment, anna, bert, context):
    values = {"own": bert.id, "other": anna.id, "m": str(uuid.uuid4())}
    server = deployment.environment.client("kms", "app-server")
    with pytest.raises(ClientError) as refusal:
        server.generate_data_key(KeyId=deployment.alias(bert.id), KeySpec="AES_256",
                                 EncryptionContext={n: values[v] for n, v in context.items()})
    assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"


# --- keys that are out of use ---

@pytest.mark.parametrize("change", ["disable_key", "schedule_key_deletion"])
def test_lost_keys(deployment, anna, change):
    dora = deployment.person()
    sealed = deployment.seal(anna, dora)
    getattr(deployment.kms, change)(KeyId=deployment.alias(dora.id))
    assert deployment.open(dora, sealed) == "key_lost"
    assert deployment.open(anna, sealed) == TEXT
    assert deployment.run("describe", dora.id)[1] == "not_found"
    assert deployment.run("seal", anna.id, dora.id, str(uuid.uuid4()), "copy")[1] \
        == "unknown_recipient"
    answer = deployment.seal(dora, anna)  # goes without a copy
    assert len(Header(answer).edks) == 1


def test_unknown_recipient(deployment, anna):
    nobody = str(uuid.uuid4())
    assert deployment.run("describe", nobody)[1] == "not_found"
    assert deployment.run("seal", anna.id, nobody, str(uuid.uuid4()), "copy")[1] \
        == "unknown_recipient"


def test_check_sealed(deployment, anna, bert, carl):
    copied = deployment.seal(anna, bert)
    alone = deployment.seal(anna, bert, copy="alone")
    assert deployment.succeed("check", anna.id, bert.id, given=copied) == b"both"
    assert deployment.succeed("check", anna.id, bert.id, given=alone) == b"recipient"
    assert deployment.succeed("check", carl.id, bert.id, given=copied) == b"recipient"
    assert deployment.run("check", anna.id, carl.id, given=copied)[1] == "sealed_invalid"


def test_keys_cannot_be_rotated_by_hand(deployment, anna):
    assert deployment.run("rotate", anna.id)[1] == "forbidden"


# --- making keys ---

def test_a_users_key(deployment, bert):
    kms, arn = deployment.kms, deployment.alias(bert.id)
    assert deployment.provision(bert.id) == arn
    assert deployment.keys_of(bert.id) == ({arn: "Enabled"}, arn)
    assert {"TagKey": "purpose", "TagValue": "user-message"} \
        in kms.list_resource_tags(KeyId=arn)["Tags"]
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    variables = deployment.environment.variables()
    expected = subprocess.run(
        [POLICY_TOOL, bert.id, *(variables[f"LETTERLOCK_AWS_{name}"] for name in (
            "ACCOUNT", "OWNER_ROLE", "SERVER_ROLES", "PROVISIONER_ROLE", "ADMIN_ROLE"))],
        capture_output=True, check=True, timeout=30)
    assert json.loads(kms.get_key_policy(KeyId=arn)["Policy"]) == json.loads(expected.stdout)


STEPS = ("DescribeKey", "ListKeys", "CreateKey", "EnableKeyRotation", "CreateAlias")


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
@pytest.mark.parametrize("step", STEPS)
def test_provisioning_that_was_cut_off(deployment, step, kind):
    """As if the process had died at that step: run again, and the user has one key."""
    user_id = str(uuid.uuid4())
    deployment.double.control("fault", match=f"kms.{step}", kind=kind, count=10)
    _, error = deployment.run("provision", user_id, role="post-confirmation")
    deployment.double.control("clear_faults")
    assert error in ("unavailable", None)  # None: repeating it was enough
    arn = deployment.provision(user_id)
    assert deployment.provision(user_id) == arn
    deployment.succeed("sweep", str(2 * HOURS), role="kms-admin")
    keys, alias = deployment.keys_of(user_id)
    assert [a for a, state in keys.items() if state == "Enabled"] == [arn] == [alias]


@pytest.mark.parametrize("before, step", list(itertools.pairwise(STEPS)))
def test_provisioning_that_was_killed(deployment, before, step):
    """While KMS was at that step, which it then completes."""
    user_id, double = str(uuid.uuid4()), deployment.double
    double.control("clear_log")
    double.control("fault", match=f"kms.{step}", kind="delay", seconds=0.3)
    variables = deployment.environment.variables("post-confirmation", **deployment.settings)
    with subprocess.Popen([TOOL, "provision", user_id], env=variables) as process:
        wait_for(lambda: deployment.calls(before), f"{before} is done")
        process.kill()
    if double.control("clear_faults") == 0:
        wait_for(lambda: deployment.calls(step), f"{step} is done")
    arn = deployment.provision(user_id)
    deployment.succeed("sweep", str(2 * HOURS), role="kms-admin")
    keys, alias = deployment.keys_of(user_id)
    assert [a for a, state in keys.items() if state == "Enabled"] == [arn] == [alias]


@pytest.mark.parametrize("step", STEPS[1:])
def test_refusals_leave_no_key(deployment, step):
    user_id = str(uuid.uuid4())
    deployment.double.control("fault", match=f"kms.{step}", kind="error",
                              code="AccessDeniedException")
    assert deployment.run("provision", user_id, role="post-confirmation")[1] == "internal"
    keys, alias = deployment.keys_of(user_id)
    assert set(keys.values()) <= {"PendingDeletion"} and alias is None


def test_alias_made_although_its_answer_was_lost(deployment):
    """The repeated call finds the name taken, by the very key: it must not go."""
    user_id = str(uuid.uuid4())
    deployment.double.control("fault", match="kms.CreateAlias", kind="drop_after")
    arn = deployment.provision(user_id)
    assert deployment.keys_of(user_id) == ({arn: "Enabled"}, arn)


def test_provisioning_at_the_same_time(deployment):
    user_id = str(uuid.uuid4())
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        made = set(threads.map(lambda _: deployment.provision(user_id), range(6)))
    keys, alias = deployment.keys_of(user_id)
    assert made == {alias}
    assert keys.pop(alias) == "Enabled"
    assert set(keys.values()) <= {"PendingDeletion"}


def test_sweeping(deployment, bert):
    """Only old keys that were never named; and whose alias is there stays."""
    left_over = str(uuid.uuid4())
    deployment.double.control("fault", match="kms.CreateAlias", kind="drop", count=10)
    deployment.run("provision", left_over, role="post-confirmation")
    deployment.double.control("clear_faults")
    arn, = deployment.keys_of(left_over)[0]
    assert deployment.succeed("sweep", "60", role="kms-admin") == b"0"
    assert int(deployment.succeed("sweep", str(2 * HOURS), role="kms-admin")) >= 1
    assert deployment.keys_of(left_over) == ({arn: "PendingDeletion"}, None)
    assert deployment.succeed("sweep", str(2 * HOURS), role="kms-admin") == b"0"
    assert set(deployment.keys_of(bert.id)[0].values()) == {"Enabled"}


def test_cap(deployment):
    user_id = str(uuid.uuid4())

    def provision(most):
        return deployment.run("provision", user_id, role="post-confirmation",
                              LETTERLOCK_AWS_USER_KEYS_MAX=most)[1]
    present = len(deployment.all_keys())
    assert provision(0) == provision(present) == "sign_up_closed"
    assert deployment.keys_of(user_id) == ({}, None)
    assert provision(present + 1) is None
    assert provision(0) is None  # a key that is there is found, however many there are


def test_the_quota_of_kms(deployment):
    user_id = str(uuid.uuid4())
    deployment.double.control("fault", match="kms.CreateKey", kind="error",
                              code="LimitExceededException")
    assert deployment.run("provision", user_id, role="post-confirmation")[1] == "sign_up_closed"


# --- erasing ---

def test_destroy(deployment, anna):
    dora = deployment.person()
    sealed = deployment.seal(anna, dora)
    arn = deployment.alias(dora.id)
    for _ in range(2):
        deployment.succeed("destroy", dora.id)
        assert deployment.keys_of(dora.id) == ({arn: "PendingDeletion"}, None)
    assert deployment.run("describe", dora.id)[1] == "not_found"
    assert deployment.open(dora, sealed) == NOT_FOR_US
    assert deployment.open(anna, sealed) == TEXT


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
@pytest.mark.parametrize("step", ["DescribeKey", "ScheduleKeyDeletion", "DeleteAlias"])
def test_destruction_that_was_cut_off(deployment, step, kind):
    user_id = str(uuid.uuid4())
    arn = deployment.provision(user_id)
    deployment.double.control("fault", match=f"kms.{step}", kind=kind, count=10)
    deployment.run("destroy", user_id)
    deployment.double.control("clear_faults")
    deployment.succeed("destroy", user_id)
    assert deployment.keys_of(user_id) == ({arn: "PendingDeletion"}, None)


# --- one key for all ---

@pytest.fixture(scope="module")
def shared(deployment):
    """The same deployment, whose users now share a key."""
    variables = deployment.environment.variables()
    policy = subprocess.run(
        [POLICY_TOOL, "shared", *(variables[f"LETTERLOCK_AWS_{name}"] for name in (
            "ACCOUNT", "OWNER_ROLE", "SERVER_ROLES", "PROVISIONER_ROLE", "ADMIN_ROLE"))],
        capture_output=True, check=True, text=True, timeout=30)
    double = deployment.double
    arn = double.client("kms", double.session(cloud.ADMINISTRATOR)).create_key(
        Policy=policy.stdout, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    return {"LETTERLOCK_AWS_KEYS": "shared", "LETTERLOCK_AWS_SHARED_KEY": arn}


def test_shared_key(deployment, shared, anna, bert, carl):
    sealed = deployment.succeed("seal", anna.id, bert.id, str(uuid.uuid4()), "copy", given=TEXT,
                                **shared)
    assert [arn for _, arn, _ in Header(sealed).edks] == [shared["LETTERLOCK_AWS_SHARED_KEY"]]
    for person, expected in ((bert, TEXT), (anna, TEXT), (carl, NOT_FOR_US)):
        assert deployment.open(person, sealed, **shared) == expected
    assert deployment.succeed("check", anna.id, bert.id, given=sealed, **shared) == b"both"


def test_shared_key_is_not_touched(deployment, shared):
    user_id, arn = str(uuid.uuid4()), shared["LETTERLOCK_AWS_SHARED_KEY"]
    for command in ("provision", "describe"):
        assert json.loads(deployment.succeed(command, user_id, **shared))["reference"] == arn
    deployment.succeed("destroy", user_id, **shared)
    assert deployment.keys_of(user_id) == ({}, None)
    assert deployment.kms.describe_key(KeyId=arn)["KeyMetadata"]["Enabled"]


def test_letters_of_both_modes_open_in_both(deployment, shared, anna, bert):
    own = deployment.seal(anna, bert)
    common = deployment.succeed("seal", anna.id, bert.id, str(uuid.uuid4()), "copy", given=TEXT,
                                **shared)
    assert deployment.open(bert, own, **shared) == TEXT
    known = {"LETTERLOCK_AWS_SHARED_KEY": shared["LETTERLOCK_AWS_SHARED_KEY"]}
    assert deployment.open(bert, common, **known) == TEXT
    assert deployment.open(bert, common) == NOT_FOR_US


# --- AWS's own SDK ---

def test_sdk_opens_our_letter(deployment, anna, bert):
    text = os.urandom(200_000)
    sealed = deployment.seal(anna, bert, text=text)
    for person in (anna, bert):
        keyring = sdk.kms_keyring(deployment.alias(person.id), deployment.owner(person))
        opened, context = sdk.open_sealed(keyring, sealed)
        assert opened == text
        assert context.items() >= Header(sealed).context.items()


def test_we_open_what_the_sdk_sealed(deployment, anna, bert):
    """By the server's role, which may wrap."""
    context = {"message": str(uuid.uuid4()), "recipient": bert.id, "sender": anna.id}
    server = deployment.environment.client("kms", "app-server")
    keyring = sdk.kms_keyring(deployment.alias(bert.id), server)
    sealed = sdk.seal(keyring, TEXT, context, 4096)
    assert deployment.open(bert, sealed) == TEXT
    assert deployment.open(anna, sealed) == NOT_FOR_US


def test_the_sdk_does_not_open_for_the_server(deployment, anna, bert):
    keyring = sdk.kms_keyring(deployment.alias(bert.id),
                              deployment.environment.client("kms", "app-server"))
    with pytest.raises(Exception, match="No Configured KMS Key was able to decrypt"):
        sdk.open_sealed(keyring, deployment.seal(anna, bert))
    assert deployment.calls("Decrypt")[-1]["code"] == "AccessDeniedException"
