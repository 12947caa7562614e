"""docker compose up, and two people who write to each other in their browsers."""

import json
import pathlib
import re
import secrets
import shutil
import subprocess

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from desk import Desk

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "a quiet harbour " + secrets.token_hex(3)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--no-first-run"]
SERVER_IMAGE_MAX_BYTES = 40 << 20


@pytest.fixture
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


def sign_up(desk, stack, name):
    desk.goto("/sign-up")
    desk.field("Username").fill(name)
    desk.field("E-mail address").fill(f"{name}@example.org")
    desk.field("Password").fill(PASSWORD)
    desk.press("Create account")
    desk.field("Code").fill(stack.read_code(f"{name}@example.org"))
    expect(desk.page.get_by_text("Your address is confirmed")).to_be_visible()
    desk.field("Password").fill(PASSWORD)
    desk.press("Sign in")
    last = desk.page.locator(".key span").last.inner_text().strip()
    desk.field("Type the last group of the key").fill(last)
    desk.press("I have kept it")
    expect(desk.page.get_by_role("searchbox")).to_be_visible()


def test_a_letter_goes_through_the_whole_stack(stack, browser, request, tmp_path):
    shots = ROOT / "test-artifacts" / "delivery"
    a, b = ("p" + secrets.token_hex(4) for _ in range(2))
    a_desk = Desk(browser, stack, request.node.name, shots)
    b_desk = Desk(browser, stack, request.node.name, shots)
    sign_up(a_desk, stack, a)
    sign_up(b_desk, stack, b)
    b_desk.find_person(a)
    attachment = tmp_path / "plan.txt"
    attachment.write_text("meet at noon " * 5000)
    a_desk.find_person(b)
    a_desk.attach(attachment)
    a_desk.write("Through containers")
    expect(b_desk.seal()).to_be_visible()  # comes alive, without a reload
    b_desk.break_seal()
    expect(b_desk.page.get_by_text("Through containers")).to_be_visible()
    b_desk.shoot("opened")
    expect(a_desk.page.get_by_text(re.compile(r"^Read \d"))).to_be_visible()
    for desk in (a_desk, b_desk):
        assert desk.violations == []
        assert desk.script_errors == []
        assert [u for u in desk.foreign_requests if not u.startswith((stack.api, "blob:"))] == []
        desk.close()
    assert stack.mails(f"{b}@example.org")[-1].find("Through containers") == -1


def test_only_the_web_client_of_the_stack_may_call_the_api(stack):
    preflight = {"Access-Control-Request-Method": "POST"}
    own = httpx.options(stack.api + "/v1/sessions", headers=preflight | {"Origin": stack.url})
    assert own.headers["access-control-allow-origin"] == stack.url
    other = httpx.options(stack.api + "/v1/sessions",
                          headers=preflight | {"Origin": "http://elsewhere.example"})
    assert "access-control-allow-origin" not in other.headers


def test_pages_carry_strict_headers_and_no_proxy(stack):
    page = httpx.get(stack.url + "/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert stack.api in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"
    script = re.search(r'src="(/assets/[^"]+)"', page.text).group(1)
    answer = httpx.get(stack.url + script, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert stack.api in httpx.get(stack.url + "/config.js").text
    assert httpx.get(stack.url + "/v1/healthz").status_code == 404
    assert httpx.get(stack.url + "/assets/absent.js").status_code == 404
    assert httpx.get(stack.url + "/people").text == page.text


def test_letters_survive_a_new_container(stack):
    name = "p" + secrets.token_hex(4)
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    with httpx.Client(base_url=stack.api, timeout=30) as client:
        assert client.post("/v1/accounts", json=account).status_code == 201
        code = stack.read_code(account["email"])
        confirm = {"username": name, "code": code}
        assert client.post("/v1/accounts/confirm", json=confirm).status_code == 200
        stack.compose("up", "--detach", "--wait", "--force-recreate", "server")
        login = {"login": name, "password": PASSWORD}
        assert client.post("/v1/sessions", json=login).status_code == 200


def test_containers_have_no_more_rights_than_they_need(stack):
    for service in ("server", "web", "mail"):
        container = stack.compose("ps", "--quiet", service).strip()
        facts = json.loads(subprocess.run(["docker", "inspect", container], capture_output=True,
                                          text=True, check=True, timeout=30).stdout)[0]
        assert facts["HostConfig"]["CapDrop"] == ["ALL"], service
        assert "no-new-privileges:true" in facts["HostConfig"]["SecurityOpt"], service
        assert facts["Config"]["User"] not in ("", "0", "root"), service
        if service != "mail":
            assert facts["HostConfig"]["ReadonlyRootfs"], service
            assert facts["State"]["Health"]["Status"] == "healthy", service


def test_the_server_image_is_small(stack):
    save = subprocess.Popen(["docker", "save", "letterlock-test/server"], stdout=subprocess.PIPE)
    packed = subprocess.run(["gzip", "-6"], stdin=save.stdout, capture_output=True, timeout=120)
    assert save.wait(30) == 0
    print(f"server image: {len(packed.stdout) / (1 << 20):.1f} MiB compressed")
    assert len(packed.stdout) <= SERVER_IMAGE_MAX_BYTES
