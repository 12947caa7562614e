"""The records port on DynamoDB: its contract, several processes at once, and faults."""

import concurrent.futures
import json
import os
import re
import subprocess
import time
import uuid

import pytest

from aws import cloud
from support.server import BUILD, ROOT

pytestmark = pytest.mark.usefixtures("no_faults_left")

UNIT = ROOT / "tests" / "unit"
PROGRAMS = BUILD / "tests" / "unit" / "aws" / "dynamo"
SUITES = ("embedded/contract_users.c", "embedded/contract_records.c",
          "embedded/contract_lists.c", "aws/dynamo/nodes.c")
CASES = [case for suite in SUITES
         for case in re.findall(r"OFFICE_CASE\((test_\w+)\)", (UNIT / suite).read_text())]
SEALED_BYTES = 700  # of each letter that records_desk sends
DELETED_OF = 3      # records_desk deletes every third letter
WRITERS = 3

# What src/aws/dynamo/dynamo_schema.h says that the server's role needs.
ACTIONS = {
    "users": ["GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"],
    "messages": ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"],
}


def administrator(environment):
    double = environment.double
    return double.client("dynamodb", double.session(cloud.ADMINISTRATOR))


# --- the contract ---

def make_pairs(environment, count):
    """Empty tables for each case. Without ttl: the clock of the contract is in the past."""
    client = administrator(environment)
    for part, table in (("users", environment.users_table),
                        ("messages", environment.messages_table)):
        definition = json.loads((cloud.TABLES / f"{part}.json").read_text())
        definition.pop("TimeToLiveSpecification")
        for i in range(count):
            client.create_table(TableName=f"{table}-{i + 1}", **definition)


def session_of_role(environment):
    """Of a role that has no other rights than the schema names."""
    tables = f"arn:aws:dynamodb:{cloud.REGION}:{cloud.ACCOUNT}:table/{environment.name}"
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": [f"dynamodb:{a}" for a in actions],
         "Resource": f"{tables}-{part}-*"} for part, actions in ACTIONS.items()]}
    name = f"{environment.name}-records"
    environment.double.control("role", name=name, policies=[policy])
    return environment.double.session(name)


@pytest.fixture(scope="module")
def outcomes(double, environment):
    """What became of each case: {name: what was printed}, "" when it passed."""
    if not double.has_real_tables:
        pytest.skip("moto's tables do not keep to the contract; DynamoDB Local is missing")
    make_pairs(environment, len(CASES))
    session = session_of_role(environment)
    variables = environment.variables(
        LETTERLOCK_TEST_TABLES=len(CASES), CMOCKA_MESSAGE_OUTPUT="TAP") | {
        "AWS_ACCESS_KEY_ID": session["access_key"], "AWS_SECRET_ACCESS_KEY": session["secret_key"],
        "AWS_SESSION_TOKEN": session["token"]}
    done = subprocess.run([PROGRAMS / "contract_records_aws"], env=variables, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = {}
    for part in re.split(r"^(?=(?:not )?ok \d+ - )", done.stdout, flags=re.M)[1:]:
        passed, name = re.match(r"(not )?ok \d+ - (\w+)", part).groups()
        found[name] = part if passed else ""
    assert done.returncode == 0 or any(found.values()), done.stdout
    return found


@pytest.mark.parametrize("case", CASES)
def test_contract(outcomes, case):
    assert outcomes.get(case, "did not run") == ""


# --- several processes ---

class Desk:
    """Two people, and processes that work on their letters."""

    def __init__(self, environment):
        self._environment = environment
        self._variables = environment.variables()
        self.anna, self.bert = str(uuid.uuid4()), str(uuid.uuid4())
        for user_id in (self.anna, self.bert):
            self.run("add-user", user_id, f"u{user_id[:8]}")

    def run(self, *arguments):
        done = subprocess.run(
            [PROGRAMS / "records_desk", *map(str, arguments)], timeout=120, capture_output=True,
            text=True, check=False, env={"PATH": os.environ["PATH"], **self._variables})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def run_together(self, *arguments):
        """Several processes that do the same; the sums of what they print."""
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as threads:
            printed = list(threads.map(lambda _: self.run(*arguments), range(WRITERS)))
        return {name: sum(p[name] for p in printed) for name in printed[0]}

    def letters(self):
        """Bert's letters, as the table has them."""
        table = self._environment.client("dynamodb", "app-server")
        pages = table.get_paginator("query").paginate(
            TableName=self._environment.messages_table, IndexName="recipientIndex",
            KeyConditionExpression="recipientId = :r",
            ExpressionAttributeValues={":r": {"S": self.bert}})
        return [item for page in pages for item in page["Items"]]

    def send_one(self):
        return self.run("send", self.anna, self.bert, 1)


@pytest.fixture
def desk(environment):
    return Desk(environment)


def test_processes_write_to_one_inbox(desk):
    count = 60
    assert desk.run_together("send", desk.anna, desk.bert, count) == {
        "stored": count, "duplicates": (WRITERS - 1) * count}
    assert len(desk.letters()) == count
    assert desk.run("look", desk.bert) == {"unread": count, "used": count * SEALED_BYTES}
    doomed = sum(uuid.UUID(item["messageId"]["S"]).bytes[-1] % DELETED_OF == 0
                 for item in desk.letters())
    assert desk.run_together("tidy", desk.bert) == {"read": count, "deleted": doomed}
    assert len(desk.letters()) == count - doomed
    assert desk.run("look", desk.bert) == {"unread": 0, "used": (count - doomed) * SEALED_BYTES}


def test_a_letter_costs_one_call(double, desk):
    double.control("clear_log")
    desk.run("send", desk.anna, desk.bert, 3)
    assert [c["operation"] for c in double.control("log")] == ["TransactWriteItems"] * 3


def test_a_page_that_a_filter_empties_ends_short(environment, desk):
    """Behind thousands of read letters, the list of unread ones goes on by its cursors."""
    sent, unread = 2600, 3
    client = administrator(environment)
    now_ms = int(time.time() * 1000)

    def item(i):
        letter = str(uuid.uuid4())
        attributes = {"messageId": letter, "senderId": desk.anna, "recipientId": desk.bert,
                      "sortKey": f"{now_ms + i}#{letter}"}
        return {n: {"S": v} for n, v in attributes.items()} | {
            "checksum": {"B": bytes(16)}, **({"readAt": {"N": "1"}} if i >= unread else {})}
    items = [item(i) for i in range(sent)]
    for at in range(0, sent, 25):
        client.batch_write_item(RequestItems={environment.messages_table: [
            {"PutRequest": {"Item": i}} for i in items[at:at + 25]]})
    pages = desk.run("list", desk.anna)["pages"]
    assert pages[0] == [] and len(pages) > 1
    assert [i for page in pages for i in page] == [
        i["messageId"]["S"] for i in reversed(items[:unread])]


# --- faults ---

FAULTS = {
    "throttled": {"kind": "error"},
    "throttled inside": {"kind": "conflict", "count": 4},
    "failed": {"kind": "error", "status": 500, "code": "InternalServerError"},
    "failed when it was done": {"kind": "error_after", "status": 500,
                                "code": "InternalServerError"},
    "lost": {"kind": "drop"},
    "lost when it was done": {"kind": "drop_after"},
    "in progress": {"kind": "error", "code": "TransactionInProgressException", "count": 5},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_letter_is_stored_once(double, desk, fault):
    double.control("fault", match="dynamodb.TransactWriteItems", **fault)
    assert desk.send_one() == {"stored": 1, "duplicates": 0}
    assert len(desk.letters()) == 1
    assert desk.run("look", desk.bert) == {"unread": 1, "used": SEALED_BYTES}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_letters_are_deleted_once(double, desk, fault):
    desk.run("send", desk.anna, desk.bert, 12)
    double.control("fault", match="dynamodb.TransactWriteItems", **fault)
    tidied = desk.run("tidy", desk.bert)
    double.control("clear_faults")  # by chance there may have been nothing to delete
    assert tidied["read"] == 12
    left = 12 - tidied["deleted"]
    assert len(desk.letters()) == left
    assert desk.run("look", desk.bert) == {"unread": 0, "used": left * SEALED_BYTES}


@pytest.mark.parametrize("kind", ["error_after", "drop_after"])
def test_who_reads_first_is_told_so(double, desk, kind):
    desk.send_one()
    double.control("fault", match="dynamodb.UpdateItem", kind=kind, status=500,
                   code="InternalServerError")
    assert desk.run("tidy", desk.bert)["read"] == 1


def test_a_read_mark_waits_for_a_transaction(double, desk):
    desk.send_one()
    double.control("fault", match="dynamodb.UpdateItem", kind="error", count=4,
                   code="TransactionConflictException")
    assert desk.run("tidy", desk.bert)["read"] == 1


def test_unprocessed_keys_are_asked_for_again(environment, double, desk):
    desk.send_one()
    left = {environment.users_table: {"Keys": [{"userId": {"S": desk.anna}}]}}
    double.control("fault", match="dynamodb.BatchGetItem", kind="body",
                   body=json.dumps({"Responses": {}, "UnprocessedKeys": left}))
    double.control("clear_log")
    assert desk.run("look", desk.bert)["unread"] == 1
    calls = [c["operation"] for c in double.control("log")]
    assert calls.count("BatchGetItem") == 2
