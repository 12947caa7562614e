"""docker compose up, and two people who write to each other in their browsers."""

import re
import secrets
import subprocess

import httpx

from delivery.stack import PASSWORD, SHOTS, check_confinement, exchange_a_letter
from desk import Desk

SERVER_IMAGE_MAX_BYTES = 40 << 20


def keep_key(desk):
    last = desk.page.locator(".key span").last.inner_text().strip()
    desk.field("Type the last group of the key").fill(last)
    desk.press("I have kept it")


def test_a_letter_goes_through_the_whole_stack(stack, browser, request, tmp_path):
    desks = [Desk(browser, stack, request.node.name, SHOTS) for _ in range(2)]
    names = exchange_a_letter(desks, stack, tmp_path, keep_key)
    assert stack.mails(f"{names[1]}@example.org")[-1].find("Through containers") == -1


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
        check_confinement(stack.facts(service), service, is_read_only=service != "mail")


def test_the_server_image_is_small(stack):
    save = subprocess.Popen(["docker", "save", "letterlock-test/server"], stdout=subprocess.PIPE)
    packed = subprocess.run(["gzip", "-6"], stdin=save.stdout, capture_output=True, timeout=120)
    assert save.wait(30) == 0
    print(f"server image: {len(packed.stdout) / (1 << 20):.1f} MiB compressed")
    assert len(packed.stdout) <= SERVER_IMAGE_MAX_BYTES
