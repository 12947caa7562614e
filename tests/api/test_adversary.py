"""What a stranger, a user of bad will, or bad luck can bring about: floods, resets under way, clocks
that go back, disks that refuse."""

import itertools
from support.server import free_port, wait_for
from test_accounts import problem
from test_time import timed  # noqa: F401 (fixture)

BOUNDARY = "frontier"
HEAD = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="to"\r\n\r\n%s\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n\r\n')


def reset_without_recovery_key(user):
    mails = user.server.code_count(user.email)
    with user.server.client() as c:
        assert c.post("/v1/accounts/forgot-password", json={"login": user.name}).status_code == 200
        code = user.server.read_code(user.email, after=mails)
        user.password += " anew"
        r = c.post("/v1/accounts/reset-password",
                   json={"username": user.name, "code": code, "password": user.password})
        assert r.status_code == 200 and r.json()["keys_lost"], r.text


def test_letter_is_not_acknowledged_for_a_key_lost_meanwhile(server, make_user_pair):
    alice, bob = make_user_pair

    def body():
        yield (HEAD % bob.name).encode()
        for _ in range(8):
            yield b"x" * (256 << 10)
        reset_without_recovery_key(bob)
        yield b"the end" + f"\r\n--{BOUNDARY}--\r\n".encode()

    r = alice.id.post("/v1/letters", content=body(), headers={
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    problem(r, 503, "unavailable")
    bob.sign_in()
    assert bob.id.get("/v1/letters?box=inbox").json()["items"] == []
    letter = alice.send(bob, "sealed to the new key")
    r = bob.id.get(f"/v1/letters/{letter['id']}/manifest")
    assert r.status_code == 200 and r.json()["text"] == "sealed to the new key"


def test_sign_ups_from_one_address_are_limited(make_server):
    server = make_server()
    with server.client() as c:
        statuses = [c.post("/v1/accounts/forgot-password", json={"login": f"nobody{i}"}).status_code
                    for i in range(199)]
        assert set(statuses) == {200}
        for i in range(4):
            r = c.post("/v1/accounts", json={"username": f"flood{i}",
                                             "email": f"stranger{i}@example.org",
                                             "password": "a very long password"})
            if r.status_code != 201:
                break
        problem(r, 429, "rate_limited")
        assert int(r.headers["retry-after"]) > 60
        assert i == 1


def test_throttle_does_not_outlive_a_clock_that_was_ahead(timed):  # noqa: F811
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
