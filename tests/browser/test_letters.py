"""Writing, arriving, opening, reading: two people side by side."""

import re
import time

from playwright.sync_api import expect

STRANGE = "👩‍👩‍👧‍👦 𝄞 שלום עולם مرحبا 你好\n<b>not bold</b> & \"quoted\" {name}"


def test_a_letter_from_one_window_to_the_other(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.write("The first letter")
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible()
    expect(a_desk.page.get_by_text("The first letter")).to_be_visible()

    b_desk.open_conversation(a.name)
    expect(b_desk.page.get_by_text("The first letter")).to_have_count(0)
    b_desk.shoot("sealed")
    b_desk.break_seal()
    expect(b_desk.page.get_by_text("The first letter")).to_be_visible()
    b_desk.shoot("opened")
    expect(a_desk.page.get_by_text(re.compile(r"^Read \d"))).to_be_visible()


def test_a_letter_arrives_within_a_second(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    b_desk.find_person(a.name)
    a_desk.composer().fill("quick")
    sent = time.monotonic()
    a_desk.press("Seal and send")
    expect(b_desk.seal()).to_be_visible()
    assert time.monotonic() - sent <= 1.0
    expect(b_desk.page).to_have_title(re.compile(r"^\(1\) "))
    b_desk.break_seal()
    expect(b_desk.page).to_have_title(re.compile(r"^Letters"))


def test_any_writing_arrives_as_it_was_written(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.write(STRANGE)
    b_desk.open_conversation(a.name)
    b_desk.break_seal()
    expect(b_desk.page.locator(".letter-text")).to_have_text(STRANGE)
    assert b_desk.page.locator(".letter-text b").count() == 0


def test_opened_letters_stay_open_until_told_otherwise(pair):
    a_desk, a, b_desk, b = pair
    a.send(b, "stays open")
    b_desk.open_conversation(a.name)
    b_desk.break_seal()
    expect(b_desk.page.get_by_text("stays open")).to_be_visible()
    b_desk.page.reload()
    expect(b_desk.page.get_by_text("stays open")).to_be_visible()
    b_desk.press("Keep letters open that were opened once")
    expect(b_desk.page.get_by_text("stays open")).to_have_count(0)
    b_desk.break_seal()
    expect(b_desk.page.get_by_text("stays open")).to_be_visible()


def test_a_letter_without_a_copy_cannot_be_opened_by_its_writer(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.press("Letter options")
    a_desk.page.get_by_text("Keep a copy that I can open").click()
    a_desk.write("for your eyes")
    expect(a_desk.page.get_by_text("No copy for you")).to_be_visible()
    b_desk.open_conversation(a.name)
    b_desk.break_seal()
    expect(b_desk.page.get_by_text("for your eyes")).to_be_visible()


def test_an_unread_letter_is_taken_back(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.write("a mistake")
    expect(a_desk.page.get_by_text("Sealed and delivered")).to_be_visible()
    a_desk.letters().hover()
    a_desk.press("Delete the letter")
    a_desk.page.get_by_role("alertdialog").get_by_role("button", name="Delete the letter").click()
    expect(a_desk.letters()).to_have_count(0)
    b_desk.page.reload()
    expect(b_desk.page.get_by_text("No letters yet")).to_be_visible()


def test_fingerprints_can_be_compared(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.press("Compare keys")
    seen = a_desk.page.locator(".fingerprint").inner_text()
    b_desk.goto("/settings")
    expect(b_desk.page.locator(".facts-code")).to_have_text(seen)


def test_a_draft_survives_a_reload_and_stays_with_its_person(server, open_desk):
    a, b, c = server.user(), server.user(), server.user()
    desk = open_desk(a)
    desk.find_person(b.name)
    desk.composer().fill("half a thought")
    desk.page.reload()
    expect(desk.composer()).to_have_value("half a thought")
    desk.find_person(c.name)
    expect(desk.composer()).to_have_value("")
    desk.page.go_back()
    expect(desk.composer()).to_have_value("half a thought")


def test_every_address_survives_a_reload_and_back_leads_back(pair):
    a_desk, a, b_desk, b = pair
    a_desk.find_person(b.name)
    a_desk.page.get_by_role("link", name="Settings").click()
    expect(a_desk.page.get_by_role("heading", name="Settings")).to_be_visible()
    a_desk.page.reload()
    expect(a_desk.page.get_by_role("heading", name="Settings")).to_be_visible()
    a_desk.page.go_back()
    expect(a_desk.page.get_by_role("heading", name=b.name)).to_be_visible()
    a_desk.page.reload()
    expect(a_desk.page.get_by_role("heading", name=b.name)).to_be_visible()
    for path in ("/sign-up", "/verify", "/forgot-password", "/reset-password", "/nowhere"):
        a_desk.goto(path)
        a_desk.page.reload()
        expect(a_desk.page.get_by_role("heading", level=1)).to_be_visible()
    a_desk.goto("/with/00000000-0000-7000-8000-000000000000")
    expect(a_desk.page.get_by_text("This is not here any more")).to_be_visible()


def test_on_a_telephone_list_and_thread_are_two_screens(server, open_desk):
    a, b = server.user(), server.user()
    b.send(a, "hello")
    desk = open_desk(a, viewport={"width": 360, "height": 740}, has_touch=True)
    desk.open_conversation(b.name)
    expect(desk.page.get_by_role("searchbox")).to_be_hidden()
    desk.shoot("thread")
    width = desk.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    desk.page.get_by_role("link", name="Back to the conversations").click()
    expect(desk.page.get_by_role("searchbox")).to_be_visible()
