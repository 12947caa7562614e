"""Everything by keyboard alone."""

import re

from playwright.sync_api import expect


def focused(desk):
    return desk.page.locator(":focus")


def tab_to(desk, words):
    """Presses Tab until what has the focus says these words."""
    for _ in range(16):
        desk.page.keyboard.press("Tab")
        said = desk.page.evaluate("""() => {
            const { placeholder, textContent } = document.activeElement;
            return placeholder || textContent; }""")
        if words in said:
            return
    raise AssertionError(f"Tab does not lead to {words!r}")


def test_from_signing_in_to_sending_without_a_mouse(server, open_desk):
    a, b, c = server.user(), server.user(), server.user()
    b.send(a, "earlier")
    c.send(a, "later")
    desk = open_desk()
    keys = desk.page.keyboard
    desk.goto("/sign-in")
    expect(desk.page.get_by_role("heading", name="Sign in")).to_be_visible()
    keys.press("Tab")
    keys.type(a.name)
    keys.press("Tab")
    keys.type(a.password)
    keys.press("Enter")
    expect(desk.page.get_by_role("searchbox")).to_be_visible()

    keys.press("Control+k")
    expect(desk.page.get_by_role("searchbox")).to_be_focused()
    keys.press("ArrowDown")
    expect(focused(desk)).to_contain_text(c.name)
    keys.press("ArrowDown")
    expect(focused(desk)).to_contain_text(b.name)
    keys.press("Home")
    keys.press("End")
    keys.press("Enter")
    expect(desk.page.get_by_role("heading", name=b.name)).to_be_visible()

    tab_to(desk, "Open the letter")
    keys.press("Enter")
    expect(desk.page.get_by_text("earlier")).to_be_visible()
    expect(desk.page.locator("article:focus")).to_contain_text("earlier")

    tab_to(desk, "Write to")
    keys.type("line one")
    keys.press("Shift+Enter")
    keys.type("line two")
    keys.press("Enter")
    expect(desk.page.get_by_text("Sealed and delivered")).to_be_visible()
    keys.press("Escape")
    expect(focused(desk)).to_contain_text(b.name)
    keys.press("?")
    expect(desk.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    keys.press("Escape")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)


def test_a_person_is_found_by_keyboard(server, open_desk):
    a, b = server.user(), server.user()
    desk = open_desk(a)
    desk.page.keyboard.press("Control+k")
    desk.page.keyboard.type(b.name)
    expect(desk.page.get_by_role("list", name="People").get_by_role("link")).to_have_count(1)
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("heading", name=b.name)).to_be_visible()
    expect(desk.page.get_by_role("searchbox")).to_have_value("")


def test_focus_is_always_to_be_seen(server, open_desk):
    desk = open_desk(server.user())
    desk.goto("/settings")
    expect(desk.page.get_by_role("heading", name="Settings")).to_be_visible()
    for _ in range(14):
        desk.page.keyboard.press("Tab")
        outline = focused(desk).evaluate("""(element) => {
            const shown = element.closest('[data-focus-visible]') ?? element;
            return getComputedStyle(shown).outlineStyle; }""")
        assert re.match("solid|auto", outline)
