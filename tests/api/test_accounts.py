"""Sign-up, codes, passwords, recovery: rules and refusals."""

import json
import subprocess

import pytest

from support.replies import problem
from support.server import BINARY

GOOD = {"username": "dora", "email": "dora@example.org", "password": "nine lives of cats"}


@pytest.mark.parametrize("change, code", [
    ({"username": "ab"}, "invalid_username"),
    ({"username": "x" * 33}, "invalid_username"),
    ({"username": "1abc"}, "invalid_username"),
    ({"username": "with space"}, "invalid_username"),
    ({"username": "ünï"}, "invalid_username"),
    ({"username": "admin"}, "invalid_username"),
    ({"email": "nobody"}, "invalid_email"),
    ({"email": "a@b@c.org"}, "invalid_email"),
    ({"email": "a b@example.org"}, "invalid_email"),
    ({"email": "a\r\nBcc: x@example.org"}, "invalid_email"),
    ({"email": "x" * 300 + "@example.org"}, "invalid_email"),
    ({"password": "short"}, "weak_password"),
    ({"password": "password123"}, "weak_password"),
    ({"password": "x" * 257}, "weak_password"),
    ({"password": "dora@example.org"}, "weak_password"),
    ({"username": None}, "missing_field"),
    ({"password": 12345678901}, "invalid_field"),
])
def test_sign_up_refusals(server, change, code):
    body = {k: v for k, v in (GOOD | change).items() if v is not None}
    with server.client() as c:
        problem(c.post("/v1/accounts", json=body), 400, code)


def test_names_are_case_insensitive_and_unique(server):
    user = server.user("emil")
    with server.client() as c:
        r = c.post("/v1/accounts", json=GOOD | {"username": "EMIL", "email": "e2@example.org"})
        problem(r, 409, "username_taken")
        r = c.post("/v1/sessions", json={"login": "Emil", "password": user.password})
        assert r.status_code == 200


@pytest.mark.embedded("Cognito takes it, and refuses at the confirmation")
def test_taken_email_answers_like_success(server):
    user = server.user()
    mails = len(server.mails(user.email))
    with server.client() as c:
        r = c.post("/v1/accounts", json=GOOD | {"username": "thief", "email": user.email})
        assert r.status_code == 201 and set(r.json()) == {"id", "delivery"}
        # The owner learns of it; nobody gets a code.
        from support.server import wait_for
        wait_for(lambda: len(server.mails(user.email)) > mails, "a mail to the address's owner")
        assert "already" in server.mails(user.email)[-1]


def test_codes(server):
    with server.client() as c:
        body = GOOD | {"username": "fritz", "email": "fritz@example.org"}
        assert c.post("/v1/accounts", json=body).status_code == 201
        first = server.read_code("fritz@example.org")
        wrong = "000000" if first != "000000" else "000001"
        for _ in range(4):
            problem(c.post("/v1/accounts/confirm", json={"username": "fritz", "code": wrong}), 400,
                    "code_mismatch")
        assert c.post("/v1/accounts/resend-code", json={"username": "fritz"}).status_code == 200
        second = server.read_code("fritz@example.org", after=1)
        if first != second:
            problem(c.post("/v1/accounts/confirm", json={"username": "fritz", "code": first}), 400,
                    "code_mismatch")
        r = c.post("/v1/accounts/confirm", json={"username": "fritz", "code": second})
        assert r.status_code == 200
        # A lost answer may be asked again.
        r = c.post("/v1/accounts/confirm", json={"username": "fritz", "code": second})
        assert r.status_code == 200


def test_five_wrong_codes_end_a_code(server):
    with server.client() as c:
        body = GOOD | {"username": "gerd", "email": "gerd@example.org"}
        assert c.post("/v1/accounts", json=body).status_code == 201
        code = server.read_code("gerd@example.org")
        wrong = "111111" if code != "111111" else "222222"
        for _ in range(5):
            c.post("/v1/accounts/confirm", json={"username": "gerd", "code": wrong})
        problem(c.post("/v1/accounts/confirm", json={"username": "gerd", "code": code}), 429,
                "too_many_tries")


def test_unknown_names_get_neutral_answers(server):
    with server.client() as c:
        known, unknown = server.user(), "nobody-of-that-name"
        for path, field in (("resend-code", "username"), ("forgot-password", "login")):
            a = c.post(f"/v1/accounts/{path}", json={field: known.name})
            b = c.post(f"/v1/accounts/{path}", json={field: unknown})
            assert a.status_code == b.status_code == 200 and a.content == b.content
        a = c.post("/v1/sessions", json={"login": known.name, "password": "not the password"})
        b = c.post("/v1/sessions", json={"login": unknown, "password": "not the password"})
        pa, pb = problem(a, 401, "bad_credentials"), problem(b, 401, "bad_credentials")
        assert pa["title"] == pb["title"] and pa.get("detail") == pb.get("detail")


@pytest.mark.embedded("Cognito takes passwords")
def test_unknown_names_get_stable_parameters(server):
    known, unknown = server.user(), "nobody-of-that-name"
    with server.client() as c:
        one = c.post("/v1/sessions/parameters", json={"login": unknown}).json()
        two = c.post("/v1/sessions/parameters", json={"login": unknown}).json()
        assert one == two and set(one) == set(
            c.post("/v1/sessions/parameters", json={"login": known.name}).json())


def reset(server, user, password, **fields):
    with server.client() as c:
        before = server.code_count(user.email)
        assert c.post("/v1/accounts/forgot-password", json={"login": user.name}
                      ).status_code == 200
        code = server.read_code(user.email, after=before)
        return c.post("/v1/accounts/reset-password", json={
            "username": user.name, "code": code, "password": password, **fields})


def test_reset_with_recovery_key_keeps_letters(server, alice):
    user = server.user()
    letter = alice.send(user, "from before the reset")
    r = reset(server, user, "a brand new password", recovery_key=user.recovery_key)
    assert r.status_code == 200 and r.json()["keys_lost"] is False, r.text
    # Old sessions are over, the old password too.
    assert user.id.get("/v1/me").status_code == 401
    with server.client() as c:
        problem(c.post("/v1/sessions", json={"login": user.name, "password": user.password}), 401,
                "bad_credentials")
    user.password = "a brand new password"
    user.sign_in()
    r = user.id.get(f"/v1/letters/{letter['id']}/manifest")
    assert r.json()["text"] == "from before the reset"


@pytest.mark.embedded("KMS keys are not lost")
def test_reset_without_recovery_key_says_what_is_lost(server, alice):
    user = server.user()
    old = alice.send(user, "sealed to the old key")
    r = reset(server, user, "yet another password")
    assert r.status_code == 200 and r.json()["keys_lost"] is True
    assert "no longer" in r.json()["message"] or "cannot" in r.json()["message"]
    user.password = "yet another password"
    user.sign_in()
    problem(user.id.get(f"/v1/letters/{old['id']}/manifest"), 403, "key_lost")
    assert user.id.get(f"/v1/letters/{old['id']}").json()["can_open"] is False
    new = alice.send(user, "sealed to the new key")
    assert user.id.get(f"/v1/letters/{new['id']}/manifest").json()["text"] == "sealed to the new key"


@pytest.mark.embedded("there are no recovery keys")
def test_wrong_recovery_key_changes_nothing(server):
    user = server.user()
    wrong = user.recovery_key[:-1] + ("0" if user.recovery_key[-1] != "0" else "1")
    problem(reset(server, user, "never to be used 1", recovery_key=wrong), 400,
            "recovery_key_wrong")
    assert user.sign_in()


def test_change_password(server, alice):
    user = server.user()
    letter = alice.send(user, "kept over the change")
    other = server.client(user.session["id_token"])
    user.sign_in()  # a second session, which will be the one that goes on
    problem(user.id.post("/v1/me/password", json={"old_password": "wrong wrong wrong",
                                                  "new_password": "entirely new words"}),
            401, "bad_credentials")
    r = user.id.post("/v1/me/password", json={"old_password": user.password,
                                              "new_password": "entirely new words"})
    assert r.status_code in (200, 204), r.text
    assert other.get("/v1/me").status_code == 401
    assert user.id.get(f"/v1/letters/{letter['id']}/manifest").status_code == 200
    user.password = "entirely new words"
    user.sign_in()
    assert user.id.get(f"/v1/letters/{letter['id']}/manifest").status_code == 200


@pytest.mark.embedded("there are no recovery keys")
def test_recovery_key_reissue_replaces_the_old(server):
    user = server.user()
    r = user.id.post("/v1/me/recovery-key", json={"password": user.password})
    assert r.status_code == 200
    new = r.json()["recovery_key"]
    assert new != user.recovery_key
    problem(reset(server, user, "words for the old one", recovery_key=user.recovery_key), 400,
            "recovery_key_wrong")
    assert reset(server, user, "words for the new one", recovery_key=new).status_code == 200


@pytest.mark.embedded("KMS rotates by itself")
def test_key_rotation_keeps_old_letters(server, alice):
    user = server.user()
    before = alice.send(user, "under the first key")
    point = alice.id.get(f"/v1/people/{user.user_id}").json()["public_key"]
    assert user.id.post("/v1/me/keys/rotate").status_code in (200, 201)
    assert alice.id.get(f"/v1/people/{user.user_id}").json()["public_key"] != point
    after = alice.send(user, "under the second key")
    for letter, text in ((before, "under the first key"), (after, "under the second key")):
        assert user.id.get(f"/v1/letters/{letter['id']}/manifest").json()["text"] == text
    user.sign_in()
    assert user.id.get(f"/v1/letters/{before['id']}/manifest").status_code == 200


def test_erase_account(server, alice):
    user = server.user()
    to = alice.send(user, "to the leaver")
    sent = user.send(alice, "from the leaver")
    problem(user.id.request("DELETE", "/v1/me", json={"password": "not it at all"}), 401,
            "bad_credentials")
    r = user.id.request("DELETE", "/v1/me", json={"password": user.password})
    assert r.status_code == 204, r.text
    assert user.id.get("/v1/me").status_code == 401
    assert alice.id.get(f"/v1/people/{user.user_id}").status_code == 404
    assert alice.id.get(f"/v1/letters/{to['id']}").status_code == 404
    # What others received stays theirs.
    r = alice.id.get(f"/v1/letters/{sent['id']}/manifest")
    assert r.status_code == 200 and r.json()["text"] == "from the leaver"
    problem(alice.id.post("/v1/letters", json={"to": user.name, "text": "gone?"}), 404,
            "unknown_recipient")


def test_export(server, alice):
    user = server.user()
    user.send(alice, "mine")
    r = user.id.get("/v1/me/export")
    assert r.status_code == 200
    data = r.json()
    assert data["profile"]["username"] == user.name
    assert "key_ring" in data and len(data["letters"]) == 1


def test_sign_up_modes(make_server):
    closed = make_server(LETTERLOCK_SIGN_UP="closed")
    with closed.client() as c:
        problem(c.post("/v1/accounts", json=GOOD), 403, "sign_up_closed")
    domains = make_server(LETTERLOCK_SIGN_UP_DOMAINS="example.org,example.net")
    with domains.client() as c:
        problem(c.post("/v1/accounts", json=GOOD | {"email": "dora@example.com"}), 403,
                "domain_not_allowed")
        assert c.post("/v1/accounts", json=GOOD | {"email": "dora@example.net"}).status_code == 201


@pytest.mark.embedded("tests/aws/test_admin.py has it for the other")
def test_invitations(make_server):
    server = make_server(LETTERLOCK_SIGN_UP="invite")

    def admin(*words, status=0):
        done = subprocess.run([BINARY, "admin", *words], env=server.environment, timeout=60,
                              capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done.stdout

    def sign_up(name, code):
        body = GOOD | {"username": name, "email": f"{name}@example.org", "invite": code}
        with server.client() as c:
            return c.post("/v1/accounts", json=body)

    codes = [admin("invite").strip() for _ in range(2)]
    first, second = json.loads(admin("invites", "--json"))
    assert first["created_at"] < first["expires_at"]
    table = admin("invites")
    assert f"{first['id']}  {first['created_at']}  {first['expires_at']}\n" in table
    assert not any(code in table for code in codes)
    admin("revoke-invite", first["id"])
    admin("revoke-invite", first["id"], status=4)
    admin("revoke-invite", status=2)
    assert [i["id"] for i in json.loads(admin("invites", "--json"))] == [second["id"]]
    # Made within one millisecond, they may stand in either order.
    answers = sorted(sign_up(f"dora{i}", code).status_code for i, code in enumerate(codes))
    assert answers == [201, 403]
    assert json.loads(admin("invites", "--json")) == []


@pytest.mark.embedded("Cognito counts")
def test_guessing_is_throttled_and_survives_a_restart(make_server):
    server = make_server()
    user = server.user()
    def guess():
        with server.client() as c:
            return c.post("/v1/sessions", json={"login": user.name, "password": "guess guess"})
    answers = [guess() for _ in range(30)]
    refused = [r for r in answers if r.status_code == 429]
    assert refused, [r.status_code for r in answers]
    assert int(refused[0].headers["retry-after"]) >= 1
    server.restart()
    assert guess().status_code == 429
