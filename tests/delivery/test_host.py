"""The EC2 server: the user data that Terraform renders, run to its end in a container that stands for
the instance, up to a letter between two people. AWS is the double, at the address of EC2's metadata
service; a folder stands for Docker's hub and the repository's host."""

import json
import os
import pathlib
import re
import secrets
import subprocess

import httpx
import pytest

from delivery.stack import SHOTS, exchange_a_letter
from desk import Desk
from support.server import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
METADATA, METADATA_NETWORK, METADATA_GATEWAY = "169.254.169.254", "169.254.169.0/24", "169.254.169.1"
PUBLIC, PUBLIC_NETWORK = "198.51.100.10", "198.51.100.0/24"
BUILD_SECONDS, SETUP_SECONDS, START_SECONDS = 1200, 1800, 120
GUESSES = 12  # more than one address has at one account
# As cloud-init starts user data: root, with next to nothing set, HOME neither.
CLOUD_INIT = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
              "LC_CTYPE=C.UTF-8", "bash", "-s"]
# A machine's rights, but for one that the hosts of containers may lack themselves.
RIGHTS = ["--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--security-opt", "seccomp=unconfined",
          "--security-opt", "apparmor=unconfined", "--security-opt", "systempaths=unconfined",
          "--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock",
          "--volume", "/var/lib/docker", "--volume", "/var/lib/containerd"]


def run(*command, seconds=60, **options):
    """What the command printed; AssertionError with the end of it when it fails."""
    done = subprocess.run(command, text=True, timeout=seconds, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **options)
    assert done.returncode == 0, f"{command[:4]}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout


class Host:
    """The instance and the AWS around it, under names of their own."""

    url = api = f"https://{PUBLIC}"

    def __init__(self, folder):
        self._folder = folder
        self._name = f"letterlock-test-{secrets.token_hex(4)}"
        self.instance, self._aws = f"{self._name}-instance", f"{self._name}-aws"
        self._networks = []

    def start(self):
        self._fill_hub()
        self._make_network("metadata", METADATA_NETWORK, "--gateway", METADATA_GATEWAY)
        self._make_network("public", PUBLIC_NETWORK)
        self._start_aws()
        self._start_instance()

    def _fill_hub(self):
        """The repository as committed, and the image that builds begin with."""
        base = os.environ.get("BASE_IMAGE", "debian:bookworm-slim")
        if base == "debian:bookworm-slim":
            run("docker", "pull", base, seconds=BUILD_SECONDS)
        run("docker", "tag", base, "letterlock-test/base")
        run("docker", "save", "--output", self._folder / "base.tar", "letterlock-test/base",
            seconds=BUILD_SECONDS)
        repository = self._folder / "letterlock.git"
        run("git", "clone", "--quiet", "--bare", ROOT, repository)
        head = run("git", "-C", ROOT, "rev-parse", "HEAD").strip()
        run("git", "-C", repository, "update-ref", "refs/heads/main", head)

    def _make_network(self, part, subnet, *options):
        name = f"{self._name}-{part}"
        run("docker", "network", "create", "--subnet", subnet, *options, name)
        self._networks.append(name)

    def _start_aws(self):
        image = "letterlock-test/aws"
        build("infra/docker/aws-local.Dockerfile", image, os.environ.get("BASE_IMAGE"), ROOT)
        run("docker", "run", "--detach", "--name", self._aws, "--network", self._networks[0],
            "--ip", METADATA, image, "--listen", "0.0.0.0:80")
        self._settings = wait_for(self._read_settings, "a deployment in AWS", START_SECONDS)

    def _read_settings(self):
        done = subprocess.run(["docker", "exec", self._aws, "cat", "/run/letterlock/aws.env"], text=True,
                              capture_output=True, timeout=10, check=False)
        text = done.stdout.replace("127.0.0.1:80", METADATA)
        return dict(line.split("=", 1) for line in text.splitlines())

    def _start_instance(self):
        image = "letterlock-test/host"
        build("tests/delivery/host/Dockerfile", image, os.environ.get("HOST_IMAGE"),
              ROOT / "tests" / "delivery" / "host")
        run("docker", "create", "--name", self.instance, *RIGHTS, "--network", self._networks[1],
            "--ip", PUBLIC, "--volume", f"{self._folder}:/hub:ro", image)
        run("docker", "network", "connect", self._networks[0], self.instance)
        run("docker", "start", self.instance)
        wait_for(lambda: self.ask("systemctl", "is-system-running") == "running",
                 "the instance to start", START_SECONDS)

    def ask(self, *command):
        """What a command on the instance says, whether it fails or not."""
        return subprocess.run(["docker", "exec", self.instance, *command], text=True, timeout=60,
                              capture_output=True, check=False).stdout.strip()

    def set_up(self, rendered):
        """Runs the user data, with the address and the names that this AWS gave."""
        script = rendered["user_data"].replace(rendered["public_ip"], PUBLIC)
        head, environment, tail = re.split(
            r"(?<=<<'ENVIRONMENT'\n)|^(?=ENVIRONMENT$)", script, flags=re.M)
        told = dict(line.split("=", 1) for line in environment.splitlines())
        more = self._settings.keys() - told.keys()
        assert more == {"LETTERLOCK_AWS_ENDPOINT", "LETTERLOCK_AWS_JWKS_URL",
                        "AWS_EC2_METADATA_SERVICE_ENDPOINT"}, "Terraform tells the server less"
        told |= {name: value for name, value in self._settings.items()
                 if name != "AWS_EC2_METADATA_SERVICE_ENDPOINT"}
        lines = "".join(f"{name}={value}\n" for name, value in told.items())
        return run("docker", "exec", "--interactive", self.instance, *CLOUD_INIT,
                   input=head + lines + tail, seconds=SETUP_SECONDS)

    def read_code(self, email):
        def code():
            mails = httpx.post(f"http://{METADATA}/_double/mail", timeout=10,
                               json={"to": email, "kind": "signup"}).json()
            return mails[-1]["code"] if mails else None
        return wait_for(code, f"a code mailed to {email}")

    def stop(self):
        for container in (self.instance, self._aws):
            subprocess.run(["docker", "rm", "--force", "--volumes", container], timeout=120,
                           capture_output=True, check=False)
        for network in self._networks:
            run("docker", "network", "rm", network)


def build(dockerfile, image, base, context):
    chosen = ["--build-arg", f"BASE={base}"] if base else []
    run("docker", "build", "--quiet", "--network", "host", "--file", ROOT / dockerfile, "--tag", image,
        *chosen, context, seconds=BUILD_SECONDS, env=os.environ | {"DOCKER_BUILDKIT": "0"})


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    rendered = json.loads(run(ROOT / "tests" / "infra" / "print_user_data", seconds=BUILD_SECONDS))
    machine = Host(tmp_path_factory.mktemp("hub"))
    try:
        machine.start()
        machine.set_up(rendered)
        yield machine
    finally:
        machine.stop()


def test_a_letter_goes_through_the_server(host, browser, request, tmp_path):
    desks = [Desk(browser, host, request.node.name, SHOTS, ignore_https_errors=True) for _ in range(2)]
    exchange_a_letter(desks, host, tmp_path, enter=lambda desk: None)


def test_the_proxy_alone_is_open(host):
    listening = host.ask("ss", "--no-header", "--listening", "--tcp", "--numeric")
    open_ports = {line.split()[3].rpartition(":")[2] for line in listening.splitlines()
                  if not line.split()[3].startswith(("127.", "[::1]"))}
    assert open_ports == {"80", "443"}
    plain = httpx.get(f"http://{PUBLIC}/people", follow_redirects=False, timeout=10)
    assert plain.status_code == 308 and plain.headers["location"] == f"https://{PUBLIC}/people"


def test_guesses_count_per_visitor(host):
    """Caddy is the proxy that is believed: visitors are told apart, and what a visitor claims to be
    does not count."""
    name = "p" + secrets.token_hex(4)
    guess = json.dumps({"login": name, "password": "not the right one"})

    def from_instance():
        return host.ask("curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out",
                        "%{http_code}", "--header", "Content-Type: application/json", "--data", guess,
                        host.url + "/v1/sessions")
    with httpx.Client(base_url=host.url, verify=False, timeout=30,
                      headers={"Content-Type": "application/json"}) as client:
        statuses = [client.post("/v1/sessions", content=guess,
                                headers={"X-Forwarded-For": f"203.0.113.{i}"}).status_code
                    for i in range(GUESSES)]
    assert statuses[0] == 401 and statuses[-1] == 429, statuses
    assert from_instance() == "401"


def test_credentials_come_from_the_instance_alone(host):
    assert not re.search("AWS_(ACCESS|SECRET|SESSION)", host.ask("cat", "/opt/letterlock/.env"))
    log = host.ask("docker", "logs", "letterlock-server-1")
    assert "error" not in log, log


def test_the_stack_comes_back_after_docker_starts_anew(host):
    assert host.ask("systemctl", "restart", "docker") == ""
    def ready():
        try:
            return httpx.get(host.url + "/readyz", verify=False, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False
    wait_for(ready, "the server", START_SECONDS)
    assert "<title>" in httpx.get(host.url, verify=False, timeout=10).text
