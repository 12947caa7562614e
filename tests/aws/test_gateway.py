"""The product as Lambda functions: two people, API Gateway's events, Cognito's trigger."""

import base64
import json
import os
import secrets

import httpx
import pytest

from aws import cloud
from aws.gateway import Gateway, confirmation_function, cookie_header
from support.api_gateway import multipart

PASSWORD = "a-quiet-harbour-" + secrets.token_hex(3)
REPLY_BODY_MAX = 4 << 20


@pytest.fixture(scope="module")
def environment(double):
    made = cloud.aws_environment(double, trigger={})
    confirmation_function(made)
    return made


@pytest.fixture(scope="module", params=["1.0", "2.0"])
def gateway(request, environment):
    return Gateway(environment, request.param)


class Person:
    def __init__(self, gateway, environment):
        self.gateway = gateway
        self.name = "p" + secrets.token_hex(5)
        self.email = f"{self.name}@example.org"
        account = {"username": self.name, "email": self.email, "password": PASSWORD}
        answer = gateway.request("POST", "/v1/accounts", body=account)
        assert answer.status_code == 201, answer.text
        code = environment.code(self.email)
        answer = gateway.request("POST", "/v1/accounts/confirm",
                                 body={"username": self.name, "code": code})
        assert answer.status_code == 200, answer.text
        answer = gateway.request("POST", "/v1/sessions",
                                 body={"login": self.name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.session = answer.json()
        self.cookies = answer.cookies

    def ask(self, method, target, **options):
        return self.gateway.request(method, target, token=self.session["id_token"], **options)

    def send(self, to, text):
        answer = self.ask("POST", "/v1/letters", body={"to": to.name, "text": text})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def upload(self, to, text, name, content):
        kind, body = multipart({"to": to.name, "text": text}, name, content)
        answer = self.ask("POST", "/v1/letters", body=body, headers={"Content-Type": kind})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


@pytest.fixture(scope="module")
def pair(gateway, environment):
    return Person(gateway, environment), Person(gateway, environment)


def test_the_trigger_makes_key_and_topic_by_itself(environment):
    """Of somebody who signs up at Cognito, past our API, which would provision too."""
    cognito, name = environment.anonymous("cognito-idp"), "p" + secrets.token_hex(5)
    email = f"{name}@example.org"
    user = cognito.sign_up(ClientId=environment.client_id, Username=name, Password=PASSWORD,
                           UserAttributes=[{"Name": "email", "Value": email}])["UserSub"]
    cognito.confirm_sign_up(ClientId=environment.client_id, Username=name,
                            ConfirmationCode=environment.code(email))
    row = environment.client("dynamodb", "app-server").get_item(
        TableName=environment.users_table, Key={"userId": {"S": user}})["Item"]
    assert "arn:aws:kms:" in json.dumps(row) and "arn:aws:sns:" in json.dumps(row)


def test_text_from_one_to_the_other(pair):
    anna, bruno = pair
    letter = anna.send(bruno, "Grüße über viele Ecken ✉")
    listed = bruno.ask("GET", "/v1/letters?box=inbox&unread=true&limit=10").json()
    assert [item["id"] for item in listed["items"]] == [letter]
    opened = bruno.ask("GET", f"/v1/letters/{letter}/manifest")
    assert opened.json()["text"] == "Grüße über viele Ecken ✉"
    assert bruno.ask("POST", f"/v1/letters/{letter}/read").status_code == 204
    assert bruno.ask("GET", "/v1/letters/unread").json()["count"] == 0
    copy = anna.ask("GET", f"/v1/letters/{letter}/manifest")
    assert copy.json()["text"] == "Grüße über viele Ecken ✉"


@pytest.mark.parametrize("size", [0, 1, 300_000, 3_000_000])
def test_files_travel_as_base64(pair, size):
    anna, bruno = pair
    content = os.urandom(size)
    letter = anna.upload(bruno, "see attached", "plan.bin", content)
    answer = bruno.ask("GET", f"/v1/letters/{letter}/content")
    assert answer.status_code == 200
    assert answer.content == content
    assert "plan.bin" in answer.headers["content-disposition"]


def test_more_than_an_answer_holds_is_refused_clearly_and_comes_in_parts(pair):
    anna, bruno = pair
    content = os.urandom(REPLY_BODY_MAX + 1000)
    # As a server beside the functions would have stored it: two requests' worth in one letter.
    letter = anna.upload(bruno, "large", "large.bin", content)
    answer = bruno.ask("GET", f"/v1/letters/{letter}/content")
    assert answer.status_code == 413
    assert "Range" in answer.json()["detail"]
    got = b""
    while len(got) < len(content):
        part = bruno.ask("GET", f"/v1/letters/{letter}/content",
                         headers={"Range": f"bytes={len(got)}-{len(got) + REPLY_BODY_MAX - 1}"})
        assert part.status_code == 206, part.text
        got += part.content
    assert got == content


def test_large_letters_can_be_fetched_sealed_past_the_function(pair):
    anna, bruno = pair
    letter = anna.upload(bruno, "large", "large.bin", os.urandom(500_000))
    whole = bruno.ask("GET", f"/v1/letters/{letter}/sealed").content
    link = bruno.ask("GET", f"/v1/letters/{letter}/link").json()
    frames = httpx.get(link["frames_url"])
    assert frames.status_code == 200, frames.text
    assert base64.b64decode(link["header"]) + frames.content == whole
    tampered = link["frames_url"].replace("X-Amz-Expires=300", "X-Amz-Expires=604800")
    assert httpx.get(tampered).status_code == 403
    small = anna.send(bruno, "small")
    assert bruno.ask("GET", f"/v1/letters/{small}/link").status_code == 404


def test_nobody_else_reads(pair, gateway, environment):
    anna, bruno = pair
    letter = anna.send(bruno, "for Bruno alone")
    eve = Person(gateway, environment)
    assert eve.ask("GET", f"/v1/letters/{letter}").status_code == 404
    assert eve.ask("GET", f"/v1/letters/{letter}/manifest").status_code == 404


def test_the_authorisers_claims_are_never_believed(pair, gateway):
    """Whoever reaches the function past the authoriser, or forges what it says, gets nowhere."""
    anna, _ = pair
    claims = {"sub": anna.session["user"]["id"], "cognito:username": anna.name, "token_use": "id"}
    assert gateway.request("GET", "/v1/me", claims=claims).status_code == 401
    header, payload, signature = anna.session["id_token"].split(".")
    facts = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    facts["sub"] = "00000000-0000-4000-8000-000000000000"
    forged = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
    answer = gateway.request("GET", "/v1/me", token=f"{header}.{forged}.{signature}",
                             claims=claims)
    assert answer.status_code == 401


def test_cookies_go_both_ways(pair, gateway):
    anna, _ = pair
    assert len(anna.cookies) >= 2
    answer = gateway.request("GET", "/v1/me", headers={"Cookie": cookie_header(anna.cookies),
                                                       "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["username"] == anna.name


def test_refusals_are_the_apis_own(pair, gateway):
    anna, _ = pair
    assert gateway.request("GET", "/v1/nowhere").status_code == 404
    assert gateway.request("GET", "/v1/me").status_code == 401
    assert anna.ask("POST", "/v1/letters", body=b"{", headers={
        "Content-Type": "application/json"}).json()["code"] == "invalid_json"
    streams = anna.ask("GET", "/v1/events")
    assert streams.status_code == 404
    assert "unread" in streams.json()["detail"]


@pytest.mark.parametrize("event", [{}, [], {"httpMethod": 7, "requestContext": {}},
                                   {"requestContext": {}, "httpMethod": "GET", "path": None},
                                   {"triggerSource": 9},
                                   {"triggerSource": "PostConfirmation_ConfirmSignUp"}])
def test_what_is_no_event_is_an_error_and_the_function_lives_on(gateway, event):
    error, answer = gateway.invoke(event)
    assert error == "Letterlock.BadEvent"
    assert answer["errorMessage"]
    assert gateway.request("GET", "/v1/config").status_code == 200


def test_other_triggers_pass_untouched(gateway):
    event = {"version": "1", "triggerSource": "PostConfirmation_ConfirmForgotPassword",
             "userName": "x", "request": {"userAttributes": {}}, "response": {}}
    assert gateway.invoke(event) == (None, event)
