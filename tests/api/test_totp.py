"""The second factor, with pyotp as the authenticator app."""

import concurrent.futures
import subprocess
import time

import httpx
import pyotp
import pytest

from support.replies import problem
from support.server import BINARY, wait_for

STEP_S = 30


class Owner:
    """A user with an authenticator app. At any moment the codes of this step and the next are good
    for one use each, so that no test has to wait for another."""

    def __init__(self, server):
        self.user = server.user()
        self.server = server
        self.app = None

    @property
    def password(self):
        return {"password": self.user.password}

    def begin(self):
        r = self.user.id.post("/v1/me/totp", json=self.password)
        assert r.status_code == 201, r.text
        self.app = pyotp.parse_uri(r.json()["uri"])
        return r.json()

    def code(self, steps=0):
        return self.app.at(time.time() + steps * STEP_S)

    def wrong_code(self):
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(c for c in ("000000", "111111", "222222", "333333", "444444", "555555",
                                "666666", "777777") if c not in near)

    def turn_on(self):
        self.begin()
        r = self.user.id.post("/v1/me/totp/confirm", json=self.password | {"totp": self.code()})
        assert r.status_code == 204, r.text
        return self

    def sign_in(self, **fields):
        with self.server.client() as c:
            return c.post("/v1/sessions", json={"login": self.user.name} | self.password | fields)

    def delete(self, path, **fields):
        return self.user.id.request("DELETE", path, json=self.password | fields)


@pytest.fixture
def owner(server):
    return Owner(server).turn_on()


def test_turning_on(server):
    anna = Owner(server)
    problem(anna.user.id.post("/v1/me/totp/confirm", json=anna.password | {"totp": "123456"}), 404,
            "not_found")
    problem(anna.user.id.post("/v1/me/totp", json={"password": "wrong password"}), 401,
            "bad_credentials")
    problem(anna.user.access.post("/v1/me/totp", json=anna.password), 403, "id_token_required")
    problem(anna.user.id.post("/v1/me/totp", json={}), 400, "missing_field")
    made = anna.begin()
    host = httpx.URL(server.url).host
    assert anna.app.secret == made["secret"] and anna.app.name == anna.user.name
    assert anna.app.issuer == host and len(made["secret"]) >= 32
    assert (anna.app.digits, anna.app.interval, anna.app.digest().name) == (6, STEP_S, "sha1")
    # Nothing is in force before it was confirmed.
    assert anna.user.id.get("/v1/me").json()["totp"] is False
    assert anna.sign_in().status_code == 200
    confirm = "/v1/me/totp/confirm"
    problem(anna.user.id.post(confirm, json=anna.password | {"totp": anna.wrong_code()}), 401,
            "totp_mismatch")
    problem(anna.user.id.post(confirm, json=anna.password), 401, "totp_required")
    r = anna.user.id.post(confirm, json=anna.password | {"totp": anna.code()})
    assert r.status_code == 204, r.text
    assert anna.user.id.get("/v1/me").json()["totp"] is True
    problem(anna.user.id.post("/v1/me/totp", json=anna.password), 409, "conflict")
    for secret in (anna.user.password, made["secret"]):
        assert secret not in server.log()


def test_signing_in(owner):
    problem(owner.sign_in(), 401, "totp_required")
    problem(owner.sign_in(totp=owner.wrong_code()), 401, "totp_mismatch")
    problem(owner.sign_in(totp="12345"), 401, "totp_mismatch")
    problem(owner.sign_in(totp="1" * 17), 400, "invalid_field")
    problem(owner.sign_in(totp=123456), 400, "invalid_field")
    code = owner.code(1)
    r = owner.sign_in(totp=code)
    assert r.status_code == 200, r.text
    problem(owner.sign_in(totp=code), 401, "totp_mismatch")
    # Refreshing takes no code, and the session of before goes on.
    for session in (r.json(), owner.user.session):
        with owner.server.client() as c:
            body = {"refresh_token": session["refresh_token"]}
            assert c.post("/v1/sessions/refresh", json=body).status_code == 200
    assert owner.user.id.get("/v1/me").status_code == 200


def test_one_code_signs_in_once(owner):
    """Also when it is used several times at the same moment."""
    code = owner.code(1)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = [f.result() for f in [pool.submit(owner.sign_in, totp=code) for _ in range(6)]]
    assert sorted(r.status_code for r in answers) == [200, 401, 401, 401, 401, 401]


def test_strangers_learn_nothing(owner):
    plain = owner.server.user()
    answers = []
    for name, totp in ((owner.user.name, {}), (owner.user.name, {"totp": owner.code(1)}),
                       (plain.name, {}), (plain.name, {"totp": "123456"}),
                       ("nobody-at-all", {"totp": "123456"})):
        with owner.server.client() as c:
            r = c.post("/v1/sessions", json={"login": name, "password": "wrong password"} | totp)
        answer = problem(r, 401, "bad_credentials")
        del answer["request_id"]
        answers.append(answer)
    assert all(a == answers[0] for a in answers)


def test_a_code_goes_with_the_password(owner):
    body = {"old_password": owner.user.password, "new_password": "a new one, and longer"}
    problem(owner.user.id.post("/v1/me/password", json=body), 401, "totp_required")
    problem(owner.user.id.post("/v1/me/password", json=body | {"totp": owner.wrong_code()}), 401,
            "totp_mismatch")
    r = owner.user.id.post("/v1/me/password", json=body | {"totp": owner.code(1)})
    assert r.status_code == 204, r.text
    owner.user.password = body["new_password"]
    problem(owner.sign_in(), 401, "totp_required")


@pytest.mark.embedded("there are no recovery keys")
def test_a_new_recovery_key_takes_a_code(owner):
    problem(owner.user.id.post("/v1/me/recovery-key", json=owner.password), 401, "totp_required")
    r = owner.user.id.post("/v1/me/recovery-key", json=owner.password | {"totp": owner.code(1)})
    assert r.status_code == 200, r.text


def test_turning_off(owner):
    problem(owner.delete("/v1/me/totp"), 401, "totp_required")
    problem(owner.delete("/v1/me/totp", totp=owner.wrong_code()), 401, "totp_mismatch")
    r = owner.delete("/v1/me/totp", totp=owner.code(1))
    assert r.status_code == 204, r.text
    assert owner.user.id.get("/v1/me").json()["totp"] is False
    assert owner.sign_in().status_code == 200
    problem(owner.delete("/v1/me/totp"), 404, "not_found")


def test_erasing(owner):
    problem(owner.delete("/v1/me"), 401, "totp_required")
    problem(owner.delete("/v1/me", totp=owner.wrong_code()), 401, "totp_mismatch")
    r = owner.delete("/v1/me", totp=owner.code(1))
    assert r.status_code == 204, r.text
    problem(owner.sign_in(), 401, "bad_credentials")


def test_a_reset_leaves_it_on(owner):
    user, seen = owner.user, owner.server.code_count(owner.user.email)
    with owner.server.client() as c:
        assert c.post("/v1/accounts/forgot-password", json={"login": user.name}).status_code == 200
        code = owner.server.read_code(user.email, seen)
        user.password = "chosen after the reset"
        r = c.post("/v1/accounts/reset-password",
                   json={"username": user.name, "code": code} | owner.password)
        assert r.status_code == 200, r.text
    problem(owner.sign_in(), 401, "totp_required")
    assert owner.sign_in(totp=owner.code(1)).status_code == 200


def test_guesses_run_out(owner):
    wrong = owner.wrong_code()
    for _ in range(10):
        problem(owner.sign_in(totp=wrong), 401, "totp_mismatch")
    r = owner.sign_in(totp=owner.code(1))
    problem(r, 429, "rate_limited")
    assert int(r.headers["retry-after"]) > 0


@pytest.mark.embedded("Cognito sends none")
def test_the_owner_is_told(owner):
    def told(what):
        return [m for m in owner.server.mails(owner.user.email) if what in m]
    wait_for(lambda: told("turned on"), "a mail about the factor being on")
    assert owner.delete("/v1/me/totp", totp=owner.code(1)).status_code == 204
    wait_for(lambda: told("turned off"), "a mail about the factor being off")


@pytest.mark.embedded("an operator's credentials: tests/aws/test_admin.py")
def test_an_operator_turns_it_off(owner):
    def admin(name):
        return subprocess.run([BINARY, "admin", "totp-off", name], timeout=30, check=False,
                              env=owner.server.environment, capture_output=True, text=True)
    assert admin("nobody").returncode == 4
    done = admin(owner.user.name)
    assert done.returncode == 0, done.stderr
    assert owner.sign_in().status_code == 200
