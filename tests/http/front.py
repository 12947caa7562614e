"""The echo server (tests/unit/http/echo_server.c) as a process, and a raw client for it."""

import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from support.server import BUILD, SANITIZED, wait_for

__all__ = ["BINARY", "SANITIZED", "Client", "Front", "wait_for"]
BINARY = BUILD / "tests/unit/http/echo_server"
WAIT_SECONDS = 20
STOP_SECONDS = 60


class Front:
    def __init__(self, **settings):
        self._errors = tempfile.TemporaryFile()
        arguments = [f"{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen([BINARY, *arguments], stdout=subprocess.PIPE,
                                        stderr=self._errors, text=True)
        line = self.process.stdout.readline()
        match = re.fullmatch(r"port (\d+) admin (\d+)\n", line)
        assert match, self.errors()
        self.port, self.admin_port = map(int, match.groups())
        self.url = f"http://127.0.0.1:{self.port}"

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-4000:]

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        self.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "did not stop"

    def memory_kib(self, field="VmRSS"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status).group(1))

    def connect(self):
        return Client(self.port)

    def metric(self, name):
        """The value of a metric from the admin listener."""
        with Client(self.admin_port) as c:
            c.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            text = c.reply().body.decode()
        match = re.search(rf"^{re.escape(name)} (-?\d+)$", text, re.M)
        assert match, text
        return int(match.group(1))


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class Client:
    """A TCP connection with just enough HTTP to read replies exactly."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
        self.buffered = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def get(self, path, *headers, method="GET"):
        return self.send("\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""])
                         .encode()).reply(head=method == "HEAD")

    def post(self, path, body, *headers):
        lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
        return self.send("\r\n".join([*lines, "", ""]).encode() + body).reply()

    def more(self):
        data = self.socket.recv(1 << 18)
        self.buffered += data
        return bool(data)

    def until(self, mark):
        """Everything up to and with mark; EOFError when the connection ends first."""
        while mark not in self.buffered:
            if not self.more():
                raise EOFError(self.buffered[-200:])
        head, _, self.buffered = self.buffered.partition(mark)
        return head + mark

    def exactly(self, n):
        while len(self.buffered) < n:
            if not self.more():
                raise EOFError(f"{len(self.buffered)} of {n}")
        data, self.buffered = self.buffered[:n], self.buffered[n:]
        return data

    def head(self):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:-2]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def chunk(self):
        n = int(self.until(b"\r\n"), 16)
        data = self.exactly(n)
        assert self.exactly(2) == b"\r\n"
        return data

    def reply(self, head=False):
        status, headers = self.head()
        if head or status in (100, 204, 304):
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            parts = []
            while not parts or parts[-1]:
                parts.append(self.chunk())
            body = b"".join(parts)
        elif "content-length" in headers:
            body = self.exactly(int(headers["content-length"]))
        else:
            while self.more():
                pass
            body, self.buffered = self.buffered, b""
        return Reply(status, headers, body)

    def rest(self):
        """Everything until the server ends the connection, cleanly or with a reset."""
        try:
            while self.more():
                pass
        except ConnectionResetError:
            pass
        return self.buffered
