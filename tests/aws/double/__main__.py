"""Runs the double: `python -m aws.double CACHE`. Prints its port on a line, once it is ready, and
ends when its standard input does."""

import gc
import signal
import sys

from .backends import Backends
from .cognito import Cognito
from .control import PREFIX, Control
from .credentials import CredentialServer
from .faults import Faults
from .functions import Functions
from .gateway import Gateway
from .http_message import Answer
from .identity_pool import IdentityPools
from .kms import Kms
from .mailbox import Mailbox
from .objects import Objects
from .principals import Principals
from .server import HttpServer
from .ses import Ses
from .sns import Sns
from .sts import Sts
from .tables import Tables

JWKS_SUFFIX = "/.well-known/jwks.json"


class Double:
    """All parts of the double, put together."""

    def __init__(self, cache):
        self.backends = Backends(cache)
        self.principals = Principals()
        self.mailbox = Mailbox()
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
        self._server = HttpServer(self.answer)
        self.port = self._server.port

    def answer(self, request):
        found = self.credentials.answer(request)
        if found is not None:
            return found
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        if request.path.endswith(JWKS_SUFFIX) and request.method == "GET":
            return self._jwks(request.path.removesuffix(JWKS_SUFFIX).removeprefix("/"))
        return self.gateway.answer(request)

    def _jwks(self, pool_id):
        pool = self.cognito.pool(pool_id)
        if pool is None:
            return Answer(404, [("Content-Type", "application/json")], b"{}")
        return Answer(200, [("Content-Type", "application/json")], pool.jwks())

    def stop(self):
        self._server.stop()
        self.functions.stop()
        self.backends.stop()


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    double = Double(sys.argv[1])
    gc.freeze()
    try:
        print(double.port, flush=True)
        sys.stdin.read()
    finally:
        double.stop()


if __name__ == "__main__":
    main()
