"""Verifies Signature Version 4, in the header and in presigned URLs.

Recomputes canonical request and signature from what the request says it signed, by botocore's
signer; what AWS demands to be signed, and within which time and scope, is checked here.
"""

import dataclasses
import datetime
import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from . import REGION
from .errors import Refusal

ALGORITHM = "AWS4-HMAC-SHA256"
AUTHORIZATION = re.compile(
    ALGORITHM + r" Credential=([^, ]+), ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]{64})")
SCOPE = re.compile(r"(\w+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
DATE = re.compile(r"\d{8}T([01]\d|2[0-3])[0-5]\d[0-5]\dZ")
SKEW_S = 300
SKEW_S3_S = 900
PRESIGNED_MAX_S = 7 * 86400
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclasses.dataclass
class Claim:
    """What a request says about its own signature."""
    access_key: str
    day: str
    region: str
    service: str
    signed_headers: list
    signature: str
    date: str
    token: str | None
    expires_s: int | None  # None unless presigned

    @property
    def is_presigned(self):
        return self.expires_s is not None


def service_of(request):
    """The service that a request's credential scope names, or None."""
    values = request.query_values
    scope = values.get("X-Amz-Credential")
    if scope is None:
        m = re.search(r"Credential=([^, ]+)", request.header("authorization", ""))
        scope = m and m.group(1)
    m = SCOPE.fullmatch(scope or "")
    return m and m.group(4)


def verify(request, service, find_session):
    """Gives the Session that signed request for service; Refusal when anything is amiss."""
    claim = _read_claim(request)
    session = _check_session(claim, find_session, service)
    _check_scope(claim, service)
    _check_time(claim)
    _check_signed_headers(request, claim)
    payload_hash = _check_payload(request, claim)
    canonical, signature = _recompute(request, claim, session, payload_hash)
    if not hmac.compare_digest(signature, claim.signature):
        raise _mismatch(service, canonical)
    return session


def _read_claim(request):
    values = request.query_values
    if "X-Amz-Signature" in values:
        if request.header("authorization") is not None:
            raise Refusal("InvalidArgument", "Only one auth mechanism allowed")
        return _read_presigned(request, values)
    authorization = request.header("authorization")
    if authorization is None:
        raise Refusal("MissingAuthenticationToken", "Missing Authentication Token", 403)
    m = AUTHORIZATION.fullmatch(authorization)
    if not m:
        raise Refusal("IncompleteSignature", "Authorization header is not in the expected form")
    scope, names, signature = m.groups()
    return _claim(scope, names, signature, request.header("x-amz-date", ""),
                  request.header("x-amz-security-token"), None)


def _read_presigned(request, values):
    names = [unquote(name) for name, _ in request.query]
    if len(names) != len(set(names)):
        raise Refusal("AuthorizationQueryParametersError", "A parameter is repeated")
    missing = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
               "X-Amz-SignedHeaders"} - set(names)
    expires = values.get("X-Amz-Expires", "")
    if missing or values["X-Amz-Algorithm"] != ALGORITHM or not re.fullmatch(r"\d{1,6}", expires) \
            or not 1 <= int(expires) <= PRESIGNED_MAX_S \
            or not re.fullmatch("[0-9a-f]{64}", values["X-Amz-Signature"]):
        raise Refusal("AuthorizationQueryParametersError", f"missing or malformed: {missing}")
    return _claim(values["X-Amz-Credential"], values["X-Amz-SignedHeaders"],
                  values["X-Amz-Signature"], values["X-Amz-Date"],
                  values.get("X-Amz-Security-Token"), int(expires))


def _claim(scope, names, signature, date, token, expires_s):
    m = SCOPE.fullmatch(scope)
    if not m or not DATE.fullmatch(date):
        raise Refusal("IncompleteSignature", "malformed credential scope or date")
    try:
        datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise Refusal("IncompleteSignature", "no such date") from None
    return Claim(*m.groups(), names.split(";"), signature, date, token, expires_s)


def _check_session(claim, find_session, service):
    session = find_session(claim.access_key)
    if session is None:
        raise (Refusal("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist.",
                       403) if service == "s3" else _invalid_token(service))
    if claim.token is None or not hmac.compare_digest(claim.token.encode(), session.token.encode()):
        raise _invalid_token(service)
    if time.time() > session.expires:
        code = {"s3": "ExpiredToken", "sns": "ExpiredToken", "sts": "ExpiredToken"}
        raise Refusal(code.get(service, "ExpiredTokenException"),
                      "The security token included in the request is expired",
                      403 if service in code and service != "s3" else 400)
    return session


def _invalid_token(service):
    message = "The security token included in the request is invalid."
    if service == "s3":
        return Refusal("InvalidToken", message)
    if service in ("sns", "sts"):
        return Refusal("InvalidClientTokenId", message, 403)
    return Refusal("UnrecognizedClientException", message)


def _check_scope(claim, service):
    if claim.service != service:
        raise _bad_signature(
            service, f"Credential should be scoped to correct service: '{service}'.")
    if claim.region != REGION:
        raise _bad_signature(service, "Credential should be scoped to a valid region.")
    if not claim.date.startswith(claim.day):
        raise _bad_signature(service, "Date in Credential scope does not match X-Amz-Date.")


def _check_time(claim):
    then = datetime.datetime.strptime(claim.date, "%Y%m%dT%H%M%SZ").replace(
        tzinfo=datetime.timezone.utc).timestamp()
    now = time.time()
    if claim.is_presigned:
        if now > then + claim.expires_s:
            raise Refusal("AccessDenied", "Request has expired", 403)
        if then > now + SKEW_S3_S:
            raise Refusal("AccessDenied", "Request is not valid yet", 403)
    elif claim.service == "s3":
        if abs(now - then) > SKEW_S3_S:
            raise Refusal("RequestTimeTooSkewed", "The difference between the request time and "
                          "the current time is too large.", 403)
    elif now - then > SKEW_S:
        raise _bad_signature(claim.service, f"Signature expired: {claim.date} is now earlier than "
                             f"{_stamp(now - SKEW_S)} ({_stamp(now)} - 5 min.)")
    elif then - now > SKEW_S:
        raise _bad_signature(claim.service, f"Signature not yet current: {claim.date} is still "
                             f"later than {_stamp(now + SKEW_S)} ({_stamp(now)} + 5 min.)")


def _stamp(seconds):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def _check_signed_headers(request, claim):
    names = claim.signed_headers
    present = {name for name, _ in request.headers}
    needed = {"host"} | {n for n in present if n.startswith("x-amz-")}
    if "content-type" in present and request.body:
        needed.add("content-type")
    if names != sorted(set(names)):
        raise _bad_signature(claim.service, "SignedHeaders is not sorted, or repeats a header")
    if needed - set(names):
        raise _bad_signature(claim.service, f"not signed: {', '.join(sorted(needed - set(names)))}")
    if set(names) - present:
        raise _bad_signature(claim.service,
                             f"signed but not sent: {', '.join(sorted(set(names) - present))}")


def _check_payload(request, claim):
    """The payload hash of the canonical request; refuses a body that does not match it."""
    stated = request.header("x-amz-content-sha256")
    actual = hashlib.sha256(request.body).hexdigest()
    if claim.is_presigned:
        if claim.service == "s3":
            return UNSIGNED
        return actual
    if claim.service != "s3":
        if stated is not None and stated != actual:
            raise _bad_signature(claim.service, "x-amz-content-sha256 is not that of the body")
        return actual
    if stated is None:
        raise Refusal("InvalidRequest",
                      "Missing required header for this request: x-amz-content-sha256")
    if stated == UNSIGNED:
        return stated
    if stated.startswith("STREAMING-"):
        raise Refusal("NotImplemented", "The double takes no signed chunks", 501)
    if not re.fullmatch("[0-9a-f]{64}", stated):
        raise Refusal("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                      "STREAMING-…, or a valid sha256 value.")
    if stated != actual:
        raise Refusal("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header "
                      "does not match what was computed.")
    return stated


def _recompute(request, claim, session, payload_hash):
    pairs = [(unquote(n), unquote(v)) for n, v in request.query]
    pairs = [p for p in pairs if not (claim.is_presigned and p[0] == "X-Amz-Signature")]
    query = "&".join(quote(n, safe="-_.~") + "=" + quote(v, safe="-_.~") for n, v in pairs)
    url = "http://" + request.header("host") + request.path + ("?" + query if query else "")
    kind = botocore.auth.S3SigV4Auth if claim.service == "s3" else botocore.auth.SigV4Auth
    signer = kind(botocore.credentials.Credentials(claim.access_key, session.secret_key),
                  claim.service, REGION)
    signer.payload = lambda _: payload_hash
    signed = botocore.awsrequest.AWSRequest(
        request.method, url, {n: request.header(n) for n in claim.signed_headers}, request.body)
    signed.context["timestamp"] = claim.date
    canonical = signer.canonical_request(signed)
    return canonical, signer.signature(signer.string_to_sign(signed, canonical), signed)


def _bad_signature(service, message):
    if service == "s3":
        return Refusal("AuthorizationHeaderMalformed", message)
    if service in ("sns", "sts", "ses"):
        return Refusal("SignatureDoesNotMatch", message, 403)
    return Refusal("InvalidSignatureException", message)


def _mismatch(service, canonical):
    message = ("The request signature we calculated does not match the signature you provided. "
               "Check your AWS Secret Access Key and signing method.\n"
               f"The Canonical String for this request should have been\n'{canonical}'")
    if service in ("s3", "sns", "sts", "ses"):
        return Refusal("SignatureDoesNotMatch", message, 403)
    return Refusal("InvalidSignatureException", message)


def sign(request, host, service, access_key, secret_key):
    """A copy of request, signed for host with long-lived credentials."""
    unsigned = botocore.awsrequest.AWSRequest(
        request.method, f"http://{host}{request.target}", dict(request.headers), request.body)
    unsigned.headers["X-Amz-Content-SHA256"] = hashlib.sha256(request.body).hexdigest()
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    kind(botocore.credentials.Credentials(access_key, secret_key), service, REGION).add_auth(
        unsigned)
    headers = [("host", host)] + [(n.lower(), v) for n, v in unsigned.headers.items()]
    return dataclasses.replace(request, headers=headers)
