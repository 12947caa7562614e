"""Connections that AWS closes under a call, as it does with those that were idle for long: nobody has
to try again for that. Where the call was carried out and its answer was lost, the repetition finds
code or password used up; nobody is told then that what was right is wrong."""

import pytest

from aws.aws_server import AwsServer

NEW = "words-of-the-second-kind"

pytestmark = pytest.mark.usefixtures("no_faults_left")


@pytest.fixture(scope="module")
def server(double, tmp_path_factory):
    s = AwsServer(tmp_path_factory.mktemp("server"), double).start()
    yield s
    assert s.stop() == 0, s.log()[-4000:]


def lose(double, operation, kind):
    double.control("fault", match=f"cognito-idp.{operation}", kind=kind)


def sign_in(server, user, password):
    with server.client() as c:
        return c.post("/v1/sessions", json={"login": user.name, "password": password}).status_code


def forgot(server, user):
    with server.client() as c:
        return c.post("/v1/accounts/forgot-password", json={"login": user.name})


def reset(server, user):
    body = {"username": user.name, "password": NEW, "code": server.read_code(user.email, after=1)}
    with server.client() as c:
        return c.post("/v1/accounts/reset-password", json=body)


def change(user):
    return user.id.post("/v1/me/password",
                        json={"old_password": user.password, "new_password": NEW})


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_code_is_mailed(server, double, kind):
    user = server.user()
    lose(double, "ForgotPassword", kind)
    assert forgot(server, user).is_success
    assert reset(server, user).is_success
    assert sign_in(server, user, NEW) == 200


def test_a_password_is_reset(server, double):
    user = server.user()
    assert forgot(server, user).is_success
    lose(double, "ConfirmForgotPassword", "drop")
    assert reset(server, user).is_success
    assert sign_in(server, user, NEW) == 200


def test_a_password_may_have_been_reset(server, double):
    user = server.user()
    assert forgot(server, user).is_success
    lose(double, "ConfirmForgotPassword", "drop_after")
    assert reset(server, user).status_code == 503
    assert sign_in(server, user, NEW) == 200


def test_a_password_is_changed(server, double):
    user = server.user()
    lose(double, "ChangePassword", "drop")
    assert change(user).is_success
    assert sign_in(server, user, NEW) == 200


def test_a_password_may_have_been_changed(server, double):
    user = server.user()
    lose(double, "ChangePassword", "drop_after")
    assert change(user).status_code == 503
    assert sign_in(server, user, user.password) == 401
    assert sign_in(server, user, NEW) == 200
