"""What time does to codes, tokens, sessions, letters and throttles: the real server under a clock
that the test moves (libfaketime)."""

import glob
import itertools
import os
import time

import pytest

from support.replies import problem
from support.server import SANITIZED, Server

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
GOOD = {"username": "dora", "email": "dora@example.org", "password": "nine lives of cats"}
pytestmark = [
    pytest.mark.embedded("moves the clock of the issuer"),
    pytest.mark.skipif(SANITIZED, reason="libfaketime and the sanitizers both want to be first"),
]


class Clock:
    """Wall-clock time of the server; monotonic time stays what it is."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.move(0)

    def move(self, seconds):
        self.offset += seconds
        new = self.path.with_suffix(".new")
        new.write_text(f"+{self.offset}\n")
        new.rename(self.path)


@pytest.fixture
def timed(tmp_path):
    assert LIBRARY, "libfaketime is not installed"
    clock = Clock(tmp_path / "clock")
    server = Server(tmp_path / "s")
    server.environment |= {
        "LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(clock.path), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
    server.start()
    yield server, clock
    if server.process is not None:
        server.kill()


def test_codes_expire_after_15_minutes(timed):
    server, clock = timed
    with server.client() as c:
        assert c.post("/v1/accounts", json=GOOD).status_code == 201
        code = server.read_code(GOOD["email"])
        clock.move(14 * 60)
        wrong = "000000" if code != "000000" else "111111"
        confirm = {"username": GOOD["username"], "code": wrong}
        problem(c.post("/v1/accounts/confirm", json=confirm), 400, "code_mismatch")
        clock.move(2 * 60)
        confirm["code"] = code
        problem(c.post("/v1/accounts/confirm", json=confirm), 400, "code_expired")


def test_stale_sign_up_gives_its_names_up(timed):
    server, clock = timed
    with server.client() as c:
        assert c.post("/v1/accounts", json=GOOD).status_code == 201
        problem(c.post("/v1/accounts", json=GOOD | {"email": "other@example.org"}), 409,
                "username_taken")
        clock.move(25 * 3600)
        assert c.post("/v1/accounts", json=GOOD).status_code == 201
        server.read_code(GOOD["email"], after=1)


def test_tokens_expire_and_refresh(timed):
    server, clock = timed
    user = server.user()
    clock.move(59 * 60)
    assert user.id.get("/v1/me").status_code == 200
    clock.move(2 * 60)
    problem(user.id.get("/v1/me"), 401, "token_expired")
    with server.client() as c:
        r = c.post("/v1/sessions/refresh", json={"refresh_token": user.session["refresh_token"]})
        assert r.status_code == 200, r.text
        assert server.client(r.json()["id_token"]).get("/v1/me").status_code == 200
        clock.move(31 * 86400)
        r = c.post("/v1/sessions/refresh", json={"refresh_token": r.json()["refresh_token"]})
        problem(r, 401, "unauthenticated")


def test_lost_answer_to_a_refresh_is_forgiven_for_seconds_only(timed):
    server, clock = timed
    user = server.user()
    first = {"refresh_token": user.session["refresh_token"]}
    with server.client() as c:
        assert c.post("/v1/sessions/refresh", json=first).status_code == 200
        assert c.post("/v1/sessions/refresh", json=first).status_code == 200
        clock.move(30)
        problem(c.post("/v1/sessions/refresh", json=first), 401, "refresh_reused")


def test_signing_keys_turn_over_and_old_tokens_stay_good(timed):
    server, clock = timed
    before = {k["kid"] for k in server.client().get("/.well-known/jwks.json").json()["keys"]}
    clock.move(30 * 86400 - 600)
    user = server.user()
    clock.move(1200)
    # The next start, like the minutely sweep, turns the keys over.
    server.restart()
    after = {k["kid"] for k in server.client().get("/.well-known/jwks.json").json()["keys"]}
    assert before < after
    assert user.id.get("/v1/me").status_code == 200
    assert user.sign_in().id.get("/v1/me").status_code == 200


def test_letters_expire_with_their_objects(timed):
    server, clock = timed
    one, two = server.user(), server.user()
    short = one.send(two, "for an hour", expires_in=3600)
    r = one.id.post("/v1/letters", data={"to": two.name, "expires_in": "3600"},
                    files={"file": ("f", b"x" * 100_000)})
    assert r.status_code == 201 and r.json()["expires_at"] is not None
    kept = one.send(two, "kept")
    def objects():
        return [p for p in (server.data_dir / "objects").rglob("*") if p.is_file()]
    assert len(objects()) == 1
    clock.move(3601)
    one.sign_in(), two.sign_in()
    listed = [x["id"] for x in two.id.get("/v1/letters").json()["items"]]
    assert listed == [kept["id"]]
    assert two.id.get("/v1/letters/unread").json()["count"] == 1
    assert two.id.get(f"/v1/letters/{short['id']}/manifest").status_code == 404
    # What is invisible at once is removed by the sweep, which also runs at the start.
    server.restart()
    deadline = time.monotonic() + 90
    while objects() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert objects() == []
    used = two.id.get("/v1/me").json()["quota"]["used_bytes"]
    assert used == kept["sealed_size"]


def test_throttle_ends(timed):
    server, clock = timed
    user = server.user()
    def sign_in(password):
        with server.client() as c:
            return c.post("/v1/sessions", json={"login": user.name, "password": password})
    for _ in range(12):
        r = sign_in("not the password")
    assert r.status_code == 429
    assert sign_in(user.password).status_code == 429
    clock.move(int(r.headers["retry-after"]) + 1)
    assert sign_in(user.password).status_code == 200


def test_throttle_does_not_outlive_a_clock_that_was_ahead(timed):
    server, clock = timed
    user = server.user()
    year = 365 * 24 * 3600
    clock.move(year)
    with server.client() as c:
        guess = {"login": user.name, "password": "not this one"}
        statuses = itertools.islice(
            iter(lambda: c.post("/v1/sessions", json=guess).status_code, 429), 30)
        assert set(statuses) == {401}
        clock.move(-year)
        r = c.post("/v1/sessions", json={"login": user.name, "password": user.password})
        assert r.status_code == 200, r.text
