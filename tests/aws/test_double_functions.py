"""The double's Lambda Runtime API and Cognito's trigger, driven by AWS's own runtime client."""

import json
import secrets
import sys
import threading

import httpx
import pytest

from aws.cloud import aws_environment
from support.server import wait_for

PASSWORD = "correct-horse-battery"
HANDLER = """
import json, os, time
def handler(event, context):
    with open(os.environ["SEEN"], "a") as f:
        f.write(json.dumps([event, context.aws_request_id, context.get_remaining_time_in_millis()])
                + "\\n")
    do = event.get("do") or event.get("userName", "")
    if do.startswith("fail"):
        raise ValueError("on purpose")
    if do.startswith("die"):
        os._exit(3)
    if do.startswith("sleep"):
        time.sleep(30)
    if do.startswith("odd"):
        return "no event"
    return event
"""


class Trigger:
    """A handler in awslambdaric behind a user pool."""

    def __init__(self, double, path):
        path.joinpath("work.py").write_text(HANDLER)
        self.seen_path = path / "seen"
        self.environment = aws_environment(double, {
            "command": [sys.executable, "-m", "awslambdaric", "work.handler"], "timeout_s": 3,
            "environment": {"LAMBDA_TASK_ROOT": str(path), "PYTHONPATH": str(path),
                            "SEEN": str(self.seen_path), "AWS_LAMBDA_LOG_GROUP_NAME": "g",
                            "AWS_LAMBDA_LOG_STREAM_NAME": "s"}})
        self.arn = self.environment.function["arn"]
        self.double = double

    def invoke(self, event):
        return self.double.control("invoke", arn=self.arn, event=event)

    def seen(self):
        if not self.seen_path.exists():
            return []
        return [json.loads(line) for line in self.seen_path.read_text().splitlines()]

    def confirm(self, name):
        """Signs a user up and confirms it; the client and the e-mail address."""
        cognito, client = self.environment.anonymous("cognito-idp"), self.environment.client_id
        email = f"{name}@example.org"
        cognito.sign_up(ClientId=client, Username=name, Password=PASSWORD,
                        UserAttributes=[{"Name": "email", "Value": email}])
        try:
            cognito.confirm_sign_up(ClientId=client, Username=name, ClientMetadata={"a": "b"},
                                    ConfirmationCode=self.environment.code(email))
        finally:
            signed_in = cognito.initiate_auth(
                ClientId=client, AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD})
            assert "AuthenticationResult" in signed_in
        return cognito, email


@pytest.fixture(scope="module")
def trigger(double, tmp_path_factory):
    return Trigger(double, tmp_path_factory.mktemp("function"))


def test_invoke(trigger):
    event = {"do": "echo", "text": "ü" * 1000}
    assert trigger.invoke(event) == {"error": None, "answer": event}
    _, request_id, left = trigger.seen()[-1]
    assert len(request_id) == 36 and 0 < left <= 3000


def test_error(trigger):
    answer = trigger.invoke({"do": "fail"})
    assert answer["error"] == "ValueError"
    assert answer["answer"]["errorMessage"] == "on purpose"
    assert trigger.invoke({"do": "echo"})["error"] is None


def test_death_and_new_start(trigger):
    assert trigger.invoke({"do": "die"})["error"] == "Runtime.ExitError"
    assert trigger.invoke({"do": "echo"})["error"] is None
    assert trigger.double.control("kill_function", arn=trigger.arn) is True
    assert trigger.invoke({"do": "echo"})["error"] is None


def test_post_confirmation(trigger):
    name = "u" + secrets.token_hex(5)
    cognito, email = trigger.confirm(name)
    event = trigger.seen()[-1][0]
    assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert event["userName"] == name and event["version"] == "1"
    assert event["userPoolId"] == trigger.environment.user_pool
    assert event["callerContext"]["clientId"] == trigger.environment.client_id
    assert event["request"]["clientMetadata"] == {"a": "b"} and event["response"] == {}
    attributes = event["request"]["userAttributes"]
    assert attributes["email"] == email and attributes["email_verified"] == "true"
    assert attributes["cognito:user_status"] == "CONFIRMED" and len(attributes["sub"]) == 36
    cognito.forgot_password(ClientId=trigger.environment.client_id, Username=name)
    cognito.confirm_forgot_password(
        ClientId=trigger.environment.client_id, Username=name, Password="other-password",
        ConfirmationCode=trigger.environment.code(email, "forgot"))
    event = trigger.seen()[-1][0]
    assert event["triggerSource"] == "PostConfirmation_ConfirmForgotPassword"


def test_failing_trigger(trigger):
    """The user is confirmed all the same, as confirm() checks by signing in."""
    cognito = trigger.environment.anonymous("cognito-idp")
    for what, error, times in (("fail", "UserLambdaValidationException", 1),
                               ("odd", "InvalidLambdaResponseException", 1),
                               ("die", "UserLambdaValidationException", 3)):
        before = len(trigger.seen())
        with pytest.raises(cognito.exceptions.ClientError) as e:
            trigger.confirm(what + secrets.token_hex(5))
        assert e.value.response["Error"]["Code"] == error, what
        assert len(trigger.seen()) - before == times, what


def polled(double, timeout_s=1):
    """A function whose program is the test."""
    made = double.control("function", name="f" + secrets.token_hex(5), timeout_s=timeout_s)
    return made["arn"], f"http://{made['runtime_api']}/2018-06-01/runtime"


def test_timeout_and_late_answer(double):
    arn, api = polled(double)
    answers = []
    invoking = threading.Thread(
        target=lambda: answers.append(double.control("invoke", arn=arn, event={})))
    invoking.start()
    with httpx.Client(timeout=10) as http:
        event = http.get(f"{api}/invocation/next")
        request_id = event.headers["lambda-runtime-aws-request-id"]
        invoking.join()
        assert answers == [{"error": "Sandbox.Timedout", "answer": None}]
        assert http.post(f"{api}/invocation/{request_id}/response", json={}).status_code == 400


def test_dead_poller_swallows_nothing(double):
    arn, api = polled(double, timeout_s=5)
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{api}/invocation/next", timeout=0.3)
    answers = []
    invoking = threading.Thread(
        target=lambda: answers.append(double.control("invoke", arn=arn, event={"a": 1})))
    invoking.start()
    with httpx.Client(timeout=10) as http:
        event = http.get(f"{api}/invocation/next")
        request_id = event.headers["lambda-runtime-aws-request-id"]
        assert event.json() == {"a": 1}
        assert http.post(f"{api}/invocation/other/response", json={}).status_code == 400
        large = http.post(f"{api}/invocation/{request_id}/response", content=b"x" * 6291557)
        assert large.status_code == 413
    invoking.join()
    assert answers[0]["error"] == "Function.ResponseSizeTooLarge"


def test_init_error(double):
    arn, api = polled(double)
    answers = []
    invoking = threading.Thread(
        target=lambda: answers.append(double.control("invoke", arn=arn, event={})))
    invoking.start()
    with httpx.Client(timeout=10) as http:
        def fail():
            http.post(f"{api}/init/error", json={"errorMessage": "m"}, headers={
                "Lambda-Runtime-Function-Error-Type": "Runtime.NoSetting"})
            return answers
        wait_for(fail, "the invocation to fail")
    invoking.join()
    assert answers[0]["error"] == "Runtime.NoSetting"
