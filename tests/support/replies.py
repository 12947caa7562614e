"""What replies must look like."""


def problem(r, status, code):
    assert r.status_code == status, r.text
    assert r.headers["content-type"] == "application/problem+json"
    body = r.json()
    assert {"type", "title", "status", "code", "request_id"} <= set(body), body
    assert body["status"] == status and body["code"] == code, body
    return body
