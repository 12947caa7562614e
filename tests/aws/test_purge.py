"""tools/purge as the key administrator's role, whose rights the double asks for."""

import json
import os
import subprocess
import sys
import uuid

import pytest

from aws.cloud import ACCOUNT, REGION, ROOT, aws_environment
from support.server import BUILD

POLICY_TOOL = BUILD / "tests/unit/aws/kms/key_policy_tool"


def key_policy(environment, sub, with_alias_rights):
    """What the server gives a user's key, or gave it when administrators had no right to names."""
    roles = (environment.role_arn(name) for name in (
        "identity-pool-authenticated", "app-server", "post-confirmation", "kms-admin"))
    policy = json.loads(subprocess.run([POLICY_TOOL, sub, ACCOUNT, *roles], check=True,
                                       capture_output=True, timeout=30).stdout)
    if not with_alias_rights:
        administrator, = (s for s in policy["Statement"] if s["Sid"] == "AdminNoUse")
        administrator["Action"].remove("kms:DeleteAlias")
    return policy


def make_user(environment, with_alias_rights):
    """A user's key, alias and topic, as the provisioner makes them: (key id, topic ARN)."""
    sub = str(uuid.uuid4())
    kms = environment.client("kms", "post-confirmation")
    policy = key_policy(environment, sub, with_alias_rights)
    key = kms.create_key(
        Policy=json.dumps(policy), BypassPolicyLockoutSafetyCheck=True,
        Description="Letters of one user",
        Tags=[{"TagKey": "purpose", "TagValue": "user-message"},
              {"TagKey": "sub", "TagValue": sub}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/user/{sub}", TargetKeyId=key)
    topic = environment.client("sns", "post-confirmation").create_topic(
        Name=environment.topic_prefix + sub)["TopicArn"]
    return key, topic


def purge(environment, role, *arguments):
    session = environment.session(role)
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "purge", "--region", REGION, "--endpoint-url",
         environment.double.url, "--topic-prefix", environment.topic_prefix, *arguments],
        capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"AWS_ACCESS_KEY_ID": session["access_key"],
                          "AWS_SECRET_ACCESS_KEY": session["secret_key"],
                          "AWS_SESSION_TOKEN": session["token"]})


def state(environment, key):
    kms = environment.client("kms", "post-confirmation")
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def topics_of(environment):
    return {t["TopicArn"] for t in environment.client("sns", "kms-admin").list_topics()["Topics"]}


@pytest.mark.parametrize("with_alias_rights", [True, False])
def test_administrator_purges_its_own_deployment_only(double, with_alias_rights):
    mine, other = aws_environment(double), aws_environment(double)
    key, topic = make_user(mine, with_alias_rights)
    others_key, others_topic = make_user(other, with_alias_rights)
    run = purge(mine, "kms-admin", "--yes")
    assert run.returncode == 0, run.stderr
    assert state(mine, key) == "PendingDeletion"
    assert state(other, others_key) == "Enabled"
    assert topics_of(mine) & {topic, others_topic} == {others_topic}
    assert ("goes with its key" in run.stdout) == (not with_alias_rights)


@pytest.mark.parametrize("role", ["app-server", "post-confirmation"])
def test_other_roles_purge_nothing(double, role):
    environment = aws_environment(double)
    key, topic = make_user(environment, True)
    run = purge(environment, role, "--yes")
    assert run.returncode == 1
    assert state(environment, key) == "Enabled"
    assert topic in topics_of(environment)
