"""Fixtures for tests in a real browser: people at their own windows, before a server of their own."""

import os
import pathlib

import pytest
from playwright.sync_api import sync_playwright

from browsers import Chromium, Firefoxes
from desk import Desk
from support.backends import new_server
from support.leaving_out import leave_out

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOTS = ROOT / "test-artifacts" / "browser"
# LETTERLOCK_BROWSER=firefox: Debian's firefox-esr instead of its chromium; tests marked
# `chromium` are left out then.
ON_FIREFOX = os.environ.get("LETTERLOCK_BROWSER") == "firefox"


def pytest_configure(config):
    config.addinivalue_line("markers", "chromium(reason): what Playwright cannot do in Firefox")


def pytest_collection_modifyitems(config, items):
    if ON_FIREFOX:
        leave_out(config, items, "chromium")


@pytest.fixture(scope="session")
def browsers():
    with sync_playwright() as playwright:
        made = (Firefoxes if ON_FIREFOX else Chromium)(playwright)
        yield made
        made.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, request):
    """A server that also serves the built client, shared by the tests of one module."""
    web = ROOT / "web" / "dist"
    assert (web / "index.html").exists(), "the web client is not built: npm run build in web/"
    s = new_server(request, tmp_path_factory.mktemp("server"), LETTERLOCK_WEB_DIR=web).start()
    yield s
    assert s.stop() == 0, s.log()[-4000:]


@pytest.fixture
def open_desk(browsers, server, request):
    """open_desk(user=None, **context): a window of a browser of its own, signed in as user. When
    the test ends every window must have kept the content policy and asked no other server."""
    desks = []

    def make(user=None, **context):
        desk = Desk(browsers, server, request.node.name, SHOTS, **context)
        desks.append(desk)
        if user is not None:
            desk.sign_in(user)
        return desk

    yield make
    for desk in desks:
        desk.close()
    for desk in desks:
        assert desk.violations == []
        assert desk.foreign_requests == []
        assert desk.script_errors == []


@pytest.fixture
def pair(server, open_desk):
    """Two people who do not know each other yet, at their windows: (desk of a, a, desk of b, b)."""
    a, b = server.user(), server.user()
    return open_desk(a), a, open_desk(b), b
