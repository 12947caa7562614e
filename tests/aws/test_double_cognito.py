"""The double's user pools and identity pools."""

import base64
import json
import time

import httpx
import pyotp
import pytest
from botocore.exceptions import ClientError
from joserfc import jwk, jwt

from aws.cloud import ADMINISTRATOR, aws_environment
from aws.desk import PASSWORD, confirm_sign_up, refused, sign_up


@pytest.fixture(scope="module")
def cognito(environment):
    return environment.anonymous("cognito-idp")


@pytest.fixture
def person(environment):
    return sign_up(environment)


def wrong(code):
    return f"{(int(code) + 1) % 10 ** 6:06d}"


def refresh(cognito, environment, token):
    return cognito.initiate_auth(ClientId=environment.client_id, AuthFlow="REFRESH_TOKEN_AUTH",
                                 AuthParameters={"REFRESH_TOKEN": token})["AuthenticationResult"]


def claims(environment, token):
    """The claims, after verifying by the published keys."""
    url = f"{environment.double.url}/{environment.user_pool}/.well-known/jwks.json"
    keys = jwk.KeySet.import_key_set(httpx.get(url).json())
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


# Signing up

def test_sign_up_by_code(environment, cognito):
    person = sign_up(environment, confirm=False)
    code = environment.code(person.email)
    refused("UserNotConfirmedException", person.sign_in)
    refused("NotAuthorizedException", person.sign_in, person.email)  # no alias yet
    refused("CodeMismatchException", confirm_sign_up, person, wrong(code))
    sent = cognito.resend_confirmation_code(ClientId=environment.client_id, Username=person.name)
    assert sent["CodeDeliveryDetails"] == {
        "Destination": f"{person.email[0]}***@e***", "DeliveryMedium": "EMAIL",
        "AttributeName": "email"}
    second = environment.code(person.email)
    if second != code:
        refused("CodeMismatchException", confirm_sign_up, person, code)
    confirm_sign_up(person, second)
    refused("NotAuthorizedException", confirm_sign_up, person, second)
    for login in (person.name, person.name.upper(), person.email, person.email.upper()):
        assert claims(environment, person.sign_in(login)["IdToken"])["sub"] == person.sub
    refused("InvalidParameterException", cognito.resend_confirmation_code,
            ClientId=environment.client_id, Username=person.name)


def test_code_tries_and_expiry(environment, cognito):
    person = sign_up(environment, confirm=False)
    code = environment.code(person.email)
    for _ in range(5):
        refused("CodeMismatchException", confirm_sign_up, person, wrong(code))
    refused("LimitExceededException", confirm_sign_up, person, code)
    cognito.resend_confirmation_code(ClientId=environment.client_id, Username=person.name)
    environment.double.control("expire_code", pool=environment.user_pool, kind="signup",
                               username=person.name)
    refused("ExpiredCodeException", confirm_sign_up, person)


def test_names_taken(environment, person):
    refused("UsernameExistsException", sign_up, environment, person.name.upper())
    refused("InvalidParameterException", sign_up, environment, "a@b.org")


def test_alias_is_taken_at_confirmation(environment, cognito, person):
    other = sign_up(environment, email=person.email.upper(), confirm=False)
    refused("AliasExistsException", confirm_sign_up, other,
            environment.code(person.email.upper()))
    assert claims(environment, person.sign_in(person.email)["IdToken"])["sub"] == person.sub
    cognito.confirm_sign_up(ClientId=environment.client_id, Username=other.name,
                            ConfirmationCode=environment.code(other.email),
                            ForceAliasCreation=True)
    assert claims(environment, person.sign_in(person.email)["IdToken"])["sub"] == other.sub
    assert claims(environment, person.sign_in()["IdToken"])["email_verified"] is False


def test_what_sign_up_refuses(environment, cognito):
    def attempt(password=PASSWORD, attributes=None, name="x", client=None, **more):
        return refused_code(cognito.sign_up, ClientId=client or environment.client_id,
                            Username=name, Password=password, UserAttributes=[
                                {"Name": n, "Value": v} for n, v in
                                (attributes or {"email": "x@example.org"}).items()], **more)
    assert attempt("short") == "InvalidPasswordException"
    assert attempt(" leading-and-trailing ") == "InvalidParameterException"
    assert attempt(attributes={"name": "x"}) == "InvalidParameterException"
    assert attempt(attributes={"email": "x"}) == "InvalidParameterException"
    assert attempt(attributes={"email": "x@y.org", "shoe": "9"}) == "InvalidParameterException"
    assert attempt(attributes={"email": "x@y.org", "email_verified": "true"}) \
        == "NotAuthorizedException"
    assert attempt(name="a b") == "InvalidParameterException"
    assert attempt(client="nobody") == "ResourceNotFoundException"
    assert attempt(SecretHash="aGFzaA==") == "NotAuthorizedException"


def refused_code(call, **arguments):
    with pytest.raises(ClientError) as e:
        call(**arguments)
    return e.value.response["Error"]["Code"]


def test_unknown_users_are_hidden(environment, cognito):
    client = environment.client_id
    for call in (cognito.resend_confirmation_code, cognito.forgot_password):
        assert "CodeDeliveryDetails" in call(ClientId=client, Username="nobody-at-all")
    refused("ExpiredCodeException", cognito.confirm_sign_up, ClientId=client,
            Username="nobody-at-all", ConfirmationCode="123456")
    refused("ExpiredCodeException", cognito.confirm_forgot_password, ClientId=client,
            Username="nobody-at-all", ConfirmationCode="123456", Password=PASSWORD)
    person = sign_up(environment)
    said = []
    for name in ("nobody-at-all", person.name):
        said.append(refused(
            "NotAuthorizedException", cognito.initiate_auth, ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": "wrong-password"}))
    assert said[0]["Error"] == said[1]["Error"]


# Tokens

def test_tokens(environment, cognito, person):
    first = person.sign_in()
    id_token = claims(environment, first["IdToken"])
    access = claims(environment, first["AccessToken"])
    assert set(id_token) == {"sub", "iss", "origin_jti", "event_id", "auth_time", "aud",
                             "token_use", "cognito:username", "email", "email_verified", "iat",
                             "exp", "jti"}
    assert set(access) == {"sub", "iss", "origin_jti", "event_id", "auth_time", "client_id",
                           "token_use", "scope", "username", "iat", "exp", "jti"}
    assert id_token["iss"] == f"https://{environment.provider}" == access["iss"]
    assert id_token["aud"] == environment.client_id == access["client_id"]
    assert (id_token["token_use"], access["token_use"]) == ("id", "access")
    assert id_token["email_verified"] is True and id_token["email"] == person.email
    assert id_token["origin_jti"] == access["origin_jti"] != access["jti"] != id_token["jti"]
    header = json.loads(base64.urlsafe_b64decode(first["IdToken"].split(".")[0] + "=="))
    assert set(header) == {"kid", "alg"} and header["alg"] == "RS256"
    second = refresh(cognito, environment, first["RefreshToken"])
    assert "RefreshToken" not in second
    again = claims(environment, second["IdToken"])
    assert again["origin_jti"] == id_token["origin_jti"] and again["jti"] != id_token["jti"]
    assert again["auth_time"] == id_token["auth_time"]
    third = cognito.get_tokens_from_refresh_token(ClientId=environment.client_id,
                                                  RefreshToken=first["RefreshToken"])
    third = claims(environment, third["AuthenticationResult"]["AccessToken"])
    assert third["origin_jti"] == id_token["origin_jti"]
    assert claims(environment, person.sign_in()["IdToken"])["origin_jti"] != id_token["origin_jti"]


def test_revoke_ends_one_session(environment, cognito, person):
    one, two = person.sign_in(), person.sign_in()
    cognito.revoke_token(ClientId=environment.client_id, Token=one["RefreshToken"])
    cognito.revoke_token(ClientId=environment.client_id, Token="unknown")
    refused("NotAuthorizedException", refresh, cognito, environment, one["RefreshToken"])
    refused("NotAuthorizedException", cognito.get_user, AccessToken=one["AccessToken"])
    assert cognito.get_user(AccessToken=two["AccessToken"])["Username"] == person.name
    refresh(cognito, environment, two["RefreshToken"])


def test_global_sign_out_ends_all(environment, cognito, person):
    one, two = person.sign_in(), person.sign_in()
    owner = environment.double.client("kms", person.session(one["IdToken"]))
    cognito.global_sign_out(AccessToken=one["AccessToken"])
    for tokens in (one, two):
        refused("NotAuthorizedException", refresh, cognito, environment, tokens["RefreshToken"])
        refused("NotAuthorizedException", cognito.get_user, AccessToken=tokens["AccessToken"])
        refused("NotAuthorizedException", person.session, tokens["IdToken"])
    # Credentials that were given out live on until they expire.
    refused("NotFoundException", owner.decrypt, KeyId="none", CiphertextBlob=b"x" * 60)
    person.session()


def test_wrong_tokens(environment, cognito, person):
    tokens = person.sign_in()
    other = aws_environment(environment.double)
    for token in (tokens["IdToken"], tokens["AccessToken"][:-2] + "AA", "a.b.c", "x"):
        refused("NotAuthorizedException", cognito.get_user, AccessToken=token)
    refused("NotAuthorizedException", refresh, cognito, other, tokens["RefreshToken"])
    refused("NotAuthorizedException", refresh, cognito, environment, tokens["AccessToken"])
    refused("InvalidParameterException", cognito.initiate_auth, ClientId=environment.client_id,
            AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "x", "SRP_A": "1"})


def test_rotation_of_refresh_tokens(double):
    environment = aws_environment(double)
    admin = double.client("cognito-idp", double.session(ADMINISTRATOR))
    environment.client_id = admin.create_user_pool_client(
        UserPoolId=environment.user_pool, ClientName="rotating",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"], PreventUserExistenceErrors="ENABLED",
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
        AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"})[
            "UserPoolClient"]["ClientId"]
    cognito, person = environment.anonymous("cognito-idp"), sign_up(environment)
    first = person.sign_in()
    assert first["ExpiresIn"] == 300

    def rotate(token):
        return cognito.get_tokens_from_refresh_token(
            ClientId=environment.client_id, RefreshToken=token)["AuthenticationResult"]
    second = rotate(first["RefreshToken"])
    assert second["RefreshToken"] != first["RefreshToken"]
    refused("RefreshTokenReuseException", rotate, first["RefreshToken"])
    refused("NotAuthorizedException", rotate, second["RefreshToken"])


# Passwords

def test_forgotten_password(environment, cognito, person):
    cognito.forgot_password(ClientId=environment.client_id, Username=person.email)
    code = environment.code(person.email, "forgot")

    def reset(code, password="another-password"):
        cognito.confirm_forgot_password(ClientId=environment.client_id, Username=person.name,
                                        ConfirmationCode=code, Password=password)
    refused("CodeMismatchException", reset, wrong(code))
    refused("InvalidPasswordException", reset, code, "short")
    reset(code)
    refused("ExpiredCodeException", reset, code)
    refused("NotAuthorizedException", person.sign_in)
    person.password = "another-password"
    person.sign_in()


def test_forgotten_password_of_unconfirmed(environment, cognito):
    person = sign_up(environment, confirm=False)
    refused("InvalidParameterException", cognito.forgot_password, ClientId=environment.client_id,
            Username=person.name)


def test_change_password(environment, cognito, person):
    tokens = person.sign_in()

    def change(old, new):
        cognito.change_password(AccessToken=tokens["AccessToken"], PreviousPassword=old,
                                ProposedPassword=new)
    refused("NotAuthorizedException", change, "wrong-password", "another-password")
    refused("InvalidPasswordException", change, person.password, "short")
    change(person.password, "another-password")
    person.password = "another-password"
    person.sign_in()


def test_guessing_locks(environment, person):
    right, person.password = person.password, "wrong-password"
    for _ in range(5):
        refused("NotAuthorizedException", person.sign_in)
    person.password = right
    said = refused("NotAuthorizedException", person.sign_in)
    assert said["Error"]["Message"] == "Password attempts exceeded"


# The second factor

class Phone:
    """A person with an authenticator app."""

    def __init__(self, cognito, person):
        self.cognito, self.person, self.environment = cognito, person, person.environment
        self.tokens = person.sign_in()
        self.app = pyotp.TOTP(self.associate())

    def associate(self):
        made = self.cognito.associate_software_token(AccessToken=self.tokens["AccessToken"])
        return made["SecretCode"]

    def code(self, steps=0):
        return self.app.at(time.time() + 30 * steps)

    def verify(self, code):
        return self.cognito.verify_software_token(AccessToken=self.tokens["AccessToken"],
                                                  UserCode=code)["Status"]

    def prefer(self, on):
        self.cognito.set_user_mfa_preference(
            AccessToken=self.tokens["AccessToken"],
            SoftwareTokenMfaSettings={"Enabled": on, "PreferredMfa": on})

    def initiate(self):
        return self.cognito.initiate_auth(
            ClientId=self.environment.client_id, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.person.email, "PASSWORD": self.person.password})

    def respond(self, session, code, **changes):
        responses = {"USERNAME": self.person.name, "SOFTWARE_TOKEN_MFA_CODE": code}
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.environment.client_id, ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=session, ChallengeResponses=responses | changes)


def test_second_factor(environment, cognito, person):
    phone = Phone(cognito, person)
    assert "AuthenticationResult" in phone.initiate()
    refused("InvalidParameterException", phone.prefer, True)
    refused("EnableSoftwareTokenMFAException", phone.verify, wrong(phone.code()))
    assert phone.verify(phone.code()) == "SUCCESS"
    refused("SoftwareTokenMFANotFoundException", phone.verify, phone.code(1))
    phone.prefer(True)
    found = cognito.get_user(AccessToken=phone.tokens["AccessToken"])
    assert found["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert found["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    asked = phone.initiate()
    assert "AuthenticationResult" not in asked
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert asked["ChallengeParameters"]["USER_ID_FOR_SRP"] == person.name
    session = asked["Session"]
    refused("CodeMismatchException", phone.respond, session, wrong(phone.code()))
    refused("NotAuthorizedException", phone.respond, "x" * 40, phone.code(1))
    refused("NotAuthorizedException", phone.respond, session, phone.code(1), USERNAME="nobody")
    given = phone.respond(session, phone.code(1))["AuthenticationResult"]
    assert claims(environment, given["IdToken"])["sub"] == person.sub
    refused("NotAuthorizedException", phone.respond, session, phone.code(1))
    refused("ExpiredCodeException", phone.respond, phone.initiate()["Session"], phone.code(1))
    refresh(cognito, environment, given["RefreshToken"])
    phone.prefer(False)
    assert "AuthenticationResult" in phone.initiate()


def test_second_factor_replaced_once_verified(cognito, person):
    phone = Phone(cognito, person)
    phone.verify(phone.code())
    phone.prefer(True)
    phone.associate()
    phone.respond(phone.initiate()["Session"], phone.code(1))


def test_second_factor_lifted_by_an_administrator(double, environment, cognito, person):
    phone = Phone(cognito, person)
    phone.verify(phone.code())
    phone.prefer(True)
    off = {"UserPoolId": environment.user_pool, "Username": person.name,
           "SoftwareTokenMfaSettings": {"Enabled": False, "PreferredMfa": False}}
    server = environment.client("cognito-idp", "app-server")
    refused("AccessDeniedException", server.admin_set_user_mfa_preference, **off)
    double.client("cognito-idp", double.session(ADMINISTRATOR)).admin_set_user_mfa_preference(**off)
    assert "AuthenticationResult" in phone.initiate()


def test_pools_without_second_factor(double):
    environment = aws_environment(double)
    admin = double.client("cognito-idp", double.session(ADMINISTRATOR))
    cognito, pool = environment.anonymous("cognito-idp"), environment.user_pool
    refused("InvalidParameterException", admin.create_user_pool, PoolName="x",
            MfaConfiguration="OPTIONAL")
    refused("InvalidParameterException", admin.set_user_pool_mfa_config, UserPoolId=pool,
            MfaConfiguration="OPTIONAL")
    admin.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration="OFF")
    assert admin.describe_user_pool(UserPoolId=pool)["UserPool"]["MfaConfiguration"] == "OFF"
    refused("SoftwareTokenMFANotFoundException", Phone, cognito, sign_up(environment))


# Administration

def test_server_role(environment, cognito, person):
    server, tokens = environment.client("cognito-idp", "app-server"), person.sign_in()
    pool = environment.user_pool
    for name in (person.name.upper(), person.sub, person.email):
        found = server.admin_get_user(UserPoolId=pool, Username=name)
        assert found["Username"] == person.name and found["UserStatus"] == "CONFIRMED"
        assert {"Name": "sub", "Value": person.sub} in found["UserAttributes"]
    refused("UserNotFoundException", server.admin_get_user, UserPoolId=pool, Username="nobody")
    refused("AccessDeniedException", server.admin_set_user_password, UserPoolId=pool,
            Username=person.name, Password=PASSWORD, Permanent=True)
    other = aws_environment(environment.double).user_pool
    refused("AccessDeniedException", server.admin_get_user, UserPoolId=other, Username="x")
    server.admin_user_global_sign_out(UserPoolId=pool, Username=person.name)
    refused("NotAuthorizedException", refresh, cognito, environment, tokens["RefreshToken"])
    server.admin_delete_user(UserPoolId=pool, Username=person.name)
    refused("NotAuthorizedException", person.sign_in)
    sign_up(environment, person.name, person.email)


def test_list_users(double, environment):
    environment = aws_environment(double)
    people = [sign_up(environment) for _ in range(3)]
    admin = double.client("cognito-idp", double.session(ADMINISTRATOR))

    def names(**arguments):
        found = admin.list_users(UserPoolId=environment.user_pool, **arguments)
        return [u["Username"] for u in found["Users"]]
    assert names(Filter=f'email = "{people[1].email.upper()}"') == [people[1].name]
    assert names(Filter=f'sub = "{people[2].sub}"') == [people[2].name]
    assert len(names(Filter='username ^= "u"')) == 3
    assert names(Filter='email = "x\\" or email ^= \\"u"') == []
    refused("InvalidParameterException", names, Filter='email = "x" or email ^= "u"')
    page = admin.list_users(UserPoolId=environment.user_pool, Limit=2)
    rest = admin.list_users(UserPoolId=environment.user_pool, Limit=2,
                            PaginationToken=page["PaginationToken"])
    assert [u["Username"] for u in page["Users"] + rest["Users"]] == [p.name for p in people]
    assert "PaginationToken" not in rest


def test_disabled_and_deleted(double, environment, cognito, person):
    tokens = person.sign_in()
    admin = double.client("cognito-idp", double.session(ADMINISTRATOR))
    admin.admin_disable_user(UserPoolId=environment.user_pool, Username=person.name)
    refused("NotAuthorizedException", person.sign_in)
    refused("NotAuthorizedException", cognito.get_user, AccessToken=tokens["AccessToken"])
    admin.admin_enable_user(UserPoolId=environment.user_pool, Username=person.name)
    tokens = person.sign_in()
    cognito.delete_user(AccessToken=tokens["AccessToken"])
    refused("UserNotFoundException", cognito.get_user, AccessToken=tokens["AccessToken"])
    refused("NotAuthorizedException", person.session, tokens["IdToken"])
    refused("NotAuthorizedException", refresh, cognito, environment, tokens["RefreshToken"])


# Identity pools

def test_identity_is_stable(environment, person):
    identity = environment.anonymous("cognito-identity")

    def identity_of(someone):
        return identity.get_id(IdentityPoolId=environment.identity_pool, Logins={
            environment.provider: someone.sign_in()["IdToken"]})["IdentityId"]
    other = sign_up(environment)
    assert identity_of(person) == identity_of(person) != identity_of(other)
    refused("NotAuthorizedException", identity.get_credentials_for_identity,
            IdentityId=identity_of(person),
            Logins={environment.provider: other.sign_in()["IdToken"]})


def test_credentials_are_tagged(environment, person):
    sts = environment.double.client("sts", person.session())
    role = environment.role("identity-pool-authenticated")
    who = sts.get_caller_identity()["Arn"]
    assert who.endswith(f"assumed-role/{role}/CognitoIdentityCredentials")


def test_expiration_is_a_number(environment, person):
    logins = {environment.provider: person.sign_in()["IdToken"]}

    def call(operation, **body):
        return httpx.post(environment.double.url, json=body, headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AWSCognitoIdentityService.{operation}"}).json()
    made = call("GetId", IdentityPoolId=environment.identity_pool, Logins=logins)
    found = call("GetCredentialsForIdentity", IdentityId=made["IdentityId"], Logins=logins)
    assert isinstance(found["Credentials"]["Expiration"], float)
    assert set(found["Credentials"]) == {"AccessKeyId", "SecretKey", "SessionToken", "Expiration"}


def test_what_identity_pools_refuse(environment, person):
    identity, tokens = environment.anonymous("cognito-identity"), person.sign_in()
    pool, provider = environment.identity_pool, environment.provider
    other = aws_environment(environment.double)
    good = tokens["IdToken"]
    for logins in ({}, {provider: tokens["AccessToken"]}, {provider: good[:-2] + "AA"},
                   {"graph.facebook.com": good}, {other.provider: good},
                   {provider: sign_up(other).sign_in()["IdToken"]}):
        refused("NotAuthorizedException", identity.get_id, IdentityPoolId=pool, Logins=logins)
    refused("NotAuthorizedException", identity.get_id, IdentityPoolId=other.identity_pool,
            Logins={provider: good})
    refused("ResourceNotFoundException", identity.get_id,
            IdentityPoolId="us-east-1:00000000-0000-0000-0000-000000000000",
            Logins={provider: good})


def test_role_must_trust_the_pool_and_its_tags(environment):
    """Without sts:TagSession, or with another pool's audience, there are no credentials."""
    def attempt(audience, *actions):
        double, role = environment.double, environment.role("identity-pool-authenticated")
        double.control("role", name=role, policies=[], trust={
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": list(actions), "Condition": {"StringEquals": {
                    "cognito-identity.amazonaws.com:aud": audience}}}]})
        return person.session
    environment = aws_environment(environment.double)
    person, pool = sign_up(environment), environment.identity_pool
    attempt(pool, "sts:AssumeRoleWithWebIdentity", "sts:TagSession")()
    for session in (lambda: attempt(pool, "sts:AssumeRoleWithWebIdentity")(),
                    lambda: attempt("other", "sts:AssumeRoleWithWebIdentity", "sts:TagSession")()):
        refused("InvalidIdentityPoolConfigurationException", session)
