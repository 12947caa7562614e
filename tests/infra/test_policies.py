"""The policies of the deployed roles, as rendered by Terraform: sound by parliament's rules, and
allowing exactly what a table of cases says, in three views. Key policies are tests/aws's."""

import itertools
import json

import parliament
import pytest

from aws.double.policies import Caller, Policy, Question, decide
from infra.cloud import ACCOUNT, REGION

SERVERS = ("app-server", "app-lambda")
ROLES = (*SERVERS, "post-confirmation", "kms-admin", "identity-pool-authenticated")
SUB, OTHER = "6f1c8a3e-0000-4000-8000-000000000001", "6f1c8a3e-0000-4000-8000-000000000002"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a8c2a60-5d8f-4dd5-8a7e-2d3c3a9d2f11"
ALIAS = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/user/{SUB}"
USERS, MESSAGES = (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/letterlock-{t}"
                   for t in ("users", "messages"))
BUCKET = f"arn:aws:s3:::letterlock-letters-{ACCOUNT}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:letterlock-user-{SUB}"
POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/POOL"  # put in by the fixture
LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/letterlock-api:log-stream:x"
IDENTITY = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.org"
NEW_KEY = {"aws:RequestTag/purpose": "user-message", "aws:RequestTag/sub": SUB,
           "aws:TagKeys": ["purpose", "sub"], "kms:KeySpec": "SYMMETRIC_DEFAULT",
           "kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:BypassPolicyLockoutSafetyCheck": "true"}
FOREIGN_TAG = NEW_KEY | {"aws:RequestTag/purpose": "billing"}
ALLOW_ALL = Policy.parse({"Version": "2012-10-17", "Statement": {
    "Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}})


def context(**pairs):
    return {f"kms:EncryptionContext:{k}": v for k, v in pairs.items()}


# What roles need: (action, resource, context, the roles). Nobody else has it.
ALLOWED = [
    *((f"dynamodb:{a}", t, {}, SERVERS + (("post-confirmation",) if t == USERS and a in (
        "GetItem", "PutItem", "UpdateItem") else ()))
      for a in ("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem",
                "ConditionCheckItem") for t in (USERS, MESSAGES)),
    ("dynamodb:Query", f"{MESSAGES}/index/recipientIndex", {}, SERVERS),
    ("dynamodb:Query", f"{USERS}/index/directoryIndex", {}, SERVERS),
    *((f"s3:{a}", f"{BUCKET}/m/{SUB}", {}, SERVERS) for a in (
        "GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload",
        "ListMultipartUploadParts")),
    ("s3:ListBucket", BUCKET, {}, SERVERS),
    ("s3:ListBucketMultipartUploads", BUCKET, {}, SERVERS),
    *((f"cognito-idp:{a}", POOL, {}, SERVERS) for a in (
        "AdminGetUser", "AdminUserGlobalSignOut", "AdminDeleteUser")),
    ("kms:CreateKey", "*", NEW_KEY, (*SERVERS, "post-confirmation")),
    ("kms:TagResource", KEY, NEW_KEY, (*SERVERS, "post-confirmation")),
    ("kms:CreateAlias", ALIAS, {}, (*SERVERS, "post-confirmation")),
    ("kms:DeleteAlias", ALIAS, {}, (*SERVERS, "kms-admin")),
    ("kms:ListKeys", "*", {}, (*SERVERS, "post-confirmation", "kms-admin")),
    ("kms:ListAliases", "*", {}, (*SERVERS, "post-confirmation", "kms-admin")),
    ("sns:CreateTopic", TOPIC, {}, (*SERVERS, "post-confirmation")),
    ("sns:Subscribe", TOPIC, {"sns:Protocol": "email", "sns:Endpoint": "a@example.org"},
     (*SERVERS, "post-confirmation")),
    ("sns:Publish", TOPIC, {}, SERVERS),
    ("sns:DeleteTopic", TOPIC, {}, (*SERVERS, "kms-admin")),
    ("sns:ListTopics", "*", {}, ("kms-admin",)),
    ("logs:PutLogEvents", LOG, {}, ("app-lambda", "post-confirmation")),
    ("logs:CreateLogStream", LOG, {}, ("app-lambda", "post-confirmation")),
    ("kms:Decrypt", KEY, context(recipient=SUB, message="m", sender=OTHER),
     ("identity-pool-authenticated",)),
    ("kms:Decrypt", KEY, context(recipient=OTHER, message="m", sender=SUB),
     ("identity-pool-authenticated",)),
]

# What nobody has.
FORBIDDEN = [
    ("kms:Decrypt", KEY, {}),
    ("kms:Decrypt", KEY, context(recipient=OTHER, sender=OTHER)),
    ("kms:CreateKey", "*", {}),
    ("kms:CreateKey", "*", FOREIGN_TAG),
    ("kms:CreateKey", "*", NEW_KEY | {"kms:KeySpec": "RSA_2048"}),
    ("kms:CreateKey", "*", NEW_KEY | {"kms:KeyUsage": "SIGN_VERIFY"}),
    ("kms:TagResource", KEY, FOREIGN_TAG),
    ("kms:TagResource", KEY, NEW_KEY | {"aws:TagKeys": ["purpose", "sub", "owner"]}),
    ("kms:UpdateAlias", ALIAS, {}),
    ("kms:CreateAlias", ALIAS.replace("alias/user/", "alias/other/"), {}),
    ("kms:ScheduleKeyDeletion", KEY, {}),
    ("kms:PutKeyPolicy", KEY, {}),
    ("kms:CreateGrant", KEY, {}),
    ("dynamodb:Scan", USERS, {}),
    ("dynamodb:DeleteTable", USERS, {}),
    ("dynamodb:GetItem", USERS.replace("letterlock", "other"), {}),
    ("s3:GetObject", "arn:aws:s3:::other/m/x", {}),
    ("s3:DeleteObjectVersion", f"{BUCKET}/m/x", {}),
    ("s3:PutBucketPolicy", BUCKET, {}),
    ("cognito-idp:AdminSetUserPassword", POOL, {}),
    ("cognito-idp:AdminInitiateAuth", POOL, {}),
    ("cognito-idp:AdminGetUser", POOL.replace("userpool/", "userpool/x"), {}),
    ("sns:Subscribe", TOPIC, {"sns:Protocol": "https", "sns:Endpoint": "https://x.example"}),
    ("sns:Publish", TOPIC.replace("letterlock-user", "alarms"), {}),
    ("ses:SendEmail", IDENTITY, {"ses:FromAddress": "boss@example.org"}),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/letterlock-kms-admin", {}),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/letterlock-kms-admin", {}),
]

# What stays refused whatever else a role is given.
_UNWRAP = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant")
_BECOME = tuple(f"cognito-idp:{a}" for a in (
    "AdminSetUserPassword", "AdminResetUserPassword", "AdminCreateUser", "AdminInitiateAuth",
    "AdminUpdateUserAttributes", "AdminRespondToAuthChallenge", "AdminLinkProviderForUser",
    "AdminSetUserMFAPreference", "UpdateUserPool", "UpdateUserPoolClient")) + tuple(
    f"cognito-identity:{a}" for a in (
        "SetPrincipalTagAttributeMap", "SetIdentityPoolRoles", "UpdateIdentityPool",
        "GetOpenIdTokenForDeveloperIdentity"))
_USE = ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
DENIED_FOR_GOOD = {
    "app-server": (*_UNWRAP, "kms:PutKeyPolicy", *_BECOME),
    "app-lambda": (*_UNWRAP, "kms:PutKeyPolicy", *_BECOME),
    "post-confirmation": (*_UNWRAP, *_USE, "kms:PutKeyPolicy"),
    "kms-admin": (*_UNWRAP, *_USE),
}


@pytest.fixture(scope="module")
def documents(deployment):
    """{role: {policy: document}} as they were deployed."""
    iam, pool = deployment.client("iam"), deployment.outputs["user_pool_id"]

    def read(role, name):
        text = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        return json.loads(text.replace(pool, "POOL"))
    return {role: {name: read(f"letterlock-{role}", name) for name in
                   iam.list_role_policies(RoleName=f"letterlock-{role}")["PolicyNames"]}
            for role in ROLES}


def caller(role):
    tags = {"sub": SUB} if role == "identity-pool-authenticated" else {}
    return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/letterlock-{role}/s",
                  f"arn:aws:iam::{ACCOUNT}:role/letterlock-{role}", tags)


def allows(role, policies, action, resource, values):
    return decide(Question(caller(role), action, resource, values), policies).allowed


def wrong(role, documents):
    """The cases that come out otherwise than they should."""
    policies = [Policy.parse(d) for d in documents]
    found = [(a, r, c) for a, r, c, roles in ALLOWED
             if allows(role, policies, a, r, c) != (role in roles)]
    found += [case for case in FORBIDDEN if allows(role, policies, *case)]
    found += [a for a in DENIED_FOR_GOOD.get(role, ())
              if allows(role, [*policies, ALLOW_ALL], a, KEY, {})]
    return found


def is_right_on_keys(finding):
    """An alias takes a right on the alias, which stands in the role's policy, and one on the key,
    which stands in the key's alone (infra/terraform/policies/README.md)."""
    return finding.issue == "RESOURCE_MISMATCH" and all(
        d["action"] in ("kms:CreateAlias", "kms:DeleteAlias")
        and d["required_format"].endswith(":key/*") for d in finding.detail)


@pytest.mark.parametrize("role", ROLES)
def test_sound_by_parliament(documents, role):
    for name, document in documents[role].items():
        findings = parliament.analyze_policy_string(json.dumps(document)).findings
        unexpected = [str(f) for f in findings if not is_right_on_keys(f)]
        assert not unexpected, (name, unexpected)


@pytest.mark.parametrize("role", ROLES)
def test_allows_exactly_what_the_table_says(documents, role):
    assert wrong(role, documents[role].values()) == []


@pytest.mark.parametrize("role", ROLES)
def test_table_notices_every_lost_statement(documents, role):
    """Each statement is there for a case of the table: without it some case comes out wrong."""
    for name, document in documents[role].items():
        others = [d for n, d in documents[role].items() if n != name]
        for i, statement in enumerate(document["Statement"]):
            if statement["Sid"] == "Mail":  # its Allow needs a sender: the next test's
                continue
            rest = document["Statement"][:i] + document["Statement"][i + 1:]
            less = dict(document, Statement=rest)
            left = [d for d in (*others, less) if d["Statement"]]
            assert wrong(role, left), f"{name}: {statement['Sid']} is missed by nobody"


@pytest.mark.parametrize("role", ROLES)
def test_table_notices_every_lost_condition(documents, role):
    for name, document in documents[role].items():
        others = [d for n, d in documents[role].items() if n != name]
        for i, j in itertools.product(range(len(document["Statement"])), range(9)):
            changed = json.loads(json.dumps(document))
            statement = changed["Statement"][i]
            pairs = [(o, k) for o, c in statement.get("Condition", {}).items() for k in c]
            if j >= len(pairs) or pairs[j][0] == "Null":  # those guard against void variables
                continue
            operator, key = pairs[j]
            del statement["Condition"][operator][key]
            if not statement["Condition"][operator]:
                del statement["Condition"][operator]
            assert wrong(role, [*others, changed]), f"{name}: {statement['Sid']}: {key}"


def test_mail_goes_out_under_the_one_sender(shared_deployment):
    document = shared_deployment.client("iam").get_role_policy(
        RoleName="second-app-server", PolicyName="server")["PolicyDocument"]
    policies = [Policy.parse(document)]
    for sender, allowed in (("letters@example.org", True), ("boss@example.org", False)):
        assert allows("app-server", policies, "ses:SendEmail", IDENTITY,
                      {"ses:FromAddress": sender}) is allowed


def test_no_trust_in_strangers(deployment):
    iam, trusted = deployment.client("iam"), {}
    for role in ROLES:
        document = iam.get_role(RoleName=f"letterlock-{role}")["Role"]["AssumeRolePolicyDocument"]
        statement, = document["Statement"]
        assert statement["Effect"] == "Allow"
        trusted[role] = statement
    assert trusted["app-server"]["Principal"] == {"Service": "ec2.amazonaws.com"}
    for role in ("app-lambda", "post-confirmation"):
        assert trusted[role]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert trusted["kms-admin"]["Principal"] == {
        "AWS": [f"arn:aws:iam::{ACCOUNT}:role/deployer"]}
    owner = trusted["identity-pool-authenticated"]
    assert owner["Principal"] == {"Federated": "cognito-identity.amazonaws.com"}
    assert sorted(owner["Action"]) == ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    assert owner["Condition"] == {
        "StringEquals": {
            "cognito-identity.amazonaws.com:aud": deployment.outputs["identity_pool_id"]},
        "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}


def test_bucket_refuses_plain_http_and_servers_erasing_versions(deployment):
    policy = Policy.parse(json.loads(deployment.client("s3").get_bucket_policy(
        Bucket=f"letterlock-letters-{ACCOUNT}")["Policy"]), is_resource_policy=True)

    def allowed(role, action, resource=f"{BUCKET}/m/x", **values):
        return decide(Question(caller(role), action, resource, values), [ALLOW_ALL], policy).allowed
    assert allowed("app-server", "s3:GetObject")
    assert not allowed("app-server", "s3:GetObject", **{"aws:SecureTransport": "false"})
    for role in SERVERS:
        assert not allowed(role, "s3:DeleteObjectVersion")
        for action in ("s3:PutBucketVersioning", "s3:PutLifecycleConfiguration",
                       "s3:PutBucketPolicy"):
            assert not allowed(role, action, BUCKET)
    assert allowed("kms-admin", "s3:PutBucketVersioning", BUCKET)


def test_shared_key_names_our_roles_and_the_deployer_as_administrator(shared_deployment):
    made = shared_deployment.resources()["module.keys.aws_kms_key_policy.shared[0]"]
    statements = {s["Sid"]: s for s in json.loads(made["policy"])["Statement"]}
    role = f"arn:aws:iam::{ACCOUNT}:role/second-"
    assert statements["AdminNoUse"]["Principal"]["AWS"] == [
        f"{role}kms-admin", f"arn:aws:iam::{ACCOUNT}:role/deployer"]
    assert statements["ServerEncryptOnly"]["Principal"]["AWS"] == [
        f"{role}app-server", f"{role}app-lambda"]
    assert statements["OwnerDecrypt"]["Principal"]["AWS"] == f"{role}identity-pool-authenticated"


@pytest.mark.parametrize("role", (*SERVERS, "post-confirmation", "kms-admin"))
def test_shared_key_opens_for_owners_alone(shared_deployment, role):
    made = shared_deployment.resources()["module.keys.aws_kms_key_policy.shared[0]"]
    policy = Policy.parse(json.loads(made["policy"]), is_resource_policy=True)

    def allowed(of, tags, action, **pairs):
        who = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/second-{of}/s",
                     f"arn:aws:iam::{ACCOUNT}:role/second-{of}", tags)
        return decide(Question(who, action, KEY, context(**pairs)), [ALLOW_ALL], policy,
                      needs_resource_policy=True).allowed
    letter = {"recipient": SUB, "sender": OTHER, "message": "m"}
    owner = "identity-pool-authenticated"
    assert allowed(owner, {"sub": SUB}, "kms:Decrypt", **letter)
    assert allowed(owner, {"sub": OTHER}, "kms:Decrypt", **letter)
    assert not allowed(owner, {}, "kms:Decrypt", **letter)
    assert not allowed(owner, {"sub": "6f1c8a3e"}, "kms:Decrypt", **letter)
    assert not allowed(role, {"sub": SUB}, "kms:Decrypt", **letter)
    assert allowed(role, {}, "kms:GenerateDataKey", **letter) == (role in SERVERS)
    assert not allowed(role, {}, "kms:GenerateDataKey", recipient=SUB)
