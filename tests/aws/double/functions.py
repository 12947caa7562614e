"""Lambda functions: each has a Runtime API of its own, for the real program that polls it.

The program is started at the first invocation, as Lambda starts a sandbox, or by the test itself.
"""

import concurrent.futures
import os
import subprocess
import threading

from . import ACCOUNT, REGION
from .backends import die_with_parent
from .runtime_api import RuntimeApi

TRIES = 3  # Cognito's, of a trigger

# Children die with the thread that started them, so one thread that never ends starts all.
_starter = concurrent.futures.ThreadPoolExecutor(max_workers=1)


class Function:
    def __init__(self, name, command=None, environment=None, timeout_s=5):
        self.name = name
        self.command = command
        self.environment = environment or {}
        self.timeout_s = timeout_s
        self._runtime = RuntimeApi(self.arn)
        self._lock = threading.Lock()
        self._process = None

    @property
    def arn(self):
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"

    @property
    def runtime_api(self):
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return self._runtime.address

    def invoke(self, event):
        """(error type, answer): None and what the function returned, or what went wrong."""
        self._start_program()
        outcome = self._runtime.invoke(event, self.timeout_s, has_ended=self._has_ended)
        if outcome.error_type == "Sandbox.Timedout":
            self.kill()
        return outcome.error_type, outcome.document

    def _has_ended(self):
        return self._process is not None and self._process.poll() is not None

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

    def stop(self):
        self.kill()
        self._runtime.stop()


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
