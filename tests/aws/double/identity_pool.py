"""Amazon Cognito identity pools (cognito-identity): an ID token for a user's AWS credentials."""

import threading
import uuid

from . import ACCOUNT, REGION
from .access import require
from .errors import Refusal
from .policies import Caller, Question, decide

ARN = f"arn:aws:cognito-identity:{REGION}:{ACCOUNT}:identitypool/"
SESSION_S = 3600
TAG_VALUE_MAX = 256
FEDERATED = "cognito-identity.amazonaws.com"


class IdentityPools:
    """user_pools: Cognito, whose tokens are taken; principals: where sessions are started."""

    name = "cognito-identity"

    def __init__(self, user_pools, principals):
        self._user_pools = user_pools
        self._principals = principals
        self._lock = threading.Lock()
        self._pools = {}
        self._roles = {}  # pool id -> {"authenticated": role ARN}
        self._tag_maps = {}  # (pool id, provider) -> {tag: claim}
        self._identities = {}  # identity id -> (pool id, sub)
        self._operations = {
            "CreateIdentityPool": self._create_identity_pool,
            "SetIdentityPoolRoles": self._set_identity_pool_roles,
            "SetPrincipalTagAttributeMap": self._set_principal_tag_attribute_map,
            "GetId": self._get_id,
            "GetCredentialsForIdentity": self._get_credentials_for_identity,
        }

    def call(self, operation, parameters, session):
        handler = self._operations.get(operation)
        if handler is None:
            raise Refusal("UnknownOperationException", f"The double has no {operation}")
        if session is not None:
            pool_id = parameters.get("IdentityPoolId")
            require(session, f"cognito-identity:{operation}", ARN + pool_id if pool_id else "*")
        with self._lock:
            return handler(parameters)

    def _create_identity_pool(self, p):
        if p["AllowUnauthenticatedIdentities"] or p.get("AllowClassicFlow"):
            raise Refusal("InvalidParameterException",
                          "The double has no unauthenticated identities and no classic flow")
        pool_id = f"{REGION}:{uuid.uuid4()}"
        self._pools[pool_id] = {**p, "IdentityPoolId": pool_id}
        return self._pools[pool_id]

    def _pool(self, pool_id):
        pool = self._pools.get(pool_id)
        if pool is None:
            raise Refusal("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
        return pool

    def _set_identity_pool_roles(self, p):
        self._pool(p["IdentityPoolId"])
        self._roles[p["IdentityPoolId"]] = p["Roles"]
        return {}

    def _set_principal_tag_attribute_map(self, p):
        self._pool(p["IdentityPoolId"])
        if p.get("UseDefaults"):
            raise Refusal("InvalidParameterException", "The double has no default tag map")
        self._tag_maps[p["IdentityPoolId"], p["IdentityProviderName"]] = p.get("PrincipalTags", {})
        return p

    def _claims(self, pool_id, logins):
        """(provider, verified claims) of the one ID token in Logins."""
        pool = self._pool(pool_id)
        if len(logins or {}) != 1:
            raise Refusal("NotAuthorizedException", "Unauthenticated access is not supported for "
                          "this identity pool.")
        (provider, token), = logins.items()
        known = next((x for x in pool.get("CognitoIdentityProviders", ())
                      if x.get("ProviderName") == provider), None)
        user_pool = self._user_pools.pool_of_provider(provider)
        if known is None or user_pool is None:
            raise Refusal("NotAuthorizedException",
                          "Token is not from a supported provider of this identity pool.")
        try:
            claims = user_pool.read_token(token, "id")
        except Refusal as e:
            raise Refusal("NotAuthorizedException", f"Invalid login token. {e.message}") from None
        if claims["aud"] != known.get("ClientId"):
            raise Refusal("NotAuthorizedException", "Invalid login token. Incorrect audience.")
        if known.get("ServerSideTokenCheck"):
            user = user_pool.find(claims["sub"])
            if user is None or not user.enabled or user_pool.is_revoked(claims):
                raise Refusal("NotAuthorizedException", "Invalid login token. Token was revoked.")
        return provider, claims

    def _get_id(self, p):
        pool_id = p["IdentityPoolId"]
        _, claims = self._claims(pool_id, p.get("Logins"))
        identity = f"{REGION}:{uuid.uuid5(uuid.NAMESPACE_URL, pool_id + claims['sub'])}"
        self._identities[identity] = (pool_id, claims["sub"])
        return {"IdentityId": identity}

    def _get_credentials_for_identity(self, p):
        if p["IdentityId"] not in self._identities:
            raise Refusal("ResourceNotFoundException", f"Identity '{p['IdentityId']}' not found.")
        if p.get("CustomRoleArn"):
            raise Refusal("InvalidParameterException", "The double has no custom roles")
        pool_id, sub = self._identities[p["IdentityId"]]
        provider, claims = self._claims(pool_id, p.get("Logins"))
        if claims["sub"] != sub:
            raise Refusal("NotAuthorizedException", "Logins don't match. Please include at least "
                          "one valid login for this identity or identity pool.")
        tags = {tag: str(claims[claim])[:TAG_VALUE_MAX] for tag, claim in
                self._tag_maps.get((pool_id, provider), {}).items() if claim in claims}
        role = self._principals.role_by_arn(self._roles.get(pool_id, {}).get("authenticated", ""))
        self._check_trust(role, pool_id, p["IdentityId"], tags)
        session = self._principals.start_session(role, "CognitoIdentityCredentials", tags,
                                                 SESSION_S)
        return {"IdentityId": p["IdentityId"], "Credentials": {
            "AccessKeyId": session.access_key, "SecretKey": session.secret_key,
            "SessionToken": session.token, "Expiration": float(int(session.expires))}}

    @staticmethod
    def _check_trust(role, pool_id, identity, tags):
        """The role must trust this pool, and let it tag the session."""
        context = {f"{FEDERATED}:aud": pool_id, f"{FEDERATED}:sub": identity,
                   f"{FEDERATED}:amr": ["authenticated"]}
        context |= {f"aws:RequestTag/{name}": value for name, value in tags.items()}
        caller = Caller(federated=FEDERATED)
        actions = ["sts:AssumeRoleWithWebIdentity"] + (["sts:TagSession"] if tags else [])
        if role is None or role.trust is None or not all(
                decide(Question(caller, action, role.arn, context),
                       resource_policy=role.trust).allowed for action in actions):
            raise Refusal("InvalidIdentityPoolConfigurationException",
                          "Invalid identity pool configuration. Check assigned IAM roles for this "
                          "pool.")
