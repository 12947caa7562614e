"""Settings: sessions, password, recovery key, language, theme, export, erasing."""

import json
import time

import pyotp
import pytest
from playwright.sync_api import expect

TITLES = {"Deutsch": "Einstellungen", "Español": "Ajustes", "Français": "Réglages", "中文": "设置"}


def test_another_session_is_ended(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    desk.goto("/settings")
    rows = desk.page.locator(".session")
    expect(rows).to_have_count(2)
    rows.get_by_role("button").first.click()
    expect(rows).to_have_count(1)
    assert user.id.get("/v1/me").status_code == 401


def test_the_password_is_changed(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    desk.goto("/settings")
    desk.field("Present password").fill("wrong")
    desk.field("New password").fill("nine patient lanterns")
    desk.press("Change the password")
    expect(desk.page.get_by_role("alert")).to_contain_text("That is not right")
    desk.field("Present password").fill(user.password)
    desk.press("Change the password")
    expect(desk.page.get_by_text("Your password is changed")).to_be_visible()
    user.password = "nine patient lanterns"
    user.sign_in()


def turn_on(desk, user):
    """Turns the second factor on in the settings, and gives the authenticator app."""
    desk.goto("/settings")
    desk.press("Turn on")
    desk.field("Present password").last.fill(user.password)
    desk.press("Go on")
    link = desk.page.get_by_role("link", name="Open in an app on this device")
    app = pyotp.parse_uri(link.get_attribute("href"))
    expect(desk.page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    groups = [g.strip() for g in desk.page.locator(".key span").all_inner_texts()]
    assert "".join(groups) == app.secret
    return app


def test_the_second_factor(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    app = turn_on(desk, user)
    desk.field("Code of your authenticator app").fill("12345")
    desk.page.get_by_role("dialog").get_by_role("button", name="Turn on").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("That is not the code")
    desk.field("Code of your authenticator app").fill(app.now())
    desk.page.get_by_role("dialog").get_by_role("button", name="Turn on").click()
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(desk.page.get_by_text("The second factor is on.")).to_be_visible()
    other = open_desk()
    other.goto("/sign-in")
    other.field("Username or e-mail address").fill(user.name)
    other.field("Password").fill(user.password)
    other.press("Sign in")
    expect(other.page.get_by_text("Now enter the code")).to_be_visible()
    expect(other.field("Code of your authenticator app")).to_be_focused()
    other.page.keyboard.type(app.at(time.time() + 30))
    other.page.keyboard.press("Enter")
    expect(other.page.get_by_role("searchbox")).to_be_visible()


def test_the_second_factor_goes_with_the_password(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    desk.goto("/settings")
    # Turned on elsewhere: this window learns of it from the refusal.
    proof = {"password": user.password}
    app = pyotp.parse_uri(user.id.post("/v1/me/totp", json=proof).json()["uri"])
    confirmed = user.id.post("/v1/me/totp/confirm", json=proof | {"totp": app.now()})
    assert confirmed.status_code == 204, confirmed.text
    desk.field("Present password").fill(user.password)
    desk.field("New password").fill("nine patient lanterns")
    desk.press("Change the password")
    expect(desk.page.get_by_role("alert")).to_contain_text("A code of your authenticator app")
    desk.field("Code of your authenticator app").fill(app.at(time.time() + 30))
    desk.press("Change the password")
    expect(desk.page.get_by_text("Your password is changed")).to_be_visible()


def test_the_second_factor_is_turned_off(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    proof = {"password": user.password}
    app = pyotp.parse_uri(user.id.post("/v1/me/totp", json=proof).json()["uri"])
    confirmed = user.id.post("/v1/me/totp/confirm", json=proof | {"totp": app.now()})
    assert confirmed.status_code == 204, confirmed.text
    desk.goto("/settings")
    desk.press("Turn off")
    desk.field("Present password").last.fill(user.password)
    desk.field("Code of your authenticator app").last.fill(app.at(time.time() + 30))
    desk.page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(desk.page.get_by_role("button", name="Turn on")).to_be_visible()
    user.sign_in()


@pytest.mark.embedded("there are no recovery keys")
def test_the_recovery_key_is_replaced(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    desk.goto("/settings")
    desk.press("New recovery key")
    desk.field("Present password").last.fill(user.password)
    desk.press("Make a new key")
    expect(desk.page.locator(".key")).to_be_visible()
    groups = [g.strip() for g in desk.page.locator(".key span").all_inner_texts()]
    assert "-".join(groups) != user.recovery_key
    desk.field("Type the last group of the key").fill(groups[-1])
    desk.press("I have kept it")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("language", TITLES)
def test_the_language_changes_at_once_and_is_remembered(server, open_desk, language):
    desk = open_desk(server.user())
    desk.goto("/settings")
    desk.page.get_by_text(language, exact=True).click()
    expect(desk.page.get_by_role("heading", name=TITLES[language], level=1)).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name=TITLES[language], level=1)).to_be_visible()
    desk.shoot(language)


def test_the_browsers_language_is_taken_first(open_desk):
    desk = open_desk(locale="fr-CA")
    desk.goto("/sign-in")
    expect(desk.page.get_by_role("heading", name="Se connecter")).to_be_visible()
    assert desk.page.evaluate("document.documentElement.lang") == "fr"


def test_the_theme_is_remembered_before_the_first_paint(server, open_desk):
    desk = open_desk(server.user(), color_scheme="light")
    desk.goto("/settings")
    desk.page.get_by_text("Night", exact=True).click()
    desk.page.reload(wait_until="commit")
    desk.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert desk.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"


def test_the_export_is_saved(server, open_desk):
    user = server.user()
    desk = open_desk(user)
    desk.goto("/settings")
    _, export = desk.save("Download")
    assert json.loads(export)["profile"]["username"] == user.name


def test_the_account_is_erased(server, open_desk):
    user, friend = server.user(), server.user()
    user.send(friend, "goodbye")
    desk = open_desk(user)
    desk.goto("/settings")
    desk.press("Erase the account")
    desk.field("Present password").last.fill(user.password)
    desk.press("Erase for good")
    expect(desk.page.get_by_text("are erased")).to_be_visible()
    desk.field("Username or e-mail address").fill(friend.name)  # it stays to be read
    expect(desk.page.get_by_text("are erased")).to_be_visible()
    friends = open_desk(friend)
    expect(friends.page.get_by_role("link", name="Erased account")).to_be_visible()
