"""What a letter costs: the calls to AWS of one send and one open, once everything is warm."""

import secrets

import pytest

from aws.aws_server import AwsServer
from support.server import wait_for

SEND_CALLS_MAX, OPEN_CALLS_MAX = 4, 3


@pytest.fixture(scope="module")
def pair(double, tmp_path_factory):
    server = AwsServer(tmp_path_factory.mktemp("server"), double).start()
    yield server, server.user(), server.user()
    assert server.stop() == 0, server.log()[-4000:]


def calls(double, act):
    """What act() makes the server call, without the housekeeping of other threads."""
    double.control("clear_log")
    act()
    return [f"{c['service']} {c['operation']}" for c in double.control("log")]


def is_published(double):
    return any(c["operation"] == "Publish" for c in double.control("log"))


def test_calls_of_a_send_and_an_open(double, pair):
    _, anna, bruno = pair
    first = anna.send(bruno, "warms every cache")
    bruno.id.get(f"/v1/letters/{first['id']}/manifest")
    wait_for(lambda: is_published(double), "the first notice")
    sent = {}
    send = calls(double, lambda: sent.update(anna.send(bruno, secrets.token_hex(8))))
    opened = calls(double, lambda: bruno.id.get(f"/v1/letters/{sent['id']}/manifest"))
    marked = calls(double, lambda: bruno.id.post(f"/v1/letters/{sent['id']}/read"))
    print(f"a send: {len(send)} calls {send}")
    print(f"an open, marked read: {len(opened) + len(marked)} calls {opened + marked}")
    assert len(send) <= SEND_CALLS_MAX, send
    assert len(opened) + len(marked) <= OPEN_CALLS_MAX, opened + marked
