"""The objects port on S3: its contract, memory, read-ahead, and faults at every request."""

import json
import os
import re
import subprocess
import time

import httpx
import pytest

from aws import cloud
from support.server import BUILD, ROOT, SANITIZED

CONTRACTS = [ROOT / "tests/unit/embedded" / name for name in ("contract_objects.c", "contract_drafts.c")]
PROGRAMS = BUILD / "tests" / "unit" / "aws" / "s3"
CASES = [case for c in CONTRACTS for case in re.findall(r"CASE\((test_\w+)\)", c.read_text())]
MIB = 1 << 20
SMALL = 100_000
LARGE = 20 * MIB + 7  # three parts
DAY_MS = 24 * 3600 * 1000


def letter_id():
    """A UUID of version 7, as letters have."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xf << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Desk:
    """A bucket, and processes that use the port on it."""

    def __init__(self, environment, **more):
        self._variables = environment.variables(**more)
        self.double, self.bucket = environment.double, environment.bucket
        self.s3 = self.double.client("s3", self.double.session(cloud.ADMINISTRATOR))

    def start(self, *arguments, **variables):
        environment = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        return subprocess.Popen(
            [PROGRAMS / "objects_desk", *map(str, arguments)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment | self._variables | variables)

    def run(self, *arguments, **variables):
        process = self.start(*arguments, **variables)
        printed, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return json.loads(printed)

    def put(self, size, id=None, **variables):
        id = id or letter_id()
        return id, self.run("put", id, size, **variables)

    def exists(self, id):
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"m/{id}")
        return listed["KeyCount"] == 1

    def uploads(self):
        return self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])

    def assert_whole(self, id, size):
        assert self.run("get", id, size, 0)["error"] == "ok"


@pytest.fixture(scope="module")
def desk(environment):
    return Desk(environment)


FOR_GOOD = 100


@pytest.fixture
def fault(double):
    """Orders faults; one that no request met fails the test, unless it is there for good."""
    for_good = []

    def order(operation, kind, **fields):
        double.control("fault", match=f"s3.{operation}", kind=kind, **fields)
        for_good.append(fields.get("count") == FOR_GOOD)
    yield order
    assert double.control("clear_faults") == sum(for_good)


# --- the contract ---

@pytest.fixture(scope="module")
def outcomes(double):
    """What became of each case: {name: what was printed}, "" when it passed. In a bucket of its own:
    a draft that is opened too late leaves an upload, which is the sweep's."""
    variables = cloud.aws_environment(double).variables(CMOCKA_MESSAGE_OUTPUT="TAP")
    done = subprocess.run([PROGRAMS / "contract_objects_aws"], env=variables, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = {}
    for part in re.split(r"^(?=(?:not )?ok \d+ - )", done.stdout, flags=re.M)[1:]:
        failed, name = re.match(r"(not )?ok \d+ - (\w+)", part).groups()
        found[name] = part if failed else ""
    assert done.returncode == 0 or any(found.values()), done.stdout
    return found


@pytest.mark.parametrize("case", CASES)
def test_contract(outcomes, case):
    assert outcomes.get(case, "did not run") == ""


# --- requests and memory ---

def test_a_small_object_costs_one_request_each_way(desk):
    id, put = desk.put(SMALL)
    assert put["requests"] == 1
    assert desk.run("get", id, SMALL, 0) | {"peak_kib": 0} == {
        "error": "ok", "requests": 1, "removed": 0, "rounds": 0, "peak_kib": 0}


def test_the_object_says_what_it_is(desk):
    id, _ = desk.put(SMALL)
    head = desk.s3.head_object(Bucket=desk.bucket, Key=f"m/{id}")
    assert head["ContentType"] == "application/octet-stream"
    assert list(head["Metadata"]) == ["writer"]


@pytest.mark.parametrize("size, requests", [(0, 1), (8 * MIB, 1), (8 * MIB + 1, 4), (24 * MIB, 5)])
def test_parts(desk, size, requests):
    """One PUT up to a part's size; else a request for each part, one to start and one to end."""
    id, put = desk.put(size)
    assert put["error"] == "ok" and put["requests"] == requests
    desk.assert_whole(id, size)


def test_reading_ahead(desk):
    id, _ = desk.put(LARGE)
    # 256 KiB with the opening, then 1, 2, 4, 4, 4 and 4 MiB and the rest
    assert desk.run("get", id, LARGE, 0)["requests"] == 8
    # the opening, 64 KiB at an odd place, then 1, 2 and the rest of 4 MiB
    assert desk.run("get", id, LARGE, LARGE - 6 * MIB)["requests"] == 5


@pytest.fixture(scope="module")
def direct(double, environment):
    """A desk whose objects go straight to versitygw, which keeps none of them in memory."""
    if not double.has_real_objects:
        pytest.skip("versitygw is missing: the double holds objects in memory")
    access_key, secret_key = double.status["objects_credentials"]
    return Desk(environment, LETTERLOCK_AWS_S3_ENDPOINT=double.status["objects_url"],
                AWS_ACCESS_KEY_ID=access_key, AWS_SECRET_ACCESS_KEY=secret_key,
                AWS_SESSION_TOKEN="")


@pytest.mark.skipif(SANITIZED, reason="sanitizers use memory of their own")
def test_memory_does_not_grow_with_the_object(direct):
    _, small = direct.put(24 * MIB)
    id, large = direct.put(200 * MIB)
    assert small["error"] == large["error"] == "ok"
    assert large["peak_kib"] < small["peak_kib"] + 4 * 1024
    assert large["peak_kib"] < 48 * 1024
    got = direct.run("get", id, 200 * MIB, 0)
    assert got["error"] == "ok" and got["peak_kib"] < 48 * 1024
    direct.s3.delete_object(Bucket=direct.bucket, Key=f"m/{id}")


# --- faults ---

INTERNAL = {"code": "InternalError", "status": 500}
ONE_ERROR = {"body": '<?xml version="1.0"?><Error><Code>InternalError</Code>'
                     '<Message>We encountered an internal error.</Message></Error>'}
ONCE = [("error", INTERNAL), ("error_after", INTERNAL), ("drop", {}), ("drop_after", {}),
        ("error", {"code": "SlowDown", "status": 503}), ("delay", {"seconds": 0.3})]
STEPS = [(SMALL, "PutObject"), (LARGE, "CreateMultipartUpload"), (LARGE, "UploadPart"),
         (LARGE, "CompleteMultipartUpload")]


@pytest.mark.parametrize("kind, fields", ONCE, ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("size, operation", STEPS, ids=lambda v: v if isinstance(v, str) else "")
def test_one_fault_loses_nothing(desk, fault, size, operation, kind, fields):
    fault(operation, kind, **fields)
    id, put = desk.put(size)
    assert put["error"] == "ok"
    desk.assert_whole(id, size)
    # A start of which nobody heard is the sweep's.
    left = operation == "CreateMultipartUpload" and kind.endswith("_after")
    assert len(desk.uploads()) == left
    if left:
        sweep_late(desk)
        assert desk.uploads() == []


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_behind_200_is_one(desk, fault, count):
    """CompleteMultipartUpload begins its answer before it knows; here it was carried out."""
    fault("CompleteMultipartUpload", "body", count=count, **ONE_ERROR)
    id, put = desk.put(LARGE)
    assert put["error"] == "ok"
    desk.assert_whole(id, LARGE)
    assert desk.uploads() == []


@pytest.mark.parametrize("kind", ["error_after", "drop_after"])
@pytest.mark.parametrize("size, operation", [STEPS[0], STEPS[3]], ids=lambda v: str(v))
def test_an_outcome_that_stays_unknown_is_looked_up(desk, fault, size, operation, kind):
    fault(operation, kind, count=FOR_GOOD, **(INTERNAL if kind == "error_after" else {}))
    id, put = desk.put(size)
    assert put["error"] == "ok"
    desk.assert_whole(id, size)
    assert desk.uploads() == []


@pytest.mark.parametrize("kind, fields", [("error", INTERNAL), ("drop", {}), (
    "error", {"code": "AccessDenied", "status": 403})], ids=["error", "drop", "refusal"])
@pytest.mark.parametrize("size, operation", STEPS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_failure_leaves_nothing(desk, fault, size, operation, kind, fields):
    fault(operation, kind, count=FOR_GOOD, **fields)
    id, put = desk.put(size)
    assert put["error"] == ("internal" if fields.get("status") == 403 else "unavailable")
    assert not desk.exists(id)
    assert desk.uploads() == []


@pytest.mark.parametrize("size, operation", [STEPS[0], STEPS[3]], ids=lambda v: str(v))
def test_what_nobody_could_look_up_is_removed(desk, fault, size, operation):
    """The object was made, but the server hears of it only when it has given up."""
    fault(operation, "drop_after", count=FOR_GOOD)
    fault("HeadObject", "error", code="InternalError", status=500, count=3)
    id, put = desk.put(size)
    assert put["error"] == "unavailable"
    assert not desk.exists(id)
    assert desk.uploads() == []


def test_a_slow_store_ends_at_the_deadline(desk, fault):
    fault("PutObject", "delay", count=FOR_GOOD, seconds=2)
    begun = time.monotonic()
    _, put = desk.put(SMALL, TIMEOUT_MS="600")
    assert put["error"] in ("deadline", "unavailable")
    assert time.monotonic() - begun < 10


def test_giving_up_leaves_nothing(desk):
    id = letter_id()
    assert desk.run("give-up", id, LARGE)["error"] == "ok"
    assert not desk.exists(id)
    assert desk.uploads() == []


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_same_bytes_again_are_a_conflict(desk, fault, size):
    """Even when an answer was lost: the object is the first writing's, and its letter's."""
    id, first = desk.put(size)
    _, second = desk.put(size, id)
    fault("PutObject" if size == SMALL else "CompleteMultipartUpload", "drop")
    _, third = desk.put(size, id)
    assert (first["error"], second["error"], third["error"]) == ("ok", "conflict", "conflict")
    desk.assert_whole(id, size)
    assert desk.uploads() == []


@pytest.mark.parametrize("kind, fields", ONCE, ids=lambda v: v if isinstance(v, str) else "")
def test_one_fault_spoils_no_reading(desk, fault, kind, fields):
    id, _ = desk.put(LARGE)
    fault("GetObject", kind, nth=3, **fields)
    desk.assert_whole(id, LARGE)


# --- the sweep ---

def now_ms():
    return int(time.time() * 1000)


def sweep_late(desk, kept=None, **variables):
    """A sweep as of the day after tomorrow, which ends well."""
    done = desk.run("sweep", now_ms() + 2 * DAY_MS, kept or letter_id(), **variables)
    assert done["error"] == "ok"
    return done


def test_sweep(environment_of_its_own):
    desk = Desk(environment_of_its_own)
    kept, small, large = (desk.put(size)[0] for size in (SMALL, SMALL, LARGE))
    desk.s3.put_object(Bucket=desk.bucket, Key="m/something-else", Body=b"not a letter's")
    desk.s3.create_multipart_upload(Bucket=desk.bucket, Key=f"m/{letter_id()}")
    tail = f"{letter_id()}.12345"  # what waits of a draft
    desk.s3.put_object(Bucket=desk.bucket, Key=f"m/{tail}", Body=b"less than a part")
    hour_ago, in_an_hour = now_ms() - 3600_000, now_ms() + 3600_000
    assert desk.run("sweep", hour_ago, kept)["removed"] == 0
    # What came in parts, or still does, may be under way for a day.
    assert desk.run("sweep", in_an_hour, kept)["removed"] == 1
    assert desk.exists(tail) and desk.exists(large) and not desk.exists(small)
    assert len(desk.uploads()) == 1
    assert sweep_late(desk, kept)["removed"] == 3
    assert desk.exists(kept) and not desk.exists(tail) and not desk.exists(large) and desk.uploads() == []
    assert desk.exists("something-else")


def test_sweep_goes_on_over_pages_and_deadlines(environment_of_its_own):
    desk = Desk(environment_of_its_own)
    orphans = 1100  # more than a page
    with httpx.Client() as http:
        for _ in range(orphans):
            where = {"Bucket": desk.bucket, "Key": f"m/{letter_id()}"}
            assert http.put(desk.s3.generate_presigned_url("put_object", where),
                            content=b"x").status_code == 200
    done = sweep_late(desk, TIMEOUT_MS="1000")
    # A call that the deadline cut short may have removed what it did not hear of: one a round.
    assert orphans - (done["rounds"] - 1) <= done["removed"] <= orphans
    assert desk.s3.list_objects_v2(Bucket=desk.bucket)["KeyCount"] == 0


def test_nodes_may_sweep_at_once(environment_of_its_own):
    desk = Desk(environment_of_its_own)
    ids = [desk.put(SMALL)[0] for _ in range(20)]
    nodes = [desk.start("sweep", now_ms() + DAY_MS, ids[7]) for _ in range(3)]
    for node in nodes:
        printed, errors = node.communicate(timeout=60)
        assert json.loads(printed)["error"] == "ok", errors
    assert [id for id in ids if desk.exists(id)] == [ids[7]]


@pytest.fixture
def environment_of_its_own(double):
    return cloud.aws_environment(double)
