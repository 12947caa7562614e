"""Runs the double: `python -m aws.double CACHE`. Prints its port on a line, once it is ready, and
ends when its standard input does."""

import argparse
import gc
import signal
import sys
import urllib.parse

from .backends import Backends
from .cognito import Cognito
from .control import PREFIX, Control
from .credentials import CredentialServer
from .errors import Refusal
from .faults import Faults
from .functions import Functions
from .gateway import Gateway
from .http_message import Answer
from .identity_pool import IdentityPools
from .kms import Kms
from .mailbox import Mailbox
from .mailer import Mailer
from .objects import Objects
from .principals import Principals
from .server import HttpServer
from .ses import Ses
from .sns import Sns
from .sts import Sts
from .tables import Tables

CONFIRMATION_PATH = "/confirmation.html"
JWKS_SUFFIX = "/.well-known/jwks.json"


class Double:
    """All parts of the double, put together."""

    def __init__(self, cache, listen=("127.0.0.1", 0), smtp=None):
        self.backends = Backends(cache)
        self.principals = Principals()
        self._mailer = Mailer(smtp, self._confirmation_url) if smtp else None
        self.mailbox = Mailbox(self._mailer.send if smtp else None)
        self.faults = Faults()
        self.functions = Functions()
        self.credentials = CredentialServer(self.principals)
        self.cognito = Cognito(self.mailbox.send, self.functions.trigger)
        self.sns = Sns(self.mailbox.send)
        services = (self.cognito, IdentityPools(self.cognito, self.principals),
                    Kms(self.principals), self.sns, Ses(self.mailbox.send), Sts(),
                    Tables(self.backends.tables),
                    Objects(self.backends.objects, self.backends.credentials))
        self.gateway = Gateway({s.name: s for s in services}, self.principals.session, self.faults)
        self._control = Control(self)
        self._server = HttpServer(self.answer, *listen)
        self.port = self._server.port

    def answer(self, request):
        found = self.credentials.answer(request)
        if found is not None:
            return found
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        if request.path.endswith(JWKS_SUFFIX) and request.method == "GET":
            return self._jwks(request.path.removesuffix(JWKS_SUFFIX).removeprefix("/"))
        if request.path == CONFIRMATION_PATH and request.method == "GET":
            return self._confirm(request.query_values)
        return self.gateway.answer(request)

    def _jwks(self, pool_id):
        pool = self.cognito.pool(pool_id)
        if pool is None:
            return Answer(404, [("Content-Type", "application/json")], b"{}")
        return Answer(200, [("Content-Type", "application/json")], pool.jwks())

    def _confirmation_url(self, topic, token):
        """What stands in the mail about a subscription."""
        return f"http://127.0.0.1:{self.port}{CONFIRMATION_PATH}?" + urllib.parse.urlencode(
            {"TopicArn": topic, "Token": token})

    def _confirm(self, values):
        try:
            self.sns.confirm(values.get("TopicArn", ""), values.get("Token", ""))
        except Refusal as e:
            return Answer(e.status, [("Content-Type", "text/plain")], e.message.encode())
        return Answer(200, [("Content-Type", "text/plain")], b"Subscription confirmed!\n")

    def stop(self):
        self._server.stop()
        if self._mailer:
            self._mailer.stop()
        self.functions.stop()
        self.backends.stop()


def _address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def _read_options():
    parser = argparse.ArgumentParser(prog="aws.double")
    parser.add_argument("cache", metavar="CACHE")
    parser.add_argument("--listen", type=_address, metavar="ADDRESS:PORT",
                        default=("127.0.0.1", 0), help="where AWS is: a free port of 127.0.0.1")
    parser.add_argument("--smtp", type=_address, metavar="HOST:PORT",
                        help="a server for what AWS would have mailed, besides the mailbox")
    return parser.parse_args()


def main():
    options = _read_options()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    double = Double(options.cache, options.listen, options.smtp)
    gc.freeze()
    try:
        print(double.port, flush=True)
        sys.stdin.read()
    finally:
        double.stop()


if __name__ == "__main__":
    main()
