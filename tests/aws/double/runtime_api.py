"""Lambda functions: each has a Runtime API of its own, for the real program that polls it.

The program is started at the first invocation, as Lambda starts a sandbox, or by the test itself.
"""

import concurrent.futures
import dataclasses
import json
import os
import queue
import re
import select
import socket
import subprocess
import threading
import time
import uuid

from . import ACCOUNT, REGION
from .backends import die_with_parent
from .errors import Dropped
from .http_message import Answer
from .server import HttpServer

PREFIX = "/2018-06-01/runtime/"
PAYLOAD_MAX = 6291556
POLL_S = 0.05
TRIES = 3  # Cognito's, of a trigger

# Children die with the thread that started them, so one thread that never ends starts all.
_starter = concurrent.futures.ThreadPoolExecutor(max_workers=1)


@dataclasses.dataclass
class Invocation:
    event: object
    deadline: float
    request_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    result: queue.Queue = dataclasses.field(default_factory=queue.Queue)


def _json(status, body):
    return Answer(status, [("Content-Type", "application/json")], json.dumps(body).encode())


class Function:
    def __init__(self, name, command=None, environment=None, timeout_s=5):
        self.name = name
        self.command = command
        self.environment = environment or {}
        self.timeout_s = timeout_s
        self._server = HttpServer(self._answer)
        self._waiting = queue.Queue()
        self._running = {}  # request id -> Invocation
        self._lock = threading.Lock()
        self._process = None

    @property
    def arn(self):
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"

    @property
    def runtime_api(self):
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.port}"

    def invoke(self, event):
        """(error type, answer): None and what the function returned, or what went wrong."""
        invocation = Invocation(event, time.time() + self.timeout_s)
        self._start_program()
        self._running[invocation.request_id] = invocation
        self._waiting.put(invocation)
        try:
            while True:
                left = invocation.deadline - time.time()
                if left <= 0:
                    self.kill()
                    return "Sandbox.Timedout", None
                try:
                    return invocation.result.get(timeout=min(left, POLL_S))
                except queue.Empty:
                    if self._process is not None and self._process.poll() is not None:
                        return "Runtime.ExitError", None
        finally:
            del self._running[invocation.request_id]

    def _start_program(self):
        with self._lock:
            if self.command and (self._process is None or self._process.poll() is not None):
                environment = {
                    "PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_NAME": self.name,
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_REGION": REGION,
                    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", **self.environment,
                    "AWS_LAMBDA_RUNTIME_API": self.runtime_api}
                self._process = _starter.submit(
                    subprocess.Popen, self.command, env=environment, stdin=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, preexec_fn=die_with_parent).result()

    def kill(self):
        """Ends the program, as Lambda ends a sandbox; gives whether there was one."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                return False
            self._process.kill()
            self._process.wait()
            return True

    def _answer(self, request):
        if not request.path.startswith(PREFIX):
            return _json(404, {"errorType": "NotFound"})
        path = request.path.removeprefix(PREFIX)
        if (request.method, path) == ("GET", "invocation/next"):
            return self._next(request)
        if (request.method, path) == ("POST", "init/error"):
            self._fail_all(request)
            return _json(202, {"status": "OK"})
        m = re.fullmatch("invocation/([^/]+)/(response|error)", path)
        invocation = self._running.get(m[1]) if m else None
        if request.method != "POST" or invocation is None:
            return _json(400, {"errorType": "InvalidRequestID",
                               "errorMessage": "Invalid request ID"})
        if len(request.body) > PAYLOAD_MAX:
            invocation.result.put(("Function.ResponseSizeTooLarge", None))
            return _json(413, {"errorType": "RequestEntityTooLarge", "errorMessage":
                               f"Exceeded maximum allowed payload size ({PAYLOAD_MAX} bytes)."})
        invocation.result.put(_result(m[2], request))
        return _json(202, {"status": "OK"})

    def _next(self, request):
        invocation = self._take(request.socket)
        answer = _json(200, invocation.event)
        answer.headers += [
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
            ("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0"),
            ("Lambda-Runtime-Invoked-Function-Arn", self.arn)]
        return answer

    def _take(self, poller):
        """The next invocation, for a poller that is still there."""
        while True:
            try:
                invocation = self._waiting.get(timeout=POLL_S)
            except queue.Empty:
                invocation = None
            if _is_closed(poller):
                if invocation is not None:
                    self._waiting.put(invocation)
                raise Dropped
            if invocation is not None and invocation.request_id in self._running:
                return invocation

    def _fail_all(self, request):
        kind = request.header("lambda-runtime-function-error-type", "Runtime.InitError")
        for invocation in list(self._running.values()):
            invocation.result.put((kind, None))

    def stop(self):
        self.kill()
        self._server.stop()


def _is_closed(connection):
    readable, _, _ = select.select([connection], [], [], 0)
    try:
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def _result(kind, request):
    try:
        body = json.loads(request.body)
    except ValueError:
        return "InvalidResponse", None
    if kind == "response":
        return None, body
    error_type = body.get("errorType") if isinstance(body, dict) else None
    return error_type or request.header("lambda-runtime-function-error-type", "Unhandled"), body


class Functions:
    """The account's functions, by ARN."""

    def __init__(self):
        self._lock = threading.Lock()
        self._functions = {}

    def put(self, function):
        with self._lock:
            old = self._functions.get(function.arn)
            self._functions[function.arn] = function
        if old is not None:
            old.stop()

    def get(self, arn):
        with self._lock:
            return self._functions.get(arn)

    def trigger(self, arn, event):
        """Invokes as Cognito does: again, up to three times, unless the function itself answered.

        Gives (error type or None, answer)."""
        function = self.get(arn)
        if function is None:
            return "ResourceNotFoundException", None
        for _ in range(TRIES):
            error, answer = function.invoke(event)
            if error not in ("Sandbox.Timedout", "Runtime.ExitError"):
                break
        return error, answer

    def stop(self):
        for function in self._functions.values():
            function.stop()
