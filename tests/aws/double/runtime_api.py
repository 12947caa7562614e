"""Lambda's Runtime API for one program that polls it (Lambda Developer Guide, "Using the Lambda
runtime API for custom runtimes"). It takes what Lambda takes; what the program does against the
documents is noted in `faults`."""

import dataclasses
import http.server
import json
import queue
import re
import socket
import threading
import time
import uuid

PREFIX = "/2018-06-01/runtime/"
PAYLOAD_MAX = 6291556  # bytes; the figure of Lambda's own refusal
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:letterlock"
POLL_SECONDS = 0.02
REQUEST_SECONDS = 60


@dataclasses.dataclass
class Outcome:
    """error_type: None of a response; else the program's own, or Lambda's for what befell it."""
    document: object = None
    error_type: str | None = None
    size: int = 0


@dataclasses.dataclass
class _Invocation:
    body: bytes
    deadline: float
    trace: str | None
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    outcome: queue.Queue = dataclasses.field(default_factory=queue.Queue)


class RuntimeApi:
    """Listens from the start. drop_connections: every connection is closed, without a word, once it
    has answered a request, as it is found after a sandbox was frozen for long."""

    def __init__(self, arn=ARN):
        self.arn = arn
        self.faults = []
        self.connections = 0
        self.drop_connections = False
        self.first_next = threading.Event()
        self.init_errors = queue.Queue()
        self._waiting = queue.Queue()
        self._open = {}  # invocations without an outcome, by id
        self._running = None  # what the program was given last, until it answers
        self._stopped = False
        self._server = _Listener(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,),
                                        daemon=True)
        self._thread.start()

    @property
    def address(self):
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event, seconds=29.0, trace=TRACE, has_ended=lambda: False):
        """Hands an event (a value, or bytes as they are) to the program and gives its Outcome;
        has_ended() tells that there is no program any more."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        invocation = _Invocation(body, time.time() + seconds, trace)
        self._open[invocation.id] = invocation
        self._waiting.put(invocation)
        try:
            while True:
                left = invocation.deadline - time.time()
                if left <= 0:
                    return Outcome(error_type="Sandbox.Timedout")
                try:
                    return invocation.outcome.get(timeout=min(left, POLL_SECONDS))
                except queue.Empty:
                    if has_ended():
                        return Outcome(error_type="Runtime.ExitError")
        finally:
            self._open.pop(invocation.id, None)

    def stop(self):
        self._stopped = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- the program's side, on a connection's thread ---

    def next_invocation(self, connection):
        """The next one, or None when the program or the test has gone."""
        if self._running in self._open:
            self.faults.append("asked for the next invocation before it answered this one")
        self.first_next.set()
        while not self._stopped and not _is_closed(connection):
            try:
                invocation = self._waiting.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if _is_closed(connection):
                self._waiting.put(invocation)
            elif invocation.id in self._open:
                self._running = invocation.id
                return invocation
        return None

    def take_init_error(self, outcome):
        if self.first_next.is_set():
            self.faults.append("reported a failed start after it had started")
        self.init_errors.put(outcome)
        for invocation in list(self._open.values()):
            invocation.outcome.put(outcome)

    def end_invocation(self, request_id, outcome):
        """False when no such invocation is running."""
        if request_id != self._running:
            return False
        invocation = self._open.pop(request_id, None)
        if invocation is not None:
            invocation.outcome.put(outcome)
        return invocation is not None


def _is_closed(connection):
    connection.settimeout(0)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(REQUEST_SECONDS)


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.api = api

    def handle_error(self, request, client_address):
        self.api.faults.append("broke a connection off")


class _Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = REQUEST_SECONDS
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.api.connections += 1

    def log_message(self, *_):
        pass

    def _fault(self, text):
        self.server.api.faults.append(f"{self.command} {self.path}: {text}")

    def _answer(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if self.server.api.drop_connections:
            self.close_connection = True

    def _refuse(self, status, kind, text):
        self._fault(text)
        self._answer(status, json.dumps({"errorType": kind, "errorMessage": text}).encode())

    def _check_head(self):
        if self.request_version != "HTTP/1.1":
            self._fault(f"spoke {self.request_version}")
        if self.headers.get("Host") != self.server.api.address:
            self._fault(f"Host: {self.headers.get('Host')}")
        for name in ("Expect", "Transfer-Encoding"):
            if name in self.headers:
                self._fault(f"sent {name}")

    def do_GET(self):
        self._check_head()
        if self.path != PREFIX + "invocation/next":
            self._refuse(404, "NotFound", "no such address")
            return
        if "Content-Length" in self.headers:
            self._fault("sent a body with GET")
        invocation = self.server.api.next_invocation(self.connection)
        if invocation is None:
            self.close_connection = True
            return
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", invocation.id),
            ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", self.server.api.arn)]
        if invocation.trace is not None:
            headers.append(("Lambda-Runtime-Trace-Id", invocation.trace))
        self._answer(200, invocation.body, headers)

    def do_POST(self):
        self._check_head()
        if "Content-Length" not in self.headers:
            self._refuse(411, "LengthRequired", "sent no Content-Length")
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == PREFIX + "init/error":
            self.server.api.take_init_error(self._error(body))
            self._answer(202, b'{"status":"OK"}')
            return
        m = re.fullmatch(re.escape(PREFIX) + r"invocation/([^/]+)/(response|error)", self.path)
        if not m:
            self._refuse(404, "NotFound", "no such address")
            return
        outcome = self._response(body) if m[2] == "response" else self._error(body)
        if not self.server.api.end_invocation(m[1], outcome):
            self._refuse(400, "InvalidRequestID", "answered an invocation that is not running")
        elif outcome.error_type == "Function.ResponseSizeTooLarge":
            self._refuse(413, "RequestEntityTooLarge",
                         f"Exceeded maximum allowed payload size ({PAYLOAD_MAX} bytes).")
        else:
            self._answer(202, b'{"status":"OK"}')

    def _response(self, body):
        if len(body) > PAYLOAD_MAX:
            return Outcome(None, "Function.ResponseSizeTooLarge", len(body))
        try:
            return Outcome(json.loads(body), None, len(body))
        except ValueError:
            self._fault("sent a response that is no JSON")
            return Outcome(None, "InvalidResponse", len(body))

    def _error(self, body):
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type")
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            document = {}
        if (not kind or set(document) != {"errorMessage", "errorType", "stackTrace"}
                or document["errorType"] != kind or not isinstance(document["errorMessage"], str)
                or not isinstance(document["stackTrace"], list)):
            self._fault("sent an error that is none")
        return Outcome(document, document.get("errorType") or kind or "Unhandled", len(body))
