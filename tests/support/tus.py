"""A tus 1.0.0 client for tests, bare enough to do everything wrong on purpose."""

import base64

VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


def metadata(**fields):
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" if v else k
                    for k, v in fields.items())


def create(client, to, length, headers=(), **fields):
    """POST /v1/uploads of a file to a User or a name; the reply."""
    name = to if isinstance(to, str) else to.name
    return client.post("/v1/uploads", headers=VERSION | {
        "Upload-Length": str(length),
        "Upload-Metadata": metadata(**({"to": name, "filename": "f.bin"} | fields))} | dict(headers))


def begin(client, to, length, headers=(), **fields):
    """The same, to succeed; the upload's path."""
    r = create(client, to, length, headers, **fields)
    assert r.status_code == 201, r.text
    return r.headers["location"]


def patch(client, path, offset, data, **headers):
    return client.patch(path, content=data, headers=VERSION | {
        "Upload-Offset": str(offset), "Content-Type": BYTES} | headers)


def head(client, path):
    return client.head(path, headers=VERSION)


def offset(client, path):
    r = head(client, path)
    assert r.status_code == 200, r.status_code
    return int(r.headers["upload-offset"])


def finish(client, path, data, step):
    """Sends what is missing in steps; the letter's id."""
    at = offset(client, path)
    while True:
        r = patch(client, path, at, data[at:at + step])
        assert r.status_code == 204, r.text
        at = int(r.headers["upload-offset"])
        if at == len(data):
            return r.headers["letterlock-letter-id"]
