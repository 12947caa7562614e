"""API Gateway's proxy events, of payload "1.0" (REST APIs) and "2.0" (HTTP APIs): requests as events,
and what a function returns as replies, as strictly as API Gateway reads it."""

import base64
import dataclasses
import json
import re
import urllib.parse
import uuid

STAGE = "prod"
SOURCE_ADDRESS = "203.0.113.7"
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")


@dataclasses.dataclass
class Reply:
    status_code: int
    headers: dict  # lower-case name -> value, the first
    cookies: list
    content: bytes
    encoded: bool  # came as base64

    @property
    def text(self):
        return self.content.decode()

    def json(self):
        return json.loads(self.content)


def make_event(payload, method, target, headers, body=None, claims=None):
    """headers: pairs. body: bytes or None. claims: what the authoriser is said to have found in the
    token."""
    make = {"1.0": _event_1, "2.0": _event_2}[payload]
    return make(method, target, headers, body, claims or {})


def _event_1(method, target, headers, body, claims):
    path, _, query = target.partition("?")
    parameters = urllib.parse.parse_qs(query, keep_blank_values=True)
    lists = {}
    for name, value in headers:
        lists.setdefault(name, []).append(value)
    return {
        "resource": "/{proxy+}", "path": urllib.parse.unquote(path), "httpMethod": method,
        "headers": {name: values[-1] for name, values in lists.items()} or None,
        "multiValueHeaders": lists or None,
        "queryStringParameters": {k: v[-1] for k, v in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": {"proxy": path.lstrip("/")}, "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "stage": STAGE,
            "path": f"/{STAGE}{path}", "httpMethod": method, "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": SOURCE_ADDRESS, "userAgent": "test"},
            "authorizer": {"claims": claims}},
        # binary_media_types = ["*/*"]: every body comes as base64
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body)}


def _event_2(method, target, headers, body, claims):
    path, _, query = target.partition("?")
    joined, cookies = {}, []
    for name, value in headers:
        if name.lower() == "cookie":
            cookies += [c.strip() for c in value.split(";") if c.strip()]
        else:
            name = name.lower()
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    encoded = body is not None and not joined.get("content-type", "").startswith(TEXT_TYPES)
    path = f"/{STAGE}{urllib.parse.unquote(path)}"
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "stage": STAGE,
            "requestId": str(uuid.uuid4()), "timeEpoch": 1795000000000,
            "authorizer": {"jwt": {"claims": claims, "scopes": None}},
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1",
                     "sourceIp": SOURCE_ADDRESS, "userAgent": "test"}},
        "isBase64Encoded": encoded}
    if cookies:
        event["cookies"] = cookies
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if encoded else body.decode()
    return event


def read_reply(payload, answer):
    """Fails on what API Gateway would turn into 502, "Malformed Lambda proxy response"."""
    allowed = {"statusCode", "headers", "body", "isBase64Encoded"}
    allowed |= {"multiValueHeaders"} if payload == "1.0" else {"cookies"}
    assert set(answer) <= allowed, answer.keys()
    assert type(answer["statusCode"]) is int and 100 <= answer["statusCode"] <= 599
    assert type(answer["isBase64Encoded"]) is bool and isinstance(answer["body"], str)
    content = answer["body"].encode()
    if answer["isBase64Encoded"]:
        content = base64.b64decode(content, validate=True)
    headers, cookies = {}, list(answer.get("cookies", []))
    for name, values in answer.get("multiValueHeaders", {}).items():
        assert values and all(isinstance(v, str) for v in values), (name, values)
        if name.lower() == "set-cookie":
            cookies += values
        else:
            headers[name.lower()] = values[0]
    for name, value in answer.get("headers", {}).items():
        assert isinstance(value, str) and name.lower() != "set-cookie", (name, value)
        headers[name.lower()] = value
    return Reply(answer["statusCode"], headers, cookies, content, answer["isBase64Encoded"])


def multipart(fields, file_name, content):
    """(content type, body) of a form with one file."""
    boundary = "b" + uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
             for k, v in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="'
                 f'{file_name}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode()
                 + content + f"\r\n--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def cookie_pairs(cookies):
    """What a browser sends back of Set-Cookie values."""
    return [re.match(r"[^;]+", c)[0] for c in cookies]
