"""A Cognito user pool's state: its clients, users, codes and sessions, and the tokens it signs."""

import dataclasses
import hmac
import json
import re
import secrets
import string
import time
import uuid

from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from . import ACCOUNT, REGION
from .errors import Refusal
from .software_token import Mfa

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
CODE_LIFETIME_S = {"signup": 24 * 3600, "forgot": 3600, "email": 24 * 3600}
CODE_TRIES = 5
PASSWORD_TRIES = 5
LOCK_MAX_S = 900
UNIT_S = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
REFRESH_DAYS = 30


@dataclasses.dataclass
class User:
    username: str
    password: str
    attributes: dict
    sub: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "UNCONFIRMED"
    enabled: bool = True
    created: float = dataclasses.field(default_factory=time.time)
    modified: float = dataclasses.field(default_factory=time.time)
    failures: int = 0
    locked_until: float = 0
    tokens_valid_from: float = 0
    mfa: Mfa = dataclasses.field(default_factory=Mfa)

    @property
    def all_attributes(self):
        return {"sub": self.sub, **self.attributes}

    @property
    def has_verified_email(self):
        return self.attributes.get("email_verified") == "true"


@dataclasses.dataclass
class Code:
    text: str
    expires: float
    tries_left: int = CODE_TRIES


@dataclasses.dataclass
class TokenSession:
    """What one sign-in began; its refresh token, and all tokens made from it."""
    username: str
    client_id: str
    expires: float
    auth_time: int = dataclasses.field(default_factory=lambda: int(time.time()))
    origin_jti: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    event_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    revoked: bool = False
    rotated_until: float | None = None  # a rotated refresh token works until its grace ends


@dataclasses.dataclass
class Client:
    client_id: str
    settings: dict

    @property
    def hides_users(self):
        return self.settings.get("PreventUserExistenceErrors") == "ENABLED"

    def lifetime_s(self, kind, default_s):
        """kind: AccessToken, IdToken or RefreshToken."""
        value = self.settings.get(kind + "Validity")
        if not value:
            return default_s
        default_unit = "days" if kind == "RefreshToken" else "hours"
        return value * UNIT_S[self.settings.get("TokenValidityUnits", {}).get(kind, default_unit)]


def _new_refresh_token():
    """Opaque, but of the shape and size of Cognito's, which are encrypted JWTs."""
    header = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"
    return ".".join([header, *(secrets.token_urlsafe(n) for n in (256, 12, 900, 16))])


class UserPool:
    """Not thread-safe: Cognito's lock is held around every use."""

    def __init__(self, settings):
        letters = string.ascii_letters + string.digits
        self.pool_id = f"{REGION}_" + "".join(secrets.choice(letters) for _ in range(9))
        self.settings = settings
        self.key = jwk.RSAKey.generate_key(2048, {"kid": secrets.token_urlsafe(32)}, private=True)
        self.clients = {}
        self.users = {}  # by username as looked up
        self._codes = {}  # (kind, username) -> Code
        self._sessions = {}  # refresh token -> TokenSession

    @staticmethod
    def arn_of(pool_id):
        return f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool_id}"

    @staticmethod
    def new_client_id():
        return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(26))

    @property
    def arn(self):
        return self.arn_of(self.pool_id)

    @property
    def provider(self):
        return f"cognito-idp.{REGION}.amazonaws.com/{self.pool_id}"

    @property
    def issuer(self):
        return "https://" + self.provider

    @property
    def is_case_sensitive(self):
        return self.settings.get("UsernameConfiguration", {}).get("CaseSensitive", True)

    @property
    def has_email_alias(self):
        return "email" in self.settings.get("AliasAttributes", ())

    def fold(self, name):
        return name if self.is_case_sensitive else name.lower()

    # Users

    def find(self, name):
        """A user by username, sub, or verified e-mail address where that is an alias."""
        folded = self.fold(name)
        if folded in self.users:
            return self.users[folded]
        for user in self.users.values():
            if user.sub == name or self._is_alias(user, folded):
                return user
        return None

    def find_alias(self, email, but):
        """Another user that holds email as its alias."""
        folded = self.fold(email)
        return next((u for u in self.users.values()
                     if u is not but and self._is_alias(u, folded)), None)

    def _is_alias(self, user, folded):
        return self.has_email_alias and user.has_verified_email \
            and self.fold(user.attributes.get("email", "")) == folded

    def delete(self, user):
        self.sign_out(user)
        self._sessions = {t: s for t, s in self._sessions.items() if s.username != user.username}
        self._codes = {k: c for k, c in self._codes.items() if k[1] != user.username}
        del self.users[user.username]

    def check_password_policy(self, password):
        policy = self.settings.get("Policies", {}).get("PasswordPolicy", {})
        wanted = [(len(password) >= policy.get("MinimumLength", 8), "not long enough")]
        for name, pattern, what in (
                ("RequireUppercase", "[A-Z]", "uppercase"), ("RequireLowercase", "[a-z]",
                                                             "lowercase"),
                ("RequireNumbers", "[0-9]", "numeric"),
                ("RequireSymbols", r"[-^$*.\[\]{}()?\"!@#%&/\\,><':;|_~`=+ ]", "symbol")):
            if policy.get(name):
                wanted.append((re.search(pattern, password), f"must have {what} characters"))
        for holds, what in wanted:
            if not holds:
                raise Refusal("InvalidPasswordException",
                              f"Password did not conform with policy: Password {what}")

    def check_password(self, user, password):
        """NotAuthorizedException for a wrong one, and while too many wrong ones lock the user."""
        if time.time() < user.locked_until:
            raise Refusal("NotAuthorizedException", "Password attempts exceeded")
        if not hmac.compare_digest(user.password.encode(), password.encode()):
            user.failures += 1
            if user.failures >= PASSWORD_TRIES:
                user.locked_until = time.time() + min(LOCK_MAX_S,
                                                      2 ** (user.failures - PASSWORD_TRIES))
            raise Refusal("NotAuthorizedException", "Incorrect username or password.")
        user.failures = 0

    # Codes

    def new_code(self, kind, user):
        text = f"{secrets.randbelow(10 ** 6):06d}"
        self._codes[kind, user.username] = Code(text, time.time() + CODE_LIFETIME_S[kind])
        return text

    def expire_code(self, kind, user):
        self._codes[kind, user.username].expires = 0

    def check_code(self, kind, user, text):
        """Refuses a wrong code; use_code() is what ends a right one."""
        code = self._codes.get((kind, user.username))
        if code is None or time.time() > code.expires:
            raise Refusal("ExpiredCodeException",
                          "Invalid code provided, please request a code again.")
        if code.tries_left == 0:
            raise Refusal("LimitExceededException",
                          "Attempt limit exceeded, please try after some time.")
        code.tries_left -= 1
        if not hmac.compare_digest(code.text.encode(), text.encode()):
            raise Refusal("CodeMismatchException",
                          "Invalid verification code provided, please try again.")

    def use_code(self, kind, user):
        del self._codes[kind, user.username]

    # Sessions and tokens

    def begin_session(self, user, client):
        """Gives the refresh token of a new session."""
        lifetime_s = client.lifetime_s("RefreshToken", REFRESH_DAYS * 86400)
        refresh = _new_refresh_token()
        self._sessions[refresh] = TokenSession(user.username, client.client_id,
                                               time.time() + lifetime_s)
        return refresh

    def session_of_refresh(self, refresh, client_id):
        """(TokenSession, User) of a live refresh token."""
        session = self._sessions.get(refresh)
        if session is None or session.client_id != client_id:
            raise Refusal("NotAuthorizedException", "Invalid Refresh Token")
        if session.revoked:
            raise Refusal("NotAuthorizedException", "Refresh Token has been revoked")
        if time.time() > session.expires:
            raise Refusal("NotAuthorizedException", "Refresh Token has expired")
        if session.rotated_until is not None and time.time() > session.rotated_until:
            self._revoke_all(session.origin_jti)
            raise Refusal("RefreshTokenReuseException", "Refresh Token has been invalidated")
        user = self.users.get(session.username)
        if user is None or not user.enabled:
            raise Refusal("NotAuthorizedException", "User is disabled.")
        return session, user

    def revoke(self, refresh, client_id):
        session = self._sessions.get(refresh)
        if session is None:
            return  # as Cognito: not an error
        if session.client_id != client_id:
            raise Refusal("UnauthorizedException", "The token was not issued to this client")
        self._revoke_all(session.origin_jti)

    def _revoke_all(self, origin_jti):
        for session in self._sessions.values():
            if session.origin_jti == origin_jti:
                session.revoked = True

    def rotate(self, refresh, grace_s):
        """Gives a new refresh token of the same session; the old one works for grace_s more."""
        old = self._sessions[refresh]
        new = _new_refresh_token()
        self._sessions[new] = dataclasses.replace(old, rotated_until=None)
        old.rotated_until = time.time() + grace_s
        return new

    def sign_out(self, user):
        """Revokes every token of user; more is refused of them as Cognito does, not everywhere."""
        user.tokens_valid_from = time.time()
        for session in self._sessions.values():
            if session.username == user.username:
                session.revoked = True

    def tokens(self, refresh, client):
        """The AuthenticationResult of a session, without its RefreshToken."""
        session = self._sessions[refresh]
        user = self.users[session.username]
        access_s = client.lifetime_s("AccessToken", 3600)
        shared = {"sub": user.sub, "iss": self.issuer, "origin_jti": session.origin_jti,
                  "event_id": session.event_id, "auth_time": session.auth_time}
        id_claims = {**shared, "aud": client.client_id, "token_use": "id",
                     "cognito:username": user.username}
        for name, value in user.attributes.items():
            id_claims[name] = value == "true" if name.endswith("_verified") else value
        access_claims = {**shared, "client_id": client.client_id, "token_use": "access",
                         "scope": "aws.cognito.signin.user.admin", "username": user.username}
        return {"AccessToken": self._sign(access_claims, access_s),
                "IdToken": self._sign(id_claims, client.lifetime_s("IdToken", 3600)),
                "ExpiresIn": access_s, "TokenType": "Bearer"}

    def _sign(self, claims, lifetime_s):
        now = int(time.time())
        claims = {**claims, "iat": now, "exp": now + lifetime_s, "jti": str(uuid.uuid4())}
        return jws.serialize_compact({"kid": self.key.kid, "alg": "RS256"}, json.dumps(claims),
                                     self.key)

    def read_token(self, token, use):
        """A token's claims, if the pool signed it for this use and it has not expired."""
        try:
            claims = jwt.decode(token, self.key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            raise Refusal("NotAuthorizedException", "Invalid token") from None
        if claims.get("token_use") != use or claims.get("iss") != self.issuer:
            raise Refusal("NotAuthorizedException", "Invalid token")
        if time.time() >= claims["exp"]:
            raise Refusal("NotAuthorizedException", f"{use.capitalize()} Token has expired")
        return claims

    def user_of_access_token(self, token):
        claims = self.read_token(token, "access")
        user = next((u for u in self.users.values() if u.sub == claims["sub"]), None)
        if user is None:
            raise Refusal("UserNotFoundException", "User does not exist.")
        if not user.enabled:
            raise Refusal("NotAuthorizedException", "User is disabled.")
        if self.is_revoked(claims):
            raise Refusal("NotAuthorizedException", "Access Token has been revoked")
        return user

    def is_revoked(self, claims):
        return not any(s.origin_jti == claims["origin_jti"] and not s.revoked
                       for s in self._sessions.values())

    def sessions_of(self, user):
        return [s for s in self._sessions.values() if s.username == user.username]

    def jwks(self):
        """The JWK Set, as the issuer publishes it."""
        public = {**self.key.as_dict(private=False), "alg": "RS256", "use": "sig"}
        return json.dumps({"keys": [public]}).encode()
