"""axe-core finds nothing serious on any screen, in both themes, wide and narrow."""

import pathlib

import pytest
from playwright.sync_api import expect

from test_files import png, upload

AXE = pathlib.Path(__file__).resolve().parents[2] / "web/node_modules/axe-core/axe.min.js"
SIZES = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 360, "height": 740}}


def check(desk, what):
    desk.shoot(what)
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("""async () => {
        const result = await axe.run(document, { resultTypes: ['violations'] });
        return result.violations
            .filter((v) => v.impact === 'serious' || v.impact === 'critical')
            .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`); }""")
    assert found == [], what


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_screens_outside(open_desk, scheme, size):
    desk = open_desk(color_scheme=scheme, viewport=SIZES[size])
    for path in ("/sign-in", "/sign-up", "/verify", "/forgot-password", "/reset-password", "/nowhere"):
        desk.goto(path)
        expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
        check(desk, f"{path[1:]}-{scheme}-{size}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_screens_inside(server, open_desk, scheme, size):
    a, b = server.user(), server.user()
    b.send(a, "opened letter with https://example.org/ in it")
    desk = open_desk(a, color_scheme=scheme, viewport=SIZES[size])
    check(desk, f"home-{scheme}-{size}")
    desk.open_conversation(b.name)
    desk.break_seal()
    expect(desk.page.get_by_text("opened letter")).to_be_visible()
    b.send(a, "sealed letter")
    expect(desk.seal()).to_be_visible()
    desk.press("Letter options")
    desk.attach(upload("wax.png", "image/png", png(40, 30)))
    check(desk, f"thread-{scheme}-{size}")
    desk.press("Compare keys")
    expect(desk.page.locator(".fingerprint")).to_be_visible()
    check(desk, f"fingerprint-{scheme}-{size}")
    desk.goto("/settings")
    expect(desk.page.get_by_text("This one")).to_be_visible()
    check(desk, f"settings-{scheme}-{size}")
    desk.press("Turn on")
    desk.field("Present password").last.fill(a.password)
    desk.press("Go on")
    expect(desk.page.locator(".qr")).to_be_visible()
    check(desk, f"totp-{scheme}-{size}")
    desk.press("Close")
    desk.press("Erase the account")
    check(desk, f"erase-{scheme}-{size}")


def test_without_motion_nothing_moves(server, open_desk):
    a, b = server.user(), server.user()
    b.send(a, "still")
    desk = open_desk(a, reduced_motion="reduce")
    desk.open_conversation(b.name)
    desk.break_seal()
    expect(desk.page.get_by_text("still", exact=True)).to_be_visible()
    running = desk.page.evaluate(
        "document.getAnimations().filter((a) => a.effect.getComputedTiming().duration > 0).length")
    assert running == 0
