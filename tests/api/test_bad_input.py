"""Bad input: each gets a clear refusal and leaves nothing behind."""

import json
import os
import socket

import httpx
import pytest

from support.replies import problem
from support.server import wait_for


def leftovers(server):
    return [p for p in (server.data_dir / "objects").rglob("*") if p.is_file()]


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b"\"x\"", b"{\"to\":1}", b"{\"to\":\"x\",}", b"\xff\xfe", b"{}{}",
    b"{\"to\":\"a\",\"to\":\"b\",\"text\":\"x\"}", b"{\"to\":\"a\\u0000\",\"text\":\"x\"}",
    b"[" * 100_000, b"{\"a\":" * 5_000,
])
def test_malformed_json(server, alice, body):
    r = alice.id.post("/v1/letters", content=body, headers={"Content-Type": "application/json"})
    assert r.status_code == 400, r.text
    assert r.json()["code"] in ("invalid_json", "missing_field", "invalid_field")


def test_oversized_json(server, alice, bob):
    body = json.dumps({"to": bob.name, "text": "x" * 3_000_000})
    r = alice.id.post("/v1/letters", content=body, headers={"Content-Type": "application/json"})
    assert r.status_code == 413
    body = json.dumps({"login": "x" * 200_000, "password": "y"})
    with server.client() as c:
        r = c.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
        assert r.status_code == 413


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "", "application/jsonx",
                                        "multipart/form-data", "multipart/form-data; boundary=",
                                        "multipart/form-data; boundary=" + "b" * 71])
def test_media_types(server, alice, media_type):
    r = alice.id.post("/v1/letters", content=b"{}", headers={"Content-Type": media_type})
    assert r.status_code in (400, 415), r.text


@pytest.mark.parametrize("fields, status, code", [
    ({"text": "x"}, 400, "missing_field"),
    ({"to": "nobody-here", "text": "x"}, 404, "unknown_recipient"),
    ({"to": "", "text": "x"}, 400, "invalid_field"),
    ({"to": "BOB"}, 400, "empty_letter"),
    ({"to": "BOB", "text": ""}, 400, "empty_letter"),
    ({"to": "BOB", "text": 5}, 400, "invalid_field"),
    ({"to": "BOB", "text": "x", "copy": "yes"}, 400, "invalid_field"),
    ({"to": "BOB", "text": "x", "expires_in": -1}, 400, "invalid_field"),
    ({"to": "BOB", "text": "x", "expires_in": "soon"}, 400, "invalid_field"),
    ({"to": "BOB", "text": "x" * 262_145}, 413, "text_too_long"),
])
def test_json_letters(server, alice, bob, fields, status, code):
    body = {k: bob.name if v == "BOB" else v for k, v in fields.items()}
    problem(alice.id.post("/v1/letters", json=body), status, code)


def multipart(*parts, boundary=b"xyz", end=True):
    out = b""
    for headers, data in parts:
        out += b"--" + boundary + b"\r\n" + b"\r\n".join(headers) + b"\r\n\r\n" + data + b"\r\n"
    return out + (b"--" + boundary + b"--\r\n" if end else b"")


def field(name, value):
    return ([b'Content-Disposition: form-data; name="%s"' % name], value)


def file(name, data=b"data", extra=()):
    return ([b'Content-Disposition: form-data; name="file"; filename="%s"' % name,
             b"Content-Type: application/octet-stream", *extra], data)


def post_multipart(user, body, boundary="xyz"):
    return user.id.post("/v1/letters", content=body,
                        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})


def test_multipart_without_to(server, alice):
    problem(post_multipart(alice, multipart(field(b"text", b"x"))), 400, "missing_field")
    problem(post_multipart(alice, multipart(file(b"a.txt"))), 400, "missing_field")


def test_file_before_fields(server, alice, bob):
    before = leftovers(server)
    body = multipart(file(b"a.txt", b"x" * 100_000), field(b"to", bob.name.encode()))
    r = post_multipart(alice, body)
    assert r.status_code == 400 and r.json()["code"] in ("missing_field", "invalid_multipart")
    body = multipart(field(b"to", bob.name.encode()), file(b"a.txt", b"x" * 100_000),
                     field(b"text", b"late"))
    problem(post_multipart(alice, body), 400, "invalid_multipart")
    assert leftovers(server) == before


@pytest.mark.parametrize("name", [
    b"x" * 300, b"../../etc/passwd", b"a/b", b"a\\\\b", b"a\x01b", b"a\x7fb", b"\xff\xfe", b"..", b".",
])
def test_file_names(server, alice, bob, name):
    r = post_multipart(alice, multipart(field(b"to", bob.name.encode()), file(name)))
    problem(r, 400, "invalid_file_name")


@pytest.mark.parametrize("name", ["x" * 255, "…" * 85, "file \"quoted\".txt", "naïve 🖋.txt", ".hidden",
                                  "a;b=c.txt", "CON", "-rf"])
def test_unusual_but_legal_file_names(server, alice, bob, name):
    escaped = name.encode().replace(b'"', b"%22")
    r = post_multipart(alice, multipart(field(b"to", bob.name.encode()), file(escaped)))
    assert r.status_code == 201, r.text
    manifest = bob.id.get(f"/v1/letters/{r.json()['id']}/manifest").json()
    assert manifest["file"]["name"] == name
    r = bob.id.get(f"/v1/letters/{r.json()['id']}/content")
    assert "\r" not in r.headers["content-disposition"]


def test_invalid_utf8_text(server, alice, bob):
    body = multipart(field(b"to", bob.name.encode()), field(b"text", b"\xc3\x28"))
    problem(post_multipart(alice, body), 400, "invalid_field")


def test_malformed_multipart(server, alice, bob):
    before = leftovers(server)
    to = field(b"to", bob.name.encode())
    large = b"x" * 100_000
    cases = [
        multipart(to, file(b"a", large), end=False),
        multipart(to, file(b"a", large))[:-8],
        b"", b"--xyz--\r\n", b"no boundary at all",
        multipart(to, ([b"Content-Type: text/plain"], b"nameless")),
        multipart(to, ([b"Content-Disposition: form-data; name=\"f\"", b"X: " + b"h" * 20_000], b"")),
        multipart(to, file(b"a"), file(b"b")),
        multipart(*[field(b"f%d" % i, b"v") for i in range(100)]),
    ]
    for body in cases:
        r = post_multipart(alice, body)
        assert r.status_code in (400, 413), (body[:80], r.status_code, r.text)
        assert r.headers["content-type"] == "application/problem+json"
    assert leftovers(server) == before


def test_empty_file_is_a_letter(server, alice, bob):
    r = post_multipart(alice, multipart(field(b"to", bob.name.encode()), file(b"empty", b"")))
    assert r.status_code == 201
    content = bob.id.get(f"/v1/letters/{r.json()['id']}/content")
    assert content.status_code == 200 and content.content == b""


@pytest.mark.parametrize("query", [
    "limit=0", "limit=201", "limit=x", "limit=-1", "limit=1e2", "cursor=abc", "cursor=%00",
    "cursor=" + "A" * 400, "box=outbox", "unread=perhaps", "with=", "limit=1&limit=2", "%zz=1",
    "limit=%ff",
])
def test_bad_list_queries(server, alice, query):
    r = alice.id.get(f"/v1/letters?{query}")
    assert r.status_code in (400, 404), r.text
    assert r.json()["code"] in ("invalid_field", "invalid_cursor", "invalid_request",
                                "unknown_recipient", "not_found")


def test_cursor_of_another_list(server, make_user_pair):
    one, two = make_user_pair
    for _ in range(3):
        one.send(two, "x")
    cursor = two.id.get("/v1/letters", params={"box": "inbox", "limit": 1}).json()["next_cursor"]
    assert cursor
    r = two.id.get("/v1/letters", params={"box": "sent", "limit": 1, "cursor": cursor})
    problem(r, 400, "invalid_cursor")


@pytest.mark.parametrize("path", [
    "/v1/letters/not-a-uuid", "/v1/letters/0188d2c8-3d5b-7abc-8000-0123456789abc", "/v1/nothing",
    "/v1/letters/%2e%2e", "/v1/people/x", "/v1", "/v1/letters/",
])
def test_unknown_paths(server, alice, path):
    r = alice.id.get(path)
    assert r.status_code == 404 and r.json()["code"] == "not_found"


def test_methods(server, alice):
    r = alice.id.put("/v1/letters", content=b"")
    problem(r, 405, "method_not_allowed")
    assert "POST" in r.headers["allow"] and "GET" in r.headers["allow"]
    assert alice.id.request("BREW", "/v1/letters").status_code in (400, 405, 501)


@pytest.mark.parametrize("key", ["", "x" * 65, "with space", "ünï"])
def test_idempotency_keys(server, alice, bob, key):
    r = alice.id.post("/v1/letters", json={"to": bob.name, "text": "x"},
                      headers=[(b"Idempotency-Key", key.encode())])
    assert r.status_code == 400, r.text


def raw_request(server, head, body=b""):
    s = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    s.sendall(head + body)
    return s


def upload_head(server, user, boundary="xyz", length=None):
    framing = f"Content-Length: {length}" if length else "Transfer-Encoding: chunked"
    return (f"POST /v1/letters HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: Bearer {user.session['id_token']}\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\n{framing}\r\n\r\n").encode()


@pytest.mark.embedded("looks into the data directory")
def test_connection_cut_mid_upload_leaves_nothing(server, alice, bob):
    before = leftovers(server)
    inbox = bob.id.get("/v1/letters", params={"box": "inbox"}).json()["items"]
    body = multipart(field(b"to", bob.name.encode()), file(b"big", os.urandom(3_000_000)))
    s = raw_request(server, upload_head(server, alice, length=len(body)), body[:2_000_000])
    # The write reached the object store before the cut …
    wait_for(lambda: leftovers(server) != before, "an unfinished object")
    s.close()
    # … and is gone after it.
    wait_for(lambda: leftovers(server) == before, "the unfinished object to be removed")
    assert bob.id.get("/v1/letters", params={"box": "inbox"}).json()["items"] == inbox


def test_connection_cut_mid_download(server, alice, bob):
    r = alice.id.post("/v1/letters", data={"to": bob.name},
                      files={"file": ("big", b"z" * 20_000_000)})
    path = f"/v1/letters/{r.json()['id']}/content"
    for _ in range(5):
        with bob.id.stream("GET", path) as r:
            next(r.iter_raw())
    assert bob.id.get(path, headers={"Range": "bytes=19999990-"}).content == b"z" * 10
    assert server.client().get("/healthz").status_code == 200


def test_problem_documents_name_the_field(server, alice):
    body = problem(alice.id.post("/v1/letters", json={"text": "x"}), 400, "missing_field")
    assert "to" in body["detail"]
