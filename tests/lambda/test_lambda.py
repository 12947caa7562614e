"""Two people through API Gateway's events of either payload, over the Runtime API."""

import json
import os
import secrets

import httpx
import pytest

from support.api_gateway import cookie_pairs, make_event, multipart, read_reply

PASSWORD = "a quiet harbour " + secrets.token_hex(4)
REPLY_BODY_MAX = 4 << 20  # lambda_reply.h
PAYLOAD_MAX = 6 << 20  # Lambda's, each way
ORIGIN = ("Origin", "https://letters.example.org")


class Gateway:
    def __init__(self, function, payload):
        self.function = function
        self.payload = payload

    def ask(self, method, target, *, token=None, body=None, headers=(), claims=None):
        """body: bytes, or a value that travels as JSON."""
        headers = list(headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.append(("Content-Type", "application/json"))
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
        outcome = self.function.runtime.invoke(
            make_event(self.payload, method, target, headers, body, claims))
        assert outcome.error_type is None, (outcome, self.function.log()[-2000:])
        assert outcome.size <= PAYLOAD_MAX
        return read_reply(self.payload, outcome.document)


class Person:
    def __init__(self, gateway):
        self.gateway = gateway
        self.name = "p" + secrets.token_hex(5)
        email = f"{self.name}@example.org"
        r = gateway.ask("POST", "/v1/accounts",
                        body={"username": self.name, "email": email, "password": PASSWORD})
        assert r.status_code == 201, r.text
        r = gateway.ask("POST", "/v1/accounts/confirm",
                        body={"username": self.name, "code": gateway.function.read_code(email)})
        assert r.status_code == 200, r.text
        r = gateway.ask("POST", "/v1/sessions", body={"login": self.name, "password": PASSWORD})
        assert r.status_code == 200, r.text
        self.session = r.json()
        self.cookies = cookie_pairs(r.cookies)

    def ask(self, method, target, **options):
        return self.gateway.ask(method, target, token=self.session["id_token"], **options)

    def upload(self, to, content, name="plan.bin"):
        kind, body = multipart({"to": to.name, "text": "see attached"}, name, content)
        return self.ask("POST", "/v1/letters", body=body, headers=[("Content-Type", kind)])


@pytest.fixture(scope="module", params=["1.0", "2.0"])
def gateway(request, function):
    return Gateway(function, request.param)


@pytest.fixture(scope="module")
def anna(gateway):
    return Person(gateway)


@pytest.fixture(scope="module")
def bruno(gateway):
    return Person(gateway)


def problem(r, status, code):
    assert r.status_code == status, r.text
    assert r.headers["content-type"] == "application/problem+json"
    assert r.json()["code"] == code, r.text
    return r.json()["detail"] if "detail" in r.json() else ""


def test_text(anna, bruno):
    """Send, list, open, mark read."""
    text = "Grüße, \"你好\" \\ \u0001 🖋"
    r = anna.ask("POST", "/v1/letters", body={"to": bruno.name, "text": text})
    assert r.status_code == 201, r.text
    letter = r.json()["id"]
    assert r.headers["location"] == f"/v1/letters/{letter}"
    listed = bruno.ask("GET", "/v1/letters?box=inbox&unread=true&limit=10").json()["items"]
    assert [item["id"] for item in listed] == [letter]
    assert bruno.ask("GET", "/v1/letters/unread").json()["count"] == 1
    opened = bruno.ask("GET", f"/v1/letters/{letter}/manifest").json()
    assert opened["text"] == text and opened["sender_verified"] is True
    content = bruno.ask("GET", f"/v1/letters/{letter}/content")
    assert content.text == text and not content.encoded
    r = bruno.ask("POST", f"/v1/letters/{letter}/read")
    assert r.status_code == 204 and r.content == b""
    assert bruno.ask("GET", "/v1/letters/unread").json()["count"] == 0
    assert anna.ask("GET", f"/v1/letters/{letter}").json()["read_at"] is not None


@pytest.mark.parametrize("size", [0, 1, 65_537, REPLY_BODY_MAX])
def test_files(anna, bruno, size):
    content = os.urandom(size)
    r = anna.upload(bruno, content, "pl an.bin")
    assert r.status_code == 201, r.text
    letter = r.json()["id"]
    got = bruno.ask("GET", f"/v1/letters/{letter}/content")
    assert got.status_code == 200 and got.content == content
    assert got.encoded or size == 0
    assert 'filename="pl an.bin"' in got.headers["content-disposition"]
    assert bruno.ask("HEAD", f"/v1/letters/{letter}/content").content == b""
    sealed = bruno.ask("GET", f"/v1/letters/{letter}/sealed",
                       headers=[("Range", f"bytes=0-{REPLY_BODY_MAX - 1}")])
    assert sealed.status_code == 206 and sealed.encoded and len(sealed.content) > min(size, 200)


def test_more_than_a_reply_holds_comes_in_parts(anna, bruno):
    content = os.urandom(REPLY_BODY_MAX + 1000)
    letter = anna.upload(bruno, content).json()["id"]
    address = f"/v1/letters/{letter}/content"
    assert f"Range: bytes=0-{REPLY_BODY_MAX - 1}" in problem(
        bruno.ask("GET", address), 413, "answer_too_large")
    assert bruno.ask("HEAD", address).status_code == 200
    problem(bruno.ask("GET", f"/v1/letters/{letter}/sealed"), 413, "answer_too_large")
    got = b""
    while len(got) < len(content):
        wanted = f"bytes={len(got)}-{len(got) + REPLY_BODY_MAX - 1}"
        part = bruno.ask("GET", address, headers=[("range", wanted)])
        assert part.status_code == 206, part.text
        got += part.content
    assert got == content


def test_queries_arrive_as_they_were_asked(anna, bruno):
    def find(q):
        target = str(httpx.URL("/v1/people", params={"q": q}))
        r = anna.ask("GET", target)
        assert r.status_code == 200, r.text
        return [p["username"] for p in r.json()["items"]]

    assert find(bruno.name) == [bruno.name]
    for q in ("a+b", "a b", "50%", "%2f", "a&limit=0", "é", "#x", "a=b?c"):
        assert find(q) == []
    problem(anna.ask("GET", "/v1/people?q=a&q=b"), 400, "invalid_request")
    problem(anna.ask("GET", "/v1/people?q=a&limit=x%20y"), 400, "invalid_field")
    # A cursor must survive the way through an event.
    for _ in range(3):
        assert anna.ask("POST", "/v1/letters", body={"to": bruno.name, "text": "x"}).status_code == 201
    first = bruno.ask("GET", "/v1/letters?box=inbox&limit=2").json()
    cursor = str(httpx.QueryParams({"cursor": first["next_cursor"]}))
    second = bruno.ask("GET", f"/v1/letters?box=inbox&limit=2&{cursor}").json()
    assert {i["id"] for i in first["items"]} & {i["id"] for i in second["items"]} == set()


def test_cookies_go_both_ways(anna, bruno, gateway):
    assert len(anna.cookies) == 3 and all(c.startswith("__Host-") for c in anna.cookies)
    cookies = [("Cookie", c) for c in anna.cookies]  # a line each, as HTTP/2 allows
    r = gateway.ask("GET", "/v1/me", headers=cookies)
    assert r.status_code == 200 and r.json()["username"] == anna.name
    # Changes need the page's own origin.
    letter = {"to": bruno.name, "text": "by cookie"}
    problem(gateway.ask("POST", "/v1/letters", body=letter, headers=cookies), 403, "origin_refused")
    r = gateway.ask("POST", "/v1/letters", body=letter, headers=[*cookies, ORIGIN])
    assert r.status_code == 201, r.text
    r = gateway.ask("POST", "/v1/sessions/refresh", headers=[*cookies, ORIGIN])
    assert r.status_code == 200 and len(r.cookies) == 3
    anna.session |= r.json()
    assert all("Secure" in c and "HttpOnly" in c for c in r.cookies)


def test_claims_are_never_believed(anna, bruno, gateway):
    """What an authoriser is said to have found counts for nothing; the token alone does."""
    forged = {"sub": anna.session["user"]["id"], "cognito:username": anna.name, "token_use": "id",
              "aud": "letterlock", "exp": "4102444800"}
    problem(gateway.ask("GET", "/v1/me", claims=forged), 401, "unauthenticated")
    header, payload, _ = anna.session["id_token"].split(".")
    unsigned = f"{header}.{payload}.{'A' * 86}"
    problem(gateway.ask("GET", "/v1/me", token=unsigned, claims=forged), 401, "unauthenticated")
    r = bruno.ask("GET", "/v1/me", claims=forged)
    assert r.json()["username"] == bruno.name


def test_nobody_else_reads(anna, bruno, gateway):
    letter = anna.ask("POST", "/v1/letters", body={"to": bruno.name, "text": "x"}).json()["id"]
    eve = Person(gateway)
    problem(eve.ask("GET", f"/v1/letters/{letter}/manifest"), 404, "not_found")
    r = gateway.ask("GET", f"/v1/letters/{letter}/manifest", token=bruno.session["access_token"])
    problem(r, 403, "id_token_required")


def test_refusals_are_the_apis_own(anna, bruno, gateway):
    problem(gateway.ask("GET", "/v1/nowhere"), 404, "not_found")
    problem(gateway.ask("GET", "/v1/me"), 401, "unauthenticated")
    r = gateway.ask("PUT", "/v1/letters")
    problem(r, 405, "method_not_allowed")
    assert "POST" in r.headers["allow"]
    problem(gateway.ask("TRACE", "/v1/me"), 405, "method_not_allowed")
    problem(gateway.ask("GET", "/v1/people/%00"), 400, "invalid_request")
    problem(gateway.ask("GET", "/v1/people?%00=x"), 400, "invalid_request")
    problem(gateway.ask("GET", "/v1/me", headers=[("X-A", "b\0c")]), 400, "invalid_request")
    problem(gateway.ask("GET", "/" + "a" * 20_000), 414, "uri_too_long")
    problem(anna.ask("POST", "/v1/letters", body=b'{"to":"\0"',
                     headers=[("Content-Type", "application/json")]), 400, "invalid_json")
    problem(anna.ask("POST", "/v1/letters", body=b"x", headers=[("Content-Type", "text/plain")]),
            415, "unsupported_media_type")
    problem(gateway.ask("POST", "/v1/accounts", body={"username": "x" * 200_000}), 413,
            "body_too_large")


def test_event_streams_are_refused(anna):
    detail = problem(anna.ask("GET", "/v1/events"), 404, "not_found")
    assert "/v1/letters/unread" in detail


def test_exports_are_read_to_their_end(anna):
    r = anna.ask("GET", "/v1/me/export")
    assert r.status_code == 200 and r.json()["profile"]["username"] == anna.name
    assert "attachment" in r.headers["content-disposition"]


@pytest.mark.parametrize("event", [
    b"", b"{", b"null", b"[]", b"{}", b'"\\ud800"', b"\xff", b"[" * 100_000,
    b'{"httpMethod":"GET","requestContext":{},"path":null}', b'{"triggerSource":9}',
    b'{"triggerSource":"PreSignUp_SignUp"}', b'{"Records":[{"eventSource":"aws:sqs"}]}',
    b'{"triggerSource":"PostConfirmation_ConfirmSignUp","request":{"userAttributes":{}}}',
    b'{"x":"' + b"a" * (PAYLOAD_MAX + (2 << 20)) + b'"}'], ids=lambda e: repr(e[:40]))
def test_what_is_no_event_is_an_error_and_the_function_lives_on(function, event):
    outcome = function.runtime.invoke(event)
    assert outcome.error_type == "Letterlock.BadEvent"
    assert outcome.document["errorMessage"]
    assert Gateway(function, "2.0").ask("GET", "/v1/config").status_code == 200


def test_uploads_in_parts_are_not_offered(anna):
    """API Gateway takes a few megabytes: clients that know of uploads would send more."""
    assert anna.ask("GET", "/v1/config").json()["uploads"] is False
    for method, target in (("POST", "/v1/uploads"), ("PATCH", "/v1/uploads/x"),
                           ("GET", "/v1/uploads/x"), ("OPTIONS", "/v1/uploads")):
        r = anna.ask(method, target, headers=[
            ("Tus-Resumable", "1.0.0"), ("Upload-Length", "1"), ("Upload-Offset", "0"),
            ("Upload-Metadata", "to eHh4,filename eHh4"),
            ("Content-Type", "application/offset+octet-stream")])
        assert (r.status_code, r.json()["code"]) == (404, "not_offered"), (method, r.text)
