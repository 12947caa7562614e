"""What only happens on a terminal: questions without echo, progress, texts made harmless."""
import os
import pty
import re
import select
import time

import pyotp

DEADLINE_S = 60


class Terminal:
    """Runs a command on a pseudo-terminal of its own."""

    def __init__(self, someone, *words):
        self.seen = b""
        self.master, slave = pty.openpty()
        self.process = someone.start(*words, stdin=slave, stdout=slave, stderr=slave,
                                     prepare=lambda: self._adopt(slave))
        os.close(slave)

    @staticmethod
    def _adopt(slave):
        os.setsid()
        os.close(os.open(os.ttyname(slave), os.O_RDWR))  # becomes the controlling terminal

    def read(self):
        """Reads some; False at the end."""
        ready, _, _ = select.select([self.master], [], [], DEADLINE_S)
        assert ready, self.seen
        try:
            piece = os.read(self.master, 4096)
        except OSError:  # Linux: EIO once the other side is closed
            return False
        self.seen += piece
        return piece != b""

    def expect(self, text):
        end = time.monotonic() + DEADLINE_S
        while text not in self.seen:
            assert time.monotonic() < end and self.read(), self.seen

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")

    def finish(self):
        while self.read():
            pass
        os.close(self.master)
        return self.process.wait(timeout=DEADLINE_S)


def test_login_asks_without_echo(alice, server):
    terminal = Terminal(alice, "login", server.url)
    terminal.expect(b"Username or e-mail: ")
    terminal.type(alice.name)
    terminal.expect(b"Password: ")
    terminal.type(alice.password)
    assert terminal.finish() == 0
    assert alice.password.encode() not in terminal.seen
    assert b"Signed in to" in terminal.seen


def test_second_factor_is_asked_for(alice, server):
    terminal = Terminal(alice, "totp", "on")
    terminal.expect(b"Password: ")
    terminal.type(alice.password)
    terminal.expect(b"Code of your authenticator app: ")
    uri = re.search(rb"otpauth://\S+", terminal.seen).group().decode()
    app = pyotp.parse_uri(uri)
    groups = " ".join(re.findall("....", app.secret))
    assert groups.encode() in terminal.seen
    terminal.type(app.now())
    assert terminal.finish() == 0
    assert b"is on" in terminal.seen
    terminal = Terminal(alice, "login", server.url, "--login", alice.name)
    terminal.expect(b"Password: ")
    terminal.type(alice.password)
    terminal.expect(b"Code of your authenticator app: ")
    terminal.type(app.at(time.time() + 30))
    assert terminal.finish() == 0
    assert b"Signed in to" in terminal.seen


def test_signup_asks_twice(person, server):
    dora = person("dora")
    terminal = Terminal(dora, "signup", server.url, "--username", dora.name, "--email", dora.email)
    terminal.expect(b"Password: ")
    terminal.type(dora.password)
    terminal.expect(b"Password again: ")
    terminal.type("something else")
    assert terminal.finish() == 1
    assert b"not the same" in terminal.seen


def test_without_a_terminal_there_is_no_question(person, server):
    dora = person("dora")
    done = dora.run("login", server.url, "--login", dora.name, exit=2, start_new_session=True)
    assert b"--password-file" in done.stderr


def test_text_cannot_steer_the_terminal(alice, bob):
    evil = "before\033]0;owned\007\033[2Jafter"
    letter = alice.json("send", "--to", bob.name, "--text", evil)
    terminal = Terminal(bob, "open", letter["id"])
    assert terminal.finish() == 0
    assert b"\033" not in terminal.seen
    assert b"before" in terminal.seen and b"after" in terminal.seen
    # A program gets the text as it is.
    assert bob.run("open", letter["id"]).stdout.decode() == evil


def test_progress(alice, bob):
    with open(alice.cwd / "large.bin", "wb") as large:
        large.truncate(50_000_000)
    terminal = Terminal(alice, "send", "--to", bob.name, "large.bin")
    assert terminal.finish() == 0
    assert b"large.bin" in terminal.seen and b" of 50.0 MB" in terminal.seen
    assert b"Sent to" in terminal.seen


def test_no_progress_without_a_terminal(alice, bob):
    done = alice.run("send", "--to", bob.name, "--name", "x", "-", stdin=bytes(5_000_000))
    assert done.stderr == b""
