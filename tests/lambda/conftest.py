"""Fixtures: the real program as a Lambda function over the embedded backend, in a directory of its
own, with a Runtime API of its own."""

import os
import subprocess

import pytest

from aws.double.runtime_api import RuntimeApi
from support.api_gateway import STAGE
from support.server import BINARY, Outbox, wait_for

START_SECONDS = 30
STOP_SECONDS = 10
PUBLIC_URL = "https://letters.example.org"


class Function(Outbox):
    def __init__(self, directory, command=(BINARY, "lambda"), **settings):
        self.command = command
        self.data_dir = directory / "data"
        self.log_path = directory / "function.log"
        self.runtime = RuntimeApi()
        self.environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": self.runtime.address,
            "LETTERLOCK_DATA_DIR": str(self.data_dir),
            "LETTERLOCK_PUBLIC_URL": PUBLIC_URL,
            "LETTERLOCK_LAMBDA_STAGE_PREFIX": f"/{STAGE}",
            "LETTERLOCK_LOG_LEVEL": "debug",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.environment |= {k: str(v) for k, v in settings.items()}
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log,
                                            stdin=subprocess.DEVNULL, stderr=log)
        return self

    def start_and_wait(self):
        self.start()
        wait_for(lambda: self.runtime.first_next.is_set() or self.process.poll() is not None,
                 "the function to ask for work", START_SECONDS)
        assert self.process.poll() is None, self.log()
        return self

    def stop(self):
        """Takes the Runtime API away, which ends the program; gives its status."""
        self.runtime.stop()
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")


@pytest.fixture(scope="module")
def function(tmp_path_factory):
    """One sandbox for a module. Whatever it does against the Runtime API's rules fails the last
    test."""
    f = Function(tmp_path_factory.mktemp("function")).start_and_wait()
    yield f
    assert f.process.poll() is None, f.log()
    faults = f.runtime.faults
    assert f.stop() == 1, f.log()
    assert faults == []


@pytest.fixture
def make_function(tmp_path):
    """Functions that a test starts and ends itself: make_function(LETTERLOCK_SIGN_UP="closed")."""
    made = []

    def make(**settings):
        directory = tmp_path / f"function{len(made)}"
        directory.mkdir()
        made.append(Function(directory, **settings))
        return made[-1]

    yield make
    for f in made:
        if f.process is not None and f.process.poll() is None:
            f.stop()
        else:
            f.runtime.stop()
