"""Software tokens: the time-based one-time passwords (RFC 6238) of a user pool's users."""

import base64
import dataclasses
import hashlib
import hmac
import secrets
import time

from .errors import Refusal

NAME = "SOFTWARE_TOKEN_MFA"
STEP_S = 30
CHALLENGE_LIFETIME_S = 180


def code_of(secret, step):
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 0xf
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 10 ** 6:06d}"


@dataclasses.dataclass
class SoftwareToken:
    secret: str = dataclasses.field(
        default_factory=lambda: base64.b32encode(secrets.token_bytes(30)).decode())
    used: set = dataclasses.field(default_factory=set)  # steps whose codes were taken

    def take(self, code):
        """Takes a code of this step or one of its neighbours, once."""
        present = int(time.time()) // STEP_S
        for step in (present - 1, present, present + 1):
            if hmac.compare_digest(code_of(self.secret, step), code):
                if step in self.used:
                    raise Refusal("ExpiredCodeException",
                                  "Your software token has already been used once.")
                self.used.add(step)
                return
        raise Refusal("CodeMismatchException", "Invalid code received for user")


@dataclasses.dataclass
class Mfa:
    """What a user has of it."""
    pending: SoftwareToken | None = None
    verified: SoftwareToken | None = None
    enabled: bool = False
    preferred: bool = False

    def settings(self):
        """The members of GetUser and AdminGetUser."""
        found = {"UserMFASettingList": [NAME]} if self.enabled else {}
        return found | ({"PreferredMfaSetting": NAME} if self.enabled and self.preferred else {})

    def prefer(self, wanted):
        """SoftwareTokenMfaSettings of a request."""
        if wanted is None:
            return
        if wanted.get("Enabled") and self.verified is None:
            raise Refusal("InvalidParameterException",
                          "User has not verified software token mfa")
        self.enabled = bool(wanted.get("Enabled"))
        self.preferred = self.enabled and bool(wanted.get("PreferredMfa"))


@dataclasses.dataclass
class Challenge:
    """Between the password and the code."""
    username: str
    client_id: str
    expires: float = dataclasses.field(default_factory=lambda: time.time() + CHALLENGE_LIFETIME_S)


class SoftwareTokens:
    """The operations; `cognito` finds pools, clients and users. Its lock is held around them."""

    def __init__(self, cognito):
        self._cognito = cognito
        self._challenges = {}  # Session -> Challenge
        self.operations = {
            "SetUserPoolMfaConfig": self._configure,
            "GetUserPoolMfaConfig": self._describe,
            "AssociateSoftwareToken": self._associate,
            "VerifySoftwareToken": self._verify,
            "SetUserMFAPreference": self._set_preference,
            "AdminSetUserMFAPreference": self._admin_set_preference,
            "RespondToAuthChallenge": self._respond,
        }

    def _configure(self, p):
        pool = self._cognito.named_pool(p)
        for name in ("SmsMfaConfiguration", "EmailMfaConfiguration", "WebAuthnConfiguration"):
            if p.get(name):
                raise Refusal("InvalidParameterException", f"The double has no {name}")
        software = bool(p.get("SoftwareTokenMfaConfiguration", {}).get("Enabled"))
        if p.get("MfaConfiguration", "OFF") != "OFF" and not software:
            raise Refusal("InvalidParameterException", "Invalid MFA configuration given, can't "
                          "turn on MFA without any factor.")
        if p.get("MfaConfiguration") == "ON":
            raise Refusal("InvalidParameterException", "The double has no required MFA")
        pool.settings["MfaConfiguration"] = p.get("MfaConfiguration", "OFF")
        pool.settings["SoftwareTokenMfa"] = software
        return self._describe(p)

    def _describe(self, p):
        pool = self._cognito.named_pool(p)
        return {"SoftwareTokenMfaConfiguration": {"Enabled": _offers(pool)},
                "MfaConfiguration": pool.settings.get("MfaConfiguration", "OFF")}

    def challenge(self, pool, client, user):
        """The answer to a right password that asks for a code; None where none is asked for."""
        if not user.mfa.enabled or not _offers(pool):
            return None
        session = secrets.token_urlsafe(400)
        self._challenges[session] = Challenge(user.username, client.client_id)
        return {"ChallengeName": NAME, "Session": session,
                "ChallengeParameters": {"USER_ID_FOR_SRP": user.username}}

    def _respond(self, p):
        pool, client = self._cognito.pool_and_client(p)
        responses = p.get("ChallengeResponses", {})
        if p["ChallengeName"] != NAME:
            raise Refusal("InvalidParameterException",
                          f"The double asks for no {p['ChallengeName']}")
        for name in ("USERNAME", NAME + "_CODE"):
            if name not in responses:
                raise Refusal("InvalidParameterException", f"Missing required parameter {name}")
        session = p.get("Session")
        challenge = self._challenges.get(session)
        if challenge is None or challenge.client_id != client.client_id \
                or time.time() > challenge.expires:
            raise Refusal("NotAuthorizedException",
                          "Invalid session for the user, session is expired.")
        user = pool.users.get(challenge.username)
        if user is None or user is not pool.find(responses["USERNAME"]) or not user.enabled:
            raise Refusal("NotAuthorizedException", "Invalid session for the user.")
        user.mfa.verified.take(responses[NAME + "_CODE"])
        del self._challenges[session]
        return self._cognito.sign_in(pool, client, user)

    def _pool_and_user(self, p):
        if "AccessToken" not in p:
            raise Refusal("InvalidParameterException", "The double takes access tokens only")
        pool, user = self._cognito.pool_and_user(p["AccessToken"])
        return pool, user

    def _associate(self, p):
        pool, user = self._pool_and_user(p)
        _want_offered(pool)
        user.mfa.pending = SoftwareToken()
        return {"SecretCode": user.mfa.pending.secret}

    def _verify(self, p):
        pool, user = self._pool_and_user(p)
        _want_offered(pool)
        if user.mfa.pending is None:
            raise Refusal("SoftwareTokenMFANotFoundException",
                          "Software Token MFA has not been set up for the user.")
        try:
            user.mfa.pending.take(p["UserCode"])
        except Refusal:
            raise Refusal("EnableSoftwareTokenMFAException",
                          "Code mismatch and fail enable Software Token MFA") from None
        user.mfa.verified, user.mfa.pending = user.mfa.pending, None
        return {"Status": "SUCCESS"}

    def _set_preference(self, p):
        _, user = self._pool_and_user(p)
        user.mfa.prefer(p.get("SoftwareTokenMfaSettings"))
        return {}

    def _admin_set_preference(self, p):
        _, user = self._cognito.pool_and_named(p)
        user.mfa.prefer(p.get("SoftwareTokenMfaSettings"))
        return {}


def _offers(pool):
    return pool.settings.get("SoftwareTokenMfa", False)


def _want_offered(pool):
    if not _offers(pool):
        raise Refusal("SoftwareTokenMFANotFoundException",
                      "Software Token MFA has not been enabled by the userPool.")
