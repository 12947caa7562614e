"""Slow clients are cut, whatever they drip; stopping drains."""

import time

import pytest

from front import wait_for

DRIP_SECONDS = 0.05
HEADERS_MS = 600
BODY_MS = 600


def drip(client, data, limit_seconds):
    """Sends byte by byte until the server ends the connection; gives the seconds it took."""
    start = time.monotonic()
    client.socket.settimeout(DRIP_SECONDS)
    for i in range(len(data)):
        if time.monotonic() - start > limit_seconds:
            break
        try:
            client.send(data[i:i + 1])
            if not client.more():
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start


@pytest.fixture(scope="module")
def quick(request):
    from front import Front
    f = Front(headers_timeout_ms=HEADERS_MS, idle_timeout_ms=1000, admin_listen="127.0.0.1:0")
    yield f
    assert f.stop() == 0, f.errors()


def test_dripping_headers(quick):
    with quick.connect() as c:
        assert HEADERS_MS / 1000 <= drip(c, b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1000, 10) < 3


def test_dripping_request_line(quick):
    with quick.connect() as c:
        assert HEADERS_MS / 1000 <= drip(c, b"GET /" + b"y" * 1000, 10) < 3


def test_silent_connection(quick):
    with quick.connect() as c:
        start = time.monotonic()
        assert c.rest() == b""
        assert time.monotonic() - start < 5


def test_idle_kept_connection(quick):
    with quick.connect() as c:
        assert c.get("/v1/whoami").status == 200
        assert c.rest() == b""


def test_dripping_second_request(quick):
    with quick.connect() as c:
        assert c.get("/v1/whoami").status == 200
        assert drip(c, b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1000, 10) < 4


@pytest.mark.parametrize("path", ["/v1/echo", "/v1/sink"])
def test_dripping_body(quick, path):
    with quick.connect() as c:
        c.send(f"POST {path}?timeout_ms={BODY_MS} HTTP/1.1\r\nHost: x\r\n"
               "Content-Length: 100000\r\n\r\n".encode())
        assert BODY_MS / 1000 <= drip(c, b"x" * 1000, 10) + DRIP_SECONDS < 3


@pytest.mark.parametrize("path", ["/v1/echo", "/v1/sink"])
def test_stalled_body(quick, path):
    with quick.connect() as c:
        c.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nxxx".encode())
        start = time.monotonic()
        assert c.rest() == b""
        assert time.monotonic() - start < 5


def test_unread_download(quick):
    with quick.connect() as c:
        c.send(b"GET /v1/source?n=1000000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        c.head()
        wait_for(lambda: quick.metric("letterlock_http_transfers") == 0, "the transfer to be cut")


def test_slowly_read_download(quick):
    with quick.connect() as c:
        c.send(f"GET /v1/source?n=1000000000&timeout_ms={BODY_MS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        c.head()
        start = time.monotonic()
        with pytest.raises((EOFError, ConnectionResetError)):
            while time.monotonic() - start < 15:
                c.exactly(200000)
                time.sleep(DRIP_SECONDS)


def test_slow_calls_are_not_cut(quick):
    """Deadlines of the client's side do not apply while the server works."""
    with quick.connect() as c:
        assert c.get("/v1/wait?ms=2500").status == 200


def test_drain_finishes_what_runs(make_front):
    front = make_front(drain_ms=20000, admin_listen="127.0.0.1:0")
    upload, download, call, idle, events = (front.connect() for _ in range(5))
    assert idle.get("/v1/whoami").status == 200
    events.send(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n").head()
    upload.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 500000)
    download.send(b"GET /v1/source?n=30000000 HTTP/1.1\r\nHost: x\r\n\r\n").head()
    call.send(b"GET /v1/wait?ms=2000 HTTP/1.1\r\nHost: x\r\n\r\n")
    download.exactly(1000)
    upload.socket.settimeout(20)
    wait_for(lambda: front.metric("letterlock_http_requests") >= 3, "the requests to be running")
    front.terminate()
    assert events.rest() == b"0\r\n\r\n"
    with pytest.raises(OSError):
        wait_for(lambda: not front.connect(), "connections to be refused", 5)
    download.exactly(30000000 - 1000)
    reply = upload.send(b"x" * 500000).reply()
    assert reply.body.startswith(b"1000000 ") and reply.headers["connection"] == "close"
    assert call.reply().body == b"waited\n"
    assert idle.rest() == b""
    assert front.process.wait(10) == 0


def test_drain_cuts_at_its_deadline(make_front):
    front = make_front(drain_ms=300)
    with front.connect() as upload, front.connect() as download:
        upload.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 500000)
        download.send(b"GET /v1/source?n=100000000 HTTP/1.1\r\nHost: x\r\n\r\n").head()
        start = time.monotonic()
        front.terminate()
        assert front.process.wait(10) == 0
        assert 0.3 <= time.monotonic() - start < 5


def test_kept_connection_closes_while_draining(make_front):
    front = make_front(drain_ms=10000, admin_listen="127.0.0.1:0")
    with front.connect() as busy, front.connect() as kept:
        assert kept.get("/v1/whoami").status == 200
        busy.send(b"GET /v1/wait?ms=3000 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: front.metric("letterlock_http_requests") == 1, "the request to be running")
        front.terminate()
        with pytest.raises(OSError):
            wait_for(lambda: not front.connect(), "connections to be refused", 5)
        reply = kept.get("/v1/whoami")
        assert reply.status == 200 and reply.headers["connection"] == "close"
        assert kept.rest() == b""
        assert busy.reply().status == 200
    assert front.process.wait(10) == 0
