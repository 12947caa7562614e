"""From one server to another: export on the old, import on the new, which is on the backend that is
being tested; the old one is embedded."""

import json
import os

import pytest

from support import backends
from support.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("old")).start()
    yield server
    assert server.stop() == 0, server.log()[-4000:]


@pytest.fixture
def new_server(tmp_path, request):
    server = backends.new_server(request, tmp_path / "new").start()
    yield server
    assert server.stop() == 0, server.log()[-4000:]


def letters(directory):
    return {path.parent.name: json.loads(path.read_text())
            for path in directory.glob("*/letter.json")}


def move(person, server):
    """Signs the person up on another server, under the same name, and in."""
    person.run("logout")
    person.run("signup", server.url, "--username", person.name, "--email", person.email,
               "--password-file", person.password_file)
    person.run("confirm", server.url, "--username", person.name, server.read_code(person.email))
    person.run("login", server.url, "--login", person.name, "--password-file",
               person.password_file)


def test_letters_move_to_another_server(alice, bob, new_server):
    content = os.urandom(300_000)
    (alice.cwd / "plan.bin").write_bytes(content)
    first = alice.json("send", "--to", bob.name, "--text", "Grüße ✉")["id"]
    second = alice.json("send", "--to", bob.name, "--text", "with a file", "plan.bin")["id"]
    sent = bob.json("send", "--to", alice.name, "--text", "an answer")["id"]
    sealed = bob.json("send", "--to", alice.name, "--text", "no copy", "--no-copy")["id"]
    bob.run("open", first)
    bob.run("export", "kept")
    saved = letters(bob.cwd / "kept")
    assert {first, second, sent} <= set(saved)
    assert sealed not in saved
    assert saved[first]["text"] == "Grüße ✉"
    assert (bob.cwd / "kept" / second / "content").read_bytes() == content
    assert os.stat(bob.cwd / "kept" / second / "content").st_mode & 0o077 == 0

    move(bob, new_server)
    bob.run("import", "kept")
    there = bob.json("inbox")["items"]
    assert len(there) == len(saved)
    texts = {}
    for item in there:
        opened = bob.json("open", item["id"], "-o", "out.bin", "--force")
        texts[opened["text"]] = item
        if "with a file" in opened["text"]:
            assert (bob.cwd / "out.bin").read_bytes() == content
            assert opened["file"]["name"] == "plan.bin"
    assert any(t.startswith(f"From {alice.name} to {bob.name}, ") and t.endswith("\n\nGrüße ✉")
               for t in texts)
    unread = [t for t, item in texts.items() if item["read_at"] is None]
    assert not any(t.endswith(("Grüße ✉", "an answer")) for t in unread)
    assert any(t.endswith("with a file") for t in unread)


def test_both_may_be_repeated(alice, bob, new_server):
    letter = alice.json("send", "--to", bob.name, "--text", "once")["id"]
    bob.run("export", "kept")
    (bob.cwd / "kept" / letter / "letter.json").unlink()  # as if it had been cut off there
    bob.run("export", "kept")
    assert letter in letters(bob.cwd / "kept")
    move(bob, new_server)
    bob.run("import", "kept")
    count = len(bob.json("inbox")["items"])
    (bob.cwd / "kept" / letter / "imported").unlink()  # sent, and the note of it lost
    bob.run("import", "kept")
    assert len(bob.json("inbox")["items"]) == count


def test_what_is_no_export(alice):
    assert alice.run("import", "nowhere", exit=7).stderr
    broken = alice.cwd / "broken" / "0192f0c1-2345-7abc-8def-0123456789ab"
    broken.mkdir(parents=True)
    (broken / "letter.json").write_text("{")
    assert b"not a letter" in alice.run("import", "broken", exit=7).stderr
