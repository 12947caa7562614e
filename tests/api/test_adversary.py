"""What a stranger, a user of bad will, or bad luck can bring about: floods, resets under way,
disks that refuse."""

import sqlite3

import pytest

from support.replies import problem
from support.server import free_port, wait_for
from test_mail import smtp  # noqa: F401 (fixture)

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


def mailing(make_server, inbox):
    """A server that mails to the inbox, and finds its codes there."""
    server = make_server(LETTERLOCK_SMTP_URL=f"smtp://127.0.0.1:{inbox.port}")
    server.mails = inbox.to
    return server


def database(server):
    return sqlite3.connect(f"file:{server.data_dir}/letterlock.sqlite?mode=ro", uri=True)


def queued(server, email):
    with database(server) as db:
        return db.execute("SELECT count(*) FROM mail_queue WHERE email = ?", (email,)).fetchone()[0]


@pytest.mark.embedded("KMS keys are not lost")
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


@pytest.mark.embedded("AWS sends the mail")
def test_one_mail_that_ends_the_connection_does_not_hold_up_others(make_server, smtp):  # noqa: F811
    inbox = smtp(port=free_port())
    server = mailing(make_server, inbox)

    async def handle_rcpt(server, session, envelope, address, options):
        if address.startswith("poison"):
            return "421 closing"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    inbox.handle_RCPT = handle_rcpt
    with server.client() as c:
        for name in ("poison", "honest"):
            r = c.post("/v1/accounts", json={"username": f"{name}er",
                                             "email": f"{name}@example.org",
                                             "password": "a very long password"})
            assert r.status_code == 201
    wait_for(lambda: inbox.to("honest@example.org"), "the mail behind the one that fails")


@pytest.mark.embedded("AWS sends the mail")
def test_sent_mail_is_not_repeated_while_the_database_refuses(make_server, smtp):  # noqa: F811
    inbox = smtp(port=free_port())
    server = mailing(make_server, inbox)
    sign_up = {"username": "owner1", "email": "owner@example.org", "password": "a long pass word"}
    db = sqlite3.connect(server.data_dir / "letterlock.sqlite", isolation_level=None,
                         check_same_thread=False)
    take = inbox.handle_DATA

    async def handle_data(smtp_server, session, envelope):
        if inbox.to("owner@example.org") and not db.in_transaction:
            db.execute("BEGIN IMMEDIATE")
        return await take(smtp_server, session, envelope)

    inbox.handle_DATA = handle_data
    with server.client() as c:
        assert c.post("/v1/accounts", json=sign_up).status_code == 201
        wait_for(lambda: inbox.to("owner@example.org"), "the code")
        wait_for(lambda: queued(server, "owner@example.org") == 0, "the queue to be empty")
        assert c.post("/v1/accounts", json=sign_up | {"username": "owner2"}).status_code == 201
    wait_for(lambda: "sqlite_failed" in server.log(), "the removal to fail")
    db.execute("ROLLBACK")
    inbox.handle_DATA = take
    wait_for(lambda: queued(server, "owner@example.org") == 0, "the queue to be empty")
    assert len(inbox.to("owner@example.org")) == 2, "the code, and one mail to the owner"


@pytest.mark.embedded("AWS sends the mail")
def test_erased_account_leaves_no_mail_behind(make_server, smtp):  # noqa: F811
    inbox = smtp(port=free_port())
    server = mailing(make_server, inbox)
    alice, bob = server.user(), server.user()
    inbox.stop()
    alice.send(bob, "a notice of this cannot go out")
    wait_for(lambda: queued(server, bob.email) == 1, "the notice in the queue")
    r = bob.id.request("DELETE", "/v1/me", json={"password": bob.password})
    assert r.status_code == 204, r.text
    assert queued(server, bob.email) == 0
