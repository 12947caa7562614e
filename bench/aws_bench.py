"""What our code adds to the calls to AWS that a letter needs: a send and an open through a server,
beside the very same calls made bare, one after the other, on one connection that stays open. Both
meet the double of tests/aws, so that the ratio counts and not the milliseconds.

    .venv/bin/python bench/aws_bench.py
"""

import http.client
import json
import pathlib
import re
import statistics
import sys
import tempfile
import time
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from aws import cloud  # noqa: E402
from aws.aws_server import AwsServer  # noqa: E402

ROUNDS = 150
TARGETS = {"kms": ("TrentService", "1.1"), "dynamodb": ("DynamoDB_20120810", "1.0")}


class Ours:
    """Asks a server with as little as Python can do, as Bare asks the double."""

    def __init__(self, server, user):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self.headers = {"Authorization": f"Bearer {user.session['id_token']}",
                        "Content-Type": "application/json"}

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 201), content
        return content


class Bare:
    """Signs requests beforehand and sends them with as little as Python can do."""

    def __init__(self, environment, session):
        self.url = environment.double.url
        address = urllib.parse.urlsplit(self.url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port)
        self.credentials = botocore.credentials.Credentials(
            session["access_key"], session["secret_key"], session["token"])

    def sign(self, service, operation, body):
        prefix, version = TARGETS[service]
        request = botocore.awsrequest.AWSRequest(
            "POST", self.url + "/", {"Content-Type": f"application/x-amz-json-{version}",
                                     "X-Amz-Target": f"{prefix}.{operation}"},
            body.encode())
        botocore.auth.SigV4Auth(self.credentials, service, cloud.REGION).add_auth(request)
        return dict(request.headers.items()), request.body

    def send(self, signed):
        headers, body = signed
        self.connection.request("POST", "/", body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return json.loads(content)


def median_pair_ms(ours, bare, items):
    """Median times of both, which take turns so that they meet the same weather."""
    times = ([], [])
    for item in items:
        for act, kept in zip((ours, bare), times, strict=True):
            began = time.perf_counter()
            act(item)
            kept.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def calls_of(double, act):
    """The JSON calls that act() makes the server send: [(service, operation, body)]."""
    double.control("clear_log")
    act()
    return [(c["service"], c["operation"], c["body"]) for c in double.control("log")]


def replayed(bare, calls, letter, letters):
    """The calls of one letter once more for each of those ids, signed: the very bodies, but for the
    id and the token that would make a repetition of them."""
    rounds = []
    for other in letters:
        token = str(uuid.uuid4())
        rounds.append([bare.sign(service, operation, re.sub(
            r'("ClientRequestToken":")[^"]+', r"\g<1>" + token, body.replace(letter, other)))
            for service, operation, body in calls])
    return rounds


def report(what, ours, floor, calls):
    print(f"{what}: {ours:.2f} ms, the bare calls {floor:.2f} ms: {ours / floor:.2f} x; "
          f"{len(calls)} calls ({', '.join(call[1] for call in calls)})")


def measure_sends(double, environment, sender, to):
    """Sends ours and bare in turn; gives the letters' ids."""
    body = json.dumps({"to": to.name, "text": "measured"})
    ids = []

    def send(_):
        ids.append(json.loads(sender.ask("POST", "/v1/letters", body))["id"])

    calls = calls_of(double, lambda: send(None))
    bare = Bare(environment, environment.session("app-server"))
    floors = replayed(bare, calls, ids[0], [str(uuid.uuid4()) for _ in range(ROUNDS)])
    ours, floor = median_pair_ms(send, lambda r: [bare.send(one) for one in r], floors)
    report("a send", ours, floor, calls)
    return ids


def measure_opens(double, environment, reader, owner, ids):
    """Opens; a bare Decrypt is the first letter's, again and again, since each blob is its own."""
    def open_letter(i):
        reader.ask("GET", f"/v1/letters/{i}/manifest")

    calls = calls_of(double, lambda: open_letter(ids[0]))
    server = Bare(environment, environment.session("app-server"))
    own = Bare(environment, owner_session(environment, owner))
    signed = [(own if operation == "Decrypt" else server).sign(service, operation, body)
              for service, operation, body in calls]
    ours, floor = median_pair_ms(open_letter, lambda _: [server.send(one) for one in signed],
                                 ids[1:])
    report("an open", ours, floor, calls)


def main():
    double = cloud.Double()
    with tempfile.TemporaryDirectory() as directory:
        server = AwsServer(pathlib.Path(directory) / "s", double, LETTERLOCK_AWS_NOTICES="none")
        server.start()
        try:
            anna, bruno = server.user(), server.user()
            first = anna.send(bruno, "warms every cache")
            bruno.id.get(f"/v1/letters/{first['id']}/manifest").raise_for_status()
            ids = measure_sends(double, server.cloud, Ours(server, anna), bruno)
            measure_opens(double, server.cloud, Ours(server, bruno), bruno, ids)
        finally:
            server.stop()
            double.stop()


def owner_session(environment, user):
    identity = environment.anonymous("cognito-identity")
    logins = {environment.provider: user.session["id_token"]}
    found = identity.get_id(IdentityPoolId=environment.identity_pool, Logins=logins)["IdentityId"]
    given = identity.get_credentials_for_identity(IdentityId=found, Logins=logins)["Credentials"]
    return {"access_key": given["AccessKeyId"], "secret_key": given["SecretKey"],
            "token": given["SessionToken"]}


if __name__ == "__main__":
    main()
