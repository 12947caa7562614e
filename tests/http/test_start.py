"""Settings that cannot work are told at the start; TLS."""

import socket
import ssl
import subprocess

import pytest

from front import BINARY


@pytest.mark.parametrize("setting", [
    "listen=nowhere", "listen=127.0.0.1", "listen=127.0.0.1:99999", "listen=::1:80", "listen=:1",
    "admin_listen=x", "web_dir=/nonexistent", "trusted_proxies=localhost", "tls_cert=/nonexistent",
])
def test_bad_setting(setting):
    done = subprocess.run([BINARY, setting], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and ": " in done.stderr


def test_bad_connect_source(tmp_path):
    done = subprocess.run([BINARY, f"web_dir={tmp_path}", "web_connect_src=https://x; script-src *"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "web_connect_src" in done.stderr


def test_address_in_use():
    with socket.create_server(("127.0.0.1", 0)) as s:
        done = subprocess.run([BINARY, f"listen=127.0.0.1:{s.getsockname()[1]}"], capture_output=True,
                              text=True, timeout=20)
    assert done.returncode == 1 and "cannot listen" in done.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    d = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", d / "key.pem", "-out",
                    d / "cert.pem"], check=True, capture_output=True)
    return d


def test_tls(make_front, certificate):
    front = make_front(tls_cert=certificate / "cert.pem", tls_key=certificate / "key.pem")
    context = ssl.create_default_context(cafile=certificate / "cert.pem")
    with front.connect() as c:
        c.socket = context.wrap_socket(c.socket, server_hostname="localhost")
        assert c.get("/v1/whoami").body == b"127.0.0.1 secure /v1/whoami\n"
        assert c.post("/v1/sink", b"x" * 1000000).body.startswith(b"1000000 ")
        assert len(c.get("/v1/source?n=3000000").body) == 3000000
        assert c.post("/v1/later", b"abc").body == b"abc"


def test_tls_refuses_old_versions(make_front, certificate):
    front = make_front(tls_cert=certificate / "cert.pem", tls_key=certificate / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with front.connect() as c, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(c.socket)
