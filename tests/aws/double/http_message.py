"""Requests as they came over the wire, and answers to them."""

import dataclasses
from urllib.parse import unquote


@dataclasses.dataclass
class Request:
    method: str
    target: str  # raw, as in the request line
    headers: list  # (lower-case name, value), in the order received
    body: bytes

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        """The raw (name, value) pairs; "" for the value of a lone name."""
        parts = self.target.partition("?")[2].split("&")
        return [tuple(p.partition("=")[::2]) for p in parts if p]

    @property
    def query_values(self):
        """Decoded name to decoded value; of a repeated name, the last."""
        return {unquote(name): unquote(value) for name, value in self.query}

    def header(self, name, default=None):
        """A header's value; a repeated header's values joined by commas."""
        values = [v for n, v in self.headers if n == name]
        return ",".join(values) if values else default


@dataclasses.dataclass
class Answer:
    status: int = 200
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""

    def header(self, name):
        return next((v for n, v in self.headers if n.lower() == name), None)
