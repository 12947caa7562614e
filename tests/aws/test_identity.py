"""The identity port on Cognito: its contract, and what only this adapter does."""

import json
import os
import re
import subprocess

import pytest

from aws import cloud
from support.server import BUILD, ROOT

PROGRAMS = BUILD / "tests/unit/aws/cognito"
CONTRACT = [ROOT / f"tests/unit/embedded/contract_{part}.c"
            for part in ("sign_up", "sign_in", "sessions", "passwords", "totp")]
TIMEOUT_S = 120


def server_role(environment):
    """The server's role as Terraform makes it, but for any pool: each case has its own."""
    names = f"{cloud.REGION}:{cloud.ACCOUNT}"
    values = {"partition": "aws", "account": cloud.ACCOUNT, "region": cloud.REGION,
              "name": environment.name, "topic_prefix": environment.topic_prefix,
              "user_pool_arn": f"arn:aws:cognito-idp:{names}:userpool/*",
              "users_table_arn": f"arn:aws:dynamodb:{names}:table/{environment.users_table}",
              "messages_table_arn": f"arn:aws:dynamodb:{names}:table/none",
              "bucket_arn": "arn:aws:s3:::none", "mail_from": ""}
    policy = (ROOT / "infra/terraform/policies/server.json").read_text()
    return environment.double.control(
        "role", name=f"{environment.name}-identity",
        policies=[json.loads(cloud.render(policy, values))])["arn"]


def credentials(session, prefix):
    return {f"{prefix}_ACCESS_KEY_ID": session["access_key"],
            f"{prefix}_SECRET_ACCESS_KEY": session["secret_key"],
            f"{prefix}_SESSION_TOKEN": session["token"]}


def run(environment, program):
    """The failures of a program's cases by their names; "" for those that passed."""
    role = server_role(environment)
    variables = environment.variables(
        "identity", LETTERLOCK_AWS_SERVER_ROLES=role, LETTERLOCK_AWS_PROVISIONER_ROLE=role,
        LETTERLOCK_AWS_USER_KEYS_MAX=100000, CMOCKA_MESSAGE_OUTPUT="TAP", PATH=os.environ["PATH"])
    variables |= credentials(environment.session("identity"), "SERVER")
    variables |= credentials(environment.double.session(cloud.ADMINISTRATOR), "ADMIN")
    done = subprocess.run([PROGRAMS / program], env=variables, timeout=TIMEOUT_S,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = {}
    for part in re.split(r"^(?=(?:not )?ok \d+ - )", done.stdout, flags=re.M)[1:]:
        failed, name = re.match(r"(not )?ok \d+ - (\w+)", part).groups()
        found[name] = part if failed else ""
    assert done.returncode == 0 or any(found.values()), done.stdout
    return found


def cases_of(path, group=""):
    """The names of the cases that a program runs: those of the array `group`, or of all."""
    text = path.read_text()
    if group:
        text = text.partition(f"struct CMUnitTest {group}[] = {{")[2].partition("};")[0]
    return re.findall(r"TEST\((test_\w+)\)", text)


@pytest.fixture(scope="module")
def contract(environment):
    return run(environment, "contract_identity_aws")


@pytest.mark.parametrize("case", [c for part in CONTRACT for c in cases_of(part, "tests")])
def test_contract(contract, case):
    assert contract[case] == ""


@pytest.fixture(scope="module")
def cases(environment):
    return run(environment, "identity_aws")


@pytest.mark.parametrize(
    "case", cases_of(ROOT / "tests/unit/aws/cognito/identity_aws.c"))
def test_on_cognito(cases, case):
    assert cases[case] == ""
