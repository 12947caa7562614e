"""Several servers on one set of tables: nothing is counted twice, told twice, or lost."""

import concurrent.futures
import json
import secrets
import threading

import pytest

from aws import cloud
from aws.aws_server import AwsServer
from support.server import wait_for

LETTERS = 60
WORKERS = 8
WAIT_SECONDS = 20


@pytest.fixture(scope="module")
def nodes(double, tmp_path_factory):
    environment = cloud.aws_environment(double)
    both = [AwsServer(tmp_path_factory.mktemp("node"), double, environment).start()
            for _ in range(2)]
    yield both
    for node in both:
        assert node.stop() == 0, node.log()[-4000:]


@pytest.fixture
def pair(nodes):
    """Two people, each at home on another node; clients of both, for both nodes."""
    return nodes[0].user(), nodes[1].user()


def at(node, user):
    return node.client(user.session["id_token"])


def send(client, to, text, key):
    answer = client.post("/v1/letters", json={"to": to, "text": text},
                         headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def unread(client):
    return client.get("/v1/letters/unread").json()["count"]


def test_each_letter_counts_once_whoever_repeats_it_where(nodes, pair):
    """Every letter is sent four times at once, twice on each node, under one key."""
    anna, bruno = pair
    clients = [at(node, anna) for node in nodes]
    keys = [secrets.token_hex(8) for _ in range(LETTERS)]
    tasks = [(clients[i % 2], key) for key in keys for i in range(4)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        ids = list(pool.map(lambda t: send(t[0], bruno.name, f"letter {t[1]}", t[1]), tasks))
    by_key = {}
    for (_, key), letter in zip(tasks, ids, strict=True):
        by_key.setdefault(key, set()).add(letter)
    assert all(len(letters) == 1 for letters in by_key.values())
    for node in nodes:
        assert unread(at(node, bruno)) == LETTERS


def test_counts_stay_exact_while_both_nodes_read_and_write(nodes, pair):
    anna, bruno = pair
    senders = [at(node, anna) for node in nodes]
    readers = [at(node, bruno) for node in nodes]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        ids = list(pool.map(lambda i: send(senders[i % 2], bruno.name, f"n {i}",
                                           secrets.token_hex(8)), range(LETTERS)))
        # Half of them are marked read, each on both nodes at once.
        marks = [(reader, letter) for letter in ids[::2] for reader in readers]
        more = [pool.submit(send, senders[i % 2], bruno.name, f"more {i}", secrets.token_hex(8))
                for i in range(10)]
        for answer in pool.map(lambda m: m[0].post(f"/v1/letters/{m[1]}/read"), marks):
            assert answer.status_code in (200, 204), answer.text
        for task in more:
            task.result()
    for reader in readers:
        assert unread(reader) == LETTERS - len(ids[::2]) + 10


def test_a_letter_sent_on_one_node_comes_alive_on_the_other(nodes, pair):
    anna, bruno = pair
    seen, opened = [], threading.Event()

    def listen():
        with at(nodes[1], bruno) as client, client.stream("GET", "/v1/events") as stream:
            name = None
            for line in stream.iter_lines():
                opened.set()
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and name == "letter":
                    seen.append(json.loads(line.removeprefix("data: "))["id"])
                    if len(seen) == 2:
                        return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert opened.wait(WAIT_SECONDS)
    sent = [send(at(nodes[0], anna), bruno.name, f"alive {i}", secrets.token_hex(8))
            for i in range(2)]
    wait_for(lambda: len(seen) == 2, "both letters on the other node's stream")
    assert sorted(seen) == sorted(sent)
    listener.join(WAIT_SECONDS)


def test_a_session_that_one_node_ended_is_refused_by_the_other(nodes):
    user = nodes[0].user()
    answer = at(nodes[0], user).delete("/v1/sessions/current")
    assert answer.status_code == 204, answer.text
    wait_for(lambda: at(nodes[1], user).get("/v1/me").status_code == 401,
             "the session's end on the other node", seconds=30)
