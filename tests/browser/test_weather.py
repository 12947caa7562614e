"""Bad weather: a server that restarts, a network that goes, sessions that expire, slow lines."""

import os
import re

import pytest
from playwright.sync_api import expect

from desk import Desk
from test_files import upload


def test_the_server_restarts_in_the_middle_of_a_conversation(server, pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    b_desk.find_person(a.name)
    server.stop()
    a_desk.write("into the void")
    expect(a_desk.page.get_by_text("No connection")).to_be_visible()
    server.start()
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=40_000)
    expect(a_desk.letters()).to_have_count(1)
    expect(b_desk.seal()).to_be_visible(timeout=40_000)


def test_offline_is_said_and_what_was_written_goes_out_afterwards(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.set_offline(True)
    expect(a_desk.page.get_by_text("You are offline")).to_be_visible()
    a_desk.write("patience")
    expect(a_desk.page.get_by_text("No connection")).to_be_visible()
    a_desk.shoot("offline")
    a_desk.set_offline(False)
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=40_000)
    expect(a_desk.page.get_by_text("You are offline")).to_have_count(0)


@pytest.mark.chromium("lets the server answer and drops the answer")
def test_a_lost_answer_sends_nothing_twice(server, pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    lost = []

    def lose_first_answer(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.continue_()

    a_desk.page.route("**/v1/letters", lose_first_answer)
    a_desk.write("once")
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=30_000)
    assert lost == [201]
    items = b.access.get("/v1/letters", params={"box": "inbox"}).json()["items"]
    assert len(items) == 1


def test_a_reload_sends_a_waiting_text_and_asks_for_a_waiting_file(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.page.route("**/v1/letters", lambda route: route.abort("connectionreset"))
    a_desk.page.route("**/v1/letters/unread", lambda route: route.abort("connectionreset"))
    a_desk.write("kept text")
    a_desk.attach(upload("kept.txt", "text/plain", b"content"))
    a_desk.press("Seal and send")
    expect(a_desk.page.get_by_text("No connection")).to_have_count(2)
    a_desk.page.on("dialog", lambda dialog: dialog.accept())
    a_desk.page.unroute("**/v1/letters")
    a_desk.page.unroute("**/v1/letters/unread")
    a_desk.page.reload()
    expect(a_desk.page.get_by_text("Choose the same file again")).to_be_visible()
    expect(a_desk.page.get_by_text("kept text")).to_be_visible()
    chooser = a_desk.page.locator("article input[type=file]")
    chooser.set_input_files([upload("kept.txt", "text/plain", b"content")])
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_have_count(2)


def drop_tokens(desk):
    """What a browser does when the short-lived tokens' time is over."""
    desk.context.clear_cookies(name=re.compile("^(__Host-)?(id|access)$"))


def test_expired_tokens_are_renewed_unseen_whatever_is_done_next(server, pair):
    a_desk, a, b_desk, b = pair
    b.send(a, "sealed meanwhile")
    a_desk.open_conversation(b.name)
    for step in (a_desk.break_seal, lambda: a_desk.write("answer"), a_desk.page.reload):
        drop_tokens(a_desk)
        step()
        expect(a_desk.page.get_by_text("sealed meanwhile")).to_be_visible()
    expect(a_desk.page.get_by_text("answer")).to_be_visible()


def test_expired_tokens_in_the_middle_of_an_upload(pair, tmp_path):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    path = tmp_path / "big.bin"
    path.write_bytes(b"x" * 20_000_000)
    a_desk.attach(path)
    a_desk.page.route("**/v1/letters/unread", lambda route: route.continue_())
    drop_tokens(a_desk)
    a_desk.press("Seal and send")
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=30_000)


def test_tabs_renew_the_session_once_between_them(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    others = [desk.context.new_page() for _ in range(3)]
    for page in others:
        page.goto(desk.url + "/")
        expect(page.get_by_role("searchbox")).to_be_visible()
    renewals = []
    desk.context.on("request", lambda r: renewals.append(r) if r.url.endswith("/refresh") else None)
    drop_tokens(desk)
    for page in (desk.page, *others):
        page.evaluate("fetch('/v1/healthz').catch(() => 0)")
        page.get_by_role("link", name="Settings").click()
    for page in (desk.page, *others):
        expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
        expect(page.get_by_text("This one")).to_be_visible()
    assert len(renewals) == 1


def test_a_session_ended_elsewhere_leads_to_the_way_in(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    user.sign_in()
    assert user.id.delete("/v1/sessions").status_code == 204
    drop_tokens(desk)
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_letter_shows_in_every_tab(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    second = b_desk.context.new_page()
    second.goto(b_desk.url)
    expect(second.get_by_role("searchbox")).to_be_visible()
    a_desk.write("to both")
    for page in (b_desk.page, second):
        expect(page).to_have_title(re.compile(r"^\(1\) "))
        expect(page.get_by_role("link", name=a.name)).to_contain_text("1 sealed letter")
    b_desk.page.close()  # the tab that held the stream: the other takes over
    a_desk.write("to the other")
    expect(second).to_have_title(re.compile(r"^\(2\) "), timeout=20_000)


@pytest.mark.parametrize("offset_hours", [-30, 30])
def test_a_wrong_clock_breaks_nothing(server, open_desk, offset_hours):
    a, b = server.user(), server.user()
    b.send(a, "on time")
    desk = open_desk()
    desk.page.add_init_script(f"""{{
        const real = Date.now.bind(Date), Real = Date, off = {offset_hours} * 3600e3;
        globalThis.Date = class extends Real {{
            constructor(...given) {{ if (given.length) super(...given); else super(real() + off); }}
            static now() {{ return real() + off; }} }}; }}""")
    desk.sign_in(a)
    desk.open_conversation(b.name)
    desk.break_seal()
    expect(desk.page.get_by_text("on time")).to_be_visible()
    desk.write("answer")
    expect(desk.page.get_by_text("Sealed and delivered")).to_be_visible()


@pytest.mark.chromium("slows its network through the DevTools protocol")
def test_a_slow_line_shows_that_it_works(server, open_desk):
    a, b = server.user(), server.user()
    desk = open_desk(a)
    desk.find_person(b.name)
    network = desk.context.new_cdp_session(desk.page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000})
    desk.attach(upload("photo.bin", "application/octet-stream", b"x" * 200_000))
    desk.press("Seal and send")
    expect(desk.page.get_by_role("progressbar")).to_be_visible()
    expect(desk.page.get_by_text(re.compile("kB of 195 kB"))).to_be_visible()
    expect(desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=40_000)


def test_what_one_person_left_unsent_is_not_anothers(server, open_desk):
    a, b, other = server.user(), server.user(), server.user()
    desk = open_desk(a)
    desk.find_person(b.name)
    desk.page.route("**/v1/letters", lambda route: route.abort("connectionreset"))
    desk.write("never sent by another")
    desk.composer().fill("private draft")
    a.sign_in()
    assert a.id.delete("/v1/sessions").status_code == 204
    drop_tokens(desk)
    desk.page.reload()
    desk.page.unroute("**/v1/letters")
    expect(desk.page.get_by_role("heading", name="Sign in")).to_be_visible()
    desk.sign_in(other)
    desk.find_person(b.name)
    expect(desk.composer()).to_have_value("")
    expect(desk.letters()).to_have_count(0)
    assert other.access.get("/v1/letters").json()["items"] == []


# --- large files ---

MIB = 1 << 20
LARGE = 40 * MIB


class Through:
    """The server as it is seen through a proxy."""

    def __init__(self, server, proxy):
        self._server = server
        self.url = proxy.url

    def __getattr__(self, name):
        return getattr(self._server, name)


@pytest.fixture
def far_desk(browsers, server, proxy, request, tmp_path):
    """A window whose way to the server can be broken, and somebody to write to."""
    a, b = server.user(), server.user()
    desk = Desk(browsers, Through(server, proxy), request.node.name, tmp_path)
    desk.sign_in(a)
    desk.find_person(b.name)
    yield desk, b
    desk.close()
    assert desk.violations == [] and desk.script_errors == []


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.bin"
    path.write_bytes(os.urandom(LARGE))
    return path


def assert_arrived_once(b, path):
    (letter,) = b.access.get("/v1/letters", params={"box": "inbox"}).json()["items"]
    assert b.id.get(f"/v1/letters/{letter['id']}/content").content == path.read_bytes()


def test_a_large_file_goes_on_after_a_broken_connection(far_desk, proxy, large_file):
    desk, b = far_desk
    desk.attach(large_file)
    proxy.set(28 * MIB)
    desk.press("Seal and send")
    expect(desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=60_000)
    assert proxy.reached.is_set()
    assert LARGE < proxy.sent < LARGE + 14 * MIB
    assert_arrived_once(b, large_file)


def test_a_large_file_goes_on_after_a_reload(far_desk, proxy, large_file):
    desk, b = far_desk
    desk.attach(large_file)
    proxy.set(28 * MIB, "stall")
    desk.press("Seal and send")
    assert proxy.reached.wait(60)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    proxy.go_on.set()
    expect(desk.page.get_by_text("Choose the same file again")).to_be_visible()
    proxy.set(None)
    desk.page.locator("article input[type=file]").set_input_files(large_file)
    expect(desk.page.get_by_text("Sealed and delivered")).to_be_visible(timeout=60_000)
    assert proxy.sent < LARGE - 10 * MIB
    assert_arrived_once(b, large_file)
