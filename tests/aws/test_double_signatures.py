"""The double takes requests signed by others than botocore, and refuses whatever is altered."""

import json
import random
import re
import string
import subprocess

import pytest

from aws.cloud import ADMINISTRATOR
from aws.sigv4 import RawRequest, Signer, stamp

MUTATIONS = 400
JSON_1_1 = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.fixture(scope="module")
def session(double):
    return double.session(ADMINISTRATOR)


@pytest.fixture(scope="module")
def bucket(environment):
    environment.client("s3", "app-server").put_object(Bucket=environment.bucket, Key="a b/ü",
                                                      Body=b"0123456789")
    return environment.bucket


def kms_request(double, session, body=b'{"Limit":7}', **how):
    headers = {"content-type": JSON_1_1, "x-amz-target": "TrentService.ListKeys"}
    return Signer(session, "kms", **how).sign("POST", double.url, "/", headers, body)


def sns_request(double, session):
    return Signer(session, "sns").sign("POST", double.url, "/", {"content-type": FORM},
                                       b"Action=ListTopics&Version=2010-03-31")


def s3_get(double, session, bucket, **how):
    return Signer(session, "s3", **how).sign("GET", double.url, f"/{bucket}/a%20b/%C3%BC",
                                             {"range": "bytes=0-3"})


def s3_list(double, session, bucket):
    return Signer(session, "s3").sign("GET", double.url,
                                      f"/{bucket}?prefix=a%20b%2F&list-type=2&max-keys=9")


def s3_put(double, session, bucket):
    headers = {"x-amz-meta-kind": "letter", "content-type": "text/plain"}
    return Signer(session, "s3").sign("PUT", double.url, f"/{bucket}/new", headers, b"some bytes")


def presigned(double, session, bucket):
    return Signer(session, "s3").presign("GET", double.url, f"/{bucket}/a%20b/%C3%BC")


def all_requests(double, session, bucket):
    return [kms_request(double, session), sns_request(double, session),
            s3_get(double, session, bucket), s3_list(double, session, bucket),
            s3_put(double, session, bucket), presigned(double, session, bucket)]


def test_signed_by_the_book(double, session, bucket):
    for request in all_requests(double, session, bucket):
        status, body = request.send()
        assert status in (200, 206), (request, body)


def test_signed_by_curl(double, session, bucket):
    def curl(service, *arguments):
        done = subprocess.run(
            ["curl", "--silent", "--aws-sigv4", f"aws:amz:us-east-1:{service}", "--user",
             f"{session['access_key']}:{session['secret_key']}", "--header",
             f"X-Amz-Security-Token: {session['token']}", "--write-out", "%{http_code}",
             *arguments], capture_output=True, text=True, timeout=30, check=True)
        return done.stdout
    said = curl("kms", "--header", f"Content-Type: {JSON_1_1}", "--header",
                "X-Amz-Target: TrentService.ListKeys", "--data", "{}", double.url + "/")
    assert said.endswith("200") and "Keys" in said, said
    said = curl("sts", "--header", f"Content-Type: {FORM}", "--data",
                "Action=GetCallerIdentity&Version=2011-06-15", double.url + "/")
    assert said.endswith("200") and session["arn"] in said, said
    said = curl("s3", "--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                f"{double.url}/{bucket}/a%20b/%C3%BC")
    assert said == "0123456789200", said


def mutate(rng, text):
    """text with one character changed to another that does not mean the same."""
    i = rng.randrange(len(text))
    others = [c for c in string.ascii_letters + string.digits + "%&=/+-_.~,;:"
              if c.lower() != text[i].lower()]
    return text[:i] + rng.choice(others) + text[i + 1:]


def mutated(rng, request):
    path, mark, query = request.target.partition("?")
    headers = dict(request.headers)
    part = rng.choice(["path", "query", "header", "body", "authorization"])
    if part == "path":
        return part, RawRequest(request.method, request.url, mutate(rng, path) + mark + query,
                                headers, request.body)
    if part == "query" and query:
        return part, RawRequest(request.method, request.url, path + mark + mutate(rng, query),
                                headers, request.body)
    if part == "body" and request.body:
        body = mutate(rng, request.body.decode()).encode()
        return part, RawRequest(request.method, request.url, request.target, headers, body)
    names = [n for n in headers if (n == "authorization") == (part == "authorization")]
    if not names:
        return mutated(rng, request)
    name = rng.choice(names)
    headers[name] = mutate(rng, headers[name])
    return name, RawRequest(request.method, request.url, request.target, headers, request.body)


def test_one_character_changed(double, session, bucket):
    rng = random.Random(20261124)
    requests = all_requests(double, session, bucket)
    for i in range(MUTATIONS):
        part, changed = mutated(rng, requests[i % len(requests)])
        status, body = changed.send()
        assert 400 <= status < 500, (part, status, changed, body)


def code(request):
    status, body = request.send()
    assert 400 <= status < 500, (status, body)
    found = re.search(rb'"__type": "(?:[^"#]*#)?([A-Za-z]+)"|<Code>([A-Za-z0-9]+)</Code>', body)
    return (found[1] or found[2]).decode()


def test_time(double, session, bucket):
    for offset in (-290, 290):
        assert kms_request(double, session, date=stamp(offset)).send()[0] == 200
    for offset in (-310, 310):
        assert code(kms_request(double, session, date=stamp(offset))) \
            == "InvalidSignatureException"
    assert s3_get(double, session, bucket, date=stamp(-880)).send()[0] == 206
    assert code(s3_get(double, session, bucket, date=stamp(-920))) == "RequestTimeTooSkewed"


def test_scope(double, session, bucket):
    for how in ({"region": "eu-west-1"}, {"day": "20200101"}):
        assert code(kms_request(double, session, **how)) == "InvalidSignatureException"
        assert code(s3_get(double, session, bucket, **how)) == "AuthorizationHeaderMalformed"
    headers = {"content-type": JSON_1_1, "x-amz-target": "TrentService.ListKeys"}
    wrong = Signer(session, "dynamodb").sign("POST", double.url, "/", headers, b"{}")
    assert code(wrong) == "InvalidSignatureException"


def test_session(double, session, bucket):
    other = double.session(ADMINISTRATOR)
    wrong = {**session, "token": other["token"]}
    assert code(kms_request(double, wrong)) == "UnrecognizedClientException"
    assert code(s3_get(double, wrong, bucket)) == "InvalidToken"
    assert code(kms_request(double, {**session, "token": ""})) == "UnrecognizedClientException"
    assert code(s3_get(double, {**session, "access_key": "ASIANOBODY"}, bucket)) \
        == "InvalidAccessKeyId"
    assert code(kms_request(double, {**session, "secret_key": other["secret_key"]})) \
        == "InvalidSignatureException"
    double.control("expire", access_key=other["access_key"])
    assert code(kms_request(double, other)) == "ExpiredTokenException"
    assert code(s3_get(double, other, bucket)) == "ExpiredToken"


def test_what_must_be_signed(double, session, bucket):
    for name in ("host", "content-type", "x-amz-target", "x-amz-date", "x-amz-security-token"):
        assert code(kms_request(double, session, unsigned=(name,))) \
            == "InvalidSignatureException", name
    request = kms_request(double, session)
    del request.headers["authorization"]
    assert code(request) == "MissingAuthenticationTokenException"
    request = kms_request(double, session)
    request.headers["x-amz-more"] = "unsigned"
    assert code(request) == "InvalidSignatureException"
    request = kms_request(double, session)
    signed = request.headers["authorization"]
    request.headers["authorization"] = signed.replace("host;x-amz-date", "x-amz-date;host")
    assert code(request) == "InvalidSignatureException"


def test_payload(double, session, bucket):
    request = s3_put(double, session, bucket)
    request.body = b"other bytes"
    assert code(request) == "XAmzContentSHA256Mismatch"
    request = s3_get(double, session, bucket)
    del request.headers["x-amz-content-sha256"]
    request.headers["authorization"] = request.headers["authorization"].replace(
        "x-amz-content-sha256;", "")
    assert code(request) == "InvalidRequest"
    request = kms_request(double, session)
    request.body = request.body.replace(b"7", b"8")
    assert code(request) == "InvalidSignatureException"


def test_put_without_length(double, session, bucket):
    request = Signer(session, "s3").sign(
        "PUT", double.url, f"/{bucket}/chunked", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    arguments = [part for n, v in request.headers.items() for part in ("--header", f"{n}: {v}")]
    done = subprocess.run(
        ["curl", "--silent", "--request", "PUT", "--header", "Transfer-Encoding: chunked",
         "--header", "Content-Type:", "--data", "@-", *arguments,
         double.url + request.target], input=b"x" * 100, capture_output=True, timeout=30,
        check=True)
    assert b"MissingContentLength" in done.stdout


def test_presigned(double, session, bucket):
    signer = Signer(session, "s3", date=stamp(-100))
    path = f"/{bucket}/a%20b/%C3%BC"
    assert signer.presign("GET", double.url, path, 200).send() == (200, b"0123456789")
    assert code(signer.presign("GET", double.url, path, 90)) == "AccessDenied"
    assert code(signer.presign("GET", double.url, path, 604801)) \
        == "AuthorizationQueryParametersError"
    request = signer.presign("GET", double.url, path, 200)
    request.method = "DELETE"
    assert code(request) == "SignatureDoesNotMatch"
    request = signer.presign("GET", double.url, path, 200)
    request.target = request.target.replace("X-Amz-Expires=200", "X-Amz-Expires=300")
    assert code(request) == "SignatureDoesNotMatch"


def test_the_error_says_what_was_to_be_signed(double, session):
    request = kms_request(double, session, unsigned=())
    request.headers["content-type"] = "application/x-amz-json-1.0"
    _, body = request.send()
    assert "x-amz-target:TrentService.ListKeys" in json.loads(body)["message"]
