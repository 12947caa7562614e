"""Live events: arrival without polling, resume, ends."""

import json
import queue
import threading

import pytest

from support.server import wait_for


class Stream:
    """Reads server-sent events on a thread of its own."""

    def __init__(self, user, last_event_id=None):
        headers = {"Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        self.events = queue.Queue()
        self.ended = threading.Event()
        self.context = user.access.stream("GET", "/v1/events", headers=headers)
        self.response = self.context.__enter__()
        assert self.response.status_code == 200
        assert self.response.headers["content-type"].startswith("text/event-stream")
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        event = {}
        try:
            for line in self.response.iter_lines():
                if line == "" and event:
                    if "event" in event:
                        self.events.put(event)
                    event = {}
                elif line and not line.startswith(":"):
                    name, _, value = line.partition(":")
                    event[name] = value.removeprefix(" ")
        except Exception:
            pass
        self.ended.set()

    def next(self, kind, seconds=10):
        while True:
            event = self.events.get(timeout=seconds)
            if event["event"] == kind:
                return event

    def close(self):
        self.context.__exit__(None, None, None)


def test_letter_arrives_live(server, make_user_pair):
    one, two = make_user_pair
    stream = Stream(two)
    letter = one.send(two, "live")
    event = stream.next("letter")
    assert event["id"] == letter["id"] and json.loads(event["data"])["id"] == letter["id"]
    assert "live" not in event["data"]
    while json.loads(stream.next("unread")["data"])["count"] != 1:
        pass
    two.id.post(f"/v1/letters/{letter['id']}/read")
    while json.loads(stream.next("unread")["data"])["count"] != 0:
        pass
    stream.close()


def test_sender_sees_it_read(server, make_user_pair):
    one, two = make_user_pair
    letter = one.send(two, "did you read it")
    stream = Stream(one)
    two.id.post(f"/v1/letters/{letter['id']}/read")
    data = json.loads(stream.next("read")["data"])
    assert data["id"] == letter["id"] and data["read_at"]
    stream.close()


def test_resume_after_a_restart(server, make_user_pair):
    one, two = make_user_pair
    stream = Stream(two)
    first = one.send(two, "seen live")
    event = stream.next("letter")
    server.restart()
    missed = [one.send(two, f"missed {i}")["id"] for i in range(3)]
    stream = Stream(two, last_event_id=event["id"])
    got = []
    while not set(missed) <= set(got):
        got.append(stream.next("letter")["id"])
    assert [g for g in got if g in missed] == missed
    assert json.loads(stream.next("unread")["data"])["count"] == 4
    stream.close()
    assert first["id"] == event["id"]


def test_streams_see_only_their_own(server, make_user_pair, carol):
    one, two = make_user_pair
    stream = Stream(carol)
    one.send(two, "private")
    probe = one.send(carol, "for carol")
    assert stream.next("letter")["id"] == probe["id"]
    stream.close()


def test_too_many_streams(make_server):
    server = make_server(LETTERLOCK_STREAMS_PER_USER=3, LETTERLOCK_HEARTBEAT_SECONDS=1)
    user = server.user()
    streams = [Stream(user) for _ in range(3)]
    r = user.access.get("/v1/events")
    assert r.status_code == 429 and r.json()["code"] == "too_many_streams"
    for s in streams:
        s.close()
    def again():
        with user.access.stream("GET", "/v1/events") as r:
            return r.status_code == 200
    # A closed connection shows when the next heartbeat cannot be written.
    wait_for(again, "room for a stream", 60)


def test_sign_out_ends_streams(server):
    user = server.user()
    stream = Stream(user)
    user.id.delete("/v1/sessions/current")
    wait_for(stream.ended.is_set, "the stream of an ended session to end", 60)


def test_bad_last_event_id(server, alice):
    with alice.access.stream("GET", "/v1/events", headers={"Last-Event-ID": "junk"}) as r:
        assert r.status_code in (200, 400)
