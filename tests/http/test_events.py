"""Event streams: wakes, heartbeats, clients that leave, thousands of idle ones."""

import os
import resource
import time

import pytest

from front import SANITIZED, Front, wait_for

HEARTBEAT_MS = 200
STREAMS = int(os.environ.get("LETTERLOCK_IDLE_STREAMS", "2000"))
STREAM_KIB_MAX = 24
REQUEST = b"GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"


@pytest.fixture(scope="module")
def beating():
    f = Front(heartbeat_ms=HEARTBEAT_MS, admin_listen="127.0.0.1:0")
    yield f
    assert f.stop() == 0, f.errors()


def streams(front):
    return front.metric("letterlock_http_streams")


def listen(front):
    c = front.connect().send(REQUEST)
    status, headers = c.head()
    assert status == 200 and headers["content-type"] == "text/event-stream"
    return c


def next_event(client):
    """The next event that is not a heartbeat."""
    while True:
        chunk = client.chunk()
        if chunk != b":\n\n":
            return chunk


def publish(front, times=1):
    with front.connect() as c:
        for _ in range(times):
            assert c.post("/v1/publish", b"").status == 200


def test_wakes(front):
    with listen(front) as a, listen(front) as b:
        for _ in range(50):
            publish(front)
            first = next_event(a)
            assert first.startswith(b"event: tick\ndata: ") and first == next_event(b)


def test_no_event_is_lost_in_a_burst(front):
    with listen(front) as c:
        publish(front, 500)
        numbers = []
        text = b""
        while len(numbers) < 500:
            text += next_event(c)
            *whole, text = text.split(b"\n\n")
            numbers += [int(e.split(b"data: ")[1]) for e in whole]
        assert numbers == list(range(numbers[0], numbers[0] + 500))


def test_heartbeat(beating):
    with listen(beating) as c:
        start = time.monotonic()
        for _ in range(5):
            assert c.chunk() == b":\n\n"
        assert 4 * HEARTBEAT_MS / 1000 <= time.monotonic() - start < 5 * HEARTBEAT_MS / 1000 + 1


def test_events_between_heartbeats(beating):
    with listen(beating) as c:
        for _ in range(5):
            assert c.chunk() == b":\n\n"
            publish(beating)
            assert next_event(c).startswith(b"event: tick")


def test_gone_client_is_noticed(beating):
    clients = [listen(beating) for _ in range(20)]
    wait_for(lambda: streams(beating) == 20, "20 streams")
    for c in clients:
        c.socket.close()
    wait_for(lambda: streams(beating) == 0, "the streams to end", 2 * HEARTBEAT_MS / 1000 + 2)


def test_head_of_a_stream_is_a_head_only(front):
    for path in ("/v1/events", "/v1/source?n=5&sized=0"):
        with front.connect() as c:
            assert c.get(path, method="HEAD").status == 200
            assert c.rest() == b""


def test_stream_to_an_http_1_0_client(beating):
    with beating.connect() as c:
        c.send(b"GET /v1/events HTTP/1.0\r\nHost: x\r\n\r\n").head()
        assert c.exactly(6) == b":\n\n:\n\n"


def test_idle_streams_are_small(make_front):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < STREAMS + 100:
        pytest.skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, STREAMS + 100), hard))
    front = make_front(admin_listen="127.0.0.1:0", heartbeat_ms=1000)
    before = front.memory_kib()
    clients = [listen(front) for _ in range(STREAMS)]
    wait_for(lambda: streams(front) == STREAMS, "all streams")
    used = (front.memory_kib() - before) / STREAMS
    print(f"{used:.1f} KiB a stream")
    publish(front)
    for c in clients:
        assert next_event(c).startswith(b"event: tick")
    for c in clients:
        c.socket.close()
    wait_for(lambda: streams(front) == 0, "the streams to end", 30)
    if not SANITIZED:
        assert used < STREAM_KIB_MAX
        # Most of it goes back; how much of the rest the allocator keeps varies from run to run.
        wait_for(lambda: front.memory_kib() < before + STREAMS * used / 2, "memory to be given back",
                 60)
