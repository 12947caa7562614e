"""API Gateway in front of `letterlock lambda`: requests become proxy events of either payload, and
what the function returns becomes replies again, as strictly as API Gateway reads them."""

import base64
import dataclasses
import json
import re
import urllib.parse
import uuid

from support.server import BINARY

STAGE = "prod"
FUNCTION_SECONDS = 29


@dataclasses.dataclass
class Reply:
    status_code: int
    headers: dict  # lower-case name -> value, the first
    cookies: list
    content: bytes

    @property
    def text(self):
        return self.content.decode()

    def json(self):
        return json.loads(self.content)


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
        make = self._event_1 if self.payload == "1.0" else self._event_2
        error, answer = self.invoke(make(method, target, headers, body, claims))
        assert error is None, (error, answer)
        return self._reply(answer)

    def _event_1(self, method, target, headers, body, claims):
        path, _, query = target.partition("?")
        lists = urllib.parse.parse_qs(query, keep_blank_values=True)
        return {
            "resource": "/{proxy+}", "path": path, "httpMethod": method,
            "headers": headers or None,
            "multiValueHeaders": {k: [v] for k, v in headers.items()} or None,
            "queryStringParameters": {k: v[-1] for k, v in lists.items()} or None,
            "multiValueQueryStringParameters": lists or None,
            "pathParameters": {"proxy": path.lstrip("/")}, "stageVariables": None,
            "requestContext": {
                "accountId": "123456789012", "apiId": "api", "stage": STAGE,
                "path": f"/{STAGE}{path}", "httpMethod": method, "requestId": str(uuid.uuid4()),
                "identity": {"sourceIp": "203.0.113.7", "userAgent": "test"},
                "authorizer": {"claims": claims or {}}},
            # binary_media_types = ["*/*"]: every body comes as base64
            "body": base64.b64encode(body).decode() if body else None,
            "isBase64Encoded": bool(body)}

    def _event_2(self, method, target, headers, body, claims):
        path, _, query = target.partition("?")
        headers = {k.lower(): v for k, v in headers.items()}
        cookies = [c.strip() for c in headers.pop("cookie", "").split(";") if c.strip()]
        is_text = headers.get("content-type", "").startswith(("application/json", "text/"))
        encoded = body is not None and not is_text
        event = {
            "version": "2.0", "routeKey": "$default", "rawPath": f"/{STAGE}{path}",
            "rawQueryString": query, "headers": headers,
            "requestContext": {
                "accountId": "123456789012", "apiId": "api", "stage": STAGE,
                "requestId": str(uuid.uuid4()), "timeEpoch": 0,
                "authorizer": {"jwt": {"claims": claims or {}, "scopes": None}},
                "http": {"method": method, "path": f"/{STAGE}{path}", "protocol": "HTTP/1.1",
                         "sourceIp": "203.0.113.7", "userAgent": "test"}},
            "isBase64Encoded": encoded}
        if cookies:
            event["cookies"] = cookies
        if body is not None:
            event["body"] = base64.b64encode(body).decode() if encoded else body.decode()
        return event

    def _reply(self, answer):
        allowed = {"statusCode", "body", "isBase64Encoded", "headers"} | (
            {"multiValueHeaders"} if self.payload == "1.0" else {"cookies"})
        assert set(answer) <= allowed, answer.keys()
        assert isinstance(answer["statusCode"], int)
        content = answer.get("body") or ""
        content = base64.b64decode(content, validate=True) if answer["isBase64Encoded"] \
            else content.encode()
        headers, cookies = {}, list(answer.get("cookies", []))
        for name, values in answer.get("multiValueHeaders", {}).items():
            assert all(isinstance(v, str) for v in values)
            if name.lower() == "set-cookie":
                cookies += values
            else:
                headers[name.lower()] = values[0]
        for name, value in answer.get("headers", {}).items():
            assert isinstance(value, str)
            headers[name.lower()] = value
        return Reply(answer["statusCode"], headers, cookies, content)


def multipart(fields, file_name, content):
    """A multipart/form-data body with one file: (content type, body)."""
    boundary = "b" + uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
             for k, v in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="'
                 f'{file_name}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode()
                 + content + f"\r\n--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def cookie_header(cookies):
    return "; ".join(re.match(r"[^;]+", c)[0] for c in cookies)


def confirmation_function(environment):
    """Puts the real program behind the pool's PostConfirmation trigger."""
    environment.double.control(
        "function", name=f"{environment.name}-post-confirmation", command=[str(BINARY), "lambda"],
        environment=settings(environment, "post-confirmation"), timeout_s=5)


