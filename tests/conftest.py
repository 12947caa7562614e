"""Fixtures for tests that drive the real program: a server of its own per test module."""

import subprocess

import pytest

from support.server import BINARY, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server shared by the tests of one module."""
    s = Server(tmp_path_factory.mktemp("server")).start()
    yield s
    assert s.stop() == 0, s.log()[-4000:]


@pytest.fixture
def make_server(tmp_path):
    """Makes servers with settings of the test's own: make_server(LETTERLOCK_QUOTA_BYTES=1)."""
    servers = []

    def make(**settings):
        servers.append(Server(tmp_path / f"server{len(servers)}", **settings).start())
        return servers[-1]

    yield make
    for s in servers:
        if s.process is not None:
            s.kill()


@pytest.fixture(scope="module")
def alice(server):
    return server.user()


@pytest.fixture(scope="module")
def bob(server):
    return server.user()


@pytest.fixture(scope="module")
def carol(server):
    return server.user()


@pytest.fixture
def make_user_pair(server):
    """Two fresh users of the module's server, for tests that count letters."""
    return server.user(), server.user()


@pytest.fixture
def run_admin(server):
    """Runs `letterlock admin …` on the module's server's data directory and gives its output."""
    def run(*arguments, check=True):
        done = subprocess.run([BINARY, "admin", *arguments], env=server.environment, timeout=60,
                              capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout
    return run
