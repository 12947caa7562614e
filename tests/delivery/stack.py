"""The stacks of compose.yaml, each started under a project name and ports of its own, and the steps
that tests of them share."""

import json
import os
import pathlib
import re
import secrets
import subprocess

from playwright.sync_api import expect

from support.server import free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOTS = ROOT / "test-artifacts" / "delivery"
BUILD_SECONDS = 1200
PORTS = ("API_PORT", "WEB_PORT", "AWS_PORT", "AWS_API_PORT", "AWS_WEB_PORT")
PASSWORD = "a quiet harbour " + secrets.token_hex(3)


class Stack:
    """`docker compose up --build`."""

    services = ()  # all that no profile hides
    prefix = ""  # of its variables in compose.yaml
    code = re.compile(r"^ {4}(\d{6})\r?$", re.M)  # in the mails of a code

    def __init__(self, directory):
        ports = {name: str(free_port()) for name in PORTS}
        self.url = f"http://localhost:{ports[self.prefix + 'WEB_PORT']}"
        self.api = f"http://localhost:{ports[self.prefix + 'API_PORT']}"
        self.mail_dir = directory / "mail"
        self.mail_dir.mkdir(mode=0o777)
        self.mail_dir.chmod(0o777)
        self.project = f"letterlock-test-{ports['WEB_PORT']}"
        self.environment = os.environ | ports | {
            f"{self.prefix}BACKEND_URL": self.api, f"{self.prefix}WEB_ORIGIN": self.url,
            "LETTERLOCK_PUBLIC_URL": self.api, "MAIL_DIR": str(self.mail_dir),
            "MAIL_IMAGE": "letterlock-test/mail", "REGISTRY": "letterlock-test",
            "DOCKER_BUILDKIT": "0", "COMPOSE_BAKE": "false",
        }

    def compose(self, *arguments, seconds=120):
        command = ["docker", "compose", "-p", self.project, "-f", ROOT / "compose.yaml",
                   "-f", ROOT / "tests" / "delivery" / "compose.override.yaml", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True,
                              timeout=seconds)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    def start(self):
        self.compose("up", "--build", "--detach", "--wait", *self.services, seconds=BUILD_SECONDS)

    def stop(self):
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "10")

    def facts(self, service):
        """What the engine knows of a service's container."""
        container = self.compose("ps", "--quiet", service).strip()
        done = subprocess.run(["docker", "inspect", container], capture_output=True, text=True,
                              check=True, timeout=30)
        return json.loads(done.stdout)[0]

    def mails(self, email):
        texts = [p.read_text() for p in sorted(self.mail_dir.glob("*.eml"))]
        return [t for t in texts if f"To: <{email}>" in t]

    def read_code(self, email):
        def code():
            found = [m.group(1) for t in self.mails(email) if (m := self.code.search(t))]
            return found[-1] if found else None
        return wait_for(code, f"a code mailed to {email}")


class AwsStack(Stack):
    """`docker compose up --build web-aws`."""

    services = ("web-aws",)
    prefix = "AWS_"
    code = re.compile(r"code is (\d{6})")


def sign_up(desk, stack, name):
    """A new person, up to the first sign-in."""
    desk.goto("/sign-up")
    desk.field("Username").fill(name)
    desk.field("E-mail address").fill(f"{name}@example.org")
    desk.field("Password").fill(PASSWORD)
    desk.press("Create account")
    desk.field("Code").fill(stack.read_code(f"{name}@example.org"))
    expect(desk.page.get_by_text("Your address is confirmed")).to_be_visible()
    desk.field("Password").fill(PASSWORD)
    desk.press("Sign in")


def exchange_a_letter(desks, stack, tmp_path, enter):
    """Two people sign up at their desks, and a letter with a file goes from the first to the second;
    enter(desk): what comes after a first sign-in. Gives their names."""
    names = ["p" + secrets.token_hex(4) for _ in desks]
    for desk, name in zip(desks, names):
        sign_up(desk, stack, name)
        enter(desk)
        expect(desk.page.get_by_role("searchbox")).to_be_visible()
    attachment = tmp_path / "plan.txt"
    attachment.write_text("meet at noon " * 5000)
    send_a_file(*desks, names, attachment)
    for desk in desks:
        close_unharmed(desk, stack)
    return names


def send_a_file(writer, reader, names, attachment):
    """From one desk to the other; names: the writer's and the reader's."""
    reader.find_person(names[0])
    writer.find_person(names[1])
    writer.attach(attachment)
    writer.write("Through containers")
    expect(reader.seal()).to_be_visible()  # comes alive, without a reload
    reader.break_seal()
    expect(reader.page.get_by_text("Through containers")).to_be_visible()
    reader.shoot("opened")
    expect(writer.page.get_by_text(re.compile(r"^Read \d"))).to_be_visible()


def close_unharmed(desk, stack):
    """The page kept its content policy and asked its own API alone."""
    desk.close()
    assert desk.violations == []
    assert desk.script_errors == []
    assert [u for u in desk.foreign_requests if not u.startswith((stack.api, "blob:"))] == []


def check_confinement(facts, service, is_read_only=True):
    """A container has no more rights than it needs."""
    assert facts["HostConfig"]["CapDrop"] == ["ALL"], service
    assert "no-new-privileges:true" in facts["HostConfig"]["SecurityOpt"], service
    assert facts["Config"]["User"] not in ("", "0", "root"), service
    if is_read_only:
        assert facts["HostConfig"]["ReadonlyRootfs"], service
        assert facts["State"]["Health"]["Status"] == "healthy", service
