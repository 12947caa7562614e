"""Amazon Cognito user pools (cognito-idp): the operations that Letterlock and its tests use."""

import base64
import json
import re
import threading

from .access import require
from .errors import Refusal
from .software_token import SoftwareTokens
from .user_pool import EMAIL, Client, User, UserPool

ATTRIBUTES = {"email", "email_verified", "name", "preferred_username", "locale"}
FILTER = re.compile(r'\s*"?([a-z:_]+)"?\s*(=|\^=)\s*"((?:[^"\\]|\\.)*)"\s*')
FILTER_ATTRIBUTES = ("username", "email", "name", "preferred_username", "cognito:user_status",
                     "status", "sub")
LIST_MAX = 60
AUTH_FLOWS = {"USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
              "REFRESH_TOKEN_AUTH": "ALLOW_REFRESH_TOKEN_AUTH",
              "REFRESH_TOKEN": "ALLOW_REFRESH_TOKEN_AUTH"}


def _delivery(email):
    name, _, domain = email.partition("@")
    return {"Destination": f"{name[:1]}***@{domain[:1]}***", "DeliveryMedium": "EMAIL",
            "AttributeName": "email"}


def _attribute_list(attributes):
    return [{"Name": n, "Value": v} for n, v in attributes.items()]


def _read_attributes(listed):
    attributes = {}
    for item in listed or ():
        name, value = item["Name"], item.get("Value", "")
        if name not in ATTRIBUTES and not name.startswith("custom:"):
            raise Refusal("InvalidParameterException",
                          f"Attributes did not conform to the schema: {name}: Unknown attribute")
        if name == "email" and not EMAIL.fullmatch(value):
            raise Refusal("InvalidParameterException", "Invalid email address format.")
        attributes[name] = value
    return attributes


class Cognito:
    """send_mail(kind, to, **fields) delivers; invoke(arn, event) runs a Lambda function and
    gives (error type or None, its answer)."""

    name = "cognito-idp"

    def __init__(self, send_mail, invoke):
        self._send_mail = send_mail
        self._invoke = invoke
        self._lock = threading.Lock()
        self._pools = {}
        self._tokens = SoftwareTokens(self)
        self._operations = {
            "CreateUserPool": self._create_user_pool,
            "CreateUserPoolClient": self._create_user_pool_client,
            "DescribeUserPool": self._describe_user_pool,
            "DescribeUserPoolClient": self._describe_user_pool_client,
            "DeleteUserPool": self._delete_user_pool,
            "SignUp": self._sign_up,
            "ConfirmSignUp": self._confirm_sign_up,
            "ResendConfirmationCode": self._resend_confirmation_code,
            "ForgotPassword": self._forgot_password,
            "ConfirmForgotPassword": self._confirm_forgot_password,
            "InitiateAuth": self._initiate_auth,
            "GetTokensFromRefreshToken": self._get_tokens_from_refresh_token,
            "RevokeToken": self._revoke_token,
            "GlobalSignOut": self._global_sign_out,
            "ChangePassword": self._change_password,
            "GetUser": self._get_user,
            "DeleteUser": self._delete_user,
            "ListUsers": self._list_users,
            "AdminGetUser": self._admin_get_user,
            "AdminDeleteUser": self._admin_delete_user,
            "AdminDisableUser": self._admin_disable_user,
            "AdminEnableUser": self._admin_enable_user,
            "AdminSetUserPassword": self._admin_set_user_password,
            "AdminUserGlobalSignOut": self._admin_user_global_sign_out,
            **self._tokens.operations,
        }

    def call(self, operation, parameters, session):
        handler = self._operations.get(operation)
        if handler is None:
            raise Refusal("UnknownOperationException", f"The double has no {operation}")
        if session is not None:
            pool_id = parameters.get("UserPoolId")
            resource = UserPool.arn_of(pool_id) if pool_id else "*"
            require(session, f"cognito-idp:{operation}", resource)
        with self._lock:
            answer = handler(parameters)
        if callable(answer):  # the trigger, which calls back, runs without the lock
            return answer()
        return answer

    # For the other parts of the double

    def pool(self, pool_id):
        """A pool, for the identity pool, the JWK Set and control calls."""
        with self._lock:
            return self._pools.get(pool_id)

    def pool_of_provider(self, provider):
        with self._lock:
            return next((p for p in self._pools.values() if p.provider == provider), None)

    def expire_code(self, pool_id, kind, username):
        """Lets the code age; for tests."""
        with self._lock:
            pool = self._pools[pool_id]
            pool.expire_code(kind, pool.find(username))

    # Pools and clients

    def _create_user_pool(self, p):
        if p.get("MfaConfiguration", "OFF") != "OFF":
            raise Refusal("InvalidParameterException", "SMS configuration and Auto verification "
                          "for phone_number are required when MFA is required/optional")
        pool = UserPool(p)
        self._pools[pool.pool_id] = pool
        return self._describe_user_pool({"UserPoolId": pool.pool_id})

    def _describe_user_pool(self, p):
        pool = self.named_pool(p)
        names = {"PoolName": "Name"}
        settings = {names.get(n, n): v for n, v in pool.settings.items()
                    if n not in ("Schema", "SoftwareTokenMfa")}
        return {"UserPool": {**settings, "Id": pool.pool_id, "Arn": pool.arn}}

    def _delete_user_pool(self, p):
        del self._pools[self.named_pool(p).pool_id]
        return {}

    def _create_user_pool_client(self, p):
        pool = self.named_pool(p)
        if p.get("GenerateSecret"):
            raise Refusal("InvalidParameterException", "The double has only clients without secret")
        client = Client(UserPool.new_client_id(), p)
        pool.clients[client.client_id] = client
        return self._describe_user_pool_client({**p, "ClientId": client.client_id})

    def _describe_user_pool_client(self, p):
        pool = self.named_pool(p)
        client = pool.clients.get(p["ClientId"])
        if client is None:
            raise _no_client(p["ClientId"])
        settings = {n: v for n, v in client.settings.items() if n != "GenerateSecret"}
        return {"UserPoolClient": {**settings, "ClientId": client.client_id,
                                   "UserPoolId": pool.pool_id}}

    def named_pool(self, p):
        pool = self._pools.get(p["UserPoolId"])
        if pool is None:
            raise Refusal("ResourceNotFoundException",
                          f"User pool {p['UserPoolId']} does not exist.")
        return pool

    def pool_and_client(self, p):
        if p.get("SecretHash"):
            raise Refusal("NotAuthorizedException", f"Client {p['ClientId']} has no secret")
        for pool in self._pools.values():
            if p["ClientId"] in pool.clients:
                return pool, pool.clients[p["ClientId"]]
        raise _no_client(p["ClientId"])

    # Signing up

    def _sign_up(self, p):
        pool, _ = self.pool_and_client(p)
        username = pool.fold(p["Username"])
        if pool.has_email_alias and EMAIL.fullmatch(username):
            raise Refusal("InvalidParameterException", "Username cannot be of email format, "
                          "since user pool is configured for email alias.")
        attributes = _read_attributes(p.get("UserAttributes"))
        if "email_verified" in attributes:
            raise Refusal("NotAuthorizedException",
                          "A client attempted to write unauthorized attribute")
        for schema in pool.settings.get("Schema", ()):
            if schema.get("Required") and schema["Name"] not in attributes:
                raise Refusal("InvalidParameterException", "Attributes did not conform to the "
                              f"schema: {schema['Name']}: The attribute is required")
        pool.check_password_policy(p.get("Password", ""))
        if username in pool.users:
            raise Refusal("UsernameExistsException", "User already exists")
        user = User(username, p["Password"], attributes)
        pool.users[username] = user
        answer = {"UserConfirmed": False, "UserSub": user.sub}
        if "email" in attributes:
            answer |= self._mail_code(pool, "signup", user)
        return answer

    def _mail_code(self, pool, kind, user):
        email = user.attributes["email"]
        self._send_mail(kind, email, pool=pool.pool_id, code=pool.new_code(kind, user))
        return {"CodeDeliveryDetails": _delivery(email)}

    def _confirm_sign_up(self, p):
        pool, client = self.pool_and_client(p)
        user = pool.users.get(pool.fold(p["Username"]))
        if user is None:
            raise Refusal("ExpiredCodeException",
                          "Invalid code provided, please request a code again.") \
                if client.hides_users else _no_user()
        if user.status != "UNCONFIRMED":
            raise Refusal("NotAuthorizedException",
                          f"User cannot be confirmed. Current status is {user.status}")
        pool.check_code("signup", user, p["ConfirmationCode"])
        other = pool.find_alias(user.attributes.get("email", ""), but=user)
        if other is not None and pool.has_email_alias:
            if not p.get("ForceAliasCreation"):
                raise Refusal("AliasExistsException",
                              "An account with the given email already exists.")
            other.attributes["email_verified"] = "false"
        pool.use_code("signup", user)
        user.status = "CONFIRMED"
        user.attributes["email_verified"] = "true"
        return self._trigger(pool, client, user, "PostConfirmation_ConfirmSignUp", p)

    def _trigger(self, pool, client, user, source, p):
        """Gives what runs the pool's PostConfirmation trigger, or the answer if it has none."""
        function = pool.settings.get("LambdaConfig", {}).get("PostConfirmation")
        if not function:
            return {}
        event = {
            "version": "1", "triggerSource": source, "region": pool.pool_id.partition("_")[0],
            "userPoolId": pool.pool_id, "userName": user.username,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown",
                              "clientId": client.client_id},
            "request": {"userAttributes": {**user.all_attributes,
                                           "cognito:user_status": user.status}},
            "response": {}}
        if p.get("ClientMetadata"):
            event["request"]["clientMetadata"] = p["ClientMetadata"]

        def run():
            error, answer = self._invoke(function, event)
            if error is not None:
                raise Refusal("UserLambdaValidationException",
                              f"PostConfirmation failed with error {error}.")
            if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
                raise Refusal("InvalidLambdaResponseException", "Unrecognizable lambda output")
            return {}
        return run

    def _resend_confirmation_code(self, p):
        pool, client = self.pool_and_client(p)
        user = pool.users.get(pool.fold(p["Username"]))
        if user is None:
            return self._hidden(client, p["Username"])
        if user.status != "UNCONFIRMED":
            raise Refusal("InvalidParameterException", "User is already confirmed.")
        if "email" not in user.attributes:
            raise Refusal("InvalidParameterException", "Cannot resend codes. Auto verification "
                          "not turned on.")
        return self._mail_code(pool, "signup", user)

    def _hidden(self, client, username):
        """The answer for a user that does not exist: as if it did, where clients may not know."""
        if not client.hides_users:
            raise _no_user()
        return {"CodeDeliveryDetails": _delivery(f"{username[:1] or 'a'}@example.com")}

    # Passwords

    def _forgot_password(self, p):
        pool, client = self.pool_and_client(p)
        user = pool.find(p["Username"])
        if user is None:
            return self._hidden(client, p["Username"])
        _want_enabled(user)
        if not user.has_verified_email:
            raise Refusal("InvalidParameterException", "Cannot reset password for the user as "
                          "there is no registered/verified email or phone_number")
        return self._mail_code(pool, "forgot", user)

    def _confirm_forgot_password(self, p):
        pool, client = self.pool_and_client(p)
        user = pool.find(p["Username"])
        if user is None:
            raise Refusal("ExpiredCodeException",
                          "Invalid code provided, please request a code again.") \
                if client.hides_users else _no_user()
        _want_enabled(user)
        pool.check_password_policy(p["Password"])
        pool.check_code("forgot", user, p["ConfirmationCode"])
        pool.use_code("forgot", user)
        user.password, user.failures, user.locked_until = p["Password"], 0, 0
        user.status = "CONFIRMED"
        return self._trigger(pool, client, user, "PostConfirmation_ConfirmForgotPassword", p)

    def _change_password(self, p):
        pool, user = self.pool_and_user(p["AccessToken"])
        pool.check_password(user, p.get("PreviousPassword", ""))
        pool.check_password_policy(p["ProposedPassword"])
        user.password = p["ProposedPassword"]
        return {}

    # Sessions

    def _initiate_auth(self, p):
        pool, client = self.pool_and_client(p)
        flow, parameters = p["AuthFlow"], p.get("AuthParameters", {})
        allowed = client.settings.get("ExplicitAuthFlows", ())
        if AUTH_FLOWS.get(flow) not in allowed:
            raise Refusal("InvalidParameterException", f"{flow} flow not enabled for this client")
        if flow != "USER_PASSWORD_AUTH":
            if client.settings.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED":
                raise Refusal("UnsupportedOperationException",
                              "Refresh token rotation is on: use GetTokensFromRefreshToken")
            return self._refresh(pool, client, parameters.get("REFRESH_TOKEN"))
        if "USERNAME" not in parameters:
            raise Refusal("InvalidParameterException", "Missing required parameter USERNAME")
        if "PASSWORD" not in parameters:
            raise Refusal("InvalidParameterException", "Missing required parameter PASSWORD")
        user = pool.find(parameters["USERNAME"])
        if user is None:
            raise Refusal("NotAuthorizedException", "Incorrect username or password.") \
                if client.hides_users else _no_user()
        _want_enabled(user)
        pool.check_password(user, parameters["PASSWORD"])
        if user.status == "UNCONFIRMED":
            raise Refusal("UserNotConfirmedException", "User is not confirmed.")
        return self._tokens.challenge(pool, client, user) or self.sign_in(pool, client, user)

    def sign_in(self, pool, client, user):
        refresh = pool.begin_session(user, client)
        return {"ChallengeParameters": {},
                "AuthenticationResult": {**pool.tokens(refresh, client), "RefreshToken": refresh}}

    def _refresh(self, pool, client, refresh):
        if not refresh:
            raise Refusal("InvalidParameterException", "Missing required parameter REFRESH_TOKEN")
        pool.session_of_refresh(refresh, client.client_id)
        return {"ChallengeParameters": {}, "AuthenticationResult": pool.tokens(refresh, client)}

    def _get_tokens_from_refresh_token(self, p):
        pool, client = self.pool_and_client(p)
        if p.get("ClientSecret"):
            raise Refusal("NotAuthorizedException", f"Client {client.client_id} has no secret")
        answer = self._refresh(pool, client, p["RefreshToken"])
        rotation = client.settings.get("RefreshTokenRotation", {})
        if rotation.get("Feature") == "ENABLED":
            refresh = pool.rotate(p["RefreshToken"], rotation.get("RetryGracePeriodSeconds", 0))
            answer["AuthenticationResult"]["RefreshToken"] = refresh
        return {"AuthenticationResult": answer["AuthenticationResult"]}

    def _revoke_token(self, p):
        pool, client = self.pool_and_client(p)
        if client.settings.get("EnableTokenRevocation") is False:
            raise Refusal("UnsupportedOperationException", "Token revocation is not enabled")
        pool.revoke(p["Token"], client.client_id)
        return {}

    def _global_sign_out(self, p):
        pool, user = self.pool_and_user(p["AccessToken"])
        pool.sign_out(user)
        return {}

    def pool_and_user(self, access_token):
        """The pool that issued an access token, and the user it was issued to."""
        try:
            payload = access_token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            issuer = claims["iss"]
        except (IndexError, ValueError, KeyError, TypeError):
            raise Refusal("NotAuthorizedException", "Invalid Access Token") from None
        for pool in self._pools.values():
            if pool.issuer == issuer:
                return pool, pool.user_of_access_token(access_token)
        raise Refusal("NotAuthorizedException", "Invalid Access Token")

    # Users

    def _get_user(self, p):
        _, user = self.pool_and_user(p["AccessToken"])
        return {"Username": user.username, "UserAttributes": _attribute_list(user.all_attributes),
                **user.mfa.settings()}

    def _delete_user(self, p):
        pool, user = self.pool_and_user(p["AccessToken"])
        pool.delete(user)
        return {}

    def pool_and_named(self, p):
        pool = self.named_pool(p)
        user = pool.find(p["Username"])
        if user is None:
            raise _no_user()
        return pool, user

    def _admin_get_user(self, p):
        _, user = self.pool_and_named(p)
        return {"Username": user.username, "UserAttributes": _attribute_list(user.all_attributes),
                **_state(user), **user.mfa.settings()}

    def _admin_delete_user(self, p):
        pool, user = self.pool_and_named(p)
        pool.delete(user)
        return {}

    def _admin_disable_user(self, p):
        pool, user = self.pool_and_named(p)
        user.enabled = False
        pool.sign_out(user)
        return {}

    def _admin_enable_user(self, p):
        self.pool_and_named(p)[1].enabled = True
        return {}

    def _admin_set_user_password(self, p):
        pool, user = self.pool_and_named(p)
        pool.check_password_policy(p["Password"])
        if not p.get("Permanent"):
            raise Refusal("InvalidParameterException", "The double sets permanent passwords only")
        user.password, user.status = p["Password"], "CONFIRMED"
        user.failures, user.locked_until = 0, 0
        return {}

    def _admin_user_global_sign_out(self, p):
        pool, user = self.pool_and_named(p)
        pool.sign_out(user)
        return {}

    def _list_users(self, p):
        pool = self.named_pool(p)
        users = [u for u in pool.users.values() if _filtered(pool, u, p.get("Filter"))]
        token = p.get("PaginationToken", "0")
        if not token.isdecimal():
            raise Refusal("InvalidParameterException", "Invalid pagination token")
        start, limit = int(token), p.get("Limit", LIST_MAX)
        wanted = p.get("AttributesToGet")
        answer = {"Users": [
            {"Username": u.username, **_state(u), "Attributes": _attribute_list(
                {n: v for n, v in u.all_attributes.items() if wanted is None or n in wanted})}
            for u in users[start:start + limit]]}
        if start + limit < len(users):
            answer["PaginationToken"] = str(start + limit)
        return answer


def _state(user):
    return {"UserCreateDate": user.created, "UserLastModifiedDate": user.modified,
            "Enabled": user.enabled, "UserStatus": user.status}


def _filtered(pool, user, text):
    if not text:
        return True
    m = FILTER.fullmatch(text)
    if not m or m[1] not in FILTER_ATTRIBUTES:
        raise Refusal("InvalidParameterException", "Error while parsing filter")
    value = re.sub(r"\\(.)", r"\1", m[3])
    have = {"username": user.username, "cognito:user_status": user.status,
            "status": "Enabled" if user.enabled else "Disabled",
            **user.all_attributes}.get(m[1], "")
    if m[1] in ("username", "email", "preferred_username"):
        value, have = pool.fold(value), pool.fold(have)
    return have == value if m[2] == "=" else have.startswith(value)


def _want_enabled(user):
    if not user.enabled:
        raise Refusal("NotAuthorizedException", "User is disabled.")


def _no_user():
    return Refusal("UserNotFoundException", "User does not exist.")


def _no_client(client_id):
    return Refusal("ResourceNotFoundException", f"User pool client {client_id} does not exist.")
