"""Resumable uploads on AWS: on from node to node, through lost answers, with nothing left behind."""

import os
import random

import pytest

from aws import cloud
from aws.aws_server import AwsServer
from support import tus

MIB = 1 << 20


@pytest.fixture(scope="module")
def environment(double):
    return cloud.aws_environment(double)


@pytest.fixture(scope="module")
def nodes(double, environment, tmp_path_factory):
    both = [AwsServer(tmp_path_factory.mktemp("node"), double, environment).start()
            for _ in range(2)]
    yield both
    for node in both:
        assert node.stop() == 0, node.log()[-4000:]


@pytest.fixture(scope="module")
def pair(nodes):
    return nodes[0].user(), nodes[1].user()


@pytest.fixture
def bucket(double, environment):
    """The keys and the unfinished uploads of the bucket."""
    s3 = double.client("s3", double.session(cloud.ADMINISTRATOR))

    class Bucket:
        def keys(self):
            listed = s3.list_objects_v2(Bucket=environment.bucket)
            return {o["Key"] for o in listed.get("Contents", [])}

        def unfinished(self):
            return s3.list_multipart_uploads(Bucket=environment.bucket).get("Uploads", [])
    return Bucket()


def content(user, letter):
    return user.id.get(f"/v1/letters/{letter}/content").content


def test_an_upload_goes_on_from_node_to_node(nodes, pair, bucket):
    anna, bruno = pair
    data = os.urandom(30 * MIB + 11)
    clients = [node.client(anna.session["id_token"]) for node in nodes]
    path = tus.begin(clients[0], bruno, len(data))
    steps = [100, 3 * MIB, 6 * MIB, 1, 9 * MIB, 4 * MIB, len(data)]
    for i, step in enumerate(steps):
        at = tus.offset(clients[i % 2], path)
        r = tus.patch(clients[(i + 1) % 2], path, at, data[at:at + step])
        assert r.status_code == 204, r.text
    letter = r.headers["letterlock-letter-id"]
    assert content(bruno, letter) == data
    assert bucket.keys() == {f"m/{letter}"} and bucket.unfinished() == []
    # Given up: nothing stays.
    path = tus.begin(clients[0], bruno, len(data))
    assert tus.patch(clients[1], path, 0, data[:13 * MIB]).status_code == 204
    assert len(bucket.unfinished()) == 1 and len(bucket.keys()) <= 3
    assert clients[0].delete(path, headers=tus.VERSION).status_code == 204
    assert bucket.keys() == {f"m/{letter}"} and bucket.unfinished() == []
    for _ in range(16):
        tus.begin(clients[0], bruno, 1)
    assert tus.create(clients[1], bruno, 1).status_code == 429


# Those whose repetition could do harm; count: more often than the client repeats by itself.
@pytest.mark.parametrize("operation, kind", [
    ("dynamodb.UpdateItem", "drop_after"), ("dynamodb.TransactWriteItems", "drop_after"),
    ("s3.CompleteMultipartUpload", "drop_after"), ("s3.UploadPart", "error_after")])
def test_one_letter_through_lost_answers(double, nodes, bucket, operation, kind):
    anna, bruno = nodes[0].user(), nodes[1].user()
    data = random.Random(operation + kind).randbytes(9 * MIB)
    path = tus.begin(anna.id, bruno, len(data))
    double.control("fault", match=operation, kind=kind, count=4)
    letter = None
    for _ in range(8):
        at = tus.offset(anna.id, path)
        r = tus.patch(anna.id, path, at, data[at:at + 5 * MIB])
        assert r.status_code in (204, 423, 503), r.text
        letter = r.headers.get("letterlock-letter-id")
        if letter:
            break
    double.control("clear_faults")
    assert letter
    assert content(bruno, letter) == data
    items = bruno.id.get("/v1/letters").json()["items"]
    assert [m["id"] for m in items] == [letter]
