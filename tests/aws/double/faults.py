"""Faults that tests order in advance: for the n-th matching call, and as many after it."""

import dataclasses
import threading

from .policies import wildcard_match

KINDS = ("error", "error_after", "drop", "drop_after", "delay", "conflict", "body", "date")


@dataclasses.dataclass
class Fault:
    """One of:

    error, error_after   answers code and status instead of, or after, doing the work
    drop, drop_after     cuts the connection before, or after, doing the work
    delay                waits `seconds`, then does the work
    conflict             a transaction is cancelled with TransactionConflict for its first item
    body                 does the work, but answers 200 with `body`
    date                 does the work, but answers with a Date that is `seconds` off
    """
    match: str  # such as "dynamodb.TransactWriteItems" or "s3.*"
    kind: str
    nth: int = 1
    count: int = 1
    code: str = "ThrottlingException"
    status: int = 400
    message: str = "Rate exceeded"
    seconds: float = 0
    body: str = ""

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"no such kind of fault: {self.kind}")
        if self.nth < 1 or self.count < 1:
            raise ValueError("nth and count start at 1")


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []

    def add(self, fault):
        with self._lock:
            self._faults.append(fault)

    def clear(self):
        """Forgets all; gives how many had not been used up."""
        with self._lock:
            unused, self._faults = len(self._faults), []
        return unused

    def take(self, name):
        """The Fault that the call `name` ("service.Operation") is to suffer, or None."""
        with self._lock:
            for fault in self._faults:
                if not wildcard_match(fault.match, name):
                    continue
                if fault.nth > 1:
                    fault.nth -= 1
                    continue
                fault.count -= 1
                if fault.count == 0:
                    self._faults.remove(fault)
                return fault
        return None
