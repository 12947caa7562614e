"""Fixtures of the checks of Terraform files."""

import contextlib
import secrets

import pytest

from infra import driver
from infra.cloud import Cloud
from infra.deployment import Deployment


@pytest.fixture(scope="session")
def terraform(tmp_path_factory):
    """A copy of our files, initialised, that is only looked at or changed back."""
    return driver.Copy(tmp_path_factory.mktemp("looked-at"))


@pytest.fixture(scope="session")
def aws():
    """The one cloud (moto) of all tests."""
    c = Cloud()
    yield c
    c.stop()


@pytest.fixture
def new_deployment(aws, tmp_path):
    """Makes a deployment that is not applied yet: new_deployment(**variables)."""
    with contextlib.ExitStack() as stack:
        yield lambda **variables: stack.enter_context(Deployment(
            aws, tmp_path, f"t{secrets.token_hex(4)}", **variables))


@pytest.fixture(scope="session")
def deployment(aws, tmp_path_factory):
    """As shipped, but for the protection that would keep a test from destroying it."""
    with Deployment(aws, tmp_path_factory.mktemp("per-user"), "letterlock") as d:
        yield d.must_apply()


@pytest.fixture(scope="session")
def shared_deployment(aws, tmp_path_factory):
    """With one key for all users, a domain, mail, and a budget's warning."""
    with Deployment(aws, tmp_path_factory.mktemp("shared"), "second", keys="shared",
                    domain="letters.example.org", notices="ses", instance_type="t3.small",
                    mail_from="letters@example.org", budget_email="me@example.org") as d:
        yield d.must_apply()
