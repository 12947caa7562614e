"""Credentials of a role as an EC2 instance (IMDSv2) and a container would be served them."""

import json
import re
import secrets
import threading
import time

from .http_message import Answer

TOKEN_PATH = "/latest/api/token"
ROLE_PATH = "/latest/meta-data/iam/security-credentials/"
CONTAINER_PATH = "/_double/container-credentials"
TOKEN_MAX_S = 21600


def _text(status, body=""):
    return Answer(status, [("Content-Type", "text/plain")], body.encode())


class CredentialServer:
    """Every request is given a new session of the role set last, of the lifetime set with it."""

    def __init__(self, principals):
        self._principals = principals
        self._lock = threading.Lock()
        self._role = None
        self._lifetime_s = 0
        self._tokens = {}
        self.authorization = secrets.token_urlsafe(24)  # what containers must send

    def serve(self, role, lifetime_s):
        with self._lock:
            self._role, self._lifetime_s = role, lifetime_s

    def answer(self, request):
        """None when the path is not one of this server's."""
        with self._lock:
            if request.path == CONTAINER_PATH:
                return self._container(request)
            if request.path == TOKEN_PATH:
                return self._token(request)
            if request.path.startswith(ROLE_PATH):
                return self._instance(request)
        return None

    def _token(self, request):
        if request.method != "PUT":
            return _text(405)
        if request.header("x-forwarded-for") is not None:
            return _text(403)
        lifetime = request.header("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not re.fullmatch(r"\d{1,5}", lifetime) or not 1 <= int(lifetime) <= TOKEN_MAX_S:
            return _text(400)
        token = secrets.token_urlsafe(42)
        self._tokens[token] = time.time() + int(lifetime)
        answer = _text(200, token)
        answer.headers.append(("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", lifetime))
        return answer

    def _instance(self, request):
        if request.method != "GET":
            return _text(405)
        token = request.header("x-aws-ec2-metadata-token")
        if token is None or time.time() > self._tokens.get(token, 0):
            return _text(401)
        name = request.path.removeprefix(ROLE_PATH)
        if self._role is None or name not in ("", self._role.name):
            return _text(404)
        if not name:
            return _text(200, self._role.name)
        return self._credentials({"Code": "Success", "Type": "AWS-HMAC",
                                  "LastUpdated": _stamp(time.time())})

    def _container(self, request):
        if request.method != "GET":
            return _text(405)
        if request.header("authorization") != self.authorization:
            return _text(401)
        if self._role is None:
            return _text(404)
        return self._credentials({"RoleArn": self._role.arn})

    def _credentials(self, fields):
        session = self._principals.start_session(self._role, "i-0123456789abcdef0",
                                                 lifetime_s=self._lifetime_s)
        fields |= {"AccessKeyId": session.access_key, "SecretAccessKey": session.secret_key,
                   "Token": session.token, "Expiration": _stamp(session.expires)}
        return Answer(200, [("Content-Type", "application/json")], json.dumps(fields).encode())


def _stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
