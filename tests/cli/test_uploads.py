"""Large files by resumable uploads: what a broken network or an interrupted command costs."""

import os
import signal
import subprocess

import pytest

MIB = 1 << 20
SIZE = 40 * MIB


@pytest.fixture
def alice(member, proxy):
    someone = member("alice")
    someone.login(proxy.url)
    return someone


@pytest.fixture
def big(alice):
    path = alice.cwd / "big.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


def kept(person):
    return list((person.home / "state" / "letterlock").glob("upload-*.json"))


def assert_arrived(bob, path):
    (letter,) = bob.json("inbox")["items"]
    bob.run("open", letter["id"], "-o", "got.bin")
    assert (bob.cwd / "got.bin").read_bytes() == path.read_bytes()
    return letter


def test_a_large_file_goes_by_an_upload(alice, bob, big, proxy):
    proxy.set(None)
    sent = alice.json("send", "--to", bob.name, "--text", "näher", "--expires-in", "3600", big)
    letter = assert_arrived(bob, big)
    assert sent["id"] == letter["id"] and sent["expires_at"] is not None
    assert "näher" in bob.run("open", letter["id"]).stdout.decode()
    assert kept(alice) == []
    assert SIZE < proxy.sent < SIZE + MIB


def test_a_broken_connection_does_not_start_again(alice, bob, big, proxy):
    proxy.set(30 * MIB)
    done = alice.run("send", "--to", bob.name, big)
    assert b"Trying again" in done.stderr
    assert_arrived(bob, big)
    assert kept(alice) == []
    # What was on its way, and at most two batches of 4 MiB, twice.
    assert SIZE < proxy.sent < SIZE + 12 * MIB


def test_an_interrupted_command_goes_on_with_the_next(alice, bob, big, proxy):
    proxy.set(30 * MIB, "stall")
    command = ("send", "--to", bob.name, big)
    first = alice.start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert proxy.reached.wait(60)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode == -signal.SIGINT
    (state,) = kept(alice)
    assert state.stat().st_mode & 0o777 == 0o600
    proxy.go_on.set()
    # Another letter is another upload.
    proxy.set(None)
    alice.run("send", "--to", bob.name, "--text", "other", big)
    assert proxy.sent > SIZE
    (other,) = bob.json("inbox")["items"]
    bob.run("open", other["id"], "-o", "other.bin")
    proxy.set(None)
    alice.run(*command)
    assert proxy.sent < SIZE - 15 * MIB
    assert kept(alice) == []
    assert len(bob.json("inbox")["items"]) == 2
    (letter,) = [m for m in bob.json("inbox")["items"] if m["id"] != other["id"]]
    bob.run("open", letter["id"], "-o", "got.bin")
    assert (bob.cwd / "got.bin").read_bytes() == big.read_bytes()


def test_an_upload_that_is_gone_starts_again(alice, bob, big, proxy, server):
    proxy.set(20 * MIB, "stall")
    first = alice.start("send", "--to", bob.name, big, stderr=subprocess.DEVNULL)
    assert proxy.reached.wait(60)
    first.send_signal(signal.SIGINT)
    first.wait(60)
    proxy.go_on.set()
    (state,) = kept(alice)
    text = state.read_text()
    id = text.split("/v1/uploads/")[1][:36]
    state.write_text(text.replace(id, "00000000-0000-7000-8000-000000000000"))
    alice.run("send", "--to", bob.name, big)
    assert_arrived(bob, big)
    assert kept(alice) == []
