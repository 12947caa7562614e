"""What Cognito and SNS would have mailed, for tests to read."""

import collections
import threading

MAILS_MAX = 10000


class Mailbox:
    """deliver(mail), if given, is told of every mail too."""

    def __init__(self, deliver=None):
        self._deliver = deliver
        self._lock = threading.Lock()
        self._mails = collections.deque(maxlen=MAILS_MAX)

    def send(self, kind, to, **fields):
        mail = {"kind": kind, "to": to, **fields}
        with self._lock:
            self._mails.append(mail)
        if self._deliver:
            self._deliver(mail)

    def read(self, to=None, kind=None):
        """The mails, oldest first."""
        with self._lock:
            return [m for m in self._mails
                    if to in (None, m["to"]) and kind in (None, m["kind"])]
