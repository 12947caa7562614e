"""Requests, bodies and connections through the front."""

import concurrent.futures
import hashlib
import os
import socket

import pytest

from front import SANITIZED, Client, wait_for

BODY_MAX = 1 << 20
PROBLEM = "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/echo", "/v1/inline", "/v1/later", "/v1/worker-later"])
@pytest.mark.parametrize("size", [0, 1, 1000, 70000, BODY_MAX])
def test_echo(front, path, size):
    body = os.urandom(size)
    with front.connect() as c:
        for _ in range(3):
            reply = c.post(path, body)
            assert reply.status == 200 and reply.body == body


@pytest.mark.parametrize("path", ["/v1/inline", "/v1/echo", "/v1/source?n=70000", "/v1/nope"])
def test_head_is_get_without_the_body(front, path):
    with front.connect() as c:
        got = c.get(path)
        head = c.get(path, method="HEAD")
        assert head.status == got.status and head.body == b""
        for headers in (got.headers, head.headers):
            headers.pop("date")
        assert head.headers == got.headers
        assert c.get("/v1/empty").status == 204


def test_no_content_has_no_length(front):
    with front.connect() as c:
        reply = c.get("/v1/empty")
        assert reply.status == 204 and "content-length" not in reply.headers
        assert "transfer-encoding" not in reply.headers


def test_pipelining(front):
    with front.connect() as c:
        c.send(b"".join(b"GET /v1/whoami?%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(20)) +
               b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
               b"POST /v1/later HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ndef")
        assert [c.reply().body.split(b"?")[1] for _ in range(20)] == [b"%d\n" % i for i in range(20)]
        assert c.reply().body == b"abc"
        assert c.reply().body == b"def"


def test_keep_alive_by_version(front):
    with front.connect() as c:
        c.send(b"GET /v1/whoami HTTP/1.0\r\nHost: x\r\n\r\n")
        assert b"200" in c.rest()
    with front.connect() as c:
        c.send(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200" in c.rest()


def test_not_found_and_method_keep_the_connection(front):
    with front.connect() as c:
        for body in (b"", b"x" * 5000):
            missing = c.post("/v1/nope", body)
            assert missing.status == 404 and missing.headers["content-type"] == PROBLEM
            assert c.post("/v1/whoami", body).status == 405
        assert c.get("/v1/inline", method="OPTIONS").status == 405
        assert c.get("/v1/whoami").status == 200


def test_continue(front):
    with front.connect() as c:
        c.send(b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert c.reply().status == 100
        assert c.send(b"hello").reply().body == b"hello"
        c.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
               b"Expect: 100-continue\r\n\r\n")
        assert c.reply().status == 100
        assert c.send(b"x" * 100000).reply().body.startswith(b"100000 ")


@pytest.mark.parametrize("path,length,header,status", [
    ("/v1/echo", BODY_MAX + 1, "", 413),
    ("/v1/nope", 5, "", 404),
    ("/v1/nope", 1 << 30, "", 404),
    ("/v1/sink", 1 << 30, "Authorization: Bearer bad\r\n", 401),
])
def test_refused_before_the_body(front, path, length, header, status):
    with front.connect() as c:
        c.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{header}"
               "Expect: 100-continue\r\n\r\n".encode())
        reply = c.reply()
        assert reply.status == status and reply.headers["content-type"] == PROBLEM
        assert c.rest() == b""


def test_refused_before_a_body_of_unknown_length(front):
    with front.connect() as c:
        c.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
               b"Authorization: Bearer bad\r\n\r\n")
        assert c.reply().status == 401


def chunked(parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts if p) + b"0\r\n\r\n"


def test_chunked_body_over_the_limit(front):
    with front.connect() as c:
        c.send(b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
               chunked([b"x" * 65536] * 17))
        assert c.reply().status == 413
        assert c.get("/v1/whoami").status == 200


@pytest.mark.parametrize("refuse_at,size", [(100, 50000), (0, 300000), (300000, 5000000)])
def test_refused_within_the_body(front, refuse_at, size):
    with front.connect() as c:
        reply = c.post(f"/v1/sink?refuse_at={refuse_at}", b"x" * size)
        assert reply.status == 403
        assert c.get("/v1/whoami").status == 200


def test_refused_within_an_endless_body(front):
    with front.connect() as c:
        c.send(b"POST /v1/sink?refuse_at=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = chunked([b"x" * 65536] * 16)[:-5]
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            for _ in range(1000):
                c.send(block)


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 262143, 262144, 262145, 524288, 524289, 3000001])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_upload_sizes(front, size, coding):
    body = os.urandom(size)
    with front.connect() as c:
        if coding == "length":
            reply = c.post("/v1/sink", body)
        else:
            parts = [body[i:i + 50001] for i in range(0, size, 50001)]
            reply = c.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                           chunked(parts)).reply()
        assert reply.body.decode() == f"{size} {hashlib.sha256(body).hexdigest()}"
        assert c.get("/v1/whoami").status == 200


def produced(n):
    pattern = bytes(((i * 131) >> 7) & 255 for i in range(1 << 15))
    return (pattern * (n // len(pattern) + 1))[:n]


@pytest.mark.parametrize("size", [0, 1, 262143, 262144, 262145, 524288, 524289, 3000001])
@pytest.mark.parametrize("path", ["/v1/source", "/v1/source-inline"])
@pytest.mark.parametrize("sized", [0, 1])
def test_download_sizes(front, path, size, sized):
    with front.connect() as c:
        reply = c.get(f"{path}?n={size}&sized={sized}")
        assert reply.status == 200 and reply.body == produced(size)
        assert ("content-length" in reply.headers) == bool(sized)
        assert c.get("/v1/whoami").status == 200


@pytest.mark.parametrize("sized", [0, 1])
def test_source_that_fails_late_cuts_the_transfer(front, sized):
    with front.connect() as c:
        with pytest.raises((EOFError, ConnectionResetError)):
            c.get(f"/v1/source?n=3000000&fail_at=1000000&sized={sized}")


def test_source_that_fails_at_once_is_a_problem(front):
    with front.connect() as c:
        reply = c.get("/v1/source?n=3000000&fail_at=0")
        assert reply.status == 422 and reply.headers["content-type"] == PROBLEM
        assert c.get("/v1/whoami").status == 200


def test_cut_while_uploading(front):
    for _ in range(20):
        with front.connect() as c:
            c.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" +
                   b"x" * 600000)
    wait_for(lambda: front.metric("letterlock_http_transfers") == 0, "transfers to end")
    wait_for(lambda: front.metric("letterlock_http_requests") == 0, "requests to end")


def test_cut_while_downloading(front):
    for _ in range(20):
        with front.connect() as c:
            c.send(b"GET /v1/source?n=100000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            c.exactly(300000)
    wait_for(lambda: front.metric("letterlock_http_transfers") == 0, "transfers to end")
    wait_for(lambda: front.metric("letterlock_http_requests") == 0, "requests to end")


def test_gone_before_the_reply(front):
    for path in ("/v1/wait?ms=50", "/v1/later", "/v1/worker-later"):
        with front.connect() as c:
            c.send(f"{'GET' if 'wait' in path else 'POST'} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    wait_for(lambda: front.metric("letterlock_http_requests") == 0, "requests to end")


def test_large_cookies_fit(front):
    with front.connect() as c:
        assert c.get("/v1/whoami", "Cookie: a=" + "x" * 4000, "User-Agent: " + "y" * 300).status == 200


def test_memory_of_transfers(make_front):
    """The whole server stays within 32 MiB while 200 MB go through, and within 14 MiB when idle."""
    front = make_front()
    assert SANITIZED or front.memory_kib() < 14 * 1024
    block = os.urandom(1 << 20)
    with front.connect() as c:
        digest = hashlib.sha256()
        c.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (200 << 20))
        for _ in range(200):
            c.send(block)
            digest.update(block)
        assert c.reply().body.decode() == f"{200 << 20} {digest.hexdigest()}"
        c.send(b"GET /v1/source?n=%d HTTP/1.1\r\nHost: x\r\n\r\n" % (200 << 20))
        c.head()
        for _ in range(200):
            c.exactly(1 << 20)
    assert SANITIZED or front.memory_kib("VmHWM") < 32 * 1024


def test_many_at_once(front):
    def run(i):
        with front.connect() as c:
            for k in range(30):
                body = b"%d %d" % (i, k) * 100
                path = ("/v1/echo", "/v1/inline", "/v1/later", "/v1/worker-later")[k % 4]
                assert c.post(path, body).body == body
        return True

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        assert all(pool.map(run, range(64)))


def test_full_queue_is_503(make_front):
    front = make_front(call_threads=1, calls_queued_max=1)
    clients = [front.connect() for _ in range(10)]
    for c in clients:
        c.send(b"GET /v1/wait?ms=300 HTTP/1.1\r\nHost: x\r\n\r\n")
    replies = [c.reply() for c in clients]
    assert {r.status for r in replies} == {200, 503}
    assert all(r.headers["retry-after"] == "1" for r in replies if r.status == 503)
    for c in clients:
        assert c.get("/v1/whoami").status == 200
        c.socket.close()


def test_transfers_limit_is_503(make_front):
    front = make_front(transfers_max=1)
    with front.connect() as first, front.connect() as second:
        first.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
                   b"Expect: 100-continue\r\n\r\n")
        assert first.reply().status == 100
        assert second.get("/v1/source?n=100000").status == 503
        second.send(b"POST /v1/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
                    b"Expect: 100-continue\r\n\r\n")
        assert second.reply().status == 503
        assert first.send(b"x" * 100000).reply().status == 200
    with front.connect() as c:
        wait_for(lambda: c.get("/v1/source?n=10").status == 200, "the transfer to end")


def test_connections_per_address(make_front):
    front = make_front(connections_per_address_max=2)
    first, second = front.connect(), front.connect()
    assert first.get("/v1/whoami").status == 200
    assert second.get("/v1/whoami").status == 200
    with front.connect() as third:
        assert third.send(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n").rest() == b""
    first.socket.close()
    second.socket.close()


def test_forwarding_headers_only_from_a_trusted_proxy(front, make_front):
    forwarded = ("X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-Proto: https")
    with front.connect() as c:
        assert c.get("/v1/whoami", *forwarded).body == b"127.0.0.1 plain /v1/whoami\n"
    trusting = make_front(trusted_proxies="127.0.0.0/8, ::1")
    with trusting.connect() as c:
        assert c.get("/v1/whoami", *forwarded).body == b"203.0.113.9 secure /v1/whoami\n"
        assert c.get("/v1/whoami", "X-Forwarded-For: junk").body == b"127.0.0.1 plain /v1/whoami\n"
        assert c.get("/v1/whoami").body == b"127.0.0.1 plain /v1/whoami\n"


def test_ipv6(make_front):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    front = make_front(listen="[::1]:0")
    with socket.create_connection(("::1", front.port)) as s:
        s.sendall(b"GET /v1/whoami HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n")
        data = b""
        while block := s.recv(4096):
            data += block
    assert data.endswith(b"::1 plain /v1/whoami\n")


def test_admin_serves_metrics_only(front):
    with Client(front.admin_port) as c:
        reply = c.get("/metrics")
        assert reply.status == 200 and reply.headers["content-type"].startswith("text/plain")
        assert b"echo_ready 1\n" in reply.body
        assert b'letterlock_http_replies_total{status="2xx"}' in reply.body
        assert c.get("/v1/whoami").status == 404
        assert c.get("/metrics", method="DELETE").status == 405
    with front.connect() as c:
        assert c.get("/metrics").status == 404
