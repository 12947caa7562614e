"""The deployment for a server that somebody starts by hand: its settings in a file, its credentials
from the instance metadata service, its mails by SMTP."""

import email
import email.policy
import re
import secrets
import signal
import subprocess
import sys

import httpx
import pytest
from aiosmtpd.controller import Controller

from support.server import BINARY, ROOT, Server, free_port, wait_for

STOP_SECONDS = 20


class Inbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos[0], mail.get_content()))
        return "250 taken"

    def find(self, address, pattern):
        """What the pattern's group matches in the first mail to address that has it."""
        def found():
            return next((m[1] for to, text in self.mails
                         if to == address and (m := re.search(pattern, text))), None)
        return wait_for(found, f"a mail to {address} with {pattern}")


@pytest.fixture(scope="module")
def inbox():
    keeper = Inbox()
    controller = Controller(keeper, hostname="127.0.0.1", port=free_port())
    controller.start()
    keeper.port = controller.port
    yield keeper
    controller.stop()


class LocalServer(Server):
    """Started as an operator would: by the file that the deployment wrote."""

    def __init__(self, directory, settings, inbox):
        super().__init__(directory)
        self.arguments = ["--env-file", settings]
        self._inbox = inbox

    def read_code(self, email, after=0):
        return self._inbox.find(email, r"code is (\d{6})")


@pytest.fixture(scope="module")
def server(tmp_path_factory, inbox):
    directory = tmp_path_factory.mktemp("local")
    settings = directory / "aws.env"
    settings.write_text("stale\n")
    local = subprocess.Popen(
        [sys.executable, "-m", "aws.local", "--settings", settings, "--listen",
         f"127.0.0.1:{free_port()}", "--smtp", f"127.0.0.1:{inbox.port}"], cwd=ROOT / "tests",
        stdout=subprocess.PIPE, text=True)
    try:
        assert "the server's settings in" in local.stdout.readline()
        running = LocalServer(directory / "server", settings, inbox).start()
        yield running
        assert running.stop() == 0, running.log()[-4000:]
    finally:
        local.send_signal(signal.SIGTERM)
        status = local.wait(STOP_SECONDS)
    assert status == 0
    assert not settings.exists()


def test_codes_are_said_to_come_by_mail(server):
    with server.client() as client:
        assert client.get("/v1/config").json()["mail"] == "smtp"


def test_a_server_by_hand_on_the_local_aws(server, inbox):
    assert "KEY" not in server.arguments[1].read_text().replace("LETTERLOCK_AWS_KEYS", "")
    anna, bruno = server.user(), server.user()
    confirmation = inbox.find(bruno.email, r"(http://127\.0\.0\.1:\d+/confirmation\.html\?\S+)")
    assert httpx.get(confirmation + "0").status_code == 400
    assert httpx.get(confirmation).status_code == 200
    content = secrets.token_bytes(300_000)
    sent = anna.id.post("/v1/letters", data={"to": bruno.name, "text": "by hand"},
                        files={"file": ("plan.bin", content)})
    assert sent.status_code == 201, sent.text
    letter = sent.json()["id"]
    assert bruno.id.get(f"/v1/letters/{letter}/content").content == content
    link = bruno.id.get(f"/v1/letters/{letter}/link").json()["frames_url"]
    assert httpx.get(link).status_code == 200
    inbox.find(bruno.email, "(A letter is waiting)")


def test_admin_reads_the_same_file(server):
    """And has the server's role then, which may not do what only an operator's may."""
    anna = server.user()
    done = subprocess.run([BINARY, "admin", "disable", anna.name, *server.arguments],
                          capture_output=True, text=True, timeout=60, env=server.environment)
    assert done.returncode == 1
    assert "operation=AdminDisableUser" in done.stderr and "AccessDenied" in done.stderr
