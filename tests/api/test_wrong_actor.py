"""Every route with every wrong actor: what is not theirs does not exist for them."""

import json
import pathlib

import pytest

LETTER_ROUTES = [("GET", ""), ("GET", "/manifest"), ("GET", "/content"), ("GET", "/sealed"),
                 ("GET", "/link"), ("POST", "/read"), ("DELETE", "")]


@pytest.mark.parametrize("method, tail", LETTER_ROUTES)
def test_strangers_find_nothing(server, alice, bob, carol, method, tail):
    letter = alice.send(bob, "not for carol")
    for client in (carol.id, carol.access):
        r = client.request(method, f"/v1/letters/{letter['id']}{tail}")
        missing = client.request(method, f"/v1/letters/0188d2c8-3d5b-7abc-8000-0123456789ab{tail}")
        if client is carol.access and tail in ("/manifest", "/content"):
            assert r.status_code == missing.status_code == 403
            continue
        assert r.status_code == 404, r.text
        a, b = r.json(), missing.json()
        a.pop("request_id"), b.pop("request_id")
        assert a == b, "a foreign letter must look like none"
    assert bob.id.get(f"/v1/letters/{letter['id']}").json()["read_at"] is None


@pytest.mark.parametrize("method, tail", LETTER_ROUTES)
def test_nobody_signed_in(server, alice, bob, method, tail):
    letter = alice.send(bob, "not for the public")
    r = server.client().request(method, f"/v1/letters/{letter['id']}{tail}")
    assert r.status_code == 401 and r.json()["code"] == "unauthenticated"


def test_only_the_recipient_marks_read(server, alice, bob):
    letter = alice.send(bob, "read it")
    assert alice.id.post(f"/v1/letters/{letter['id']}/read").status_code == 404
    assert bob.id.get("/v1/letters/unread").json()["count"] >= 1


def test_lists_hold_only_ones_own(server, alice, bob, carol):
    alice.send(bob, "between two")
    for params in ({}, {"box": "inbox"}, {"box": "sent"}, {"with": alice.name}, {"with": bob.name}):
        assert carol.id.get("/v1/letters", params=params).json()["items"] == []


def test_every_protected_route_asks_for_a_token(server):
    """Taken from the served document, so that a new route cannot be forgotten."""
    document = server.client().get("/openapi.json").json()
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method not in ("get", "post", "delete", "put", "patch"):
                continue  # what all methods of a path share
            security = operation.get("security", document.get("security", []))
            if security == [] or {} in security:
                continue
            url = path.replace("{id}", "0188d2c8-3d5b-7abc-8000-0123456789ab")
            r = server.client().request(method.upper(), url, json={} if method == "post" else None)
            assert r.status_code == 401, (method, path, r.status_code)
            tried += 1
    assert tried >= 20
