"""The images and the compose stack, on a Docker engine that is there already."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.server import free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD_SECONDS = 1200


class Stack:
    """`docker compose up --build` of compose.yaml under a project name of its own."""

    def __init__(self, directory):
        self.api_port, self.web_port = free_port(), free_port()
        self.url = f"http://localhost:{self.web_port}"
        self.api = f"http://localhost:{self.api_port}"
        self.mail_dir = directory / "mail"
        self.mail_dir.mkdir(mode=0o777)
        self.mail_dir.chmod(0o777)
        self.project = f"letterlock-test-{self.web_port}"
        self.environment = os.environ | {
            "API_PORT": str(self.api_port), "WEB_PORT": str(self.web_port),
            "MAIL_DIR": str(self.mail_dir), "MAIL_IMAGE": "letterlock-test/mail",
            "REGISTRY": "letterlock-test", "BACKEND_URL": self.api, "WEB_ORIGIN": self.url,
            "LETTERLOCK_PUBLIC_URL": self.api, "DOCKER_BUILDKIT": "0",
            "COMPOSE_BAKE": "false",
        }

    def compose(self, *arguments, seconds=120):
        command = ["docker", "compose", "-p", self.project, "-f", ROOT / "compose.yaml",
                   "-f", ROOT / "tests" / "delivery" / "compose.override.yaml", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True,
                              timeout=seconds)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    def mails(self, email):
        texts = [p.read_text() for p in sorted(self.mail_dir.glob("*.eml"))]
        return [t for t in texts if f"To: <{email}>" in t]

    def read_code(self, email):
        def code():
            found = [m.group(1) for t in self.mails(email)
                     if (m := re.search(r"^ {4}(\d{6})\r?$", t, re.M))]
            return found[-1] if found else None
        return wait_for(code, f"a code mailed to {email}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    assert shutil.which("docker"), "there is no docker here"
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.compose("up", "--build", "--detach", "--wait", seconds=BUILD_SECONDS)
        yield running
    finally:
        running.compose("down", "--volumes", "--timeout", "10")
