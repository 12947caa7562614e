"""The real binary, run as a person or a script would run it.

Tests that talk to a server take the `server` fixture of tests/conftest.py: `.url`, `.data_dir`,
`.read_code(email)`.
"""
import json
import os
import secrets
import signal
import subprocess

import pytest

from support.server import BINARY

DEADLINE_S = 60


def heed_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Person:
    """One user's command line: a home, a working directory and a session of their own."""

    def __init__(self, home, name):
        self.home = home
        self.name = name
        self.email = f"{name}@example.org"
        self.password = "correct horse " + secrets.token_hex(8)
        self.cwd = home / "cwd"
        self.cwd.mkdir(parents=True)
        self.password_file = home / "password"
        self.password_file.write_text(self.password + "\n", encoding="utf-8")
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "TZ": "UTC", "LANG": "C.UTF-8",
                    "XDG_STATE_HOME": str(home / "state")}

    @property
    def session_file(self):
        return self.home / "state" / "letterlock" / "session.json"

    def run(self, *words, stdin=b"", exit=0, **options):
        """Runs a command, checks its exit status and gives the finished process."""
        done = subprocess.run([BINARY, *map(str, words)], input=stdin, cwd=self.cwd,
                              env=self.env, capture_output=True, timeout=DEADLINE_S, check=False,
                              **options)
        assert done.returncode == exit, (words, done.returncode, done.stdout, done.stderr)
        return done

    def start(self, *words, prepare=None, **options):
        """Starts a command, whose process calls prepare first."""
        def before():
            heed_interrupts()
            if prepare is not None:
                prepare()
        return subprocess.Popen([BINARY, *map(str, words)], cwd=self.cwd, env=self.env,
                                preexec_fn=before, **options)

    def json(self, *words, **options):
        """Runs a command with --json and gives the document."""
        return json.loads(self.run(*words, "--json", **options).stdout)

    def login(self, url):
        return self.json("login", url, "--login", self.name, "--password-file", self.password_file)


@pytest.fixture
def person(tmp_path):
    """Makes people who have a command line but no account."""
    def make(prefix):
        name = f"{prefix}{secrets.token_hex(4)}"
        return Person(tmp_path / name, name)
    return make


@pytest.fixture
def member(person, server):
    """Makes people with a confirmed account who are signed in."""
    def make(prefix):
        someone = person(prefix)
        someone.run("signup", server.url, "--username", someone.name, "--email", someone.email,
                    "--password-file", someone.password_file)
        someone.run("confirm", server.url, "--username", someone.name,
                    server.read_code(someone.email))
        someone.recovery_key = someone.login(server.url).get("recovery_key")
        return someone
    return make


@pytest.fixture
def alice(member):
    return member("alice")


@pytest.fixture
def bob(member):
    return member("bob")
