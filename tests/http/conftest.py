"""Fixtures: the HTTP front over its echo routes, and raw sockets to talk to it."""

import pytest

from front import Front


@pytest.fixture
def make_front():
    """Starts fronts with settings of the test's own; each one must stop cleanly."""
    fronts = []

    def make(**settings):
        fronts.append(Front(**settings))
        return fronts[-1]

    yield make
    for front in fronts:
        assert front.stop() == 0, front.errors()


@pytest.fixture(scope="module")
def front():
    """A front with the default settings, shared by the module."""
    f = Front(admin_listen="127.0.0.1:0")
    yield f
    assert f.stop() == 0, f.errors()
