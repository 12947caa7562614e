"""Mail through a real SMTP server: TLS, sign-in, a dead server, digests, no content."""

import datetime
import ssl
import threading

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.server import free_port, wait_for

pytestmark = pytest.mark.embedded("AWS sends the mail")


class Inbox:
    """Collects mails; can refuse the next ones."""

    def __init__(self):
        self.mails = []
        self.refuse = None
        self.tls = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.tls.append(session.ssl is not None)
        self.mails.append((envelope.rcpt_tos[0], envelope.content.decode()))
        return "250 taken"

    def to(self, email):
        return [text for address, text in self.mails if address == email]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .add_extension(x509.BasicConstraints(True, 0), True)
            .sign(key, hashes.SHA256()))
    (directory / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return directory


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.fixture
def smtp():
    """Starts SMTP servers: smtp(port=…, tls_context=…)."""
    running = []

    def start(**options):
        inbox = Inbox()
        controller = Controller(inbox, hostname="127.0.0.1", **options)
        controller.start()
        running.append(controller)
        inbox.port = controller.port
        inbox.stop = lambda: (running.remove(controller), controller.stop())
        return inbox

    yield start
    for c in running:
        c.stop()


GOOD = {"username": "mia", "email": "mia@example.org", "password": "nine lives of cats"}


def sign_up(server, body=GOOD):
    with server.client() as c:
        assert c.post("/v1/accounts", json=body).status_code == 201


def test_plain_smtp(make_server, smtp):
    inbox = smtp(port=free_port())
    server = make_server(LETTERLOCK_SMTP_URL=f"smtp://127.0.0.1:{inbox.port}")
    sign_up(server)
    wait_for(lambda: inbox.to("mia@example.org"), "the code")
    text = inbox.to("mia@example.org")[0]
    for header in ("From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ", "MIME-Version: 1.0"):
        assert header in text


def check_password(server, session, envelope, mechanism, data):
    ok = isinstance(data, LoginPassword) and data.login == b"letters" and data.password == b"s3cret"
    return AuthResult(success=ok, handled=ok)


def test_starttls_with_sign_in(make_server, smtp, certificate):
    inbox = smtp(port=free_port(), tls_context=context_of(certificate), require_starttls=True,
                 authenticator=check_password, auth_required=True)
    server = make_server(LETTERLOCK_SMTP_URL=f"smtp://localhost:{inbox.port}",
                         LETTERLOCK_SMTP_USER="letters", LETTERLOCK_SMTP_PASSWORD="s3cret",
                         LETTERLOCK_SMTP_CA_FILE=certificate / "cert.pem")
    sign_up(server)
    wait_for(lambda: inbox.to("mia@example.org"), "the code")
    assert inbox.tls == [True]
    assert "s3cret" not in server.log()


def test_implicit_tls(make_server, smtp, certificate):
    inbox = smtp(port=free_port(), ssl_context=context_of(certificate))
    server = make_server(LETTERLOCK_SMTP_URL=f"smtps://localhost:{inbox.port}",
                         LETTERLOCK_SMTP_CA_FILE=certificate / "cert.pem")
    sign_up(server)
    wait_for(lambda: inbox.to("mia@example.org"), "the code")


def test_unknown_certificate_gets_no_mail(make_server, smtp, certificate):
    inbox = smtp(port=free_port(), ssl_context=context_of(certificate))
    server = make_server(LETTERLOCK_SMTP_URL=f"smtps://localhost:{inbox.port}")
    sign_up(server)
    wait_for(lambda: "mail_not_sent" in server.log(), "a refusal in the log")
    assert not inbox.mails


def test_dead_mail_server_loses_nothing(make_server, smtp):
    port = free_port()
    server = make_server(LETTERLOCK_SMTP_URL=f"smtp://127.0.0.1:{port}")
    sign_up(server)
    wait_for(lambda: "mail_not_sent" in server.log(), "a first failed try")
    server.restart()
    inbox = smtp(port=port)
    wait_for(lambda: inbox.to("mia@example.org"), "the code, late", 60)


def test_put_off_mail_is_retried_and_refused_mail_blocks_nobody(make_server, smtp):
    inbox = smtp(port=free_port())
    server = make_server(LETTERLOCK_SMTP_URL=f"smtp://127.0.0.1:{inbox.port}")
    inbox.refuse = "550 no such user"
    sign_up(server)
    wait_for(lambda: "mail_given_up" in server.log(), "the refused mail to be given up")
    inbox.refuse = None
    sign_up(server, GOOD | {"username": "noa", "email": "noa@example.org"})
    wait_for(lambda: inbox.to("noa@example.org"), "the next mail")


def test_notices_are_content_free_and_digested(make_server):
    server = make_server()
    one, two = server.user(), server.user()
    def notices():
        return [m for m in server.mails(two.email) if "waiting for you" in m]
    one.send(two, "first secret text")
    wait_for(notices, "the first notice")
    for i in range(5):
        one.send(two, f"secret text {i}")
    assert len(notices()) == 1, "the other five wait for the digest"
    for text in notices():
        assert "secret" not in text and one.name not in text
