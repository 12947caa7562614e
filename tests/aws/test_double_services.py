"""The double's KMS, SNS, SES, tables, objects, credentials and faults."""

import json
import secrets
import time

import httpx
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectionError

from aws.cloud import ADMINISTRATOR, MAIL_FROM, aws_environment
from aws.desk import refused, sign_up

pytestmark = pytest.mark.usefixtures("no_faults_left")

MIB = 1 << 20


@pytest.fixture(scope="module")
def person(environment):
    return sign_up(environment)


def key_policy(environment, sub):
    role = environment.role_arn
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "Server", "Effect": "Allow", "Principal": {"AWS": role("app-server")},
         "Action": ["kms:GenerateDataKey", "kms:Encrypt"], "Resource": "*",
         "Condition": {"StringEquals": {"kms:EncryptionContext:recipient": sub},
                       "Null": {"kms:EncryptionContext:message": "false"}}},
        {"Sid": "Admin", "Effect": "Allow", "Principal": {"AWS": role("kms-admin")},
         "Action": ["kms:DescribeKey", "kms:DisableKey", "kms:EnableKey", "kms:PutKeyPolicy",
                    "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:TagResource",
                    "kms:GetKeyPolicy", "kms:ListResourceTags"], "Resource": "*"},
        {"Sid": "Provisioner", "Effect": "Allow", "Principal": {"AWS": role("post-confirmation")},
         "Action": "kms:CreateAlias", "Resource": "*"},
        {"Sid": "Owner", "Effect": "Allow",
         "Principal": {"AWS": role("identity-pool-authenticated")},
         "Action": "kms:Decrypt", "Resource": "*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/sub": sub,
                                        "kms:EncryptionContext:recipient": sub}}}]})


def create_key(environment, sub, **more):
    more = {"Policy": key_policy(environment, sub), "BypassPolicyLockoutSafetyCheck": True,
            "Tags": [{"TagKey": "purpose", "TagValue": "user-message"},
                     {"TagKey": "sub", "TagValue": sub}], **more}
    kms = environment.client("kms", "post-confirmation")
    return kms.create_key(**more)["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def key(environment, person):
    return create_key(environment, person.sub)


# KMS

def test_owner_alone_decrypts(environment, person, key):
    context = {"recipient": person.sub, "message": "m1"}
    server = environment.client("kms", "app-server")
    made = server.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    assert len(made["Plaintext"]) == 32 and made["KeyId"] == key

    def decrypt(session, context=context, **more):
        kms = environment.double.client("kms", session)
        return kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context,
                           **{"KeyId": key, **more})["Plaintext"]
    own = person.session()
    assert decrypt(own) == made["Plaintext"]
    forged = environment.session("app-server", tags={"sub": person.sub})
    untagged = environment.session("identity-pool-authenticated")
    for session in (environment.session("app-server"), forged, untagged,
                    environment.session("kms-admin"), environment.session("post-confirmation"),
                    sign_up(environment).session(), environment.double.session(ADMINISTRATOR)):
        refused("AccessDeniedException", decrypt, session)
    refused("AccessDeniedException", decrypt, own, {**context, "recipient": "other"})
    refused("AccessDeniedException", decrypt, own, {})
    refused("InvalidCiphertextException", decrypt, own, {**context, "message": "m2"})
    refused("InvalidCiphertextException", decrypt, own, {**context, "more": "x"})


def test_server_encrypts_for_the_recipient_only(environment, person, key):
    server = environment.client("kms", "app-server")

    def generate(**context):
        server.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    generate(recipient=person.sub, message="m")
    for context in ({"recipient": person.sub}, {"recipient": "other", "message": "m"},
                    {"message": "m"}, {}):
        refused("AccessDeniedException", generate, **context)


def test_wrong_key_and_ciphertext(environment, person, key):
    context = {"recipient": person.sub, "message": "m1"}
    other = create_key(environment, person.sub)
    made = environment.client("kms", "app-server").encrypt(
        KeyId=key, Plaintext=b"data key", EncryptionContext=context)["CiphertextBlob"]
    owner = environment.double.client("kms", person.session())

    def decrypt(blob, **more):
        return owner.decrypt(CiphertextBlob=blob, EncryptionContext=context, **more)["Plaintext"]
    assert decrypt(made) == b"data key" == decrypt(made, KeyId=key)
    refused("IncorrectKeyException", decrypt, made, KeyId=other)
    for blob in (made[:-1] + bytes([made[-1] ^ 1]), made + b"x", made[:40], b"x"):
        refused("InvalidCiphertextException", decrypt, blob, KeyId=key)
    refused("NotFoundException", decrypt, bytes(16) + made[16:])
    refused("ValidationException", decrypt, b"x" * 6145)


def test_key_states(environment, person):
    key, admin = create_key(environment, person.sub), environment.client("kms", "kms-admin")
    server, context = environment.client("kms", "app-server"), {"recipient": person.sub,
                                                                "message": "m"}

    def generate():
        server.generate_data_key(KeyId=key, NumberOfBytes=32, EncryptionContext=context)
    admin.disable_key(KeyId=key)
    refused("DisabledException", generate)
    admin.enable_key(KeyId=key)
    generate()
    refused("ValidationException", admin.schedule_key_deletion, KeyId=key, PendingWindowInDays=6)
    gone = admin.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert gone["KeyState"] == "PendingDeletion" and gone["KeyId"] == key
    refused("KMSInvalidStateException", generate)
    refused("KMSInvalidStateException", admin.enable_key, KeyId=key)
    admin.cancel_key_deletion(KeyId=key)
    assert admin.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_what_create_key_refuses(environment, person):
    policy = json.loads(key_policy(environment, person.sub))

    def attempt(code, change=None, **more):
        changed = json.loads(json.dumps(policy))
        if change:
            change(changed["Statement"][0])
        more = {"Policy": json.dumps(changed), **more}
        refused(code, create_key, environment, person.sub, **more)
    malformed = "MalformedPolicyDocumentException"
    attempt(malformed, BypassPolicyLockoutSafetyCheck=False)
    attempt(malformed, Policy="{")
    attempt(malformed, lambda s: s.update(Principal={"AWS": "arn:aws:iam::123456789012:role/no"}))
    attempt(malformed, lambda s: s.update(Condition={"StringEquals": {"kms:Nothing": "x"}}))
    attempt(malformed, lambda s: s.update(Effect="Perhaps"))
    attempt("LimitExceededException", lambda s: s.update(Sid="x" * 32768))
    attempt("AccessDeniedException", Tags=[])
    attempt("AccessDeniedException", Tags=[{"TagKey": "purpose", "TagValue": "other"}])
    server_alone = environment.client("kms", "kms-admin")
    refused("AccessDeniedException", server_alone.create_key, Policy=json.dumps(policy),
            BypassPolicyLockoutSafetyCheck=True)


def test_aliases(environment, person, key):
    kms, name = environment.client("kms", "post-confirmation"), f"alias/user/{person.sub}"
    kms.create_alias(AliasName=name, TargetKeyId=key)
    refused("AlreadyExistsException", kms.create_alias, AliasName=name, TargetKeyId=key)
    refused("AccessDeniedException", kms.create_alias, AliasName="alias/other", TargetKeyId=key)
    refused("AccessDeniedException", environment.client("kms", "kms-admin").create_alias,
            AliasName=name + "2", TargetKeyId=key)
    admin = environment.client("kms", "kms-admin")
    assert admin.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key
    refused("NotFoundException", admin.describe_key, KeyId=name + "x")
    refused("NotFoundException", admin.disable_key, KeyId=name)
    assert name in [a["AliasName"] for page in admin.get_paginator("list_aliases").paginate()
                    for a in page["Aliases"]]


# SNS and SES

def test_topics(environment, double):
    sns = environment.client("sns", "post-confirmation")
    name = f"{environment.topic_prefix}{secrets.token_hex(4)}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    assert sns.create_topic(Name=name)["TopicArn"] == topic
    email = f"{secrets.token_hex(4)}@example.org"
    said = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=email)
    assert said["SubscriptionArn"] == "pending confirmation"
    link = double.control("mail", to=email, kind="subscription")[-1]
    server = environment.client("sns", "app-server")
    server.publish(TopicArn=topic, Subject="s", Message="one")
    assert not double.control("mail", to=email, kind="notice")
    double.control("confirm_subscription", topic=topic, token=link["token"])
    server.publish(TopicArn=topic, Subject="News & more", Message="two <b>")
    assert [(m["subject"], m["text"]) for m in double.control("mail", to=email, kind="notice")] \
        == [("News & more", "two <b>")]
    for subject in ("a\nb", "a\rb", "ü", "x" * 101, " x"):
        refused("InvalidParameter", server.publish, TopicArn=topic, Subject=subject, Message="m")
    refused("NotFound", server.publish, TopicArn=topic + "x", Message="m")
    refused("AuthorizationError", sns.publish, TopicArn=topic, Message="m")
    refused("AuthorizationError", server.publish, Message="m",
            TopicArn="arn:aws:sns:us-east-1:123456789012:other")
    refused("AuthorizationError", sns.subscribe, TopicArn=topic, Protocol="sms", Endpoint="1")
    server.delete_topic(TopicArn=topic)
    server.delete_topic(TopicArn=topic)


def test_topics_with_other_tags(environment, double):
    sns = double.client("sns", double.session(ADMINISTRATOR))
    name = f"{environment.topic_prefix}{secrets.token_hex(4)}"
    sns.create_topic(Name=name, Tags=[{"Key": "a", "Value": "b"}])
    refused("InvalidParameter", sns.create_topic, Name=name)
    refused("InvalidParameter", sns.create_topic, Name=name + "!")


def test_mail(environment, double):
    ses = environment.client("sesv2", "app-server")

    def send(sender=MAIL_FROM):
        ses.send_email(FromEmailAddress=sender, Destination={"ToAddresses": ["s@example.org"]},
                       Content={"Simple": {"Subject": {"Data": "s"},
                                           "Body": {"Text": {"Data": "t"}}}})
    send()
    assert double.control("mail", to="s@example.org")[-1]["text"] == "t"
    refused("AccessDeniedException", send, "other@example.org")


# Tables

def test_tables(environment, real_tables):
    dynamodb, table = environment.client("dynamodb", "app-server"), environment.messages_table
    item = {"messageId": {"S": "m1"}, "recipientId": {"S": "r"}, "sortKey": {"S": "1"},
            "unreadFor": {"S": "r"}}
    put = {"Put": {"TableName": table, "Item": item,
                   "ConditionExpression": "attribute_not_exists(messageId)"}}
    dynamodb.transact_write_items(TransactItems=[put], ClientRequestToken="token-1")
    dynamodb.transact_write_items(TransactItems=[put], ClientRequestToken="token-1")
    said = refused("TransactionCanceledException", dynamodb.transact_write_items,
                   TransactItems=[put])
    assert said["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed"
    found = dynamodb.query(TableName=table, IndexName="unreadIndex",
                           KeyConditionExpression="unreadFor = :r",
                           ExpressionAttributeValues={":r": {"S": "r"}})
    assert found["Count"] == 1


def test_who_may_use_tables(environment):
    provisioner = environment.client("dynamodb", "post-confirmation")
    put = {"TableName": environment.users_table, "Item": {"userId": {"S": "x"}}}
    provisioner.put_item(**put)
    other = aws_environment(environment.double)
    for call, arguments in (
            (provisioner.put_item, {"TableName": environment.messages_table,
                                    "Item": {"messageId": {"S": "x"}}}),
            (provisioner.delete_item, {"TableName": environment.users_table,
                                       "Key": {"userId": {"S": "x"}}}),
            (provisioner.transact_write_items, {"TransactItems": [{"Put": put}, {"Delete": {
                "TableName": environment.users_table, "Key": {"userId": {"S": "y"}}}}]}),
            (provisioner.query, {"TableName": environment.users_table,
                                 "IndexName": "directoryIndex",
                                 "KeyConditionExpression": "a = :a"}),
            (environment.client("dynamodb", "app-server").get_item,
             {"TableName": other.users_table, "Key": {"userId": {"S": "x"}}}),
            (environment.client("dynamodb", "app-server").scan,
             {"TableName": environment.users_table})):
        refused("AccessDeniedException", call, **arguments)


# Objects

def test_objects(environment, real_objects):
    s3, where = environment.client("s3", "app-server"), {"Bucket": environment.bucket,
                                                         "Key": "m/1 +ü~(a)"}
    s3.put_object(Body=b"letter", IfNoneMatch="*", **where)
    refused("PreconditionFailed", s3.put_object, Body=b"other", IfNoneMatch="*", **where)
    got = s3.get_object(Range="bytes=1-3", **where)
    assert got["Body"].read() == b"ett" and got["ContentRange"] == "bytes 1-3/6"
    assert s3.head_object(**where)["ContentLength"] == 6
    refused("InvalidRange", s3.get_object, Range="bytes=9-", **where)
    refused("NoSuchKey", s3.get_object, Bucket=environment.bucket, Key="none")
    refused("404", s3.head_object, Bucket=environment.bucket, Key="none")
    s3.delete_object(**where)


def test_multipart(environment, real_objects):
    s3, where = environment.client("s3", "app-server"), {"Bucket": environment.bucket, "Key": "big"}
    upload = {"UploadId": s3.create_multipart_upload(**where)["UploadId"], **where}
    parts = [{"PartNumber": n, "ETag": s3.upload_part(Body=bytes([n]) * size, PartNumber=n,
                                                      **upload)["ETag"]}
             for n, size in ((1, 5 * MIB), (2, 10))]
    assert len(s3.list_parts(**upload)["Parts"]) == 2
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, IfNoneMatch="*", **upload)
    assert s3.head_object(**where)["ContentLength"] == 5 * MIB + 10
    again = s3.create_multipart_upload(**where)["UploadId"]
    s3.abort_multipart_upload(UploadId=again, **where)


def test_who_may_use_objects(environment):
    where = {"Bucket": environment.bucket, "Key": "x"}
    provisioner, server = (environment.client("s3", r) for r in ("post-confirmation", "app-server"))
    refused("AccessDenied", provisioner.put_object, Body=b"x", **where)
    refused("403", provisioner.head_object, **where)
    refused("AccessDenied", server.create_bucket, Bucket="another-one")
    refused("AccessDenied", server.put_bucket_policy, Bucket=environment.bucket, Policy="{}")
    other = aws_environment(environment.double)
    refused("AccessDenied", server.put_object, Bucket=other.bucket, Key="x", Body=b"x")


def test_presigned_by_boto(environment):
    s3 = environment.client("s3", "app-server")
    where = {"Bucket": environment.bucket, "Key": "presigned é"}
    url = s3.generate_presigned_url("put_object", Params=where, ExpiresIn=60)
    assert httpx.put(url, content=b"frames").status_code == 200
    url = s3.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
    assert httpx.get(url).content == b"frames"
    assert httpx.put(url, content=b"other").status_code == 403


# Credentials

def test_instance_credentials(environment, double):
    role = environment.role("app-server")
    double.control("serve_credentials", role=role, lifetime_s=1000)
    path = double.url + "/latest/meta-data/iam/security-credentials/"
    assert httpx.get(path).status_code == 401
    ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}
    assert httpx.put(double.url + "/latest/api/token").status_code == 400
    assert httpx.put(double.url + "/latest/api/token",
                     headers={**ttl, "X-Forwarded-For": "1.2.3.4"}).status_code == 403
    token = httpx.put(double.url + "/latest/api/token", headers=ttl).text
    headers = {"X-aws-ec2-metadata-token": token}
    assert httpx.get(path, headers=headers).text == role
    assert httpx.get(path + "other", headers=headers).status_code == 404
    found = httpx.get(path + role, headers=headers).json()
    assert found["Code"] == "Success"
    expires = time.strptime(found["Expiration"], "%Y-%m-%dT%H:%M:%SZ")
    assert 900 < time.mktime(expires) - time.timezone - time.time() < 1001
    sts = double.client("sts", {"access_key": found["AccessKeyId"], "token": found["Token"],
                                "secret_key": found["SecretAccessKey"]})
    assert f"assumed-role/{role}/i-" in sts.get_caller_identity()["Arn"]


def test_container_credentials(environment, double):
    served = double.control("serve_credentials", role=environment.role("app-lambda"))
    path = double.url + "/_double/container-credentials"
    assert httpx.get(path).status_code == 401
    found = httpx.get(path, headers={"Authorization": served["authorization"]}).json()
    assert found["RoleArn"] == environment.role_arn("app-lambda")
    assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} < set(found)


# Faults

@pytest.fixture
def write(environment):
    """write(key) puts an item once; is_there(key) tells whether it is."""
    dynamodb = environment.client("dynamodb", "app-server")

    def put(key):
        dynamodb.put_item(TableName=environment.users_table, Item={"userId": {"S": key}})

    def is_there(key):
        return "Item" in dynamodb.get_item(TableName=environment.users_table,
                                           Key={"userId": {"S": key}})
    return put, is_there


@pytest.mark.parametrize(("fault", "error", "done"), [
    ({"kind": "error"}, "ThrottlingException", False),
    ({"kind": "error", "code": "InternalServerError", "status": 500}, "InternalServerError", False),
    ({"kind": "error_after", "code": "InternalServerError", "status": 500},
     "InternalServerError", True),
    ({"kind": "drop"}, None, False), ({"kind": "drop_after"}, None, True)])
def test_faults(double, write, fault, error, done):
    put, is_there = write
    key = secrets.token_hex(4)
    double.control("fault", match="dynamodb.PutItem", **fault)
    with pytest.raises((ClientError, ConnectionClosedError, ConnectionError)) as e:
        put(key)
    if error is not None:
        assert e.value.response["Error"]["Code"] == error
    assert is_there(key) is done
    put(key)


def test_fault_of_the_nth_call(double, write):
    put, _ = write
    double.control("fault", match="dynamodb.*", kind="error", nth=2, count=2)
    put("a")
    for _ in range(2):
        refused("ThrottlingException", put, "b")
    put("b")


def test_delay(double, write):
    put, _ = write
    double.control("fault", match="dynamodb.PutItem", kind="delay", seconds=0.3)
    start = time.monotonic()
    put("a")
    assert time.monotonic() - start >= 0.3


def test_skewed_date(double, environment):
    s3 = environment.client("s3", "app-server")
    double.control("fault", match="s3.ListObjectsV2", kind="date", seconds=-86400)
    said = s3.list_objects_v2(Bucket=environment.bucket)["ResponseMetadata"]["HTTPHeaders"]["date"]
    plain = s3.list_objects_v2(Bucket=environment.bucket)["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert said != plain and said.endswith("GMT")


def test_transaction_conflict(double, environment):
    dynamodb = environment.client("dynamodb", "app-server")
    double.control("fault", match="dynamodb.TransactWriteItems", kind="conflict")
    puts = [{"Put": {"TableName": environment.users_table, "Item": {"userId": {"S": k}}}}
            for k in ("c1", "c2")]
    said = refused("TransactionCanceledException", dynamodb.transact_write_items,
                   TransactItems=puts)
    assert [r["Code"] for r in said["CancellationReasons"]] == ["TransactionConflict", "None"]


def test_error_in_a_successful_answer(double, environment):
    s3, where = environment.client("s3", "app-server"), {"Bucket": environment.bucket, "Key": "e"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    tag = s3.upload_part(UploadId=upload, PartNumber=1, Body=b"x", **where)["ETag"]
    double.control("fault", match="s3.CompleteMultipartUpload", kind="body",
                   body="<Error><Code>InternalError</Code></Error>")
    refused("InternalError", s3.complete_multipart_upload, UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}, **where)


def test_log(double, environment):
    double.control("clear_log")
    environment.client("kms", "kms-admin").list_keys()
    refused("AccessDeniedException", environment.client("kms", "identity-pool-authenticated")
            .list_keys)
    first, second = double.control("log")
    assert (first["service"], first["operation"], first["status"]) == ("kms", "ListKeys", 200)
    assert environment.role("kms-admin") in first["caller"] and first["code"] is None
    assert (second["status"], second["code"]) == (400, "AccessDeniedException")


def test_control_refuses_what_it_does_not_know(double):
    for name, fields in (("nothing", {}), ("session", {"role": "nobody"}), ("fault", {"a": 1}),
                         ("fault", {"match": "*", "kind": "nothing"}), ("log", {"a": 1}),
                         ("role", {"name": "x", "policies": [{}]})):
        with pytest.raises(AssertionError):
            double.control(name, **fields)
