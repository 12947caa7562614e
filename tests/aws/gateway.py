"""API Gateway in front of `letterlock lambda`, on the AWS double's Runtime API."""

import json

from support.api_gateway import STAGE, cookie_pairs, make_event, read_reply
from support.server import BINARY

FUNCTION_SECONDS = 29


def settings(environment, role, **more):
    return {"LETTERLOCK_BACKEND": "aws", **environment.variables(role, **more)}


class Gateway:
    """A function of its own, called by events of payload "1.0" (REST) or "2.0" (HTTP)."""

    def __init__(self, environment, payload, command=(str(BINARY), "lambda"), **more):
        self.payload = payload
        self._double = environment.double
        self.function = self._double.control(
            "function", name=f"{environment.name}-api-{payload.replace('.', '-')}",
            command=list(command), timeout_s=FUNCTION_SECONDS,
            environment=settings(environment, "app-lambda",
                                 LETTERLOCK_LAMBDA_STAGE_PREFIX=f"/{STAGE}", **more))

    def invoke(self, event):
        """(error type, answer) of the function."""
        result = self._double.control("invoke", arn=self.function["arn"], event=event)
        return result["error"], result["answer"]

    def request(self, method, target, *, token=None, body=None, headers=(), claims=None):
        """body: bytes, or a value that travels as JSON. claims: what the authoriser is said to have
        found in the token."""
        headers = dict(headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        error, answer = self.invoke(
            make_event(self.payload, method, target, headers.items(), body, claims))
        assert error is None, (error, answer)
        return read_reply(self.payload, answer)


def cookie_header(cookies):
    return "; ".join(cookie_pairs(cookies))


def confirmation_function(environment):
    """Puts the real program behind the pool's PostConfirmation trigger, with the settings that
    Terraform gives it: the pool does not exist yet when its trigger is made."""
    unknown = {f"LETTERLOCK_AWS_{name}": "none"
               for name in ("USER_POOL", "CLIENT_ID", "IDENTITY_POOL")}
    unknown["LETTERLOCK_AWS_JWKS_URL"] = ""
    environment.double.control(
        "function", name=f"{environment.name}-post-confirmation", command=[str(BINARY), "lambda"],
        environment=settings(environment, "post-confirmation") | unknown, timeout_s=5)


