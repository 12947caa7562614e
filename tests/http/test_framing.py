"""Message framing: what two parsers could read in two ways is refused, and nothing hidden behind it
is served."""

import pytest

SMUGGLED = b"GET /v1/whoami?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /v1/whoami HTTP/1.1\r\n"
HOST = b"Host: x\r\n"

# name -> the head of a request; SMUGGLED follows each.
REFUSED = {
    "space before colon": GET + HOST + b"X : y\r\n\r\n",
    "space before colon of a length": POST + b"Content-Length : 5\r\n\r\nhello",
    "leading space": GET + b" Host: x\r\n\r\n",
    "folded": GET + HOST + b"X: a\r\n b\r\n\r\n",
    "folded with tab": GET + HOST + b"X: a\r\n\tb\r\n\r\n",
    "folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "folded empty": GET + HOST + b"X:\r\n y\r\n\r\n",
    "name with a slash": GET + HOST + b"X/Y: z\r\n\r\n",
    "empty name": GET + HOST + b": z\r\n\r\n",
    "name beyond ASCII": GET + HOST + b"X\xc3\xa9: z\r\n\r\n",
    "control in value": GET + HOST + b"X: a\x01b\r\n\r\n",
    "delete in value": GET + HOST + b"X: a\x7fb\r\n\r\n",
    "NUL in value": GET + HOST + b"X: a\0b\r\n\r\n",
    "NUL in name": GET + HOST + b"X\0Y: a\r\n\r\n",
    "CR in value": GET + HOST + b"X: a\rb\r\n\r\n",
    "bare LF": GET + b"Host: x\nX: y\r\n\r\n",
    "bare LF at the last field": GET + b"Host: x\n\r\n",
    "bare LF at the request line": b"GET /v1/whoami HTTP/1.1\nHost: x\r\n\r\n",
    "bare LF at the empty line": GET + HOST + b"\n",
    "CR in the empty line": GET + HOST + b"\r\r\n",
    "no host": GET + b"X: y\r\n\r\n",
    "no host in 1.0": b"GET /v1/whoami HTTP/1.0\r\n\r\n",
    "two hosts": GET + HOST + HOST + b"\r\n",
    "empty host": GET + b"Host:\r\n\r\n",
    "host with user": GET + b"Host: a@b\r\n\r\n",
    "host with path": GET + b"Host: a/b\r\n\r\n",
    "host with bad port": GET + b"Host: a:b\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "two different lengths": POST + b"Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello",
    "length list": POST + b"Content-Length: 5, 5\r\n\r\nhello",
    "signed length": POST + b"Content-Length: +5\r\n\r\nhello",
    "negative length": POST + b"Content-Length: -5\r\n\r\nhello",
    "hex length": POST + b"Content-Length: 0x5\r\n\r\nhello",
    "length with junk": POST + b"Content-Length: 5a\r\n\r\nhello",
    "empty length": POST + b"Content-Length:\r\n\r\n",
    "huge length": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "length and coding": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding list": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "identity coding": POST + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "coding with vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding in 1.0": b"POST /v1/echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "space in target": b"GET /v1/who ami HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL escape in target": b"GET /v1/whoami%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "encoded slash": b"GET /v1%2fwhoami HTTP/1.1\r\nHost: x\r\n\r\n",
    "bad escape": b"GET /v1/whoami%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    "short escape": b"GET /v1/whoami?% HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw byte in target": b"GET /v1/whoami\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "fragment": b"GET /v1/whoami#x HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "authority": b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "no slash": b"GET v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n",
    "other scheme": b"GET ftp://x/v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown version": b"GET /v1/whoami HTTP/3.7\r\nHost: x\r\n\r\n",
    "no version": b"GET /v1/whoami\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(front, name):
    with front.connect() as c:
        answer = c.send(REFUSED[name] + SMUGGLED).rest()
    assert b"smuggled" not in answer and b"200 OK" not in answer
    # libmicrohttpd itself refuses some of these by closing without an answer.
    assert answer == b"" or answer.split(b" ")[1] in (b"400", b"413", b"501", b"505"), answer


@pytest.mark.parametrize("head,status", [
    (b"TRACE /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
    (b"get /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
    (b"BREW /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
    (b"GET /" + b"a" * 4096 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
    (b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
    (GET + HOST + b"X: " + b"a" * 40000 + b"\r\n\r\n", b"431"),
    (GET + HOST + b"X: a\r\n" * 4000 + b"\r\n", b"431"),
])
def test_refused_with_its_status(front, head, status):
    with front.connect() as c:
        answer = c.send(head + SMUGGLED).rest()
    assert answer.split(b" ")[1] == status
    assert b"smuggled" not in answer


@pytest.mark.parametrize("name,body", {
    "size with junk": b"5x\r\nhello\r\n0\r\n\r\n",
    "negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "size too large": b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "no line end behind the data": b"5\r\nhelloXX0\r\n\r\n",
    "empty size": b"\r\nhello\r\n0\r\n\r\n",
}.items())
def test_bad_chunks(front, name, body):
    with front.connect() as c:
        c.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body + SMUGGLED)
        answer = c.rest()
    assert b"smuggled" not in answer and b"200 OK" not in answer, name


ACCEPTED = {
    "plain": GET + HOST + b"\r\n",
    "host with port": GET + b"Host: localhost:3000\r\n\r\n",
    "host as IPv6": GET + b"Host: [::1]:3000\r\n\r\n",
    "white space around values": GET + b"Host: \t x \t\r\n\r\n",
    "no white space": GET + b"Host:x\r\nX:\r\n\r\n",
    "names in any case": GET + b"hOST: x\r\n\r\n",
    "UTF-8 value": GET + HOST + b"X: \xc3\xa9\r\n\r\n",
    "length of zero": GET + HOST + b"Content-Length: 0\r\n\r\n",
    "absolute form": b"GET http://x/v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n",
    "escapes and slash in the query": b"GET /v1/whoami?a=%2F&b=%20+ HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_and_kept(front, name):
    with front.connect() as c:
        assert c.send(ACCEPTED[name]).reply().status == 200
        second = c.send(SMUGGLED).reply()
        assert second.status == 200 and b"smuggled" in second.body


def test_target_is_passed_raw(front):
    with front.connect() as c:
        assert c.get("/v1/whoami?a=%2F&b=%20+c").body == b"127.0.0.1 plain /v1/whoami?a=%2F&b=%20+c\n"
        assert c.send(b"GET HTTP://h:1/v1/whoami?x HTTP/1.1\r\nHost: h:1\r\n\r\n").reply().body == (
            b"127.0.0.1 plain /v1/whoami?x\n")


@pytest.mark.parametrize("body", [
    b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"5;x=y\r\nhello\r\n006\r\n world\r\n0\r\n\r\n",
    b"5\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
    b"".join(b"1\r\n%c\r\n" % c for c in b"hello world") + b"0\r\n\r\n",
])
def test_chunked_body(front, body):
    with front.connect() as c:
        c.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        assert c.reply().body == b"hello world"
        assert c.get("/v1/empty").status == 204


def test_refusals_are_counted(front):
    before = front.metric('letterlock_http_refused_total{reason="framing"}')
    with front.connect() as c:
        c.send(GET + b"\r\n").rest()
    assert front.metric('letterlock_http_refused_total{reason="framing"}') == before + 1
