"""The real programs behind the double: DynamoDB Local and versitygw, or moto in their place."""

import atexit
import ctypes
import http.client
import io
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .errors import Refusal
from .http_message import Answer

START_SECONDS = 30
ANSWER_SECONDS = 60
PR_SET_PDEATHSIG = 1
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
_libc = ctypes.CDLL(None)


def die_with_parent():
    """For preexec_fn: the child is killed when the thread that started it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A child that serves HTTP on a free port of 127.0.0.1."""

    def __init__(self, name, command, log_dir):
        """command: {port} stands for the port in it."""
        self.name = name
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self._log_path = pathlib.Path(log_dir) / f"{name}.log"
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                [part.replace("{port}", str(self.port)) for part in command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=log_dir,
                preexec_fn=die_with_parent)

    def wait_until_ready(self):
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{self.name} does not start:\n"
                                       f"{self._log_path.read_text()[-2000:]}") from None
            time.sleep(0.01)

    def answer(self, request):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.putrequest(request.method, request.target, skip_host=True,
                                  skip_accept_encoding=True)
            for name, value in request.headers:
                if name not in HOP_BY_HOP and name != "expect":
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body)
            response = connection.getresponse()
            body = response.read()
            length = response.getheader("Content-Length")
            headers = [(n, v) for n, v in response.getheaders() if n.lower() not in HOP_BY_HOP]
            if request.method == "HEAD" and length is not None:
                headers.append(("Content-Length", length))
            return Answer(response.status, headers, body)
        finally:
            connection.close()

    def stop(self):
        self._process.kill()
        self._process.wait()


class Moto:
    """moto in this process, for machines without Java or Go. Imported only when needed."""

    name = "moto"
    host = "127.0.0.1"

    def __init__(self):
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        self._application = DomainDispatcherApplication(create_backend_app)

    def answer(self, request):
        path, _, query = request.target.partition("?")
        environ = {
            "REQUEST_METHOD": request.method, "PATH_INFO": path, "QUERY_STRING": query,
            "RAW_URI": request.target, "REQUEST_URI": request.target, "SCRIPT_NAME": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(request.body)), "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False}
        for name, value in request.headers:
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        answer = Answer()

        def start_response(status, headers, _exc_info=None):
            answer.status = int(status.split()[0])
            answer.headers = [h for h in headers if h[0].lower() not in HOP_BY_HOP]
        try:
            answer.body = b"".join(self._application(environ, start_response))
        except Exception as e:  # what moto makes of requests that it did not expect
            raise Refusal("ValidationException", f"moto does not take that: {e!r}") from None
        return answer

    def stop(self):
        pass


class Backends:
    """Starts what is installed in cache (tools/aws_double.sh); moto stands in for the rest."""

    def __init__(self, cache):
        self.directory = tempfile.mkdtemp(prefix="aws-double.")
        atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
        self.credentials = ("AKIA" + secrets.token_hex(8).upper(), secrets.token_hex(20))
        cache = pathlib.Path(cache)
        jars, gateway = cache / "dynamodb-local", cache / "versitygw"
        moto = None
        if shutil.which("java") and jars.is_dir():
            self.tables = self._start_dynamodb_local(jars)
        else:
            self.tables = moto = Moto()
        if os.access(gateway, os.X_OK):
            self.objects = self._start_versitygw(gateway)
        else:
            self.objects = moto or Moto()
        for backend in (self.tables, self.objects):
            if isinstance(backend, Process):
                backend.wait_until_ready()

    def _start_dynamodb_local(self, jars):
        return Process("dynamodb-local", [
            "java", "-Xms32m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData", "-cp", f"{jars.resolve()}/*",
            "software.amazon.dynamodb.services.local.main.ServerRunner", "-inMemory", "-sharedDb",
            "-disableTelemetry", "-port", "{port}"], self.directory)

    def _start_versitygw(self, gateway):
        parts = {n: os.path.join(self.directory, n) for n in ("iam", "sidecar", "objects")}
        for path in parts.values():
            os.mkdir(path)
        os.environ["ROOT_ACCESS_KEY"], os.environ["ROOT_SECRET_KEY"] = self.credentials
        return Process("versitygw", [
            str(gateway.resolve()), "--port", "127.0.0.1:{port}", "--region", "us-east-1",
            "--keep-alive", "--quiet", "--iam-dir", parts["iam"], "posix", "--sidecar",
            parts["sidecar"], parts["objects"]], self.directory)

    def stop(self):
        self.tables.stop()
        self.objects.stop()
