"""A network between client and server that counts what passes, and breaks when it is told to."""

import socket
import threading


class Proxy:
    """Forwards 127.0.0.1:port to a server's port. `sent` counts bytes towards the server; when it
    passes `limit`, then `on_limit` decides: "cut" ends that connection, "stall" passes no more."""

    def __init__(self, port):
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.sent = 0
        self.limit = None
        self.on_limit = "cut"
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, limit, on_limit="cut"):
        self.sent, self.limit, self.on_limit = 0, limit, on_limit
        self.reached.clear()

    def stop(self):
        self._open = False
        self.go_on.set()
        self._listener.close()

    def _accept(self):
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, sink, counted in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=(source, sink, counted),
                                 daemon=True).start()

    def _pass(self, source, sink, counted):
        try:
            while data := source.recv(65536):
                if counted:
                    self.sent += len(data)
                if counted and self.limit is not None and self.sent > self.limit:
                    self.limit = None
                    self.reached.set()
                    if self.on_limit == "cut":
                        break
                    self.go_on.wait(60)
                sink.sendall(data)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        # What comes after that is answered with a reset; without it the sender would only stall.
        source.close()
