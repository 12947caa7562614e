"""The images and the compose stacks, on a Docker engine that is there already."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from browsers import Chromium
from delivery.stack import AwsStack, Stack


def run(stack):
    assert shutil.which("docker"), "there is no docker here"
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    yield from run(Stack(tmp_path_factory.mktemp("stack")))


@pytest.fixture(scope="session")
def aws_stack(tmp_path_factory):
    yield from run(AwsStack(tmp_path_factory.mktemp("aws-stack")))


@pytest.fixture
def browser():
    with sync_playwright() as playwright:
        chromium = Chromium(playwright)
        yield chromium
        chromium.close()
