"""Our files applied to a cloud. Several deployments fit into one account: each has a name."""

import functools

from infra import driver, network, registry, services  # noqa: F401 (they register types)
from infra.cloud import Hook


class Deployment:
    """A copy of our files, to be applied to a cloud."""

    def __init__(self, cloud, folder, name, **variables):
        self.cloud = cloud
        self.name = name
        self.hook = Hook(lambda *question: registry.carry_out(cloud, *question))
        self.files = driver.Copy(folder, self.hook.url)
        self.files.set_variables(**driver.VARIABLES | {"protect_data": False, "name": name}
                                 | variables)

    def apply(self):
        return self.files.run("apply", input=False, auto_approve=...)

    def must_apply(self):
        outcome = self.apply()
        assert outcome.code == 0, outcome.text
        return self

    def destroy(self):
        return self.files.run("destroy", input=False, auto_approve=...)

    @functools.cached_property
    def outputs(self):
        return {name: o["value"] for name, o in
                self.files.must("output", json=...).json().items()}

    def client(self, service):
        return self.cloud.client(service)

    def resources(self):
        """{address: values} of what Terraform's state holds."""
        state = self.files.must("show", json=...).json()
        found, modules = {}, [state.get("values", {}).get("root_module", {})]
        while modules:
            module = modules.pop()
            modules += module.get("child_modules", [])
            found |= {r["address"]: r["values"] for r in module.get("resources", [])}
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hook.stop()
