"""What AWS answers when it refuses a request."""


class Refusal(Exception):
    """An error answer: AWS's code, a text for people, and the HTTP status."""

    def __init__(self, code, message="", status=400):
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status


class Dropped(Exception):
    """The connection is to be cut without an answer."""
