"""The images and the compose stacks, on a Docker engine that is there already."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from delivery.stack import AwsStack, Stack

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--no-first-run"]


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
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()
