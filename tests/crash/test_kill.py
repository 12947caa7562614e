"""kill -9 at random moments under load: every acknowledged letter is there and opens; nothing that
was not acknowledged is half there. CRASH_ROUNDS sets how often (100 for the full run)."""

import hashlib
import os
import random
import sqlite3
import subprocess
import threading
import time
import uuid

import httpx

from support.server import BINARY, Server, wait_for

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "8"))
SENDERS = 6
LARGE_EVERY = 5


class Sender(threading.Thread):
    """Sends letters until the server dies; remembers those that were acknowledged."""

    def __init__(self, server, user, to, seed):
        super().__init__()
        self.server, self.user, self.to = server, user, to
        self.random = random.Random(seed)
        self.acknowledged = {}  # letter id -> SHA-256 of its content
        self.failure = None

    def send(self, client, i):
        if i % LARGE_EVERY == LARGE_EVERY - 1:
            data = self.random.randbytes(self.random.randrange(20_000, 400_000))
            r = client.post("/v1/letters", data={"to": self.to.name}, files={"file": ("f", data)})
        else:
            data = self.random.randbytes(20).hex().encode()
            r = client.post("/v1/letters", json={"to": self.to.name, "text": data.decode()})
        assert r.status_code == 201, r.text
        self.acknowledged[r.json()["id"]] = hashlib.sha256(data).hexdigest()

    def run(self):
        client = self.server.client(self.user.session["id_token"])
        try:
            for i in range(1_000_000):
                self.send(client, i)
        except httpx.TransportError:
            return
        except AssertionError as failure:
            self.failure = failure


def inbox_of(user):
    items, cursor = [], None
    while True:
        params = {"box": "inbox", "limit": 200} | ({"cursor": cursor} if cursor else {})
        page = user.id.get("/v1/letters", params=params).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def kill_under_load(server, one, two, rng):
    """One round; gives what was acknowledged in it."""
    senders = [Sender(server, one, two, rng.random()) for _ in range(SENDERS)]
    for s in senders:
        s.start()
    # A random moment is what this test is about: nothing is waited for.
    time.sleep(rng.uniform(0.05, 0.8))
    server.kill()
    acknowledged = {}
    for s in senders:
        s.join(60)
        assert not s.is_alive() and s.failure is None, s.failure
        acknowledged |= s.acknowledged
    server.start()
    return acknowledged


def objects_of_records(server):
    """The ids of letters whose content is in an object, not in the database."""
    database = sqlite3.connect(f"file:{server.data_dir}/letterlock.sqlite?mode=ro", uri=True)
    try:
        rows = database.execute("SELECT id FROM messages WHERE frames IS NULL").fetchall()
    finally:
        database.close()
    return {str(uuid.UUID(bytes=row[0])) for row in rows}


def files_under(directory):
    return {p.name for p in directory.rglob("*") if p.is_file()}


def has_no_orphan(server):
    """The start removes what no record vouches for: unfinished uploads, objects without a letter."""
    return files_under(server.data_dir / "objects") == objects_of_records(server)


def test_nothing_acknowledged_is_lost(tmp_path):
    seed = int(os.environ.get("CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed}")
    rng = random.Random(seed)
    server = Server(tmp_path / "s", LETTERLOCK_QUOTA_BYTES="100GiB").start()
    one, two = server.user(), server.user()
    acknowledged = {}
    for _ in range(ROUNDS):
        acknowledged |= kill_under_load(server, one, two, rng)
    assert acknowledged
    wait_for(lambda: has_no_orphan(server), "the start to remove orphans")
    assert not files_under(server.data_dir / "objects" / "tmp")
    items = inbox_of(two)
    ids = [x["id"] for x in items]
    assert len(ids) == len(set(ids))
    assert set(acknowledged) <= set(ids), "an acknowledged letter is lost"
    for letter in ids:
        r = two.id.get(f"/v1/letters/{letter}/content")
        assert r.status_code == 200, (letter, r.text)
        if letter in acknowledged:
            assert hashlib.sha256(r.content).hexdigest() == acknowledged[letter]
    assert two.id.get("/v1/letters/unread").json()["count"] == len(ids)
    used = two.id.get("/v1/me").json()["quota"]["used_bytes"]
    assert used == sum(x["sealed_size"] for x in items)
    server.restart()
    done = subprocess.run([BINARY, "check", "--json"], env=server.environment, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.stop() == 0
    print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged letters, {len(ids)} stored")
