"""tools/purge on moto: what it takes, and what it leaves alone."""

import os
import subprocess
import sys

import pytest

from infra import parts
from infra.cloud import ACCOUNT, REGION

ANNA, BRUNO = (f"6f1c8a3e-1111-4000-8000-00000000000{i}" for i in (1, 2))
PREFIX = "purge-user-"


def make_key(kms, sub, purpose="user-message", description="Letters of one user", alias=True):
    key = kms.create_key(Description=description, Tags=[
        {"TagKey": "purpose", "TagValue": purpose}, {"TagKey": "sub", "TagValue": sub}])
    key_id = key["KeyMetadata"]["KeyId"]
    if alias:
        kms.create_alias(AliasName=f"alias/user/{sub}", TargetKeyId=key_id)
    return key_id


@pytest.fixture
def account(aws):
    """Keys and topics of two users, and others; removed again afterwards."""
    kms, sns = aws.client("kms"), aws.client("sns")
    keys = {"anna": make_key(kms, ANNA), "bruno": make_key(kms, BRUNO),
            "without alias": make_key(kms, ANNA, alias=False),
            "shared": make_key(kms, ANNA, purpose="shared-message", alias=False),
            "foreign, tagged as ours": make_key(kms, ANNA, description="Payroll", alias=False),
            "of no user": make_key(kms, "everyone", alias=False)}
    topics = {name: sns.create_topic(Name=name)["TopicArn"] for name in (
        PREFIX + ANNA, PREFIX + BRUNO, PREFIX + "alarms", "other-user-" + ANNA)}
    yield aws, keys, topics
    for alias in kms.list_aliases()["Aliases"]:
        if alias["AliasName"].startswith("alias/user/"):
            kms.delete_alias(AliasName=alias["AliasName"])
    for key in keys.values():
        if state(kms, key) != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for topic in topics.values():
        sns.delete_topic(TopicArn=topic)


def state(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def purge(aws, *arguments):
    return subprocess.run(
        [sys.executable, parts.ROOT / "tools" / "purge", "--region", REGION, "--topic-prefix",
         PREFIX, "--endpoint-url", aws.url, *arguments], capture_output=True, text=True,
        timeout=60, check=False, env=os.environ | {"AWS_ACCESS_KEY_ID": "test",
                                                   "AWS_SECRET_ACCESS_KEY": "test"})


def what_is_left(account):
    aws, keys, topics = account
    kms, sns = aws.client("kms"), aws.client("sns")
    left = {name for name, key in keys.items() if state(kms, key) == "Enabled"}
    aliases = {a["AliasName"] for a in kms.list_aliases()["Aliases"]
               if a["AliasName"].startswith("alias/user/")}
    there = {t["TopicArn"] for t in sns.list_topics()["Topics"]}
    return left, aliases, {name for name, arn in topics.items() if arn in there}


def test_says_what_it_would_do_and_does_nothing(account):
    before = what_is_left(account)
    run = purge(account[0])
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("would delete key") == 3
    assert run.stdout.count("would delete topic") == 2
    assert "Nothing was deleted" in run.stdout
    assert what_is_left(account) == before


def test_takes_users_keys_aliases_and_topics_and_nothing_else(account):
    aws, keys, _ = account
    run = purge(aws, "--yes", "--days", "7")
    assert run.returncode == 0, run.stderr
    left, aliases, topics = what_is_left(account)
    assert left == {"shared", "foreign, tagged as ours", "of no user"}
    assert aliases == set()
    assert topics == {PREFIX + "alarms", "other-user-" + ANNA}
    again = purge(aws, "--yes")
    assert again.returncode == 0 and again.stdout == ""


def test_takes_one_user(account):
    run = purge(account[0], "--yes", "--user", BRUNO)
    assert run.returncode == 0, run.stderr
    left, aliases, topics = what_is_left(account)
    assert "bruno" not in left and {"anna", "without alias"} <= left
    assert aliases == {f"alias/user/{ANNA}"}
    assert PREFIX + ANNA in topics and PREFIX + BRUNO not in topics


@pytest.mark.parametrize("arguments", [("--days", "6"), ("--days", "31"), ("--topic-prefix", "")])
def test_refuses_what_is_dangerous(account, arguments):
    run = purge(account[0], "--yes", *arguments)
    assert run.returncode == 2
    assert len(what_is_left(account)[0]) == 6


def test_tells_that_aws_cannot_be_reached(account):
    run = purge(account[0], "--endpoint-url", "http://127.0.0.1:9")
    assert run.returncode == 1
    assert run.stderr.startswith("purge: ") and "Traceback" not in run.stderr
