"""Lambda's Runtime API for one program that polls it (Lambda Developer Guide, "Using the Lambda
runtime API for custom runtimes"), as strict as the documents are: what the program does against them
is noted in `faults`."""

import dataclasses
import http.server
import json
import queue
import re
import threading
import time
import uuid

PREFIX = "/2018-06-01/runtime/"
PAYLOAD_MAX = 6291556  # bytes; the figure of Lambda's own refusal
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
POLL_SECONDS = 0.02
REQUEST_SECONDS = 60


@dataclasses.dataclass
class Outcome:
    kind: str  # "response", "error", or "too large"
    document: object
    error_type: str | None = None  # of the header
    size: int = 0


@dataclasses.dataclass
class _Invocation:
    body: bytes
    deadline_ms: int
    trace: str | None
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    outcome: queue.Queue = dataclasses.field(default_factory=queue.Queue)


class RuntimeApi:
    """Listens from the start. drop_connections: every connection is closed, without a word, once it
    has answered a request, as it is found after a sandbox was frozen for long."""

    def __init__(self):
        self.faults = []
        self.connections = 0
        self.drop_connections = False
        self.first_next = threading.Event()
        self.init_errors = queue.Queue()
        self._waiting = queue.Queue()
        self._running = None
        self._stopped = False
        self._server = _Listener(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,))
        self._thread.start()

    @property
    def address(self):
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event, seconds=29.0, trace=TRACE):
        """Hands an event (a value, or bytes as they are) to the program and gives its Outcome."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        invocation = _Invocation(body, int((time.time() + seconds) * 1000), trace)
        self._waiting.put(invocation)
        return invocation.outcome.get(timeout=seconds + 5)

    def stop(self):
        self._stopped = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- the program's side, on a connection's thread ---

    def next_invocation(self, connection):
        """The next one, or None when the program or the test has gone."""
        if self._running is not None:
            self.faults.append("asked for the next invocation before it answered this one")
        self.first_next.set()
        while not self._stopped and not _is_closed(connection):
            try:
                self._running = self._waiting.get(timeout=POLL_SECONDS)
                return self._running
            except queue.Empty:
                continue
        return None

    def take_init_error(self, outcome):
        if self.first_next.is_set():
            self.faults.append("reported a failed start after it had started")
        self.init_errors.put(outcome)

    def end_invocation(self, request_id, outcome):
        """False when no such invocation is running."""
        invocation = self._running
        if invocation is None or invocation.id != request_id:
            return False
        self._running = None
        invocation.outcome.put(outcome)
        return True


def _is_closed(connection):
    connection.settimeout(0)
    try:
        return connection.recv(1, 2) == b""  # MSG_PEEK
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
            ("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn",
             "arn:aws:lambda:us-east-1:123456789012:function:letterlock")]
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
            outcome = self._error(body)
            if outcome:
                self.server.api.take_init_error(outcome)
                self._answer(202, b'{"status":"OK"}')
            return
        m = re.fullmatch(re.escape(PREFIX) + r"invocation/([0-9a-f-]{36})/(response|error)",
                         self.path)
        if not m:
            self._refuse(404, "NotFound", "no such address")
            return
        outcome = self._response(body) if m[2] == "response" else self._error(body)
        if outcome is None:
            return
        if not self.server.api.end_invocation(m[1], outcome):
            self._refuse(400, "InvalidRequestID", "answered an invocation that is not running")
        elif outcome.kind == "too large":
            self._refuse(413, "RequestEntityTooLarge",
                         f"Exceeded maximum allowed payload size ({PAYLOAD_MAX} bytes).")
        else:
            self._answer(202, b'{"status":"OK"}')

    def _json(self, body):
        try:
            return json.loads(body)
        except ValueError:
            self._refuse(400, "InvalidJson", "sent a body that is no JSON")
            return None

    def _response(self, body):
        if len(body) > PAYLOAD_MAX:
            return Outcome("too large", None, size=len(body))
        document = self._json(body)
        return None if document is None else Outcome("response", document, size=len(body))

    def _error(self, body):
        document = self._json(body)
        if document is None:
            return None
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type")
        if (not kind or set(document) != {"errorMessage", "errorType", "stackTrace"}
                or document["errorType"] != kind or not isinstance(document["errorMessage"], str)
                or not isinstance(document["stackTrace"], list)):
            self._refuse(400, "InvalidError", "sent an error that is none")
            return None
        return Outcome("error", document, kind, len(body))
