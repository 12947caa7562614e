"""/metrics: what an operator is told, in numbers without names."""

import os
import re
import time

import httpx
import pytest

from support.server import Server, User, free_port, wait_for

pytestmark = pytest.mark.embedded(reason="disk and mail are the embedded backend's own")


@pytest.fixture
def served(tmp_path):
    admin = free_port()
    server = Server(tmp_path, LETTERLOCK_ADMIN_LISTEN=f"127.0.0.1:{admin}")
    server.admin_url = f"http://127.0.0.1:{admin}/metrics"
    yield server.start()
    assert server.stop() == 0


def read(server):
    text = httpx.get(server.admin_url, timeout=10).text
    return {name: float(value) for name, value in re.findall(r"^([^#\s]\S*) (\S+)$", text, re.M)}


def test_letters_and_sign_ins_are_counted(served):
    ann, ben = User(served, "ann"), User(served, "ben")
    before = read(served)
    ann.send(ben, "one")
    key = {"Idempotency-Key": "the-same-letter"}
    for _ in range(2):
        assert ann.id.post("/v1/letters", json={"to": "ben", "text": "two"}, headers=key).is_success
    with served.client() as c:
        assert c.post("/v1/sessions", json={"login": "ann", "password": "no"}).status_code == 401
        assert c.post("/v1/sessions", json={"login": "eve", "password": "no"}).status_code == 401
    ben.sign_in()
    now = read(served)

    def grown(name):
        return now[name] - before[name]
    assert grown("letterlock_letters_sent_total") == 2
    assert grown('letterlock_sign_ins_total{result="refused"}') == 2
    assert grown('letterlock_sign_ins_total{result="granted"}') == 1


def test_the_process_and_its_disk(served):
    seen = read(served)
    assert [n for n in seen if n.startswith('letterlock_build_info{version="')]
    assert abs(time.time() - seen["process_start_time_seconds"]) < 60
    assert 1 << 20 < seen["process_resident_memory_bytes"] < 1 << 30
    assert 0 < seen["process_cpu_seconds_total"] < 60
    disk = os.statvfs(served.data_dir)
    assert seen["letterlock_data_free_bytes"] == pytest.approx(disk.f_bavail * disk.f_frsize, rel=0.1)


def test_mails_that_wait(tmp_path):
    """The mail server is not there: the sign-up's mail waits, and its age grows."""
    admin, nobody = free_port(), free_port()
    server = Server(tmp_path, LETTERLOCK_ADMIN_LISTEN=f"127.0.0.1:{admin}",
                    LETTERLOCK_SMTP_URL=f"smtp://127.0.0.1:{nobody}").start()
    server.admin_url = f"http://127.0.0.1:{admin}/metrics"
    assert read(server)["letterlock_mail_oldest_seconds"] == 0
    account = {"username": "ann", "email": "ann@example.org", "password": "a quiet harbour"}
    with server.client() as c:
        assert c.post("/v1/accounts", json=account).status_code == 201
    first = read(server)
    assert first["letterlock_mails_waiting"] == 1
    age = "letterlock_mail_oldest_seconds"
    wait_for(lambda: read(server)[age] > first[age], "the mail to grow older")
    assert "ann" not in httpx.get(server.admin_url, timeout=10).text
    assert server.stop() == 0
