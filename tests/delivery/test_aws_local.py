"""docker compose up web-aws: the product on the AWS backend, beside a stand-in for AWS."""

import base64
import re
import secrets

import httpx

from delivery.stack import PASSWORD, SHOTS, check_confinement, exchange_a_letter
from desk import Desk
from support.server import wait_for


def new_person(stack, client):
    """Signs somebody up; the session."""
    name = "p" + secrets.token_hex(4)
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert client.post("/v1/accounts", json=account).status_code == 201
    confirm = {"username": name, "code": stack.read_code(account["email"])}
    assert client.post("/v1/accounts/confirm", json=confirm).status_code == 200
    session = client.post("/v1/sessions", json={"login": name, "password": PASSWORD})
    assert session.status_code == 200, session.text
    return session.json()


def test_a_letter_goes_through_the_whole_stack(aws_stack, browser, request, tmp_path):
    desks = [Desk(browser, aws_stack, request.node.name, SHOTS) for _ in range(2)]
    exchange_a_letter(desks, aws_stack, tmp_path, enter=lambda desk: None)
    assert httpx.get(aws_stack.api + "/v1/config").json()["backend"] == "aws"


def test_notices_come_once_the_subscription_is_confirmed(aws_stack):
    with httpx.Client(base_url=aws_stack.api, timeout=30) as client:
        session = new_person(aws_stack, client)
        user = session["user"]
        email = f"{user['username']}@example.org"

        def confirmation():
            texts = [re.sub("=\r?\n", "", t).replace("=3D", "=") for t in aws_stack.mails(email)]
            return next((m[0] for t in texts
                         if (m := re.search(r"http://\S+/confirmation\.html\S+", t))), None)
        link = wait_for(confirmation, "the mail about the subscription")
        assert httpx.get(link).status_code == 200
        sent = client.post("/v1/letters", json={"to": user["username"], "text": "to myself"},
                           headers={"Authorization": f"Bearer {session['id_token']}"})
        assert sent.status_code == 201, sent.text
        wait_for(lambda: "A letter is waiting" in aws_stack.mails(email)[-1], "the notice")


def test_a_presigned_address_opens_on_this_machine(aws_stack):
    with httpx.Client(base_url=aws_stack.api, timeout=30) as client:
        session = new_person(aws_stack, client)
        client.headers["Authorization"] = f"Bearer {session['id_token']}"
        sent = client.post("/v1/letters", data={"to": session["user"]["username"]},
                           files={"file": ("large.bin", secrets.token_bytes(300_000))})
        assert sent.status_code == 201, sent.text
        letter = "/v1/letters/" + sent.json()["id"]
        link = client.get(letter + "/link").json()
        frames = httpx.get(link["frames_url"])
        assert frames.status_code == 200, frames.text
        sealed = client.get(letter + "/sealed").content
        assert base64.b64decode(link["header"]) + frames.content == sealed


def test_it_is_the_aws_stack_alone_with_no_more_rights_than_it_needs(aws_stack):
    services = aws_stack.compose("ps", "--services").split()
    assert sorted(services) == ["aws", "mail", "server-aws", "web-aws"]
    for service in services:
        check_confinement(aws_stack.facts(service), service, is_read_only=service != "mail")


def test_the_server_was_given_no_keys(aws_stack):
    variables = aws_stack.facts("server-aws")["Config"]["Env"]
    assert not [v for v in variables if v.startswith("AWS_")]
    settings = aws_stack.compose("exec", "-T", "aws", "cat", "/run/letterlock/aws.env")
    assert "AWS_EC2_METADATA_SERVICE_ENDPOINT=" in settings
    assert "SECRET" not in settings and "TOKEN" not in settings
