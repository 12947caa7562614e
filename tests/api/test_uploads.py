"""Resumable uploads (tus 1.0.0): every status, and one letter whatever breaks on the way."""

import base64
import io
import itertools
import json
import os
import sqlite3
import subprocess
import threading
import time

import httpx
import pytest

from support import tus
from support.server import BINARY, wait_for

FRAME = 65_536
MIB = 1 << 20
CANARY = "canary-7f3a91"


def content(user, letter):
    r = user.id.get(f"/v1/letters/{letter}/content")
    assert r.status_code == 200, r.text
    return r.content


def letters(user):
    return user.id.get("/v1/letters", params={"box": "inbox"}).json()["items"]


def check(server):
    done = subprocess.run([BINARY, "check", "--json"], env=server.environment, timeout=120,
                          capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


# --- the way it should go ---

@pytest.mark.parametrize("size, step", [
    (1, 1), (1000, 333), (FRAME - 200, FRAME), (FRAME, 10_000), (2 * FRAME + 5, FRAME),
    (5 * MIB + 3, 2 * MIB + 1), (9 * MIB, 9 * MIB)])
def test_the_recipient_opens_what_was_sent_in_parts(server, alice, bob, size, step):
    data = os.urandom(size)
    path = tus.begin(alice.access, bob, size, filename="größe.bin", filetype="image/png")
    assert tus.offset(alice.access, path) == 0
    letter = tus.finish(alice.access, path, data, step)
    assert content(bob, letter) == data
    manifest = bob.id.get(f"/v1/letters/{letter}/manifest").json()
    assert manifest["file"]["name"] == "größe.bin" and manifest["file"]["media_type"] == "image/png"
    r = tus.head(alice.access, path)
    assert r.headers["upload-offset"] == r.headers["upload-length"] == str(size)
    assert r.headers["letterlock-letter-id"] == letter
    # A lost answer to the last request: ask again.
    again = tus.patch(alice.access, path, size, b"")
    assert again.status_code == 204 and again.headers["letterlock-letter-id"] == letter
    assert [m["id"] for m in letters(bob)].count(letter) == 1


def test_all_of_the_metadata_arrives(server, alice, bob):
    path = tus.begin(alice.id, bob, 3, text="see this", copy="false", expires_in="3600", other="")
    letter = tus.finish(alice.id, path, b"abc", 3)
    manifest = bob.id.get(f"/v1/letters/{letter}/manifest").json()
    assert manifest["text"] == "see this"
    shown = bob.id.get(f"/v1/letters/{letter}").json()
    assert shown["expires_at"] is not None
    assert alice.id.get(f"/v1/letters/{letter}/content").status_code == 403


def test_with_the_id_token_the_sender_is_verified_and_keeps_a_copy(server, alice, bob):
    path = tus.begin(alice.id, bob, 4)
    letter = tus.finish(alice.access, path, b"data", 4)
    assert content(alice, letter) == content(bob, letter) == b"data"


@pytest.mark.embedded("on AWS nobody tells who encrypted")
def test_sender_is_verified(server, alice, bob):
    letter = tus.finish(alice.id, tus.begin(alice.id, bob, 4), b"data", 4)
    assert bob.id.get(f"/v1/letters/{letter}").json()["sender_verified"] is True


def test_an_empty_file_is_a_letter_at_once(server, alice, bob):
    r = tus.create(alice.id, bob, 0)
    assert r.status_code == 201 and r.headers["upload-offset"] == "0"
    assert content(bob, r.headers["letterlock-letter-id"]) == b""


def test_options_and_config_tell_what_is_offered(server):
    for path in ("/v1/uploads", "/v1/uploads/x"):
        r = server.client().options(path)
        assert r.status_code == 204
        assert r.headers["tus-version"] == r.headers["tus-resumable"] == "1.0.0"
        assert r.headers["tus-extension"] == "creation,termination,expiration"
        assert int(r.headers["tus-max-size"]) == 5 << 30
    assert server.client().get("/v1/config").json()["uploads"] is True


def test_browsers_of_the_configured_origin_see_the_headers(make_server):
    server = make_server(LETTERLOCK_ALLOWED_ORIGIN="https://app.example.org")
    r = server.client().options("/v1/uploads", headers={
        "Origin": "https://app.example.org", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "tus-resumable,upload-length,upload-metadata"})
    allowed = r.headers["access-control-allow-headers"].lower()
    assert r.status_code == 204 and "PATCH" in r.headers["access-control-allow-methods"]
    for name in ("tus-resumable", "upload-length", "upload-metadata", "upload-offset"):
        assert name in allowed
    r = server.client().options("/v1/uploads", headers={"Origin": "https://app.example.org"})
    exposed = r.headers["access-control-expose-headers"].lower()
    for name in ("location", "upload-offset", "upload-length", "upload-expires", "tus-resumable",
                 "letterlock-letter-id"):
        assert name in exposed


# --- what is refused ---

def test_refused_beginnings(server, alice, bob):
    def code(r):
        assert r.headers["tus-resumable"] == "1.0.0"
        return r.status_code, r.json()["code"]
    good = tus.metadata(to=bob.name, filename="f")
    c = alice.id
    post = lambda **h: c.post("/v1/uploads", headers={k.replace("_", "-"): v for k, v in h.items()})
    r = post(Upload_Length="1", Upload_Metadata=good)
    assert code(r) == (412, "precondition_failed") and r.headers["tus-version"] == "1.0.0"
    assert code(post(Tus_Resumable="0.2.2", Upload_Length="1", Upload_Metadata=good))[0] == 412
    ok = tus.VERSION
    assert code(c.post("/v1/uploads", headers=ok | {"Upload-Metadata": good})) == (400, "missing_field")
    for length in ("-1", "x", "", "1.5", "9" * 30):
        r = c.post("/v1/uploads", headers=ok | {"Upload-Length": length, "Upload-Metadata": good})
        assert code(r) == (400, "invalid_field"), length
    for bad in ("to !", "to", "to  eA==", "to eA==,to eA==", ",", "to eA==,", "t\u00f6 eA==",
                ",".join(f"k{i} eA==" for i in range(17))):
        r = c.post("/v1/uploads", headers=[("Tus-Resumable", "1.0.0"), ("Upload-Length", "1"),
                                           ("Upload-Metadata", bad.encode())])
        assert r.status_code == 400, bad
    b64 = lambda raw: base64.b64encode(raw).decode()
    cases = [
        (dict(to="nobody-here"), 404, "unknown_recipient"),
        (dict(to="x" * 100), 404, "unknown_recipient"),
        (dict(filename=""), 400, "invalid_file_name"),
        (dict(filename="a/b"), 400, "invalid_file_name"),
        (dict(copy="maybe"), 400, "invalid_field"),
        (dict(expires_in="0"), 400, "invalid_field"),
        (dict(expires_in="soon"), 400, "invalid_field")]
    for fields, status, name in cases:
        r = tus.create(c, fields.pop("to", bob), 1, **fields)
        assert code(r) == (status, name), fields
    r = c.post("/v1/uploads", headers=ok | {
        "Upload-Length": "1", "Upload-Metadata": good + ",text " + b64(b"\xff\xfe")})
    assert code(r) == (400, "invalid_field")
    assert code(tus.create(c, bob, (5 << 30) + 1)) == (413, "letter_too_large")
    assert code(tus.create(c, bob, 1, {"Idempotency-Key": "a b"})) == (400, "invalid_field")
    r = c.post("/v1/uploads", content=b"x", headers=ok | {"Upload-Length": "1",
                                                          "Upload-Metadata": good})
    assert r.status_code == 413
    assert tus.create(server.client(), bob, 1).status_code == 401


def test_refused_requests_to_an_upload(server, alice, bob, carol):
    c = alice.id
    path = tus.begin(c, bob, 10)
    assert tus.patch(c, path, 0, b"01234").status_code == 204

    def code(r):
        assert r.headers["tus-resumable"] == "1.0.0"
        return r.status_code, r.json()["code"]
    assert code(tus.patch(c, path, 0, b"01234")) == (409, "offset_mismatch")
    assert code(tus.patch(c, path, 6, b"6")) == (409, "offset_mismatch")
    assert code(tus.patch(c, path, 5, b"5", **{"Content-Type": "application/octet-stream"})) == \
        (415, "unsupported_media_type")
    assert code(tus.patch(c, path, 5, b"5", **{"Tus-Resumable": "2.0.0"})) == \
        (412, "precondition_failed")
    assert code(tus.patch(c, path, "x", b"5")) == (400, "invalid_field")
    r = c.patch(path, content=b"5", headers=tus.VERSION | {"Content-Type": tus.BYTES})
    assert code(r) == (400, "missing_field")
    assert code(tus.patch(c, path, 5, b"567890")) == (413, "body_too_large")
    assert code(tus.patch(c, path, 5, iter([b"567", b"890"]))) == (413, "body_too_large")
    assert tus.head(c, path).headers["cache-control"] == "no-store"
    assert c.head(path).status_code == 412
    # Nobody else's, and not without the secret in the address.
    for other in (carol, bob):
        assert tus.head(other.id, path).status_code == 404
        assert code(tus.patch(other.id, path, 5, b"56789")) == (404, "not_found")
        assert other.id.delete(path, headers=tus.VERSION).status_code == 404
    wrong = path[:-1] + ("A" if path[-1] != "A" else "Q")
    for p in (wrong, path.split(".")[0], path + "x", "/v1/uploads/x", path.replace(".", "-")):
        assert tus.head(c, p).status_code == 404, p
        assert c.delete(p, headers=tus.VERSION).status_code == 404, p
    assert tus.head(server.client(), path).status_code == 401
    assert c.get(path, headers=tus.VERSION).json()["letter_id"] is None
    assert content(bob, tus.finish(c, path, b"0123456789", 5)) == b"0123456789"


def test_deleted_uploads_are_gone_and_finished_ones_are_letters(server, alice, bob):
    path = tus.begin(alice.id, bob, 5 * MIB)
    assert tus.patch(alice.id, path, 0, bytes(3 * MIB)).status_code == 204
    r = alice.id.delete(path, headers=tus.VERSION)
    assert r.status_code == 204 and r.headers["tus-resumable"] == "1.0.0"
    assert tus.head(alice.id, path).status_code == 404
    assert tus.patch(alice.id, path, 3 * MIB, b"x").status_code == 404
    if hasattr(server, "data_dir") and (server.data_dir / "objects/drafts").exists():
        assert list((server.data_dir / "objects/drafts").iterdir()) == []
    path = tus.begin(alice.id, bob, 3)
    letter = tus.finish(alice.id, path, b"abc", 3)
    assert alice.id.delete(path, headers=tus.VERSION).status_code == 409
    assert content(bob, letter) == b"abc"


def test_limits(make_server):
    server = make_server(LETTERLOCK_QUOTA_BYTES="1MiB", LETTERLOCK_MAX_LETTER_BYTES="900KiB")
    one, two = server.user(), server.user()
    r = tus.create(one.id, two, 900 * 1024 + 1)
    assert (r.status_code, r.json()["code"]) == (413, "letter_too_large")
    path = tus.begin(one.id, two, 800 * 1024)
    r = tus.create(one.id, two, 800 * 1024)
    assert (r.status_code, r.json()["code"]) == (429, "too_many_uploads")
    # The room goes to others meanwhile: the letter is refused, the bytes stay, and it can be tried again.
    data = os.urandom(800 * 1024)
    r = two.id.post("/v1/letters", data={"to": two.name}, files={"file": ("x", bytes(500 * 1024))})
    assert r.status_code == 201
    refused = tus.patch(one.id, path, 0, data)
    assert (refused.status_code, refused.json()["code"]) == (403, "quota_exceeded")
    assert letters(two) == [r.json() | letters(two)[0]]
    r2 = tus.create(one.id, two, 900 * 1024)
    assert (r2.status_code, r2.json()["code"]) == (403, "quota_exceeded")
    assert two.id.delete(f"/v1/letters/{r.json()['id']}").status_code == 204
    assert content(two, tus.finish(one.id, path, data, MIB)) == data
    for _ in range(16):
        tus.begin(two.id, one, 1)
    r = tus.create(two.id, one, 1)
    assert (r.status_code, r.json()["code"]) == (429, "too_many_uploads")


def test_an_idempotency_key_makes_one_letter(server, alice, make_user_pair):
    one, two = make_user_pair
    data = os.urandom(200_000)
    key = {"Idempotency-Key": "upload-key-1"}
    first = tus.begin(one.id, two, len(data), key)
    second = tus.begin(one.id, two, len(data), key)
    letter = tus.finish(one.id, first, data, 70_000)
    assert tus.finish(one.id, second, data, 150_000) == letter
    assert [m["id"] for m in letters(two)] == [letter]
    assert tus.head(one.id, second).headers["letterlock-letter-id"] == letter
    other = tus.begin(one.id, two, len(data), key)
    r = tus.patch(one.id, other, 0, data[::-1])
    assert (r.status_code, r.json()["code"]) == (409, "idempotency_mismatch")
    assert content(two, letter) == data


@pytest.mark.embedded("letterlock admin")
def test_who_was_disabled_meanwhile_gets_no_letter(server, alice, run_admin):
    bob = server.user()
    data = os.urandom(100_000)
    path = tus.begin(alice.id, bob, len(data))
    assert tus.patch(alice.id, path, 0, data[:70_000]).status_code == 204

    def is_known():
        r = alice.id.post("/v1/letters", json={"to": bob.name, "text": "hello"})
        return r.status_code == 201

    run_admin("disable", bob.name)
    wait_for(lambda: not is_known(), "the account to be disabled")
    r = tus.patch(alice.id, path, 70_000, data[70_000:])
    assert (r.status_code, r.json()["code"]) == (404, "unknown_recipient")
    run_admin("enable", bob.name)
    wait_for(is_known, "the account to be enabled")
    assert tus.finish(alice.id, path, data, len(data))


# --- two at once, and what breaks ---

def test_a_second_request_takes_over_cleanly(server, alice, bob):
    """As after a connection that is lost to one side only."""
    data = os.urandom(12 * MIB)
    path = tus.begin(alice.id, bob, len(data))
    go_on, replies = threading.Event(), []

    def hesitate():
        yield data[:6 * MIB]
        go_on.wait(30)
        yield data[6 * MIB:]

    def first():
        with server.client(alice.session["id_token"]) as c:
            replies.append(tus.patch(c, path, 0, hesitate()))
    thread = threading.Thread(target=first)
    thread.start()
    wait_for(lambda: tus.offset(alice.id, path) > 0, "the first request to get somewhere")
    letter = tus.finish(alice.id, path, data, 7 * MIB)
    go_on.set()
    thread.join()
    assert replies[0].status_code == 423, replies[0].text
    assert content(bob, letter) == data
    assert [m["id"] for m in letters(bob)].count(letter) == 1


def test_of_two_at_the_same_time_one_goes_on(server, alice, bob):
    data = os.urandom(6 * MIB)
    path = tus.begin(alice.id, bob, len(data))
    replies = []

    def send():
        with server.client(alice.session["id_token"]) as c:
            replies.append(tus.patch(c, path, 0, data))
    threads = [threading.Thread(target=send) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    statuses = sorted(r.status_code for r in replies)
    assert set(statuses) <= {204, 409, 423}, statuses
    letter = tus.finish(alice.id, path, data, MIB)
    assert content(bob, letter) == data
    assert [m["id"] for m in letters(bob)].count(letter) == 1


def broken_off(server, user, path, data, offset, stop):
    """Sends data without its end and breaks the connection once stop() says so."""
    class Broken(Exception):
        pass

    def parts():
        yield data
        wait_for(stop, "the server to get somewhere")
        raise Broken
    with server.client(user.session["id_token"]) as c, pytest.raises(Broken):
        tus.patch(c, path, offset, parts())


def test_a_broken_connection_costs_seconds(server, alice, bob):
    data = os.urandom(10 * MIB)
    path = tus.begin(alice.id, bob, len(data))
    broken_off(server, alice, path, data[:9 * MIB], 0,
               lambda: tus.offset(alice.id, path) >= 4 * MIB)
    assert tus.offset(alice.id, path) >= 4 * MIB
    assert content(bob, tus.finish(alice.id, path, data, 20 * MIB)) == data


@pytest.mark.embedded("kills the server that keeps everything")
def test_kill_9_in_the_middle_and_on_from_there(make_server):
    server = make_server()
    one, two = server.user(), server.user()
    data = os.urandom(21 * MIB)
    path = tus.begin(one.id, two, len(data))
    at = 0
    for goal in (1, 4 * MIB, 9 * MIB):
        def kill():
            if tus.offset(one.id, path) < goal:
                return False
            server.kill()
            return True
        with pytest.raises(httpx.TransportError), server.client(one.session["id_token"]) as c:
            def parts():
                for i in range(at, len(data) - MIB, MIB):
                    yield data[i:i + MIB]
                wait_for(kill, f"offset {goal}")
                yield b"never"
            tus.patch(c, path, at, parts())
        server.start()
        at = tus.offset(one.id, path)
        assert at >= goal
    letter = tus.finish(one.id, path, data, 5 * MIB)
    assert content(two, letter) == data
    assert check(server)[0] == 0
    assert [m["id"] for m in letters(two)] == [letter]
    assert list((server.data_dir / "objects/drafts").iterdir()) == []


@pytest.mark.embedded("kills the server that keeps everything")
def test_bytes_that_come_again_must_be_the_same(make_server):
    """No frame is ever sealed from two texts: what was about to be is remembered."""
    server = make_server()
    one, two = server.user(), server.user()
    data = os.urandom(12 * MIB)
    path = tus.begin(one.id, two, len(data))

    def kill():
        if tus.offset(one.id, path) == 0:
            return False
        server.kill()
        return True
    with pytest.raises(httpx.TransportError), server.client(one.session["id_token"]) as c:
        def parts():
            yield data[:5 * MIB]
            wait_for(kill, "the first frames")
            yield b"never"
        tus.patch(c, path, 0, parts())
    server.start()
    at = tus.offset(one.id, path)
    assert 0 < at < 5 * MIB
    changed = bytearray(data)
    changed[at + FRAME] ^= 1
    r = tus.patch(one.id, path, at, bytes(changed[at:]))
    assert (r.status_code, r.json()["code"]) == (422, "upload_changed")
    assert tus.patch(one.id, path, at, data[at:]).status_code == 204
    (letter,) = letters(two)
    assert content(two, letter["id"]) == data


@pytest.mark.embedded("reads the data directory")
def test_nothing_readable_rests_between_requests(make_server):
    server = make_server()
    one, two = server.user(), server.user()
    data = (CANARY * 400_000).encode()
    path = tus.begin(one.id, two, len(data), filename=CANARY + ".bin", text=CANARY)
    assert tus.patch(one.id, path, 0, data[:4 * MIB + 12345]).status_code == 204
    secret = path.rsplit(".")[-1]

    def found(needle):
        return [p.name for p in server.directory.rglob("*")
                if p.is_file() and needle in p.read_bytes()]
    for needle in (CANARY, CANARY[::-1], secret):
        assert found(needle.encode()) == []
    raw = base64.urlsafe_b64decode(secret + "=")
    assert found(raw) == []
    server.restart()
    assert found(CANARY.encode()) == found(secret.encode()) == []
    letter = tus.finish(one.id, path, data, 3 * MIB)
    assert content(two, letter) == data
    assert found(CANARY.encode()) == found(secret.encode()) == []


@pytest.mark.embedded("changes files of the data directory")
def test_a_flipped_bit_in_the_waiting_file_is_noticed(make_server):
    server = make_server()
    one, two = server.user(), server.user()
    data = os.urandom(6 * MIB)
    path = tus.begin(one.id, two, len(data))
    assert tus.patch(one.id, path, 0, data[:5 * MIB]).status_code == 204
    (draft,) = (server.data_dir / "objects/drafts").iterdir()
    raw = bytearray(draft.read_bytes())
    raw[2 * MIB] ^= 4
    draft.write_bytes(raw)
    letter = tus.finish(one.id, path, data, 5 * MIB)
    got = bytearray()
    with pytest.raises(httpx.TransportError):
        with two.id.stream("GET", f"/v1/letters/{letter}/content") as r:
            for piece in r.iter_raw():
                got += piece
    assert data.startswith(bytes(got)) and len(got) < 2 * MIB
    status, report = check(server)
    assert status != 0 and [f["id"] for f in report["findings"]] == [letter]


@pytest.mark.embedded("changes rows and files of the data directory")
def test_uploads_expire_and_lost_files_are_lost(make_server):
    server = make_server()
    one, two = server.user(), server.user()
    path = tus.begin(one.id, two, MIB)
    assert tus.patch(one.id, path, 0, bytes(500_000)).status_code == 204
    lost = tus.begin(one.id, two, MIB)
    assert tus.patch(one.id, lost, 0, bytes(500_000)).status_code == 204
    assert server.stop() == 0
    (server.data_dir / "objects/drafts" / lost.split("/")[-1].split(".")[0]).unlink()
    soon = int(time.time() * 1000) + 1500
    with sqlite3.connect(server.data_dir / "letterlock.sqlite") as db:
        db.execute("UPDATE uploads SET expires_ms = ? WHERE id = ?",
                   (soon, bytes.fromhex(path.split("/")[-1].split(".")[0].replace("-", ""))))
    db.close()
    server.start()
    r = tus.patch(one.id, lost, 500_000, bytes(500_000))
    assert (r.status_code, r.json()["code"]) == (404, "not_found")
    wait_for(lambda: tus.head(one.id, path).status_code == 410, "the upload to expire")
    r = tus.patch(one.id, path, 500_000, b"x")
    assert (r.status_code, r.json()["code"]) == (410, "upload_expired")
    assert one.id.delete(path, headers=tus.VERSION).status_code == 204
    assert tus.head(one.id, path).status_code == 404


@pytest.mark.embedded("copies the data directory")
def test_an_upload_goes_on_with_another_server(make_server):
    """All that a server must know is in the data directory and in the address."""
    server = make_server()
    one, two = server.user(), server.user()
    data = os.urandom(300_000)
    path = tus.begin(one.id, two, len(data))
    for at in itertools.chain(range(0, 290_000, 70_000), (290_000,)):
        now = tus.offset(one.id, path)
        assert tus.patch(one.id, path, now, data[now:at]).status_code == 204
        server.restart()
    letter = tus.finish(one.id, path, data, 7000)
    assert content(two, letter) == data and check(server)[0] == 0


def test_tuspy_uploads_and_resumes(server, alice, bob):
    """The protocol as others read it: the Python client of the tus project."""
    from tusclient import client as tusclient
    data = os.urandom(3 * MIB + 17)
    c = tusclient.TusClient(server.url + "/v1/uploads", headers={
        "Authorization": f"Bearer {alice.session['id_token']}"})
    fields = {"to": bob.name, "filename": "t.bin", "filetype": "application/x-test"}
    first = c.uploader(file_stream=io.BytesIO(data), chunk_size=MIB, metadata=fields)
    first.upload_chunk()
    assert first.offset == MIB
    # As after a restart of the program: only the address is known.
    second = c.uploader(file_stream=io.BytesIO(data), chunk_size=700_000, url=first.url)
    assert second.offset == MIB
    second.upload()
    letter = tus.head(alice.id, first.url.replace(server.url, "")).headers["letterlock-letter-id"]
    assert content(bob, letter) == data
