"""Tokens and sessions: refresh, reuse, revocation, forged tokens, cookies."""

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives import hashes

from support.replies import problem


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    header, payload, signature = token.split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload)), unb64(signature)


@pytest.mark.embedded("ES256 keys of our own issuer")
def test_tokens_verify_with_the_published_keys(server):
    user = server.user()
    jwks = server.client().get("/.well-known/jwks.json").json()["keys"]
    for name, use in (("id_token", "id"), ("access_token", "access")):
        token = user.session[name]
        header, claims, signature = parts(token)
        assert header["alg"] == "ES256"
        key = next(k for k in jwks if k["kid"] == header["kid"])
        assert key["kty"] == "EC" and key["crv"] == "P-256" and "d" not in key
        public = ec.EllipticCurvePublicNumbers(
            int.from_bytes(unb64(key["x"]), "big"), int.from_bytes(unb64(key["y"]), "big"),
            ec.SECP256R1()).public_key()
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"),
                                   int.from_bytes(signature[32:], "big"))
        public.verify(der, token.rsplit(".", 1)[0].encode(), ec.ECDSA(hashes.SHA256()))
        assert claims["token_use"] == use and claims["sub"] == user.user_id
        assert claims["iss"] == server.url and claims["exp"] > time.time()
    # Only the ID token carries the session's power to open.
    _, access, _ = parts(user.session["access_token"])
    assert not any("custody" in k for k in access)


def forge(token, header=None, claims=None, key=None, algorithm="ES256"):
    h, c, _ = parts(token)
    h = h | (header or {})
    c = c | (claims or {})
    signed = f"{b64(json.dumps(h).encode())}.{b64(json.dumps(c).encode())}"
    if algorithm == "none":
        return signed + "."
    if algorithm == "HS256":
        return f"{signed}.{b64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.mark.embedded("ES256 keys of our own issuer")
def test_forged_tokens(server):
    user = server.user()
    token = user.session["id_token"]
    own = ec.generate_private_key(ec.SECP256R1())
    jwk = server.client().get("/.well-known/jwks.json").json()["keys"][0]
    head, body, signature = token.split(".")
    forged = {
        "another key": forge(token, key=own),
        "alg none": forge(token, header={"alg": "none"}, algorithm="none"),
        "HS256 with the public key": forge(token, header={"alg": "HS256"},
                                           key=unb64(jwk["x"]) + unb64(jwk["y"]), algorithm="HS256"),
        "embedded jwk": forge(token, header={"jwk": jwk}, key=own),
        "kid unknown": forge(token, header={"kid": "other"}, key=own),
        "kid as path": forge(token, header={"kid": "../../dev/null"}, key=own),
        "claims changed": f"{head}.{b64(json.dumps(parts(token)[1] | {'exp': 9999999999}).encode())}.{signature}",
        "signature cut": token[:-4],
        "no signature": f"{head}.{body}.",
        "four parts": token + ".x",
        "padding": f"{head}.{body}.{signature}=",
        "empty": "",
        "long": "a" * 20000,
        "refresh token": user.session["refresh_token"],
    }
    for name, value in forged.items():
        r = server.client(value).get("/v1/me") if len(value) < 9000 else None
        if r is not None:
            assert r.status_code == 401, (name, r.text)
            assert r.headers["www-authenticate"].startswith("Bearer")


def test_token_of_another_server(server, make_server):
    other = make_server().user()
    problem(server.client(other.session["id_token"]).get("/v1/me"), 401, "unauthenticated")


@pytest.mark.embedded("rotation is a setting of the Cognito pool")
def test_refresh_rotates_and_detects_reuse(server, alice):
    user = server.user()
    letter = alice.send(user, "opens after refresh")
    first = user.session["refresh_token"]
    with server.client() as c:
        r = c.post("/v1/sessions/refresh", json={"refresh_token": first})
        assert r.status_code == 200, r.text
        second = r.json()
        assert second["refresh_token"] != first
        fresh = server.client(second["id_token"])
        assert fresh.get(f"/v1/letters/{letter['id']}/manifest").json()["text"] == "opens after refresh"
        r = c.post("/v1/sessions/refresh", json={"refresh_token": second["refresh_token"]})
        assert r.status_code == 200
        # The first one was used up twice over: whoever presents it is not to be trusted.
        problem(c.post("/v1/sessions/refresh", json={"refresh_token": first}), 401, "refresh_reused")
        problem(c.post("/v1/sessions/refresh", json={"refresh_token": r.json()["refresh_token"]}),
                401, "unauthenticated")
    assert fresh.get("/v1/me").status_code == 401


def test_sign_out_ends_everything_of_the_session(server):
    user = server.user()
    kept = server.client(user.session["id_token"])
    assert kept.get("/v1/me").status_code == 200
    assert user.id.delete("/v1/sessions/current").status_code == 204
    problem(kept.get("/v1/me"), 401, "unauthenticated")
    with server.client() as c:
        r = c.post("/v1/sessions/refresh", json={"refresh_token": user.session["refresh_token"]})
        assert r.status_code == 401


def test_list_and_revoke_sessions(server):
    user = server.user()
    old = user.id
    user.sign_in()
    items = user.id.get("/v1/sessions").json()["items"]
    assert len(items) == 2 and sum(s["current"] for s in items) == 1
    other = next(s for s in items if not s["current"])
    assert user.id.delete(f"/v1/sessions/{other['id']}").status_code == 204
    assert old.get("/v1/me").status_code == 401
    assert user.id.get("/v1/me").status_code == 200
    stranger = server.user()
    current = next(s for s in items if s["current"])
    assert stranger.id.delete(f"/v1/sessions/{current['id']}").status_code == 404
    assert user.id.get("/v1/me").status_code == 200


@pytest.mark.embedded("Cognito takes passwords")
def test_client_that_derives_for_itself(server):
    from support.argon2_reference import derive
    user = server.user()
    with server.client() as c:
        p = c.post("/v1/sessions/parameters", json={"login": user.name}).json()
        secret = derive(user.password, p)
        r = c.post("/v1/sessions", json={"login": user.name,
                                         "authentication_secret": base64.b64encode(secret).decode()})
        assert r.status_code == 200, r.text
        session = server.client(r.json()["id_token"])
        assert session.get("/v1/me/key-ring").status_code == 200
        bad = bytes(32)
        r = c.post("/v1/sessions", json={"login": user.name,
                                         "authentication_secret": base64.b64encode(bad).decode()})
        problem(r, 401, "bad_credentials")


def test_cookies(server):
    user = server.user()
    with server.client() as c:
        r = c.post("/v1/sessions", json={"login": user.name, "password": user.password},
                   headers={"Origin": server.url})
        cookies = r.headers.get_list("set-cookie")
        assert len(cookies) == 3
        for cookie in cookies:
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
        assert c.get("/v1/me").status_code == 200
        body = {"to": user.name, "text": "to myself"}
        r = c.post("/v1/letters", json=body, headers={"Origin": server.url})
        assert r.status_code == 201
        for origin in ("https://evil.example", "null", server.url + ".evil.example"):
            problem(c.post("/v1/letters", json=body, headers={"Origin": origin}), 403,
                    "origin_refused")
        problem(c.post("/v1/letters", json=body, headers={"Sec-Fetch-Site": "cross-site"}), 403,
                "origin_refused")
        r = c.delete("/v1/sessions/current", headers={"Origin": server.url})
        assert r.status_code == 204
        assert all("Max-Age=0" in s for s in r.headers.get_list("set-cookie"))


@pytest.mark.embedded("letterlock admin")
def test_disabled_account_is_out_at_once(server, run_admin):
    user = server.user()
    assert user.id.get("/v1/me").status_code == 200
    run_admin("disable", user.name)
    from support.server import wait_for
    wait_for(lambda: user.id.get("/v1/me").status_code == 401, "the session to end")
    with server.client() as c:
        problem(c.post("/v1/sessions", json={"login": user.name, "password": user.password}), 401,
                "bad_credentials")


def test_first_requests_after_a_start_are_all_known(make_server):
    """The verifier has no keys yet, and everyone comes back at once."""
    server = make_server()
    request = (f"GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
               f"Authorization: Bearer {server.user().session['access_token']}\r\n\r\n").encode()
    for _ in range(5):
        server.restart()
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                       for _ in range(32)]
            for s in sockets:
                s.sendall(request[:-1])
            for s in sockets:
                s.sendall(request[-1:])
            assert {s.recv(12) for s in sockets} == {b"HTTP/1.1 200"}
