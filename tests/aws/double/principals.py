"""Roles, and the temporary credentials of sessions of them."""

import dataclasses
import secrets
import threading
import time

from . import ACCOUNT
from .policies import Policy


@dataclasses.dataclass
class Role:
    name: str
    policies: list  # of Policy: what the role may do
    trust: Policy | None = None  # who may take it; None: control calls only

    @property
    def arn(self):
        return f"arn:aws:iam::{ACCOUNT}:role/{self.name}"


@dataclasses.dataclass
class Session:
    role: Role
    name: str
    tags: dict
    expires: float
    access_key: str = dataclasses.field(
        default_factory=lambda: "ASIA" + secrets.token_hex(8).upper())
    secret_key: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(30))
    token: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(240))

    @property
    def arn(self):
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role.name}/{self.name}"


class Principals:
    """All roles and sessions of the account. Thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._roles = {}
        self._sessions = {}

    def put_role(self, name, policies, trust=None):
        """Makes or replaces a role; PolicyError when a document is not understood."""
        role = Role(name, [Policy.parse(p) for p in policies],
                    Policy.parse(trust, is_resource_policy=True) if trust else None)
        with self._lock:
            known = self._roles.setdefault(name, role)
            known.policies, known.trust = role.policies, role.trust
        return known

    def role(self, name):
        with self._lock:
            return self._roles.get(name)

    def role_by_arn(self, arn):
        prefix, _, name = arn.partition(":role/")
        return self.role(name) if prefix == f"arn:aws:iam::{ACCOUNT}" else None

    def start_session(self, role, name, tags=None, lifetime_s=3600):
        session = Session(role, name, dict(tags or {}), time.time() + lifetime_s)
        with self._lock:
            self._sessions[session.access_key] = session
        return session

    def session(self, access_key):
        with self._lock:
            return self._sessions.get(access_key)
