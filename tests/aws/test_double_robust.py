"""No request makes the double answer 500: what is malformed is refused, what is unknown too."""

import base64
import json
import random
import string

import pytest

from aws.cloud import ADMINISTRATOR
from aws.double import models
from aws.sigv4 import Signer

JSON_1_1, JSON_1_0 = "application/x-amz-json-1.1", "application/x-amz-json-1.0"
FORM = "application/x-www-form-urlencoded"
OPERATIONS = {
    "kms": ("CreateKey", "CreateAlias", "UpdateAlias", "DeleteAlias", "ListAliases", "ListKeys",
            "ReEncrypt", "DescribeKey", "GetKeyPolicy", "PutKeyPolicy", "TagResource",
            "ListResourceTags", "EnableKey", "DisableKey", "EnableKeyRotation",
            "GetKeyRotationStatus", "ScheduleKeyDeletion", "CancelKeyDeletion", "Encrypt",
            "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateMac"),
    "cognito-idp": ("SignUp", "ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword",
                    "ConfirmForgotPassword", "InitiateAuth", "GetTokensFromRefreshToken",
                    "RevokeToken", "GlobalSignOut", "ChangePassword", "GetUser", "DeleteUser",
                    "ListUsers", "AdminGetUser", "AdminDeleteUser", "AdminDisableUser",
                    "AdminEnableUser", "AdminSetUserPassword", "AdminUserGlobalSignOut",
                    "CreateUserPoolClient", "DescribeUserPool", "DescribeUserPoolClient",
                    "SetUserPoolMfaConfig", "GetUserPoolMfaConfig", "AssociateSoftwareToken",
                    "VerifySoftwareToken", "SetUserMFAPreference", "AdminSetUserMFAPreference",
                    "RespondToAuthChallenge", "DeleteUserPool", "AdminCreateUser", "SetUICustomization"),
    "cognito-identity": ("GetId", "GetCredentialsForIdentity", "CreateIdentityPool",
                         "SetIdentityPoolRoles", "SetPrincipalTagAttributeMap", "ListIdentities"),
    "dynamodb": ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan",
                 "BatchGetItem", "BatchWriteItem", "TransactWriteItems", "TransactGetItems",
                 "DescribeTable", "UpdateTimeToLive", "ExecuteStatement"),
}
ROUNDS = 6


@pytest.fixture(scope="module")
def session(double):
    return double.session(ADMINISTRATOR)


class Inventor:
    """Invents parameters that AWS's model allows, of names that exist where it knows some."""

    def __init__(self, rng, known):
        self._rng = rng
        self._known = known  # member name -> value

    def value(self, shape, depth=0, name=""):
        rng = self._rng
        if name in self._known and rng.random() < 0.8:
            return self._known[name]
        kind = shape.type_name
        if kind == "structure":
            members = {n: self.value(m, depth + 1, n) for n, m in shape.members.items()
                       if n in shape.required_members or depth < 4 and rng.random() < 0.3}
            if shape.is_tagged_union:
                return dict(list(members.items())[:1])
            return members
        if kind == "list":
            return [self.value(shape.member, depth + 1)
                    for _ in range(max(shape.metadata.get("min", 0), depth < 4))]
        if kind == "map":
            return {self.value(shape.key, depth + 1): self.value(shape.value, depth + 1)}
        if kind == "blob":
            return base64.b64encode(rng.randbytes(rng.choice((16, 40, 80)))).decode()
        if kind in ("integer", "long", "float", "double", "timestamp"):
            return rng.choice((shape.metadata.get("min", 0), shape.metadata.get("max", 9), 7))
        if kind == "boolean":
            return rng.random() < 0.5
        if shape.enum:
            return rng.choice(shape.enum)
        size = max(shape.metadata.get("min", 0), rng.choice((1, 8, 20)))
        return "".join(rng.choice(string.ascii_letters + "_:/-.") for _ in range(size))


def send(double, session, service, operation, body):
    model = models.service_model(service)
    target = f"{model.metadata['targetPrefix']}.{operation}"
    headers = {"content-type": JSON_1_0 if service == "dynamodb" else JSON_1_1,
               "x-amz-target": target}
    request = Signer(session, service).sign("POST", double.url, "/", headers, body)
    if model.operation_model(operation).auth_type == "none":
        del request.headers["authorization"]
    return request.send()


@pytest.mark.parametrize("service", OPERATIONS)
def test_invented_parameters(double, environment, session, service):

    rng = random.Random(service)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
                                                      "Action": "kms:*", "Resource": "*"}]}
    key = environment.double.client("kms", session).create_key(
        Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    inventor = Inventor(rng, {
        "KeyId": key, "TargetKeyId": key, "DestinationKeyId": key, "Policy": json.dumps(policy),
        "ClientId": environment.client_id, "UserPoolId": environment.user_pool,
        "IdentityPoolId": environment.identity_pool, "TableName": environment.users_table,
        "AliasName": "alias/user/x", "Username": "somebody", "GrantTokens": [], "DryRun": False,
        "KeySpec": "AES_256", "Key": {"userId": {"S": "u"}}, "Item": {"userId": {"S": "u"}}})
    for operation in OPERATIONS[service]:
        shape = models.service_model(service).operation_model(operation).input_shape
        for _ in range(ROUNDS):
            body = json.dumps(inventor.value(shape)).encode()
            status, said = send(double, session, service, operation, body)
            assert status < 500, (operation, body, status, said)


@pytest.mark.parametrize("service", OPERATIONS)
def test_malformed_bodies(double, session, service):
    junk = ["", "[]", "null", "{", '{"nothing":1}', '{"KeyId":7}', "\x00", "[" * 5000, "1e999",
            '{"TableName":{}}', '{"UserPoolId":"\\ud800"}', '{"AccessToken":"a.b.c"}', "NaN"]
    for operation in OPERATIONS[service]:
        for body in junk:
            status, said = send(double, session, service, operation, body.encode())
            assert 400 <= status < 500, (operation, body, status, said)


def test_malformed_forms(double, session):
    for body in (b"", b"Action", b"Action=Publish", b"Action=Publish&Version=2010-03-31",
                 b"Action=Publish&Version=2010-03-31&a.b=1&a=2", b"\xff",
                 b"Action=CreateTopic&Version=2010-03-31&Tags.member.2.Key=x",
                 b"Action=CreateTopic&Version=2010-03-31&Tags.member.1=x&Name=y",
                 b"Action=CreateTopic&Version=2010-03-31&Name.x=y",
                 b"Action=CreateTopic&Version=2010-03-31&Name=y&Name=z",
                 b"Action=CreateTopic&Version=2010-03-31&Name=y&Unknown=z",
                 b"Action=AddPermission&Version=2010-03-31"):
        request = Signer(session, "sns").sign("POST", double.url, "/", {"content-type": FORM}, body)
        assert 400 <= request.send()[0] < 500, body


def test_targets(double, session):
    for target in ("", ".", "TrentService", "TrentService.", "TrentService.No", "Else.Decrypt"):
        request = Signer(session, "kms").sign(
            "POST", double.url, "/", {"content-type": JSON_1_1, "x-amz-target": target}, b"{}")
        assert 400 <= request.send()[0] < 500, target


def test_methods_and_paths(double, session, real_objects):
    rng = random.Random(7)
    for _ in range(300):
        method = rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS", "BREW"])
        target = "/" + "".join(rng.choice(string.printable[:94]) for _ in range(rng.randrange(40)))
        status, _ = Signer(session, "s3").sign(method, double.url, target).send()
        assert 400 <= status < 500 or status == 501, (method, target, status)
