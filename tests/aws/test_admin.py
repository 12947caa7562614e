"""`letterlock admin` on AWS, with an operator's credentials."""

import json
import os
import subprocess

import pyotp
import pytest

from aws.aws_server import AwsServer
from aws.cloud import ADMINISTRATOR
from support.server import BINARY


@pytest.fixture(scope="module")
def server(double, tmp_path_factory):
    s = AwsServer(tmp_path_factory.mktemp("server"), double, LETTERLOCK_SIGN_UP="invite").start()
    yield s
    assert s.stop() == 0, s.log()[-4000:]


def admin(server, *arguments):
    session = server.cloud.double.session(ADMINISTRATOR)
    return subprocess.run(
        [BINARY, "admin", *arguments], capture_output=True, text=True, timeout=60, check=False,
        env=server.environment | {"PATH": os.environ["PATH"],
                                  "AWS_ACCESS_KEY_ID": session["access_key"],
                                  "AWS_SECRET_ACCESS_KEY": session["secret_key"],
                                  "AWS_SESSION_TOKEN": session["token"]})


def sign_up(server, name, invitation):
    body = {"username": name, "email": f"{name}@example.org", "password": "nine-lives-of-cats",
            "invite": invitation}
    with server.client() as c:
        answer = c.post("/v1/accounts", json=body)
        if answer.status_code == 201:
            code = server.read_code(body["email"])
            confirmed = c.post("/v1/accounts/confirm", json={"username": name, "code": code})
            assert confirmed.status_code == 200, confirmed.text
    return answer


def sign_in(server, name):
    with server.client() as c:
        return c.post("/v1/sessions", json={"login": name, "password": "nine-lives-of-cats"})


def test_an_invitation_is_good_once(server):
    made = admin(server, "invite")
    assert made.returncode == 0, made.stderr
    assert sign_up(server, "nobody-invited", "AAAA-AAAA-AAAA").status_code == 403
    assert sign_up(server, "invited", made.stdout.strip()).status_code == 201
    assert sign_up(server, "too-late", made.stdout.strip()).status_code == 403


def test_invitations_are_listed_and_revoked(server):
    def listed():
        done = admin(server, "invites", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    before = {i["id"] for i in listed()}
    code = admin(server, "invite").stdout.strip()
    made, = (i for i in listed() if i["id"] not in before)
    assert set(made) == {"id", "created_at", "expires_at"}
    assert made["created_at"] < made["expires_at"]
    table = admin(server, "invites").stdout
    assert f"{made['id']}  {made['created_at']}  {made['expires_at']}\n" in table
    assert code not in table
    assert admin(server, "revoke-invite", made["id"]).returncode == 0
    assert admin(server, "revoke-invite", made["id"]).returncode == 4
    assert admin(server, "revoke-invite", "no-such-id").returncode == 4
    assert made["id"] not in {i["id"] for i in listed()}
    assert sign_up(server, "uninvited", code).status_code == 403
    used = admin(server, "invite").stdout.strip()
    assert sign_up(server, "invited-again", used).status_code == 201
    assert {i["id"] for i in listed()} == before


def test_a_disabled_user_is_out_and_comes_back(server):
    assert sign_up(server, "comes-and-goes", admin(server, "invite").stdout.strip()
                   ).status_code == 201
    session = sign_in(server, "comes-and-goes").json()
    client = server.client(session["id_token"])
    assert client.get("/v1/me").status_code == 200
    assert admin(server, "disable", "comes-and-goes").returncode == 0
    assert sign_in(server, "comes-and-goes").status_code == 401
    server.restart()  # a running server believes a token that it knows for 15 seconds more
    assert client.get("/v1/me").status_code == 401
    assert admin(server, "enable", "comes-and-goes").returncode == 0
    assert sign_in(server, "comes-and-goes").status_code == 200


def test_a_lost_second_factor_is_turned_off(server):
    assert sign_up(server, "lost-a-phone", admin(server, "invite").stdout.strip()
                   ).status_code == 201
    client = server.client(sign_in(server, "lost-a-phone").json()["id_token"])
    proof = {"password": "nine-lives-of-cats"}
    app = pyotp.parse_uri(client.post("/v1/me/totp", json=proof).json()["uri"])
    confirmed = client.post("/v1/me/totp/confirm", json=proof | {"totp": app.now()})
    assert confirmed.status_code == 204, confirmed.text
    assert sign_in(server, "lost-a-phone").json()["code"] == "totp_required"
    assert admin(server, "totp-off", "nobody-here").returncode == 4
    done = admin(server, "totp-off", "lost-a-phone")
    assert done.returncode == 0, done.stderr
    assert sign_in(server, "lost-a-phone").status_code == 200


def test_quota(server):
    assert sign_up(server, "little-room", admin(server, "invite").stdout.strip()
                   ).status_code == 201
    client = server.client(sign_in(server, "little-room").json()["id_token"])
    assert admin(server, "quota", "little-room", "7MiB").returncode == 0
    server.restart()  # a running server knows the old one for up to a minute
    assert client.get("/v1/me").json()["quota"]["limit_bytes"] == 7 << 20
    assert admin(server, "quota", "nobody-here", "7MiB").returncode == 4
    assert admin(server, "quota", "little-room", "much").returncode == 2


def test_what_is_not_a_command(server):
    done = admin(server, "explode")
    assert done.returncode == 2
    assert "usage" in done.stderr
