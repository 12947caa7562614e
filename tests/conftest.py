"""Fixtures for tests that drive the real program: a server of its own per test module.

With LETTERLOCK_TEST_BACKEND=aws the servers run on the AWS backend, against the double of tests/aws;
tests marked `embedded`, of what that backend has not or does in another way, are left out then."""

import subprocess

import pytest

from support.backends import ON_AWS, new_server
from support.leaving_out import leave_out
from support.proxy import Proxy
from support.server import BINARY


def pytest_configure(config):
    config.addinivalue_line("markers", "embedded(reason): of the embedded backend alone")


def pytest_collection_modifyitems(config, items):
    if ON_AWS:
        leave_out(config, items, "embedded")


@pytest.fixture(scope="session")
def double():
    """The AWS double, one for all; no test may make it answer 500."""
    from aws import cloud
    d = cloud.Double()
    yield d
    errors = d.errors()
    d.stop()
    assert not errors, errors


@pytest.fixture(scope="module")
def server(tmp_path_factory, request):
    """A server shared by the tests of one module."""
    s = new_server(request, tmp_path_factory.mktemp("server")).start()
    yield s
    assert s.stop() == 0, s.log()[-4000:]


@pytest.fixture
def make_server(tmp_path, request):
    """Makes servers with settings of the test's own: make_server(LETTERLOCK_QUOTA_BYTES=1)."""
    servers = []

    def make(**settings):
        servers.append(new_server(request, tmp_path / f"server{len(servers)}", **settings).start())
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
def proxy(server):
    """A network to the module's server that can be broken."""
    p = Proxy(server.port)
    yield p
    p.stop()


@pytest.fixture
def run_admin(server):
    """Runs `letterlock admin …` on the module's server's data directory and gives its output."""
    def run(*arguments, check=True):
        done = subprocess.run([BINARY, "admin", *arguments], env=server.environment, timeout=60,
                              capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout
    return run
