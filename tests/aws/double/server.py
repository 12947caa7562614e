"""A small HTTP/1.1 server that keeps requests as they came."""

import http.server
import socket
import sys
import threading
import traceback

from .errors import Dropped
from .http_message import Answer, Request

IDLE_SECONDS = 120
BODY_MAX = 256 * 1024 * 1024
READ_BYTES = 1 << 20


class _BadRequest(Exception):
    pass


class HttpServer:
    """answer(request) gives the Answer to each, in a thread of the connection's own."""

    def __init__(self, answer, host="127.0.0.1", port=0):
        handler = type("Handler", (_Handler,), {"answer_request": staticmethod(answer)})
        self._server = http.server.ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "double", ""
    timeout = IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (Dropped, ConnectionError, TimeoutError):
            self._cut()

    def _cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _serve(self):
        try:
            answer = self.answer_request(self._read_request())
        except _BadRequest as e:
            self.close_connection = True
            answer = Answer(400, [("Content-Type", "text/plain")], str(e).encode())
        except (Dropped, ConnectionError, TimeoutError):
            raise
        except Exception:  # a mistake of the double's own, which its tests look for
            traceback.print_exc(file=sys.stderr)
            answer = Answer(500, [("Content-Type", "text/plain")], b"InternalFailure of the double")
        self._write(answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = do_PATCH = _serve

    def handle_expect_100(self):
        more = super().handle_expect_100()
        self.wfile.flush()
        return more

    def _read_request(self):
        headers = [(n.lower(), v.strip()) for n, v in self.headers.items()]
        request = Request(self.command, self.raw_target(), headers, b"")
        if not request.target.startswith("/") or any(not "!" <= c <= "~" or c == "#"
                                                     for c in request.target):
            raise _BadRequest("malformed target")
        if request.header("host") is None:
            raise _BadRequest("no Host")
        if any(sum(n == name for n, _ in headers) > 1
               for name in ("host", "content-length", "transfer-encoding", "authorization")):
            raise _BadRequest("a header is repeated")
        request.body = self._read_body(request)
        return request

    def raw_target(self):
        """The target as it came: self.path has a leading // shortened."""
        words = self.requestline.split()
        return words[1] if len(words) == 3 else self.path

    def _read_body(self, request):
        coding, length = request.header("transfer-encoding"), request.header("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise _BadRequest("malformed framing")
            return self._read_chunks()
        if length is None:
            return b""
        if not length.isascii() or not length.isdecimal() or int(length) > BODY_MAX:
            raise _BadRequest("malformed Content-Length, or too large")
        return self._read_exactly(int(length))

    def _read_chunks(self):
        body = bytearray()
        while True:
            line = self.rfile.readline(1024).partition(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                raise _BadRequest("malformed chunk") from None
            if size < 0 or len(body) + size > BODY_MAX:
                raise _BadRequest("the body is too large")
            if size == 0:
                while self.rfile.readline(65536).strip():
                    pass  # trailers
                return bytes(body)
            body += self._read_exactly(size)
            if self.rfile.readline(1024).strip():
                raise _BadRequest("malformed chunk")

    def _read_exactly(self, size):
        parts, left = [], size
        while left > 0:
            part = self.rfile.read(min(left, READ_BYTES))
            if not part:
                raise ConnectionResetError("the body ended early")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _write(self, answer):
        self.send_response_only(answer.status)
        self.send_header("Server", "double")
        if answer.header("date") is None:
            self.send_header("Date", self.date_time_string())
        for name, value in answer.headers:
            self.send_header(name, value)
        if self.command != "HEAD" or answer.header("content-length") is None:
            if answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, *_):
        pass
