"""Random requests, signed by the C signer and by botocore: both must say the same.

Needs a build of the tree: LETTERLOCK_BUILD_DIR, or build/ at its top.
"""

import datetime
import hashlib
import json
import os
import pathlib
import string
import subprocess
import unittest.mock
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LETTERLOCK_BUILD_DIR", ROOT / "build"))
TOOL = BUILD / "tests" / "unit" / "aws" / "client" / "signer_tool"
EXAMPLES = settings(max_examples=300, deadline=None,
                    suppress_health_check=[HealthCheck.function_scoped_fixture])

# C strings end at NUL, and UTF-8 has no surrogates.
TEXT = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=12)
SEGMENTS = st.lists(st.one_of(TEXT, st.sampled_from(["", ".", "..", "a b", "ü", "+", "%41"])),
                    max_size=6)
# botocore and RFC 3986 differ on whether "/a/." ends in a slash; no path of ours ends in dots.
LAST = TEXT.filter(lambda s: s not in (".", ".."))
HEADER_VALUES = st.text("".join(c for c in string.printable if c == " " or c.isprintable()),
                        max_size=30)
OWN = {"host", "authorization", "date", "expect", "user-agent", "x-amzn-trace-id",
       "transfer-encoding"}
HEADER_NAMES = st.text(string.ascii_letters + string.digits + "-_", min_size=1,
                       max_size=20).filter(
    lambda name: name.lower() not in OWN and not name.lower().startswith("x-amz"))
TIMES = st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 12, 31)).map(
    lambda t: t.replace(microsecond=0))
CREDENTIALS = st.builds(
    Credentials,
    st.text(string.ascii_uppercase + string.digits, min_size=16, max_size=128),
    st.text(string.ascii_letters + string.digits + "/+", min_size=1, max_size=128),
    st.one_of(st.none(), st.text(string.ascii_letters + string.digits + "/+=", min_size=1,
                                 max_size=400)))


@st.composite
def requests(draw, unique_query=False):
    path = "/" + "/".join(quote(s, safe="") for s in draw(SEGMENTS) + [draw(LAST)])
    names = draw(st.lists(TEXT.filter(lambda s: not s.startswith("X-Amz-")), max_size=8,
                          unique=unique_query))
    pairs = [f"{quote(name, safe='')}={quote(draw(TEXT), safe='')}" for name in names if name]
    headers = draw(st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=8))
    return {
        "method": draw(st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"])),
        "path": path,
        "query": "&".join(pairs),
        "headers": [["Host", draw(st.sampled_from(["a.example", "127.0.0.1:4566"]))]]
        + [list(header) for header in headers],
        "body": draw(TEXT),
        "region": draw(st.sampled_from(["us-east-1", "eu-central-1"])),
        "service": draw(st.sampled_from(["kms", "dynamodb", "sns", "cognito-idp"])),
    }


@pytest.fixture(scope="module")
def tool():
    process = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.stdin.close()
    assert process.wait(timeout=10) == 0


def sign_here(tool, request, credentials, time, **more):
    job = {
        **request,
        "access_key_id": credentials.access_key,
        "secret_access_key": credentials.secret_key,
        "session_token": credentials.token or "",
        "unix_ms": int(time.replace(tzinfo=datetime.timezone.utc).timestamp()) * 1000,
        "payload_hash": None,
        "s3": False,
        "expires_s": 0,
        **more,
    }
    tool.stdin.write(json.dumps(job) + "\n")
    tool.stdin.flush()
    answer = tool.stdout.readline().rstrip("\n")
    assert answer, "the tool has ended"
    return answer


def sign_there(auth, request, time):
    host = request["headers"][0][1]
    query = "?" + request["query"] if request["query"] else ""
    # What botocore presigns has no body: it would turn one into further parameters.
    body = b"" if isinstance(auth, S3SigV4QueryAuth) else request["body"].encode()
    theirs = AWSRequest(request["method"], f"https://{host}{request['path']}{query}", data=body)
    for name, value in request["headers"]:
        theirs.headers[name] = value
    with unittest.mock.patch("botocore.auth.get_current_datetime", lambda: time):
        auth.add_auth(theirs)
    return theirs


def with_date_and_token(request, credentials, time):
    more = [["X-Amz-Date", time.strftime("%Y%m%dT%H%M%SZ")]]
    if credentials.token:
        more.append(["X-Amz-Security-Token", credentials.token])
    return {**request, "headers": request["headers"] + more}


@EXAMPLES
@given(request=requests(), credentials=CREDENTIALS, time=TIMES)
def test_headers_as_botocore_signs_them(tool, request, credentials, time):
    theirs = sign_there(SigV4Auth(credentials, request["service"], request["region"]), request,
                        time)
    ours = sign_here(tool, with_date_and_token(request, credentials, time), credentials, time)
    assert ours == theirs.headers["Authorization"]


@EXAMPLES
@given(request=requests(), credentials=CREDENTIALS, time=TIMES)
def test_s3_headers_as_botocore_signs_them(tool, request, credentials, time):
    request["service"] = "s3"
    theirs = sign_there(S3SigV4Auth(credentials, "s3", request["region"]), request, time)
    job = with_date_and_token(request, credentials, time)
    digest = hashlib.sha256(request["body"].encode()).hexdigest()
    job["headers"].append(["x-amz-content-sha256", digest])
    ours = sign_here(tool, job, credentials, time, s3=True, payload_hash=digest)
    assert ours == theirs.headers["Authorization"]


def parameters(query):
    return sorted(query.split("&"))


@EXAMPLES
@given(request=requests(unique_query=True), credentials=CREDENTIALS, time=TIMES,
       expires_s=st.integers(1, 604800))
def test_s3_addresses_as_botocore_presigns_them(tool, request, credentials, time, expires_s):
    request["service"] = "s3"
    theirs = sign_there(S3SigV4QueryAuth(credentials, "s3", request["region"], expires_s), request,
                        time)
    ours = sign_here(tool, request, credentials, time, s3=True, payload_hash="UNSIGNED-PAYLOAD",
                     expires_s=expires_s)
    assert parameters(ours) == parameters(theirs.url.split("?", 1)[1])
