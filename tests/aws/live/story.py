"""The whole story on a real AWS account: see README.md beside this. Never part of ./test."""

import contextlib
import hashlib
import os
import pathlib
import secrets
import sys
import tempfile
import time

import boto3
import botocore.exceptions
import httpx

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))

from support.server import Server  # noqa: E402

PASSWORD = "A-quiet-harbour-" + secrets.token_hex(6)
FILE_BYTES = 20 << 20
LAG_SECONDS = 30  # indexes and IAM are consistent in the end


def step(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def expect(holds, what):
    if not holds:
        raise SystemExit(f"FAILED: {what}")


def eventually(condition, what):
    end = time.monotonic() + LAG_SECONDS
    while not condition():
        expect(time.monotonic() < end, what)
        time.sleep(0.5)


def read_environment(path):
    lines = pathlib.Path(path).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def server_credentials(role):
    given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="live")["Credentials"]
    return {"AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"]}


class Person:
    def __init__(self, server, cognito, pool):
        self.name = "live" + secrets.token_hex(5)
        self.http = httpx.Client(base_url=server.url, timeout=120)
        account = {"username": self.name, "email": f"{self.name}@example.com",
                   "password": PASSWORD}
        answer = self.http.post("/v1/accounts", json=account)
        expect(answer.status_code == 201, f"sign-up: {answer.text}")
        cognito.admin_confirm_sign_up(UserPoolId=pool, Username=self.name)
        answer = self.http.post("/v1/sessions", json={"login": self.name, "password": PASSWORD})
        expect(answer.status_code == 200, f"sign-in: {answer.text}")
        self.id = answer.json()["user"]["id"]
        self.http.headers["Authorization"] = "Bearer " + answer.json()["id_token"]

    def erase(self):
        self.http.request("DELETE", "/v1/me", json={"password": PASSWORD})


def tell(anna, bruno):
    step("a text")
    answer = anna.http.post("/v1/letters", json={"to": bruno.name, "text": "over a real cloud"})
    expect(answer.status_code == 201, f"send: {answer.text}")
    letter = answer.json()["id"]
    eventually(lambda: bruno.http.get("/v1/letters/unread").json()["count"] == 1, "unread count")
    opened = bruno.http.get(f"/v1/letters/{letter}/manifest")
    expect(opened.status_code == 200 and opened.json()["text"] == "over a real cloud",
           f"open: {opened.text}")
    step("a file in parts")
    content = os.urandom(FILE_BYTES)
    answer = anna.http.post("/v1/letters", data={"to": bruno.name},
                            files={"file": ("large.bin", content)})
    expect(answer.status_code == 201, f"upload: {answer.text}")
    got = bruno.http.get(f"/v1/letters/{answer.json()['id']}/content")
    expect(hashlib.sha256(got.content).digest() == hashlib.sha256(content).digest(), "download")
    return letter


def refuse(environment, credentials, anna, bruno, letter):
    step("everybody else is refused")
    expect(anna.http.get("/v1/me/key-ring").status_code == 404, "keys leave KMS")
    session = boto3.Session(credentials["AWS_ACCESS_KEY_ID"], credentials["AWS_SECRET_ACCESS_KEY"],
                            credentials["AWS_SESSION_TOKEN"], environment["LETTERLOCK_AWS_REGION"])
    kms = session.client("kms")
    context = {"message": letter, "recipient": bruno.id, "sender": anna.id}
    key = f"alias/user/{bruno.id}"
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    made = kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext=context)
    try:
        kms.decrypt(KeyId=arn, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    except botocore.exceptions.ClientError as refusal:
        expect(refusal.response["Error"]["Code"] == "AccessDeniedException", str(refusal))
    else:
        expect(False, "the server's role decrypts")


def main():
    environment = read_environment(os.environ["LIVE_ENV"])
    credentials = server_credentials(os.environ["LIVE_SERVER_ROLE"])
    cognito = boto3.client("cognito-idp", region_name=environment["LETTERLOCK_AWS_REGION"])
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as after:
        server = Server(directory, LETTERLOCK_BACKEND="aws", **environment, **credentials).start()
        after.callback(server.stop)
        step("two people sign up; keys and topics are made")
        people = []
        after.callback(lambda: [person.erase() for person in people])
        for _ in range(2):
            people.append(Person(server, cognito, environment["LETTERLOCK_AWS_USER_POOL"]))
        letter = tell(*people)
        refuse(environment, credentials, *people, letter)
    step("the story holds")


if __name__ == "__main__":
    main()
