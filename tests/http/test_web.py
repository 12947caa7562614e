"""The web client's files."""

import os

import pytest

NAVIGATION = "Accept: text/html,application/xhtml+xml;q=0.9"
INDEX = b"<!doctype html><title>index</title>"
SCRIPT = b"console.log(1)\n" * 100


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    from front import Front
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("secret")
    root = tmp_path_factory.mktemp("web")
    (root / "index.html").write_bytes(INDEX)
    (root / "config.js").write_bytes(b"config")
    (root / "favicon.svg").write_bytes(b"<svg/>")
    (root / ".env").write_text("secret")
    (root / "assets").mkdir()
    (root / "assets/app-1a2b.js").write_bytes(SCRIPT)
    (root / "assets/app-1a2b.js.br").write_bytes(b"brotli")
    (root / "assets/app-1a2b.js.gz").write_bytes(b"gzip")
    (root / "assets/pic.png").write_bytes(b"\x89PNG")
    (root / "assets/pic.png.br").write_bytes(b"never")
    (root / "assets/.hidden").write_text("secret")
    (root / "assets/empty.css").write_bytes(b"")
    (root / "big.wasm").write_bytes(os.urandom(1 << 20))
    os.symlink(outside / "secret.txt", root / "link.txt")
    os.symlink(outside, root / "linked")
    os.symlink(root / "config.js", root / "inner.js")
    os.mkfifo(root / "fifo.txt")
    f = Front(web_dir=root, web_connect_src="https://cognito.example")
    f.root = root
    yield f
    assert f.stop() == 0, f.errors()


def test_index(web):
    with web.connect() as c:
        for path in ("/", "/index.html", "/?x=y"):
            reply = c.get(path)
            assert reply.status == 200 and reply.body == INDEX
            assert reply.headers["content-type"] == "text/html; charset=utf-8"
            assert reply.headers["cache-control"] == "no-cache"


def test_security_headers(web):
    with web.connect() as c:
        headers = c.get("/").headers
    policy = dict(d.split(" ", 1) for d in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self' https://cognito.example"
    assert policy["frame-ancestors"] == "'none'" and policy["script-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "permissions-policy" in headers and "strict-transport-security" not in headers


def test_assets_are_immutable_and_compressed(web):
    with web.connect() as c:
        for accept, coding, body in (("gzip, deflate, br", "br", b"brotli"), ("gzip", "gzip", b"gzip"),
                                     ("br;q=0, gzip", "gzip", b"gzip"), ("identity", None, SCRIPT),
                                     ("x", None, SCRIPT)):
            reply = c.get("/assets/app-1a2b.js", f"Accept-Encoding: {accept}")
            assert reply.status == 200 and reply.body == body
            assert reply.headers.get("content-encoding") == coding
            assert reply.headers["vary"] == "Accept-Encoding"
            assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
        picture = c.get("/assets/pic.png", "Accept-Encoding: br")
        assert picture.body == b"\x89PNG" and "vary" not in picture.headers
        assert c.get("/assets/empty.css").body == b""


def test_conditional(web):
    with web.connect() as c:
        first = c.get("/config.js")
        etag = first.headers["etag"]
        for tags in (etag, "W/" + etag, f'"x", {etag}', "*"):
            again = c.get("/config.js", f"If-None-Match: {tags}")
            assert again.status == 304 and again.headers["etag"] == etag
        assert c.get("/config.js", 'If-None-Match: "x"').status == 200
        os.utime(web.root / "config.js", (1, 1))
        assert c.get("/config.js", f"If-None-Match: {etag}").status == 200


def test_head(web):
    with web.connect() as c:
        reply = c.get("/big.wasm", method="HEAD")
        assert reply.status == 200 and reply.headers["content-length"] == str(1 << 20)
        assert c.get("/big.wasm").body == (web.root / "big.wasm").read_bytes()


@pytest.mark.parametrize("path", ["/letters/0190-x", "/sign-in", "/deep/er/page?x=1"])
def test_navigation_gets_the_application(web, path):
    with web.connect() as c:
        assert c.get(path, NAVIGATION).body == INDEX
        assert c.get(path).status == 404
        assert c.get(path, "Accept: application/json").status == 404


@pytest.mark.parametrize("path", [
    "/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%5csecret.txt",
    "/.env", "/assets/.hidden", "/link.txt", "/linked/secret.txt", "/inner.js", "/fifo.txt",
    "/assets", "/assets/", "//etc/passwd", "/assets//app-1a2b.js", "/index.html/", "/missing.js",
    "/index.html/x.js", "/" + "a" * 600 + ".js", "/./index.html",
])
def test_not_found(web, path):
    with web.connect() as c:
        reply = c.get(path)
        assert reply.status == 404, reply.body
        assert reply.headers["content-type"] == "application/problem+json"
        assert b"secret" not in reply.body
        assert c.get("/config.js").status == 200


@pytest.mark.parametrize("path", ["/%2e%2e%2fsecret.txt", "/a%00.js"])
def test_bad_target(web, path):
    with web.connect() as c:
        assert c.get(path, NAVIGATION).status == 400


def test_api_paths_never_fall_back(web):
    with web.connect() as c:
        for path in ("/v1", "/v1/nope", "/healthz", "/.well-known/x", "/openapi.json"):
            reply = c.get(path, NAVIGATION)
            assert reply.status == 404 and reply.headers["content-type"] == "application/problem+json"
        assert c.get("/v1/whoami").status == 200


def test_other_methods(web):
    with web.connect() as c:
        assert c.post("/index.html", b"x").status == 404
        assert c.get("/index.html", method="DELETE").status == 404


def test_hsts_behind_tls(make_front, web):
    front = make_front(web_dir=web.root, trusted_proxies="127.0.0.1")
    with front.connect() as c:
        assert "strict-transport-security" in c.get("/", "X-Forwarded-Proto: https").headers
        assert "strict-transport-security" not in c.get("/").headers


def test_no_web_dir(front):
    with front.connect() as c:
        assert c.get("/", NAVIGATION).status == 404
