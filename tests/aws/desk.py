"""Users of an AWS environment, and what tests of it share."""

import dataclasses
import secrets

import pytest
from botocore.exceptions import ClientError

PASSWORD = "correct-horse-battery"


@dataclasses.dataclass
class Person:
    environment: object
    name: str
    email: str
    sub: str
    password: str = PASSWORD

    def sign_in(self, login=None):
        """The AuthenticationResult."""
        return self.environment.anonymous("cognito-idp").initiate_auth(
            ClientId=self.environment.client_id, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": login or self.name, "PASSWORD": self.password})[
                "AuthenticationResult"]

    def session(self, id_token=None):
        """The user's own AWS credentials, by the identity pool."""
        environment = self.environment
        identity = environment.anonymous("cognito-identity")
        logins = {environment.provider: id_token or self.sign_in()["IdToken"]}
        identity_id = identity.get_id(IdentityPoolId=environment.identity_pool,
                                      Logins=logins)["IdentityId"]
        found = identity.get_credentials_for_identity(IdentityId=identity_id, Logins=logins)
        found = found["Credentials"]
        return {"access_key": found["AccessKeyId"], "secret_key": found["SecretKey"],
                "token": found["SessionToken"]}


def sign_up(environment, name=None, email=None, confirm=True):
    name = name or "u" + secrets.token_hex(5)
    email = email or f"{name}@example.org"
    cognito = environment.anonymous("cognito-idp")
    sub = cognito.sign_up(ClientId=environment.client_id, Username=name, Password=PASSWORD,
                          UserAttributes=[{"Name": "email", "Value": email}])["UserSub"]
    person = Person(environment, name, email, sub)
    if confirm:
        confirm_sign_up(person)
    return person


def confirm_sign_up(person, code=None):
    environment = person.environment
    environment.anonymous("cognito-idp").confirm_sign_up(
        ClientId=environment.client_id, Username=person.name,
        ConfirmationCode=code or environment.code(person.email))


def refused(code, call, *arguments, **named):
    """Asserts that AWS refuses a call with a code."""
    with pytest.raises(ClientError) as e:
        call(*arguments, **named)
    assert e.value.response["Error"]["Code"] == code, e.value.response
    return e.value.response
