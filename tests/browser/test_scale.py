"""Many letters: one conversation of 10,000, then the same letters spread over 1,000 people. The time
until each is usable is printed (pytest -s), and compared with nothing: machines are noisy."""

import concurrent.futures
import re
import sqlite3
import time
import uuid

import pytest
from playwright.sync_api import expect

LETTERS = 10_000
PEOPLE = 1_000
SENDERS = 8


@pytest.fixture(scope="module")
def crowded(server):
    """(a, b): a has 10,000 letters of b, of which the newest 50 are unread."""
    a, b = server.user(), server.user()

    def send(number):
        body = {"to": a.user_id, "text": f"letter {number}"}
        assert b.id.post("/v1/letters", json=body).status_code == 201

    with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, range(LETTERS)))
    server.stop()
    with sqlite3.connect(database(server)) as db:
        db.execute("UPDATE messages SET read_ms = sent_ms WHERE no <= "
                   "(SELECT max(no) FROM messages) - 50")
    db.close()
    server.start()
    return a, b


def database(server):
    return server.data_dir / "letterlock.sqlite"


def spread_over_people(server):
    """Gives the letters to 1,000 people in turn. They open no more, but lists are as long as life."""
    server.stop()
    with sqlite3.connect(database(server)) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(users)")]
        [model] = db.execute("SELECT * FROM users ORDER BY no DESC LIMIT 1")
        first = model[columns.index("no")] + 1
        for i in range(PEOPLE):
            row = dict(zip(columns, model, strict=True))
            row |= {"no": first + i, "id": uuid.uuid4().bytes, "username": f"person{i:04}",
                    "email": f"person{i:04}@example.org"}
            db.execute(f"INSERT INTO users VALUES({','.join('?' * len(row))})", list(row.values()))
        db.execute("UPDATE messages SET sender_no = ? + no % ?", (first, PEOPLE))
    db.close()
    server.start()


def seconds_until_usable(desk, path, ready):
    start = time.monotonic()
    desk.page.goto(desk.url + path, wait_until="commit")
    expect(ready).to_be_visible()
    return time.monotonic() - start


@pytest.mark.embedded("fills the database")
def test_a_conversation_of_10000_letters(crowded, open_desk):
    a, b = crowded
    desk = open_desk(a)
    newest = desk.seal()
    taken = [seconds_until_usable(desk, f"/with/{b.user_id}", newest) for _ in range(3)]
    print(f"a conversation of {LETTERS:,} letters: usable after {min(taken):.2f} s")
    assert desk.page.locator(".thread-list li").count() < 60
    thread = desk.page.locator(".thread-list")
    seen = set()
    for _ in range(40):
        thread.hover()
        desk.page.mouse.wheel(0, -3000)
        desk.page.wait_for_timeout(60)
        seen |= set(map(int, re.findall(r"letter (\d+)", thread.inner_text())))
    assert min(seen) < LETTERS - 200
    expect(desk.page.get_by_text(re.compile(r"^letter \d+$")).first).to_be_visible()
    assert desk.page.locator(".thread-list li").count() < 60


@pytest.mark.embedded("fills the database")
def test_home_with_1000_conversations(server, crowded, open_desk):
    a, _ = crowded
    spread_over_people(server)
    desk = open_desk(a)
    rows = desk.page.get_by_role("list", name="Conversations").get_by_role("link")
    taken = [seconds_until_usable(desk, "/", rows.first) for _ in range(3)]
    print(f"home with {PEOPLE:,} conversations: usable after {min(taken):.2f} s")
    assert rows.count() < 60
    rows.first.focus()
    last = re.compile(r"person\d{4}")
    sizes = set()
    for _ in range(12):
        desk.page.keyboard.press("End")
        expect(desk.page.locator(":focus")).to_contain_text(last)
        desk.page.wait_for_timeout(150)
        sizes.add(int(desk.page.locator(".rows li").last.get_attribute("aria-setsize")))
    assert max(sizes) == PEOPLE
    desk.page.keyboard.press("Home")
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("heading", level=2)).to_contain_text(last)
