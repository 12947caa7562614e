"""Fixtures of the AWS tests: one double for all, and environments in it."""

import pytest

from aws import cloud


@pytest.fixture(scope="session")
def double():
    """The running double; no test may make it answer 500."""
    d = cloud.Double()
    yield d
    errors = d.errors()
    d.stop()
    assert not errors, errors


@pytest.fixture(scope="module")
def environment(double):
    """A deployment shared by the tests of one module."""
    return cloud.aws_environment(double)


@pytest.fixture(scope="session")
def real_tables(double):
    """For tests that moto would let pass for the wrong reasons."""
    if not double.has_real_tables:
        pytest.skip("needs DynamoDB Local, so Java and Maven")


@pytest.fixture(scope="session")
def real_objects(double):
    """For tests that moto would let pass for the wrong reasons."""
    if not double.has_real_objects:
        pytest.skip("needs versitygw, so Go")
