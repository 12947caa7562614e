"""Fixtures of the checks of Terraform files."""

import pytest

from infra import cloud, driver, resources


@pytest.fixture(scope="session")
def terraform(tmp_path_factory):
    """A copy of our files, initialised, that is only looked at or changed back."""
    return driver.Copy(tmp_path_factory.mktemp("looked-at"))


class Deployment:
    """Our files applied to a cloud of their own."""

    def __init__(self, folder, **variables):
        self.cloud = cloud.Cloud()
        self.hook = cloud.Hook(lambda *question: resources.carry_out(self.cloud, *question))
        self.files = driver.Copy(folder, self.hook.url)
        self.files.set_variables(**driver.VARIABLES | variables)
        self.outcome = self.files.must("apply", input=False, auto_approve=...)
        self.outputs = {name: o["value"] for name, o in
                        self.files.must("output", json=...).json().items()}

    def client(self, service):
        return self.cloud.client(service)

    def resources(self):
        """{address: values} of what Terraform's state holds."""
        found, modules = {}, [self.files.must("show", json=...).json()["values"]["root_module"]]
        while modules:
            module = modules.pop()
            modules += module.get("child_modules", [])
            found |= {r["address"]: r["values"] for r in module.get("resources", [])}
        return found

    def stop(self):
        self.hook.stop()
        self.cloud.stop()


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    """As shipped, but for the protection that would keep the test from destroying it."""
    d = Deployment(tmp_path_factory.mktemp("per-user"), protect_data=False)
    yield d
    d.stop()


@pytest.fixture(scope="session")
def shared_deployment(tmp_path_factory):
    """With one key for all users, a domain, mail, and a budget's warning."""
    d = Deployment(tmp_path_factory.mktemp("shared"), keys="shared", domain="letters.example.org",
                   notices="ses", mail_from="letters@example.org", name="second",
                   budget_email="me@example.org", protect_data=False)
    yield d
    d.stop()
