"""The whole story, as a newcomer lives it."""

import httpx

from support.backends import ON_AWS


def test_first_letter(server):
    """Sign up, verify, find someone, send, see the unread count, open, mark read."""
    with server.client() as c:
        body = {"username": "anna", "email": "Anna@Example.org", "password": "a quiet morning 7"}
        r = c.post("/v1/accounts", json=body)
        assert r.status_code == 201, r.text
        assert set(r.json()) == {"id", "delivery"}
        assert r.json()["delivery"]["medium"] == "EMAIL"
        assert "anna@" not in r.json()["delivery"]["destination"]
        assert c.post("/v1/sessions", json={"login": "anna", "password": "a quiet morning 7"}
                      ).json()["code"] == "unconfirmed"
        code = server.read_code("anna@example.org")
        r = c.post("/v1/accounts/confirm", json={"username": "anna", "code": code})
        assert r.status_code == 200, r.text
        r = c.post("/v1/sessions", json={"login": "anna@example.org",
                                         "password": "a quiet morning 7"})
        assert r.status_code == 200, r.text
        anna = r.json()
    assert {"user", "id_token", "access_token", "refresh_token", "expires_in"} <= set(anna)
    assert ON_AWS or anna["recovery_key"]

    bruno = server.user("bruno")
    a = server.client(anna["id_token"])
    people = a.get("/v1/people", params={"q": "bru"}).json()["items"]
    assert [p["username"] for p in people] == ["bruno"]

    r = a.post("/v1/letters", json={"to": "bruno", "text": "Grüße, 你好 🖋"})
    assert r.status_code == 201, r.text
    letter = r.json()
    assert r.headers["location"] == f"/v1/letters/{letter['id']}"
    assert letter["from"]["username"] == "anna" and letter["to"]["username"] == "bruno"

    unread = bruno.id.get("/v1/letters/unread").json()
    assert unread["count"] == 1 and unread["senders"][0]["username"] == "anna"
    listed = bruno.id.get("/v1/letters", params={"box": "inbox"}).json()["items"]
    assert [x["id"] for x in listed] == [letter["id"]]
    assert listed[0]["read_at"] is None and listed[0]["can_open"] is True

    manifest = bruno.id.get(f"/v1/letters/{letter['id']}/manifest").json()
    assert manifest["text"] == "Grüße, 你好 🖋"
    assert manifest["sender_verified"] is not ON_AWS  # KMS tells nobody who encrypted
    content = bruno.id.get(f"/v1/letters/{letter['id']}/content")
    assert content.text == "Grüße, 你好 🖋"
    assert content.headers["content-type"] == "text/plain; charset=utf-8"

    assert bruno.id.post(f"/v1/letters/{letter['id']}/read").status_code == 204
    assert bruno.id.get("/v1/letters/unread").json()["count"] == 0
    seen = a.get(f"/v1/letters/{letter['id']}").json()
    assert seen["read_at"] is not None

    # The sender's own copy, so that a conversation shows both sides.
    assert a.get(f"/v1/letters/{letter['id']}/manifest").json()["text"] == "Grüße, 你好 🖋"


def test_file_letter(server, alice, bob):
    data = bytes(range(256)) * 4000
    r = alice.id.post("/v1/letters", data={"to": bob.name, "text": "see attached"},
                      files={"file": ("bücher übersicht.pdf", data, "application/pdf")})
    assert r.status_code == 201, r.text
    path = f"/v1/letters/{r.json()['id']}"
    manifest = bob.id.get(path + "/manifest").json()
    assert manifest["text"] == "see attached"
    assert manifest["file"] == {"name": "bücher übersicht.pdf", "media_type": "application/pdf",
                                "size": len(data)}
    content = bob.id.get(path + "/content")
    assert content.content == data
    assert content.headers["content-length"] == str(len(data))
    assert content.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in content.headers["content-security-policy"]
    disposition = content.headers["content-disposition"]
    assert disposition.startswith("attachment") and "filename*=UTF-8''b%C3%BCcher" in disposition


def test_ranges(server, alice, bob):
    data = bytes((i * 7 + i // 251) % 256 for i in range(300_000))
    r = alice.id.post("/v1/letters", data={"to": bob.name}, files={"file": ("x.bin", data)})
    path = f"/v1/letters/{r.json()['id']}/content"
    whole = bob.id.get(path)
    etag = whole.headers["etag"]
    assert whole.headers["accept-ranges"] == "bytes"
    for spec, expected in {
        "bytes=0-0": data[:1], "bytes=0-65535": data[:65536], "bytes=65530-65600": data[65530:65601],
        "bytes=131072-": data[131072:], "bytes=-5": data[-5:], "bytes=-999999999": data,
        "bytes=299999-400000": data[299999:],
    }.items():
        r = bob.id.get(path, headers={"Range": spec})
        assert r.status_code == 206, (spec, r.text)
        assert r.content == expected, spec
        start = len(data) - len(expected) if spec.startswith("bytes=-") else int(
            spec[6:].split("-")[0])
        assert r.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{len(data)}"
    r = bob.id.get(path, headers={"Range": "bytes=300000-"})
    assert r.status_code == 416 and r.headers["content-range"] == f"bytes */{len(data)}"
    assert r.json()["code"] == "range_not_satisfiable"
    # A Range that cannot be understood is ignored (RFC 9110 section 14.2).
    for spec in ("bytes=5-2", "letters=1-2", "bytes=a-b", "bytes=", "bytes=1-2,5-6"):
        assert bob.id.get(path, headers={"Range": spec}).status_code in (200, 416), spec
    assert bob.id.get(path, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200
    assert bob.id.get(path, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert bob.id.get(path, headers={"If-None-Match": etag}).status_code == 304
    head = bob.id.head(path)
    assert head.status_code == 200 and head.headers["content-length"] == str(len(data))
    assert head.content == b""


def test_conversation_and_paging(server, make_user_pair):
    one, two = make_user_pair
    sent = []
    for i in range(7):
        a, b = (one, two) if i % 2 else (two, one)
        sent.append(a.send(b, f"letter {i}")["id"])
    got, cursor = [], None
    while True:
        params = {"with": two.name, "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = one.id.get("/v1/letters", params=params).json()
        assert len(page["items"]) <= 3
        got += [x["id"] for x in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert got == sent[::-1]
    inbox = one.id.get("/v1/letters", params={"box": "inbox"}).json()["items"]
    assert [x["id"] for x in inbox] == sent[::2][::-1]
    outbox = one.id.get("/v1/letters", params={"box": "sent"}).json()["items"]
    assert [x["id"] for x in outbox] == sent[1::2][::-1]
    one.id.post(f"/v1/letters/{sent[0]}/read")
    unread = one.id.get("/v1/letters", params={"box": "inbox", "unread": "true"}).json()["items"]
    assert [x["id"] for x in unread] == sent[2::2][::-1]


def test_idempotent_send(server, alice, bob):
    key = {"Idempotency-Key": "retry-1"}
    first = alice.id.post("/v1/letters", json={"to": bob.name, "text": "once"}, headers=key)
    again = alice.id.post("/v1/letters", json={"to": bob.name, "text": "once"}, headers=key)
    assert first.status_code == 201 and again.status_code in (200, 201)
    assert first.json()["id"] == again.json()["id"]
    other = alice.id.post("/v1/letters", json={"to": bob.name, "text": "twice"}, headers=key)
    assert other.status_code == 409 and other.json()["code"] == "idempotency_mismatch"
    # Another sender's key is another key.
    theirs = bob.id.post("/v1/letters", json={"to": alice.name, "text": "once"}, headers=key)
    assert theirs.status_code == 201 and theirs.json()["id"] != first.json()["id"]


def test_delete_rules(server, make_user_pair):
    one, two = make_user_pair
    unread = one.send(two, "take it back")["id"]
    assert one.id.delete(f"/v1/letters/{unread}").status_code == 204
    assert two.id.get(f"/v1/letters/{unread}").status_code == 404
    read = one.send(two, "too late")["id"]
    two.id.post(f"/v1/letters/{read}/read")
    r = one.id.delete(f"/v1/letters/{read}")
    assert r.status_code == 409 and r.json()["code"] == "already_read"
    assert two.id.delete(f"/v1/letters/{read}").status_code == 204
    assert one.id.get(f"/v1/letters/{read}").status_code == 404
    assert two.id.delete(f"/v1/letters/{read}").status_code == 404


def test_copy_refused(server, alice, bob):
    letter = alice.send(bob, "for your eyes only", copy=False)
    assert letter["can_open"] is False
    r = alice.id.get(f"/v1/letters/{letter['id']}/manifest")
    assert r.status_code == 403 and r.json()["code"] == "not_sealed_to_you"
    assert bob.id.get(f"/v1/letters/{letter['id']}/manifest").json()["text"] == "for your eyes only"


def test_access_token_sends_but_does_not_open(server, alice, bob):
    r = alice.access.post("/v1/letters", json={"to": bob.name, "text": "by access token"})
    assert r.status_code == 201 and r.json()["sender_verified"] is False
    r = bob.access.get(f"/v1/letters/{r.json()['id']}/manifest")
    assert r.status_code == 403 and r.json()["code"] == "id_token_required"


def test_quota_and_size_limits(make_server):
    server = make_server(LETTERLOCK_QUOTA_BYTES=200_000, LETTERLOCK_MAX_LETTER_BYTES=100_000)
    one, two = server.user(), server.user()
    r = one.id.post("/v1/letters", data={"to": two.name}, files={"file": ("big", b"x" * 100_001)})
    assert r.status_code == 413 and r.json()["code"] == "letter_too_large"
    ids = []
    for _ in range(2):
        r = one.id.post("/v1/letters", data={"to": two.name}, files={"file": ("f", b"x" * 90_000)})
        assert r.status_code == 201
        ids.append(r.json()["id"])
    r = one.id.post("/v1/letters", data={"to": two.name}, files={"file": ("f", b"x" * 90_000)})
    assert r.status_code == 403 and r.json()["code"] == "quota_exceeded"
    assert not list((server.data_dir / "objects" / "tmp").glob("*"))
    assert two.id.delete(f"/v1/letters/{ids[0]}").status_code == 204
    r = one.id.post("/v1/letters", data={"to": two.name}, files={"file": ("f", b"x" * 90_000)})
    assert r.status_code == 201
    used = two.id.get("/v1/me").json()["quota"]
    assert used["limit_bytes"] == 200_000 and 180_000 < used["used_bytes"] < 200_000


def test_letter_to_oneself(server, alice):
    letter = alice.send(alice, "note to self")
    assert alice.id.get(f"/v1/letters/{letter['id']}/manifest").json()["text"] == "note to self"
    assert alice.id.get("/v1/letters/unread").json()["count"] >= 1


def test_unauthenticated_transport_is_plain(server):
    r = httpx.get(server.url + "/healthz")
    assert r.status_code == 200
