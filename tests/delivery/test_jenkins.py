"""The Jenkins pipeline: what it builds when, what it pushes, and that no secret shows."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GROOVY = os.environ.get("LETTERLOCK_GROOVY_JAR", str(ROOT / ".cache" / "jars" / "groovy-5.0.8.jar"))
RUNNER = ROOT / "tests" / "delivery" / "jenkins" / "Runner.groovy"
PASSWORD = "sesame-open-7f3a"
SECONDS = 120

FAKE_DOCKER = """#!/bin/sh
printf '%s\\n' "$*" >>"$DOCKER_LOG"
[ "$1" = login ] && cat >"$DOCKER_LOG.password"
[ "$1" != "${DOCKER_FAILS:-}" ]
"""


class Repository:
    """A clone of the pipeline in a small repository, with a docker and a ./test that only note."""

    def __init__(self, directory):
        self.path = directory / "repository"
        self.log = directory / "docker.log"
        self.fakes = directory / "fakes"
        self.fakes.mkdir()
        (self.fakes / "docker").write_text(FAKE_DOCKER)
        (self.fakes / "docker").chmod(0o755)
        self.path.mkdir()
        for name in ("Jenkinsfile", "infra/jenkins"):
            target = self.path / name
            target.parent.mkdir(exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
        self.write("test", "#!/bin/sh\necho tested >>\"$DOCKER_LOG\"\n")
        (self.path / "test").chmod(0o755)
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("src/base/bytes.c", "web/src/main.tsx", "README.md")

    def git(self, *arguments):
        return subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
            cwd=self.path, capture_output=True, text=True, check=True, timeout=SECONDS).stdout

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, *names):
        for name in names:
            self.write(name, os.urandom(8).hex())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")
        return self.git("rev-parse", "HEAD").strip()

    def changed(self, last, *scope):
        done = subprocess.run(["infra/jenkins/changed", last, *scope], cwd=self.path,
                              capture_output=True, text=True, check=True, timeout=SECONDS)
        return done.stdout.split()

    def run(self, *settings, jenkinsfile="Jenkinsfile", **environment):
        self.log.write_text("")
        done = subprocess.run(
            ["java", "-cp", GROOVY, "groovy.ui.GroovyMain", RUNNER, jenkinsfile,
             f"env.PATH={self.fakes}:{os.environ['PATH']}", f"env.DOCKER_LOG={self.log}",
             *settings], cwd=self.path, capture_output=True, text=True, timeout=SECONDS,
            env=os.environ | environment)
        return done.returncode, done.stdout + done.stderr, self.log.read_text().splitlines()


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


@pytest.mark.parametrize("names, parts", [
    (["src/core/core.c"], ["server"]),
    (["meson.build"], ["server"]),
    (["web/src/app/App.tsx"], ["web"]),
    (["infra/docker/web/start"], ["web"]),
    (["openapi.yaml"], ["server", "web"]),
    (["infra/jenkins/build"], ["server", "web"]),
    (["README.md"], []),
    (["README.md", "web/x", "src/x"], ["server", "web"]),
])
def test_what_changed_is_what_is_built(repository, names, parts):
    repository.commit(*names)
    assert repository.changed(repository.first) == parts


def test_first_manual_and_forced_builds_build_everything(repository):
    assert repository.changed("") == ["server", "web"]
    assert repository.changed(repository.first, "all") == ["server", "web"]
    assert repository.changed("0" * 40) == ["server", "web"]  # a shallow or rewritten clone
    assert repository.changed(repository.first) == []  # a manual run with nothing new


def test_a_change_whose_build_failed_is_built_by_the_next_one(repository):
    repository.commit("src/core/core.c")  # this build failed …
    repository.commit("README.md")  # … and this one changes nothing that is built
    assert repository.changed(repository.first) == ["server"]


def test_the_pipeline_builds_tests_and_pushes_what_changed(repository):
    commit = repository.commit("src/core/core.c")
    status, output, calls = repository.run(
        f"env.GIT_PREVIOUS_SUCCESSFUL_COMMIT={repository.first}", "env.BRANCH_NAME=main",
        f"cred.registry=robot:{PASSWORD}")
    tag = commit[:12]
    image = f"docker.io/letterlock/server:{tag}"
    assert status == 0, output
    assert calls == [
        "tested",
        f"build --pull -f infra/docker/server.Dockerfile -t {image} .",
        "login --username robot --password-stdin docker.io",
        f"push {image}",
    ]
    assert repository.log.with_name("docker.log.password").read_text() == PASSWORD
    assert PASSWORD not in output
    assert "stage web: skipped" in output


def test_other_branches_build_and_do_not_push(repository):
    repository.commit("web/src/main.tsx", "src/x.c")
    status, output, calls = repository.run("env.BRANCH_NAME=topic", f"cred.registry=robot:{PASSWORD}")
    assert status == 0, output
    assert [c.split()[0] for c in calls] == ["tested", "build", "build"]


def test_nothing_is_done_when_nothing_changed(repository):
    status, output, calls = repository.run(
        f"env.GIT_PREVIOUS_SUCCESSFUL_COMMIT={repository.first}", "env.BRANCH_NAME=main")
    assert (status, calls) == (0, []), output


@pytest.mark.parametrize("step, calls", [
    ("build", ["tested", "build"]),
    ("push", ["tested", "build", "build", "login", "push"]),
    ("login", ["tested", "build", "build", "login"]),
])
def test_a_failing_step_fails_the_build(repository, step, calls):
    status, output, seen = repository.run("env.BRANCH_NAME=main", f"env.DOCKER_FAILS={step}",
                                          f"cred.registry=robot:{PASSWORD}")
    assert status == 1, output
    assert [c.split()[0] for c in seen] == calls
    assert PASSWORD not in output


def test_failing_tests_end_the_build_before_any_image(repository):
    repository.write("test", "#!/bin/sh\nexit 1\n")
    repository.git("commit", "--quiet", "--all", "--message", "broken")
    status, output, calls = repository.run("env.BRANCH_NAME=main")
    assert (status, calls) == (1, []), output


def test_missing_credentials_fail_the_build(repository):
    status, output, _ = repository.run("env.BRANCH_NAME=main")
    assert status == 1
    assert "no credentials registry" in output


@pytest.mark.parametrize("old, new", [
    ("steps { sh './test' }", "step { sh './test' }"),
    ("agent { label 'docker' }", ""),
    ("stage('web')", "stage('server')"),
    ("returnStdout: true", "returnStdOut: true"),
    ("unit: 'MINUTES'", "unit: 'MINUTE'"),
    ("branch 'main'", "brunch 'main'"),
    ("params.BUILD_ALL", "BUILD_EVERYTHING"),
    ("when { expression { env.PARTS != '' } }", "when { }"),
])
def test_the_runner_refuses_what_jenkins_would(repository, old, new):
    """The runner is worth its answers only when it notices mistakes."""
    text = (ROOT / "Jenkinsfile").read_text()
    assert old in text
    repository.write("Broken", text.replace(old, new, 1))
    status, output, _ = repository.run(jenkinsfile="Broken")
    assert status == 2, output
