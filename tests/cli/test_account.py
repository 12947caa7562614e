"""Signing up, in and out; where the session lies; tokens that are refreshed."""
import json
import stat
import subprocess
import time

import pyotp

UNKNOWN_LETTER = "01935f6e-7c1e-7a35-9d3f-0c8f3f6f2b11"


def test_newcomer(person, server):
    dora = person("dora")
    done = dora.run("signup", server.url, "--username", dora.name, "--email", dora.email,
                    "--password-file", dora.password_file)
    assert f"letterlock confirm {server.url} --username {dora.name} CODE" in done.stdout.decode()
    dora.run("login", server.url, "--login", dora.name, "--password-file", dora.password_file,
             exit=1)
    code = server.read_code(dora.email)
    wrong = "000000" if code != "000000" else "000001"
    dora.run("confirm", server.url, "--username", dora.name, wrong, exit=1)
    dora.run("confirm", server.url, "--username", dora.name, code)
    done = dora.run("login", server.url, "--login", dora.email, "--password-file", "-",
                    stdin=dora.password.encode())
    assert f"as {dora.name}" in done.stdout.decode()
    assert "recovery key" in done.stdout.decode()
    dora.run("inbox")


def test_session_is_private(alice):
    assert stat.S_IMODE(alice.session_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(alice.session_file.parent.stat().st_mode) == 0o700
    assert alice.password not in alice.session_file.read_text()


def test_logout(alice):
    session = alice.session_file.read_text()
    alice.run("logout")
    assert not alice.session_file.exists()
    alice.run("inbox", exit=3)
    alice.run("logout", exit=3)
    # A copy of the tokens is worth nothing any more once the session is to be refreshed.
    stale = json.loads(session)
    stale["expires_unix_ms"] = 0
    alice.session_file.write_text(json.dumps(stale))
    alice.run("inbox", exit=3)


def test_wrong_password(alice, server):
    alice.password_file.write_text("not the password at all")
    done = alice.run("login", server.url, "--login", alice.name, "--password-file",
                     alice.password_file, exit=1)
    assert done.stdout == b""
    alice.run("inbox")  # the old session is still there


def test_tokens_are_refreshed_before_they_expire(alice):
    before = json.loads(alice.session_file.read_text())
    alice.session_file.write_text(json.dumps({**before, "expires_unix_ms": 0}))
    alice.run("inbox")
    after = json.loads(alice.session_file.read_text())
    assert after["refresh_token"] != before["refresh_token"]
    assert after["expires_unix_ms"] > before["expires_unix_ms"] - 60_000
    alice.run("inbox")


def test_two_commands_do_not_use_one_refresh_token_twice(alice):
    """A refresh token used twice ends the session; commands at the same time must take turns."""
    session = json.loads(alice.session_file.read_text())
    alice.session_file.write_text(json.dumps({**session, "expires_unix_ms": 0}))
    running = [alice.start("inbox", stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0, 0]
    alice.run("inbox")


def test_people(alice, bob):
    found = alice.json("people", bob.name)
    assert [p["username"] for p in found["items"]] == [bob.name]
    assert found["more"] is False
    table = alice.run("people", bob.name[:5]).stdout.decode()
    assert table.startswith("USERNAME")
    assert bob.name in table
    assert alice.name not in alice.run("people").stdout.decode()


def test_exit_codes(alice):
    alice.run("open", UNKNOWN_LETTER, exit=4)
    alice.run("send", "--to", "nobody-of-that-name", "--text", "x", exit=4)
    alice.run("send", "--to", alice.name, "no-such-file", exit=7)
    alice.run("send", "--to", alice.name, ".", exit=7)


def test_unreachable_server(person):
    someone = person("erin")
    someone.run("login", "http://127.0.0.1:1", "--login", "x", "--password-file",
                someone.password_file, exit=5)


def test_logout_forgets_the_tokens_even_when_the_server_is_away(alice):
    session = json.loads(alice.session_file.read_text())
    alice.session_file.write_text(json.dumps({**session, "url": "http://127.0.0.1:1"}))
    alice.run("logout", exit=5)
    assert not alice.session_file.exists()


def test_second_factor_of_a_script(alice, server):
    password = ("--password-file", alice.password_file)
    made = alice.json("totp", "on", *password)
    app = pyotp.parse_uri(made["uri"])
    assert app.secret == made["secret"]
    alice.run("totp", "on", *password, "--totp", "12345", exit=1)
    alice.run("totp", "on", *password, "--totp", app.now())
    refused = alice.run("totp", "on", *password, exit=1)
    assert b"on" in refused.stderr and refused.stdout == b""
    login = ("login", server.url, "--login", alice.name, *password)
    alone = alice.run(*login, exit=2, start_new_session=True)  # nobody there to be asked
    assert b"--totp" in alone.stderr
    refused = alice.run(*login, "--totp", "12345", exit=1)
    assert b"code" in refused.stderr
    code = app.at(time.time() + 30)
    alice.run(*login, "--totp", f"{code[:3]} {code[3:]}")
    alice.run("inbox")
    # Codes are good for once.
    alice.run("totp", "off", *password, "--totp", code, exit=1)


def test_second_factor_off(alice):
    password = ("--password-file", alice.password_file)
    app = pyotp.parse_uri(alice.json("totp", "on", *password)["uri"])
    alice.run("totp", "on", *password, "--totp", app.now())
    done = alice.run("totp", "off", *password, "--totp", app.at(time.time() + 30))
    assert done.stdout == b"The second factor is off.\n"
    alice.run("totp", "off", *password, exit=4)
    alice.run("totp", "sideways", *password, exit=2)
