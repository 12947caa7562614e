"""Which backend the servers of a test run on: LETTERLOCK_TEST_BACKEND, "embedded" or "aws"."""

import os

from .server import Server

ON_AWS = os.environ.get("LETTERLOCK_TEST_BACKEND") == "aws"


def new_server(request, directory, **settings):
    """A server of the backend that is being tested, not yet started; request is pytest's."""
    if not ON_AWS:
        return Server(directory, **settings)
    from aws.aws_server import AwsServer
    return AwsServer(directory, request.getfixturevalue("double"), **settings)
