"""The double's policy engine: what it allows, and what it refuses to read."""

import pytest

from aws.double import ACCOUNT
from aws.double.policies import Caller, Policy, PolicyError, Question, decide

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
CALLER = Caller(SESSION, ROLE, {"sub": "u1", "team": "a*"})


def statement(effect="Allow", action="kms:Decrypt", resource="*", **fields):
    return {"Effect": effect, "Action": action, "Resource": resource, **fields}


def policy(*statements, **how):
    return Policy.parse({"Version": "2012-10-17", "Statement": list(statements)}, **how)


def allowed(*statements, action="kms:Decrypt", resource=KEY, context=None, caller=CALLER):
    question = Question(caller, action, resource, context or {})
    return decide(question, identity=[policy(*statements)]).allowed


def key_allows(*statements, identity=(), caller=CALLER, action="kms:Decrypt"):
    key_policy = policy(*statements, is_resource_policy=True)
    return decide(Question(caller, action, KEY), [policy(*identity)] if identity else [],
                  key_policy, needs_resource_policy=True).allowed


def holds(condition, context=None, caller=CALLER):
    return allowed(statement(Condition=condition), context=context, caller=caller)


def test_actions_and_resources():
    assert allowed(statement())
    assert allowed(statement(action="kms:DECRYPT"))
    assert allowed(statement(action=["s3:GetObject", "kms:De*"]))
    assert allowed(statement(action="kms:Decryp?"))
    assert not allowed(statement(action="kms:Decryp"))
    assert not allowed(statement(action="kms:Decrypt?"))
    assert allowed(statement(resource=["arn:aws:kms:*:*:key/2", "arn:aws:kms:*:*:key/*"]))
    assert not allowed(statement(resource="arn:aws:kms:*:*:alias/*"))
    assert not allowed(statement(resource=KEY.upper()))
    assert not allowed(statement(resource=KEY + "2"))
    assert not allowed(statement(resource=KEY[:-1] + "[12]"))
    other = {"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"}
    assert allowed(other, action="s3:GetObject") and not allowed(other)


def test_deny_comes_first():
    assert not allowed(statement(), statement("Deny"))
    assert not allowed(statement("Deny"), statement())
    assert not allowed(statement("Deny", "s3:*"))
    assert allowed(statement(), statement("Deny", "s3:*"))
    named = {"Principal": {"AWS": ROLE}}
    assert key_allows(statement(**named))
    assert not key_allows(statement(**named), identity=[statement("Deny")])
    assert not key_allows(statement(**named), statement("Deny", Principal="*"),
                          identity=[statement()])


def test_principals():
    for principal in ("*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": [ROLE + "2", SESSION]}):
        assert key_allows(statement(Principal=principal)), principal
    for principal in ({"AWS": ROLE + "x"}, {"Federated": "cognito-identity.amazonaws.com"},
                      {"Service": "lambda.amazonaws.com"}):
        assert not key_allows(statement(Principal=principal), identity=[statement()]), principal
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert key_allows(statement(Principal=root), identity=[statement()])
    assert key_allows(statement(Principal={"AWS": ACCOUNT}), identity=[statement()])
    assert not key_allows(statement(Principal=root))
    assert not key_allows(statement(Principal={"AWS": ROLE}, action="kms:Encrypt"),
                          identity=[statement()])
    assert not key_allows(statement(Principal={"AWS": ROLE}),
                          statement("Deny", Principal=root))


@pytest.mark.parametrize(("operator", "value", "have", "expected"), [
    ("StringEquals", "u1", "u1", True), ("StringEquals", "u1", "U1", False),
    ("StringEquals", ["a", "u1"], "u1", True), ("StringEquals", "u*", "u1", False),
    ("StringEquals", "u1", None, False), ("StringEqualsIfExists", "u1", None, True),
    ("StringEqualsIfExists", "u1", "u2", False),
    ("StringEqualsIgnoreCase", "u1", "U1", True),
    ("StringLike", "u*", "u1", True), ("StringLike", "u?", "u12", False),
    ("StringLike", "u*", "u\n1", True),
    ("StringNotEquals", "u1", "u2", True), ("StringNotEquals", "u1", "u1", False),
    ("StringNotEquals", ["u1", "u2"], "u2", False), ("StringNotEquals", "u1", None, True),
    ("StringNotLike", "u*", "u1", False), ("StringNotLike", "u*", "v", True),
    ("Null", "true", None, True), ("Null", "true", "x", False),
    ("Null", "false", "x", True), ("Null", "false", None, False),
    ("Null", False, "x", True),
])
def test_operators(operator, value, have, expected):
    context = {} if have is None else {"kms:EncryptionContext:recipient": have}
    assert holds({operator: {"kms:EncryptionContext:recipient": value}}, context) is expected


def test_other_operators():
    assert holds({"ArnEquals": {"aws:PrincipalArn": ROLE}})
    assert holds({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}})
    assert not holds({"ArnLike": {"aws:PrincipalArn": "arn:*"}})
    assert not holds({"ArnNotEquals": {"aws:PrincipalArn": ROLE}})
    assert holds({"ArnNotEquals": {"aws:PrincipalArn": ROLE + "2"}})
    assert holds({"Bool": {"aws:SecureTransport": "true"}})
    assert not holds({"Bool": {"aws:SecureTransport": False}})
    window = {"kms:ScheduleKeyDeletionPendingWindowInDays": "7"}
    key = "kms:ScheduleKeyDeletionPendingWindowInDays"
    assert holds({"NumericLessThanEquals": {key: 7}, "NumericEquals": {key: "7"}}, window)
    assert not holds({"NumericGreaterThanEquals": {key: "8"}}, window)
    assert not holds({"NumericNotEquals": {key: "7"}}, window)


def test_all_conditions_must_hold():
    both = {"StringEquals": {"aws:PrincipalTag/sub": "u1", "kms:EncryptionContext:recipient": "u1"}}
    assert holds(both, {"kms:EncryptionContext:recipient": "u1"})
    assert not holds(both, {"kms:EncryptionContext:recipient": "u2"})
    assert not holds(both)
    assert holds({"StringEquals": {"AWS:principaltag/SUB": "u1"}})


def test_sets():
    def keys(quantifier, *names):
        return holds({f"{quantifier}:StringEquals": {"aws:TagKeys": ["purpose", "sub"]}},
                     {"aws:TagKeys": list(names)})
    assert keys("ForAllValues", "sub") and keys("ForAllValues")
    assert not keys("ForAllValues", "sub", "x")
    assert keys("ForAnyValue", "sub", "x") and not keys("ForAnyValue", "x")
    assert not keys("ForAnyValue")


def test_variables():
    own = {"StringEquals": {"kms:EncryptionContext:recipient": "${aws:PrincipalTag/sub}"}}
    assert holds(own, {"kms:EncryptionContext:recipient": "u1"})
    assert not holds(own, {"kms:EncryptionContext:recipient": "u2"})
    untagged = Caller(SESSION, ROLE)
    assert not holds(own, {"kms:EncryptionContext:recipient": ""}, untagged)
    assert not holds(own, {"kms:EncryptionContext:recipient": "${aws:PrincipalTag/sub}"}, untagged)
    assert allowed(statement(resource="arn:aws:s3:::b/${aws:PrincipalTag/sub}/*"),
                   resource="arn:aws:s3:::b/u1/x")
    assert not allowed(statement(resource="arn:aws:s3:::b/${aws:PrincipalTag/no}*"),
                       resource="arn:aws:s3:::b/u1/x")
    assert holds({"StringEquals": {"kms:EncryptionContext:recipient": "${*}"}},
                 {"kms:EncryptionContext:recipient": "*"})
    # A denial that depends on a variable without a value is not counted on.
    assert allowed(statement(), statement("Deny", Condition={"StringNotEquals": {
        "kms:EncryptionContext:recipient": "${aws:PrincipalTag/sub}"}}), caller=untagged)


@pytest.mark.parametrize("wrong", [
    {"Effect": "allow"}, {"Effect": "Maybe"}, {"NotResource": "*"}, {"NotPrincipal": "*"},
    {"Action": []}, {"Action": "Decrypt"}, {"Action": "kms:De crypt"}, {"NotAction": "kms:*"},
    {"Resource": []}, {"Principal": "*"}, {"Sid": "x", "Comment": "y"},
    {"Condition": {"StringEqual": {"aws:PrincipalArn": "x"}}},
    {"Condition": {"DateLessThan": {"aws:PrincipalArn": "x"}}},
    {"Condition": {"StringEquals": {"kms:EncyptionContext:recipient": "x"}}},
    {"Condition": {"StringEquals": {"kms:EncryptionContext:": "x"}}},
    {"Condition": {"StringEquals": {"kms:EncryptionContext/recipient": "x"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalArn": []}}},
    {"Condition": {"StringEquals": "x"}}, {"Condition": []},
    {"Condition": {"StringEquals": {"aws:TagKeys": "x"}}},
    {"Condition": {"ForAllValues:StringEquals": {"kms:EncryptionContext:recipient": "x"}}},
    {"Condition": {"ForSomeValues:StringEquals": {"aws:TagKeys": "x"}}},
    {"Condition": {"Null": {"aws:PrincipalArn": "no"}}},
])
def test_what_is_not_known_is_an_error(wrong):
    with pytest.raises(PolicyError):
        policy({**statement(), **wrong})


@pytest.mark.parametrize("principal", [
    {}, [], "role", {"AWS": []}, {"AWS": "arn:aws:iam::*:role/x"}, {"Someone": "x"},
    {"AWS": "app"}, {"AWS": ROLE + "*"}])
def test_principals_that_are_errors(principal):
    with pytest.raises(PolicyError):
        policy(statement(Principal=principal), is_resource_policy=True)


@pytest.mark.parametrize("document", [
    None, [], {}, {"Version": "2008-10-17", "Statement": [statement()]},
    {"Statement": [statement()]}, {"Version": "2012-10-17"},
    {"Version": "2012-10-17", "Statement": []},
    {"Version": "2012-10-17", "Statement": [statement()], "More": 1},
    {"Version": "2012-10-17", "Statement": ["x"]}])
def test_documents_that_are_errors(document):
    with pytest.raises(PolicyError):
        Policy.parse(document)
