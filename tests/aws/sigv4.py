"""Signature Version 4 written out by the book, and requests sent byte for byte: the double verifies
with botocore's signer, so it is not to be tested with that."""

import dataclasses
import hashlib
import hmac
import http.client
import time
from urllib.parse import quote, unquote, urlsplit

REGION = "us-east-1"


def stamp(seconds=0):
    """The time seconds from now, as x-amz-date has it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + seconds))


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _encode(text):
    return quote(unquote(text), safe="-_.~")


def canonical_query(query):
    pairs = [p.partition("=")[::2] for p in query.split("&") if p]
    return "&".join(f"{n}={v}" for n, v in sorted((_encode(n), _encode(v)) for n, v in pairs))


@dataclasses.dataclass
class RawRequest:
    """A request, as (name, value) headers and bytes; what is in it goes out as it is."""
    method: str
    url: str  # http://host:port
    target: str
    headers: dict
    body: bytes = b""

    def send(self):
        """(status, body)"""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.putrequest(self.method, "/", skip_host=True, skip_accept_encoding=True)
            line = f"{self.method} {self.target} HTTP/1.1".encode("latin-1")
            connection._buffer[0] = line  # http.client would refuse some of the targets
            headers = {"content-length": str(len(self.body)), **self.headers}
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(self.body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@dataclasses.dataclass
class Signer:
    """Signs for a session ({"access_key", "secret_key", "token"}); the fields allow to sign
    otherwise than AWS wants."""
    session: dict
    service: str
    region: str = REGION
    date: str = dataclasses.field(default_factory=stamp)
    day: str | None = None
    unsigned: tuple = ()  # headers to leave out

    @property
    def scope(self):
        return f"{self.day or self.date[:8]}/{self.region}/{self.service}/aws4_request"

    def sign(self, method, url, target, headers=None, body=b""):
        headers = {"host": urlsplit(url).netloc, "x-amz-date": self.date, **(headers or {})}
        if self.session["token"]:
            headers["x-amz-security-token"] = self.session["token"]
        payload = hashlib.sha256(body).hexdigest()
        if self.service == "s3":
            payload = headers.setdefault("x-amz-content-sha256", payload)
        names = ";".join(sorted(n for n in headers if n not in self.unsigned))
        path, _, query = target.partition("?")
        signature = self._signature(method, path, canonical_query(query), headers, names, payload)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.session['access_key']}/{self.scope}, "
            f"SignedHeaders={names}, Signature={signature}")
        return RawRequest(method, url, target, headers, body)

    def presign(self, method, url, path, expires=60, query=""):
        host = urlsplit(url).netloc
        credential = quote(f"{self.session['access_key']}/{self.scope}", safe="")
        parts = [query] if query else []
        parts += ["X-Amz-Algorithm=AWS4-HMAC-SHA256",
                  f"X-Amz-Credential={credential}",
                  f"X-Amz-Date={self.date}", f"X-Amz-Expires={expires}",
                  "X-Amz-SignedHeaders=host",
                  f"X-Amz-Security-Token={quote(self.session['token'], safe='')}"]
        query = "&".join(parts)
        signature = self._signature(method, path, canonical_query(query), {"host": host}, "host",
                                    "UNSIGNED-PAYLOAD")
        return RawRequest(method, url, f"{path}?{query}&X-Amz-Signature={signature}",
                          {"host": host})

    def _signature(self, method, path, query, headers, names, payload):
        canonical_path = path if self.service == "s3" else quote(path, safe="/-_.~")
        lines = "".join(f"{n}:{' '.join(headers[n].split())}\n" for n in names.split(";"))
        canonical = "\n".join((method, canonical_path, query, lines, names, payload))
        to_sign = "\n".join(("AWS4-HMAC-SHA256", self.date, self.scope,
                             hashlib.sha256(canonical.encode()).hexdigest()))
        key = ("AWS4" + self.session["secret_key"]).encode()
        for part in self.scope.split("/"):
            key = _hmac(key, part)
        return _hmac(key, to_sign).hex()
