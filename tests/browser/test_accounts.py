"""Coming in: sign up, confirm, sign in, the recovery key, a forgotten password."""

import re
import secrets

import pytest
from playwright.sync_api import expect

from support.backends import ON_AWS

PASSWORD = "seven quiet harbours"


def sign_up(desk, server, name):
    email = f"{name}@example.org"
    desk.goto("/sign-up")
    desk.field("Username").fill(name)
    desk.field("E-mail address").fill(email)
    desk.field("Password").fill(PASSWORD)
    expect(desk.page.get_by_text("Strong.")).to_be_visible()
    desk.press("Create account")
    expect(desk.page.get_by_role("heading", name="Confirm your address")).to_be_visible()
    desk.shoot("verify")
    code = server.read_code(email)
    desk.field("Code").fill(f" {code[:3]} {code[3:]} ")  # as pasted; confirms by itself
    expect(desk.page.get_by_text("Your address is confirmed")).to_be_visible()
    return email


def first_sign_in(desk):
    """Signs in as the name that is filled in already; gives the recovery key."""
    desk.field("Password").fill(PASSWORD)
    desk.press("Sign in")
    expect(desk.page.get_by_role("heading", name="Keep your recovery key")).to_be_visible()
    groups = desk.page.locator(".key span").all_inner_texts()
    return "-".join(group.strip() for group in groups)


@pytest.mark.embedded("shows the recovery key")
def test_from_signing_up_to_the_first_screen(server, open_desk):
    desk = open_desk()
    name = "new" + secrets.token_hex(4)
    sign_up(desk, server, name)
    key = first_sign_in(desk)
    desk.shoot("recovery-key")
    desk.field("Type the last group of the key").fill("WRONG")
    desk.press("I have kept it")
    expect(desk.page.get_by_text("This is not the last group")).to_be_visible()
    desk.field("Type the last group of the key").fill(key.split("-")[-1].lower())
    desk.press("I have kept it")
    expect(desk.page.get_by_text("No letters yet")).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_role("searchbox")).to_be_visible()


def test_the_rules_are_shown_and_refusals_explained(server, open_desk):
    taken = server.user()
    desk = open_desk()
    desk.goto("/sign-up")
    expect(desk.page.get_by_text("At least 10 characters")).to_be_visible()
    desk.field("Username").fill(taken.name)
    desk.field("E-mail address").fill("other@example.org")
    desk.field("Password").fill(PASSWORD)
    desk.press("Create account")
    expect(desk.page.get_by_text("This username is taken")).to_be_visible()


def test_a_wrong_code_is_refused_and_the_right_one_taken(server, open_desk):
    desk = open_desk()
    name = "new" + secrets.token_hex(4)
    desk.goto("/sign-up")
    desk.field("Username").fill(name)
    desk.field("E-mail address").fill(f"{name}@example.org")
    desk.field("Password").fill(PASSWORD)
    desk.press("Create account")
    code = server.read_code(f"{name}@example.org")
    desk.field("Code").fill("000000" if code != "000000" else "111111")
    expect(desk.page.get_by_text("That is not the code")).to_be_visible()
    desk.page.reload()  # the username survives
    desk.field("Code").fill(code)
    expect(desk.page.get_by_text("Your address is confirmed")).to_be_visible()


def test_a_wrong_password_gives_one_answer(server, open_desk):
    user = server.user()
    desk = open_desk()
    for login in (user.name, "nobody-at-all"):
        desk.goto("/sign-in")
        desk.field("Username or e-mail address").fill(login)
        desk.field("Password").fill("not the password")
        desk.press("Sign in")
        expect(desk.page.get_by_role("alert")).to_contain_text("Check the name and the password")


def test_an_unconfirmed_account_is_led_to_its_code(server, open_desk):
    desk = open_desk()
    name = "new" + secrets.token_hex(4)
    with server.client() as c:
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert c.post("/v1/accounts", json=body).status_code == 201
    desk.goto("/sign-in")
    desk.field("Username or e-mail address").fill(name)
    desk.field("Password").fill(PASSWORD)
    desk.press("Sign in")
    expect(desk.page.get_by_role("heading", name="Confirm your address")).to_be_visible()


def reset(desk, server, user, password, recovery_key):
    desk.goto("/forgot-password")
    seen = server.code_count(user.email)
    desk.field("Username or e-mail address").fill(user.name)
    desk.press("Send the code")
    expect(desk.page.get_by_role("heading", name="Set a new password")).to_be_visible()
    desk.field("Code").fill(server.read_code(user.email, after=seen))
    desk.field("New password").fill(password)
    if ON_AWS:
        expect(desk.field("Recovery key")).to_have_count(0)
    elif recovery_key:
        desk.field("Recovery key").fill(recovery_key.lower().replace("-", " "))
    else:
        expect(desk.page.get_by_role("button", name="Set the new password")).to_be_disabled()
        desk.page.get_by_text("I have no recovery key").click()
    desk.press("Set the new password")


@pytest.mark.embedded("there are no recovery keys")
def test_a_forgotten_password_with_the_recovery_key_keeps_the_letters(server, open_desk):
    user, friend = server.user(), server.user()
    friend.send(user, "still here")
    desk = open_desk()
    reset(desk, server, user, PASSWORD, user.recovery_key)
    expect(desk.page.get_by_text("all your letters can still be opened")).to_be_visible()
    user.password = PASSWORD
    desk.sign_in(user)
    desk.open_conversation(friend.name)
    desk.break_seal()
    expect(desk.page.get_by_text("still here")).to_be_visible()


@pytest.mark.embedded("KMS keys are not lost")
def test_a_forgotten_password_without_it_says_what_is_lost(server, open_desk):
    user = server.user()
    desk = open_desk()
    reset(desk, server, user, PASSWORD, None)
    expect(desk.page.get_by_text("stay sealed for ever")).to_be_visible()
    desk.shoot("keys-lost")


@pytest.mark.skipif(not ON_AWS, reason="with key rings a reset costs the letters")
def test_a_forgotten_password_costs_nothing_where_kms_keeps_the_keys(server, open_desk):
    user, friend = server.user(), server.user()
    friend.send(user, "still readable")
    desk = open_desk()
    reset(desk, server, user, PASSWORD, None)
    desk.field("Password").fill(PASSWORD)
    desk.press("Sign in")
    desk.open_conversation(friend.name)
    desk.break_seal()
    expect(desk.page.get_by_text("still readable")).to_be_visible()


def test_password_managers_find_what_they_look_for(open_desk):
    desk = open_desk()
    desk.goto("/sign-in")
    expect(desk.field("Username or e-mail address")).to_have_attribute("autocomplete", "username")
    expect(desk.field("Password")).to_have_attribute("autocomplete", "current-password")
    desk.goto("/sign-up")
    expect(desk.field("Password")).to_have_attribute("autocomplete", "new-password")
    desk.goto("/verify")
    expect(desk.field("Code")).to_have_attribute("autocomplete", "one-time-code")


def test_signing_out_forgets_everything_in_every_tab(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    other = desk.context.new_page()
    other.goto(desk.url + "/")
    expect(other.get_by_role("searchbox")).to_be_visible()
    desk.goto("/settings")
    desk.press("Sign out")
    expect(desk.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    desk.goto("/settings")
    expect(desk.page).to_have_url(re.compile("/sign-in$"))
