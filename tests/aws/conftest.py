"""Fixtures of the AWS tests: environments in the double, which is a fixture of all tests' (../conftest.py)."""

import pytest

from aws import cloud


@pytest.fixture(scope="module")
def environment(double):
    """A deployment shared by the tests of one module."""
    return cloud.aws_environment(double)


@pytest.fixture
def no_faults_left(double):
    """Every fault that a test ordered must have been met."""
    yield
    assert double.control("clear_faults") == 0


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
