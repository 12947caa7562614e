"""The package of tools/lambda_package, as Lambda unpacks and starts it."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from aws import cloud
from aws.gateway import Gateway
from support.api_gateway import make_event, read_reply
from support.server import BUILD, ROOT, SANITIZED

TOOL = ROOT / "tools" / "lambda_package"
DEFAULT_OUTPUT = ROOT / "build-lambda" / "lambda.zip"
UPLOAD_MAX_BYTES = 50 << 20  # what Lambda takes as an upload
SYSTEM_LIBRARIES = "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu"
# Lambda's own value, with the folders of this system in it, where other copies of all that is packed
# are.
LIBRARY_PATH = f"/lib64:/usr/lib64:{SYSTEM_LIBRARIES}:/var/runtime:/var/task/lib"
ROLE = "arn:aws:iam::123456789012:role/"
AWS_SETTINGS = {
    "LETTERLOCK_BACKEND": "aws",
    "LETTERLOCK_AWS_REGION": "us-east-1",
    "LETTERLOCK_AWS_ACCOUNT": "123456789012",
    "LETTERLOCK_AWS_USER_POOL": "us-east-1_abcdefghi",
    "LETTERLOCK_AWS_CLIENT_ID": "client",
    "LETTERLOCK_AWS_IDENTITY_POOL": "us-east-1:7d444840-9dc0-41d1-b245-5ffdce74fad2",
    "LETTERLOCK_AWS_USERS_TABLE": "users",
    "LETTERLOCK_AWS_MESSAGES_TABLE": "messages",
    "LETTERLOCK_AWS_BUCKET": "letters-bucket",
    "LETTERLOCK_AWS_OWNER_ROLE": ROLE + "owner",
    "LETTERLOCK_AWS_SERVER_ROLES": ROLE + "server",
    "LETTERLOCK_AWS_PROVISIONER_ROLE": ROLE + "provisioner",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "not used here",
}

pytestmark = pytest.mark.skipif(SANITIZED, reason="sanitizers' libraries are not for Lambda")


def pack(*out):
    done = subprocess.run([TOOL, *out], capture_output=True, text=True, timeout=300, check=False,
                          env=os.environ | {"LETTERLOCK_BUILD_DIR": str(BUILD)})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    out = tmp_path_factory.mktemp("package") / "lambda.zip"
    assert "bootstrap" in pack(out)
    return out


@pytest.fixture
def task(archive, tmp_path):
    """/var/task."""
    root = tmp_path / "task"
    with zipfile.ZipFile(archive) as z:
        for entry in z.infolist():
            pathlib.Path(z.extract(entry, root)).chmod(entry.external_attr >> 16 & 0o777)
    return root


def test_the_same_build_gives_the_same_package(archive):
    pack()
    assert DEFAULT_OUTPUT.read_bytes() == archive.read_bytes()


def test_the_package_fits_and_holds_no_glibc(archive, task):
    assert archive.stat().st_size <= UPLOAD_MAX_BYTES
    names = {p.name for p in (task / "lib").iterdir()}
    assert any(n.startswith("libcurl") for n in names)
    assert not any(n.startswith(("libc.so", "libm.so", "ld-linux")) for n in names)


def test_bootstrap_serves_with_no_library_but_the_packed_ones(task, make_function):
    f = make_function(command=[task / "bootstrap"], LD_LIBRARY_PATH=LIBRARY_PATH,
                      LAMBDA_TASK_ROOT=task).start_and_wait()
    outcome = f.runtime.invoke(make_event("2.0", "GET", "/v1/config", []))
    assert read_reply("2.0", outcome.document).status_code == 200
    maps = pathlib.Path(f"/proc/{f.process.pid}/maps").read_text()
    loaded = {pathlib.Path(p) for p in re.findall(r"(/\S+\.so\S*)", maps)}
    ours = {p for p in loaded if p.parent == task / "lib"}
    assert len(ours) > 5
    rest = {p.name for p in loaded - ours}
    assert all(re.match(r"(libc|libm|libresolv|libnss_\w+|ld-linux[\w-]*)\.so", n) for n in rest), rest


def test_bootstrap_serves_on_aws(task, double):
    gateway = Gateway(cloud.aws_environment(double), "2.0", [str(task / "bootstrap")],
                      LD_LIBRARY_PATH=str(task / "lib"))
    for _ in range(2):  # a new process, and a warm one
        answer = gateway.request("GET", "/v1/config")
        assert answer.status_code == 200 and answer.json()["backend"] == "aws"


@pytest.fixture
def key_server(tmp_path):
    """Serves a pool's public keys over TLS; gives its address and the authority to trust."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
         tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True)

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"keys": [{"kty": "RSA", "kid": "a", "alg": "RS256", "use": "sig",
                                         "n": "x" * 342 + "w", "e": "AQAB"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = HTTPServer(("127.0.0.1", 0), Keys)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # clients that do not trust it
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://localhost:{server.server_port}/jwks.json", tmp_path / "cert.pem"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_packed_authorities_are_trusted_and_no_others(task, make_function, key_server):
    address, authority = key_server
    settings = {**AWS_SETTINGS, "LETTERLOCK_AWS_JWKS_URL": address, "LAMBDA_TASK_ROOT": task}
    stranger = make_function(command=[task / "bootstrap"], **settings).start()
    assert stranger.runtime.init_errors.get(timeout=20).error_type == "Letterlock.CannotStart"
    assert stranger.process.wait(20) != 0
    assert "certificate" in stranger.log()
    shutil.copy(authority, task / "ca-certificates.crt")
    make_function(command=[task / "bootstrap"], **settings).start_and_wait()
    # What the operator sets goes before.
    chosen = make_function(command=[task / "bootstrap"], **settings,
                           LETTERLOCK_AWS_CA_FILE="/etc/ssl/certs/ca-certificates.crt").start()
    assert chosen.runtime.init_errors.get(timeout=20).error_type == "Letterlock.CannotStart"


def load_tool():
    loader = importlib.machinery.SourceFileLoader("lambda_package", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def test_what_needs_a_newer_glibc_is_refused(tmp_path):
    tool = load_tool()
    source = tmp_path / "new.c"
    source.write_text("#include <stdlib.h>\nvoid fill(void *p);\n"
                      "void fill(void *p) { arc4random_buf(p, 4); }\n")
    library = tmp_path / "libnew.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    assert tool.too_new(library) == ["libnew.so needs glibc 2.36: arc4random_buf"]
    assert tool.too_new(BUILD / "letterlock") == []
    wanted = {"2.2.5": False, "2.34": False, "2.35": True, "2.4": False, "3.0": True,
              "PRIVATE": True, "ABI_DT_RELR": True}
    assert {v: tool.is_too_new(v) for v in wanted} == wanted
