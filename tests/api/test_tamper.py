"""What a thief of the disk, or one who writes to it, gets: ciphertext, and refusals."""

import sqlite3
import subprocess
import uuid

import pytest

from support.server import BINARY

pytestmark = pytest.mark.embedded("changes files and rows of the data directory")

BIG = bytes((i * 131 + i // 257) % 256 for i in range(400_000))
FRAME = 65_536 + 32


@pytest.fixture
def story(make_server):
    """A server with two users, one large letter (an object file) and a way to reach its bytes."""
    server = make_server()
    one, two = server.user(), server.user()
    r = one.id.post("/v1/letters", data={"to": two.name}, files={"file": ("b.bin", BIG)})
    letter = r.json()["id"]
    (path,) = [p for p in (server.data_dir / "objects").rglob("*") if letter in p.name]
    return server, one, two, letter, path


def check(server):
    done = subprocess.run([BINARY, "check", "--json"], env=server.environment, timeout=120,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def open_content(user, letter, **options):
    """The bytes that reach the client before the connection ends, and whether it ended well."""
    got = bytearray()
    with user.id.stream("GET", f"/v1/letters/{letter}/content", **options) as r:
        if r.status_code not in (200, 206):
            r.read()
            return r.status_code, bytes(), r.json()["code"]
        try:
            for chunk in r.iter_raw():
                got += chunk
        except Exception:
            return r.status_code, bytes(got), "cut"
    return r.status_code, bytes(got), "complete"


def test_untouched_letter_passes(story):
    server, _, two, letter, _ = story
    assert open_content(two, letter) == (200, BIG, "complete")
    status, text = check(server)
    assert status == 0, text


def flip(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("offset", [0, 3, 20, 16 + 5000, FRAME - 1, 3 * FRAME + 100, -1, -30])
def test_flipped_bit(story, offset):
    server, _, two, letter, path = story
    flip(path, offset)
    status, got, end = open_content(two, letter)
    assert end in ("cut", "letter_damaged")
    assert BIG.startswith(got), "an unverified byte was released"
    damaged_frame = (offset % path.stat().st_size) // FRAME
    assert len(got) <= max(damaged_frame, 0) * 65_536
    code, text = check(server)
    assert code != 0 and letter in text


@pytest.mark.parametrize("cut", [1, 20, FRAME, 2 * FRAME + 7])
def test_truncated(story, cut):
    server, _, two, letter, path = story
    path.write_bytes(path.read_bytes()[:-cut])
    _, got, end = open_content(two, letter)
    assert end == "letter_damaged" and got == b""
    code, text = check(server)
    assert code != 0 and letter in text


def test_cut_at_a_frame_boundary(story):
    server, _, two, letter, path = story
    path.write_bytes(path.read_bytes()[:3 * FRAME])
    for headers in ({}, {"Range": "bytes=0-99"}):
        _, got, end = open_content(two, letter, headers=headers)
        assert end == "letter_damaged" and got == b""
    assert check(server)[0] != 0


def test_swapped_frames(story):
    server, _, two, letter, path = story
    d = path.read_bytes()
    path.write_bytes(d[:FRAME] + d[2 * FRAME:3 * FRAME] + d[FRAME:2 * FRAME] + d[3 * FRAME:])
    _, got, end = open_content(two, letter)
    assert end in ("cut", "letter_damaged") and BIG.startswith(got) and len(got) <= 65_536
    code, text = check(server)
    assert code != 0 and letter in text


def test_two_letters_payloads_swapped(story):
    server, one, two, letter, path = story
    r = one.id.post("/v1/letters", data={"to": two.name}, files={"file": ("c.bin", BIG[::-1])})
    other = r.json()["id"]
    (other_path,) = [p for p in (server.data_dir / "objects").rglob("*") if other in p.name]
    a, b = path.read_bytes(), other_path.read_bytes()
    path.write_bytes(b)
    other_path.write_bytes(a)
    for name in (letter, other):
        assert open_content(two, name)[1:] == (b"", "letter_damaged")
    code, text = check(server)
    assert code != 0 and letter in text and other in text


def test_whole_letters_swapped_in_the_database(make_server):
    """Header and payload moved together to another letter's row: the context gives it away."""
    server = make_server()
    one, two, three = server.user(), server.user(), server.user()
    for_two = one.send(two, "for two")["id"]
    for_three = one.send(three, "for three")["id"]
    server.stop()
    path = server.data_dir / "letterlock.sqlite"
    db = sqlite3.connect(path)
    columns = [r[1] for r in db.execute("PRAGMA table_info(messages)")]
    moved = [c for c in columns if c in ("header", "frames", "checksum")]
    assert len(moved) == 3
    def row(letter):
        return db.execute(f"SELECT {','.join(moved)} FROM messages WHERE id=?",
                          (uuid.UUID(letter).bytes,)).fetchone()
    a, b = row(for_two), row(for_three)
    sets = ",".join(f"{c}=?" for c in moved)
    db.execute(f"UPDATE messages SET {sets} WHERE id=?", (*b, uuid.UUID(for_two).bytes))
    db.execute(f"UPDATE messages SET {sets} WHERE id=?", (*a, uuid.UUID(for_three).bytes))
    db.commit()
    db.close()
    server.start()
    two.sign_in(), three.sign_in()
    for user, letter in ((two, for_two), (three, for_three)):
        r = user.id.get(f"/v1/letters/{letter}/manifest")
        assert r.status_code in (403, 422) and "for t" not in r.text
        assert r.json()["code"] in ("letter_damaged", "not_sealed_to_you")


def test_canary_is_nowhere_at_rest(make_server):
    """Text, file name and content leave no trace in data directory, log, or mail."""
    server = make_server(LETTERLOCK_LOG_LEVEL="debug")
    one, two = server.user(), server.user()
    canaries = [b"CANARY-TEXT-b1946ac9", b"canary-name-5d41402a.bin", b"CANARY-CONTENT-7d793037"]
    r = one.id.post("/v1/letters", json={"to": two.name, "text": canaries[0].decode()})
    assert r.status_code == 201
    for size in (100, 300_000):
        r = one.id.post("/v1/letters", data={"to": two.name, "text": canaries[0].decode()},
                        files={"file": (canaries[1].decode(), canaries[2] * (size // 23 + 1))})
        assert r.status_code == 201
        letter = r.json()["id"]
        assert canaries[2] in two.id.get(f"/v1/letters/{letter}/content").content
        assert two.id.get(f"/v1/letters/{letter}/manifest").json()["file"]["name"].encode() == canaries[1]
    from support.server import wait_for
    wait_for(lambda: len(server.mails(two.email)) >= 2, "the notice")
    secrets = [one.password.encode(), two.password.encode(), one.recovery_key.encode(),
               one.session["id_token"].encode(), one.session["refresh_token"].encode()]
    server.stop()
    files = [p for p in server.directory.rglob("*") if p.is_file()]
    assert len(files) > 3
    for path in files:
        data = path.read_bytes()
        for needle in canaries + secrets:
            assert needle not in data, (path, needle)
            assert needle.hex().encode() not in data
    log = server.log()
    for private in (one.name, two.name, one.email, two.email):
        assert private not in log


def test_data_directory_is_private(story):
    server, *_ = story
    assert server.data_dir.stat().st_mode & 0o777 == 0o700
    for path in server.data_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
