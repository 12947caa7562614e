"""The notices port on SNS and SES: topics, one content-free mail a minute, faults."""

import json
import os
import secrets
import subprocess
import time
import uuid

import pytest

from aws import cloud
from aws.double import models
from aws.double.http_message import Answer
from aws.double.server import HttpServer
from support.server import BUILD

DESK = BUILD / "tests" / "unit" / "aws" / "sns" / "notices_desk"
PUBLIC_URL = "https://letters.example.org/?a=1&b=2"
SUBJECT = "A letter is waiting for you"
INTERNAL = {"code": "InternalError", "status": 500}
FOR_GOOD = 100


class Desk:
    def __init__(self, environment, role="app-server", **more):
        variables = {"LETTERLOCK_PUBLIC_URL": PUBLIC_URL,
                     "LETTERLOCK_MAIL_FROM": "letterlock@example.org"} | more
        self._variables = environment.variables(role, **variables)

    def run(self, *arguments, **variables):
        environment = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        done = subprocess.run([DESK, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, check=False,
                              env=environment | self._variables | variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class User:
    """Somebody with an id, an address, and a topic."""

    def __init__(self, environment):
        self.id, self.email = str(uuid.uuid4()), f"{secrets.token_hex(4)}@example.org"
        self._double, self._desk = environment.double, Desk(environment)
        self._provisioner = Desk(environment, "post-confirmation")
        self._sns = self._double.client("sns", self._double.session(cloud.ADMINISTRATOR))
        self.topic = f"arn:aws:sns:{cloud.REGION}:{cloud.ACCOUNT}:" \
                     f"{environment.topic_prefix}{self.id}"

    def provision(self):
        return self._provisioner.run("provision", self.id, self.email)

    def destroy(self, reference):
        return self._desk.run("destroy", self.id, reference)

    def letters(self, *what, **variables):
        return self._desk.run("letters", self.id, self.email, self.topic, *what, **variables)

    def mails(self, kind="notice"):
        return self._double.control("mail", to=self.email, kind=kind)

    def confirm(self):
        self._double.control("confirm_subscription", topic=self.topic,
                             token=self.mails("subscription")[-1]["token"])

    def topics(self):
        pages = self._sns.get_paginator("list_topics").paginate()
        return [t["TopicArn"] for p in pages for t in p["Topics"] if self.id in t["TopicArn"]]

    def subscriptions(self):
        return self._sns.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]


@pytest.fixture
def user(environment):
    user = User(environment)
    assert user.provision()["error"] == "ok"
    user.confirm()
    return user


@pytest.fixture
def fault(double):
    def order(operation, kind, **fields):
        double.control("fault", match=f"sns.{operation}", kind=kind, **fields)
    yield order
    double.control("clear_faults")


# --- topics ---

def test_provisioning_is_idempotent(environment):
    user = User(environment)
    first, second = user.provision(), user.provision()
    assert first["error"] == second["error"] == "ok"
    assert first["reference"] == second["reference"] == user.topic
    assert user.topics() == [user.topic]
    assert [(s["Endpoint"], s["Protocol"]) for s in user.subscriptions()] == [(user.email, "email")]


@pytest.mark.parametrize("operation", ["CreateTopic", "Subscribe"])
@pytest.mark.parametrize("kind, fields", [
    ("error", {}), ("error", INTERNAL), ("error_after", INTERNAL), ("drop", {}),
    ("drop_after", {})], ids=["throttle", "error", "error_after", "drop", "drop_after"])
def test_one_fault_spoils_no_provisioning(environment, fault, operation, kind, fields):
    user = User(environment)
    fault(operation, kind, **fields)
    assert user.provision()["error"] == "ok"
    assert user.topics() == [user.topic]
    assert len(user.subscriptions()) == 1


def test_destroying_leaves_nothing(user):
    assert user.destroy(user.topic)["error"] == "ok"
    assert user.topics() == []
    assert user.destroy(user.topic)["error"] == "ok"


def test_provisioning_that_broke_off_leaves_nothing(environment, fault):
    user = User(environment)
    fault("Subscribe", "error", count=FOR_GOOD, **INTERNAL)
    assert user.provision()["error"] == "unavailable"
    assert user.topics() == [user.topic]
    assert user.destroy("")["error"] == "ok"
    assert user.topics() == []


def test_an_address_is_no_form(environment):
    user = User(environment)
    user.email = "a@example.org&Action=DeleteTopic"
    user.provision()
    assert [s["Endpoint"] for s in user.subscriptions()] in ([], [user.email])


# --- notices ---

def test_a_notice_names_nobody(user):
    assert user.letters("letter", "flush")["error"] == "ok"
    mail, = user.mails()
    assert mail["subject"] == SUBJECT
    assert PUBLIC_URL in mail["text"]
    for private in (user.id, user.email, "sender", "file"):
        assert private not in mail["text"].replace(PUBLIC_URL, "")


def test_nothing_before_the_subscription_is_confirmed(environment):
    user = User(environment)
    user.provision()
    assert user.letters("letter", "flush")["error"] == "ok"
    assert user.mails() == []


def test_letters_of_a_minute_share_a_notice(user):
    user.letters(*["letter"] * 5, "flush", *["letter"] * 5, "flush", "die")
    assert len(user.mails()) == 1


def test_an_orderly_end_tells_of_the_last_letter(user):
    user.letters("letter", "flush", *["letter"] * 5)
    assert len(user.mails()) == 2


def test_a_thread_of_its_own_sends(user):
    user.letters("letter", "sent", "flush", "die")
    assert len(user.mails()) == 1


@pytest.mark.parametrize("kind, fields, most", [
    ("error", {}, 1), ("error", INTERNAL, 1), ("error_after", INTERNAL, 2), ("drop", {}, 1),
    ("drop_after", {}, 2)], ids=["throttle", "error", "error_after", "drop", "drop_after"])
def test_one_fault_loses_no_notice(user, fault, kind, fields, most):
    fault("Publish", kind, **fields)
    user.letters("letter", "flush")
    assert 1 <= len(user.mails()) <= most


def test_a_slow_service_holds_nobody_up(user, fault):
    fault("Publish", "delay", seconds=2, count=FOR_GOOD)
    begun = time.monotonic()
    done = user.letters("letter", "letter", "flush", "die", TIMEOUT_MS="300")
    assert done["letters_ms"] < 200
    assert time.monotonic() - begun < 1.5


def test_retries_are_bounded(user, fault, double):
    fault("Publish", "error", count=FOR_GOOD, **INTERNAL)
    begun = time.monotonic()
    done = user.letters("letter", "flush", "flush")
    assert time.monotonic() - begun < 20
    assert done["requests"] <= 6  # three at once, and three at the end
    assert user.mails() == []


def test_a_topic_that_is_gone_ends_its_notice(user):
    user.destroy(user.topic)
    assert user.letters("letter", "flush")["requests"] == 1


# --- other media ---

def test_none(environment):
    user, desk = User(environment), Desk(environment, LETTERLOCK_AWS_NOTICES="none")
    done = desk.run("provision", user.id, user.email)
    assert (done["error"], done["requests"]) == ("ok", 0)
    assert done["reference"] != ""
    assert desk.run("letters", user.id, user.email, done["reference"], "letter", "flush")[
        "requests"] == 0
    assert desk.run("destroy", user.id, done["reference"])["requests"] == 0


class MailService:
    """SES, as far as its API goes: the double has none. Keeps what is sent, if its model allows it."""

    def __init__(self):
        self.mails, self.faults = [], []
        self._operation = models.service_model("sesv2").operation_model("SendEmail")
        self._server = HttpServer(self._answer)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.stop = self._server.stop

    def _answer(self, request):
        if self.faults:
            return Answer(self.faults.pop(0), [("Content-Type", "application/json")], b"{}")
        mail = json.loads(request.body)
        models.check_parameters(self._operation, mail)
        assert (request.method, request.target) == ("POST", "/v2/email/outbound-emails")
        assert f"/{cloud.REGION}/ses/aws4_request" in request.header("authorization")
        assert request.header("content-type") == "application/json"
        self.mails.append(mail)
        return Answer(200, [("Content-Type", "application/json")], b'{"MessageId": "1"}')


@pytest.fixture
def ses():
    service = MailService()
    yield service
    service.stop()


@pytest.fixture
def mailer(environment, ses):
    return Desk(environment, LETTERLOCK_AWS_NOTICES="ses", LETTERLOCK_AWS_ENDPOINT=ses.url)


def test_ses(environment, mailer, ses):
    user = User(environment)
    reference = mailer.run("provision", user.id, user.email)["reference"]
    mailer.run("letters", user.id, user.email, reference, "letter", "letter", "flush", "die")
    mail, = ses.mails
    assert mail["FromEmailAddress"] == "letterlock@example.org"
    assert mail["Destination"] == {"ToAddresses": [user.email]}
    assert mail["Content"]["Simple"]["Subject"]["Data"] == SUBJECT
    text = mail["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert PUBLIC_URL in text and user.id not in text and user.email not in text
    assert mailer.run("destroy", user.id, reference)["requests"] == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_ses_is_asked_again(environment, mailer, ses, status):
    user = User(environment)
    ses.faults = [status]
    done = mailer.run("letters", user.id, user.email, "ses", "letter", "flush", "die")
    assert (done["requests"], len(ses.mails)) == (2, 1)


def test_ses_that_refuses_is_left_alone(environment, mailer, ses):
    user = User(environment)
    ses.faults = [400]
    done = mailer.run("letters", user.id, user.email, "ses", "letter", "flush")
    assert (done["requests"], ses.mails) == (1, [])
