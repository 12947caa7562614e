"""The real program under test: servers of a test's own, and users on them."""

import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import time

import httpx

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LETTERLOCK_BUILD_DIR", ROOT / "build"))
BINARY = BUILD / "letterlock"
SANITIZED = "san" in BUILD.name  # build-asan, build-tsan: slower, and memory figures mean nothing
START_SECONDS = 30
STOP_SECONDS = 30
WAIT_SECONDS = 20


def wait_for(condition, what, seconds=WAIT_SECONDS):
    """Polls until condition() gives something true, and gives that; fails after a deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Outbox:
    """The mails that a backend without a mail server leaves in its data_dir."""

    def mails(self, email=None):
        """The texts of the mails in the outbox, oldest first."""
        paths = sorted((self.data_dir / "outbox").glob("*.eml"))
        texts = [p.read_text() for p in paths]
        return [t for t in texts if email is None or f"To: <{email}>" in t]

    def read_code(self, email, after=0):
        """The newest code mailed to email, once more than `after` code mails are there."""
        def codes():
            found = [m.group(1) for t in self.mails(email)
                     if (m := re.search(r"^ {4}(\d{6})\r?$", t, re.M))]
            return found if len(found) > after else None
        return wait_for(codes, f"a code mailed to {email}")[-1]

    def code_count(self, email):
        return sum(1 for t in self.mails(email) if re.search(r"^ {4}\d{6}\r?$", t, re.M))


class Server(Outbox):
    """One `letterlock serve` on 127.0.0.1, a free port, and a data directory of its own."""

    def __init__(self, directory, **settings):
        self.directory = pathlib.Path(directory)
        self.data_dir = self.directory / "data"
        self.log_path = self.directory / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "LETTERLOCK_LISTEN": f"127.0.0.1:{self.port}",
            "LETTERLOCK_DATA_DIR": str(self.data_dir),
            "LETTERLOCK_PUBLIC_URL": self.url,
            "LETTERLOCK_MAIL_FROM": "letterlock@example.org",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.environment |= {k: str(v) for k, v in settings.items()}
        self.arguments = []  # behind "serve"
        self.process = None

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", *self.arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.directory)
        wait_for(self._is_ready, "the server to be ready", START_SECONDS)
        return self

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended early:\n{self.log()[-4000:]}")
        try:
            return httpx.get(self.url + "/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self):
        """Ends the server with SIGTERM, and gives its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_SECONDS)
        self.process = None
        return status

    def kill(self):
        self.process.kill()
        self.process.wait(STOP_SECONDS)
        self.process = None

    def restart(self):
        assert self.stop() == 0, self.log()[-4000:]
        return self.start()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def memory_kib(self, field="VmRSS"):
        """A figure of /proc/PID/status, such as VmRSS, VmHWM, RssAnon."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M).group(1))

    def client(self, token=None, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, **options)

    def user(self, name=None):
        """Signs up, confirms and signs in a new user."""
        return User(self, name or "u" + secrets.token_hex(5))


class User:
    """A signed-in user: `id` is a client with the ID token, `access` one with the access token."""

    def __init__(self, server, name, password=None):
        self.server = server
        self.name = name
        self.email = f"{name}@example.org"
        self.password = password or "correct horse " + secrets.token_hex(4)
        with server.client() as c:
            body = {"username": name, "email": self.email, "password": self.password}
            r = c.post("/v1/accounts", json=body)
            assert r.status_code == 201, r.text
            code = server.read_code(self.email)
            r = c.post("/v1/accounts/confirm", json={"username": name, "code": code})
            assert r.status_code == 200, r.text
        self.sign_in()

    def sign_in(self):
        with self.server.client() as c:
            r = c.post("/v1/sessions", json={"login": self.name, "password": self.password})
        assert r.status_code == 200, r.text
        self.session = r.json()
        self.recovery_key = self.session.get("recovery_key") or getattr(self, "recovery_key", None)
        self.user_id = self.session["user"]["id"]
        self.id = self.server.client(self.session["id_token"])
        self.access = self.server.client(self.session["access_token"])
        return self

    def send(self, to, text, **fields):
        """Sends a text letter to another User and gives the letter."""
        r = self.id.post("/v1/letters", json={"to": to.name, "text": text, **fields})
        assert r.status_code == 201, r.text
        return r.json()
