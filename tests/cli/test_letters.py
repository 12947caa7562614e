"""Letters from one command line to another."""
import hashlib
import json
import os
import resource
import signal
import subprocess
import time

import httpx
import pytest

from support.server import SANITIZED

DEADLINE_S = 60


def files(someone):
    return sorted(path.name for path in someone.cwd.iterdir())


def wait_until(condition):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def test_text(alice, bob):
    letter = alice.json("send", "--to", bob.name, "--text", "Grüße aus Köln\n")
    assert letter["to"]["username"] == bob.name
    unread = bob.json("inbox", "--unread")
    assert [item["id"] for item in unread["items"]] == [letter["id"]]
    done = bob.run("open", letter["id"])
    assert done.stdout.decode() == "Grüße aus Köln\n"
    assert files(bob) == []
    assert bob.json("inbox", "--unread")["items"] == []
    assert bob.json("inbox")["items"][0]["read_at"] is not None


def test_text_to_a_file(alice, bob):
    letter = alice.json("send", "--to", bob.name, "--text", "keep me")
    done = bob.run("open", letter["id"], "-o", "note.txt")
    assert done.stdout == b""
    assert (bob.cwd / "note.txt").read_text() == "keep me"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3_000_000])
def test_file(alice, bob, size):
    content = os.urandom(size)
    (alice.cwd / "plans für bob.bin").write_bytes(content)
    letter = alice.json("send", "--to", bob.name, "--text", "see file", "plans für bob.bin")
    done = bob.run("open", letter["id"])
    assert done.stdout == b"see file"
    assert files(bob) == ["plans für bob.bin"]
    assert (bob.cwd / "plans für bob.bin").read_bytes() == content
    assert bob.run("open", letter["id"], "-o", "-").stdout == content


def test_standard_input(alice, bob):
    content = os.urandom(700_000)
    letter = alice.json("send", "--to", bob.name, "--name", "data.tar", "-", stdin=content)
    bob.run("open", letter["id"], "-o", ".")
    assert (bob.cwd / "data.tar").read_bytes() == content


def test_sender_keeps_a_copy_unless_not_wanted(alice, bob):
    kept = alice.json("send", "--to", bob.name, "--text", "with a copy")
    bare = alice.json("send", "--to", bob.name, "--no-copy", "--text", "without")
    assert alice.run("open", kept["id"]).stdout == b"with a copy"
    assert alice.run("open", bare["id"], exit=1).stdout == b""
    assert bob.run("open", bare["id"]).stdout == b"without"
    sent = alice.json("inbox", "--sent")["items"]
    assert {kept["id"], bare["id"]} <= {item["id"] for item in sent}


def test_opening_a_sent_copy_does_not_mark_it_read(alice, bob):
    letter = alice.json("send", "--to", bob.name, "--text", "x")
    alice.run("open", letter["id"])
    assert len(bob.json("inbox", "--unread")["items"]) == 1


def test_json(alice, bob):
    (alice.cwd / "a.txt").write_text("abc")
    letter = alice.json("send", "--to", bob.name, "--text", "hello", "a.txt")
    opened = bob.json("open", letter["id"])
    assert opened["id"] == letter["id"]
    assert opened["text"] == "hello"
    assert opened["file"]["name"] == "a.txt"
    assert opened["file"]["size"] == 3
    assert opened["saved_as"] == "a.txt"


def test_inbox_table_and_limit(alice, bob):
    for i in range(3):
        alice.run("send", "--to", bob.name, "--text", str(i))
    lines = bob.run("inbox").stdout.decode().splitlines()
    assert lines[0].split() == ["ID", "FROM", "SENT", "SIZE", "NOTE"]
    assert len(lines) == 4
    assert all(line.startswith("*") and alice.name in line for line in lines[1:])
    newest = bob.json("inbox", "--limit", "2")
    assert len(newest["items"]) == 2
    assert newest["more"] is True
    assert bob.json("inbox", "--limit", "3")["more"] is False


def test_existing_file_is_kept(alice, bob):
    (alice.cwd / "a.txt").write_text("new")
    letter = alice.json("send", "--to", bob.name, "a.txt")
    (bob.cwd / "a.txt").write_text("old")
    bob.run("open", letter["id"], exit=7)
    assert (bob.cwd / "a.txt").read_text() == "old"
    assert len(bob.json("inbox", "--unread")["items"]) == 1
    bob.run("open", letter["id"], "--force")
    assert (bob.cwd / "a.txt").read_text() == "new"


def test_hidden_name_is_made_visible(alice, bob):
    letter = alice.json("send", "--to", bob.name, "--name", ".bashrc", "-", stdin=b"x")
    bob.run("open", letter["id"])
    assert files(bob) == ["bashrc"]


def test_stranger_finds_nothing(alice, bob, member):
    letter = alice.json("send", "--to", bob.name, "--text", "secret")
    member("mallory").run("open", letter["id"], exit=4)


def limit_memory():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))


def test_large_file_in_constant_memory(alice, bob):
    """200 MB each way with 64 MiB of memory allowed."""
    size, block = 200_000_000, os.urandom(1_000_000)
    digest = hashlib.sha256()
    with open(alice.cwd / "large", "wb") as large:
        for _ in range(size // len(block)):
            large.write(block)
            digest.update(block)
    letter = alice.json("send", "--to", bob.name, "large", preexec_fn=limit_memory)
    bob.run("open", letter["id"], preexec_fn=limit_memory)
    with open(bob.cwd / "large", "rb") as large:
        assert hashlib.file_digest(large, "sha256").digest() == digest.digest()


def test_interrupt_leaves_nothing(alice, bob):
    """Standard input that never ends: the command is in the middle of a transfer when it is told to
    stop, and ends by that very signal."""
    process = alice.start("send", "--to", bob.name, "-", stdin=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    process.stdin.write(b"x" * 1_000_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=DEADLINE_S) == -signal.SIGINT
    process.stdin.close()
    assert bob.json("inbox")["items"] == []


def test_interrupted_open_leaves_no_file(alice, bob):
    with open(alice.cwd / "large", "wb") as large:
        large.truncate(300_000_000)
    letter = alice.json("send", "--to", bob.name, "large")
    process = bob.start("open", letter["id"], stderr=subprocess.DEVNULL)
    wait_until(lambda: files(bob) != [])
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=DEADLINE_S) == -signal.SIGINT
    assert files(bob) == []


def test_damaged_letter_leaves_no_file(alice, bob, server):
    (alice.cwd / "large").write_bytes(os.urandom(2_000_000))
    letter = alice.json("send", "--to", bob.name, "large")
    stored = max((path for path in server.data_dir.rglob("*") if path.is_file()
                  and 2_000_000 <= path.stat().st_size < 2_100_000),
                 key=lambda path: path.stat().st_mtime)
    with open(stored, "r+b") as frames:
        frames.seek(1_500_000)
        byte = frames.read(1)
        frames.seek(1_500_000)
        frames.write(bytes([byte[0] ^ 1]))
    bob.run("open", letter["id"], exit=6)
    assert files(bob) == []
    assert len(bob.json("inbox", "--unread")["items"]) == 1


def test_export_key_and_unseal_offline(alice, bob, httpx_get_sealed):
    content = os.urandom(200_000)
    (alice.cwd / "a.bin").write_bytes(content)
    letter = alice.json("send", "--to", bob.name, "--text", "offline", "a.bin")
    (bob.cwd / "letter.sealed").write_bytes(httpx_get_sealed(bob, letter["id"]))
    bob.run("key", "export", "-o", "key.pem", "--password-file", bob.password_file)
    assert (bob.cwd / "key.pem").stat().st_mode & 0o777 == 0o600
    done = bob.run("unseal", "--key", "key.pem", "letter.sealed")
    assert done.stdout == b"offline"
    assert (bob.cwd / "a.bin").read_bytes() == content


def test_sender_unseals_own_copy(alice, bob, httpx_get_sealed):
    letter = alice.json("send", "--to", bob.name, "--text", "mine too")
    (alice.cwd / "letter.sealed").write_bytes(httpx_get_sealed(alice, letter["id"]))
    alice.run("key", "export", "-o", "key.pem", "--password-file", alice.password_file)
    assert alice.run("unseal", "--key", "key.pem", "letter.sealed").stdout == b"mine too"


def test_export_key_with_a_wrong_password(alice):
    alice.password_file.write_text("not the password")
    alice.run("key", "export", "-o", "key.pem", "--password-file", alice.password_file, exit=1)
    assert files(alice) == []


@pytest.fixture
def httpx_get_sealed():
    def get(someone, letter_id):
        session = json.loads(someone.session_file.read_text())
        answer = httpx.get(f"{session['url']}/v1/letters/{letter_id}/sealed",
                           headers={"Authorization": f"Bearer {session['access_token']}"})
        answer.raise_for_status()
        return answer.content
    return get
