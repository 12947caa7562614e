"""The double itself: it takes what AWS takes, and refuses what AWS refuses."""

import json
import secrets

import pytest
from botocore.exceptions import ClientError

PASSWORD = "correct horse battery"


def sign_up(environment, name=None):
    """A confirmed user's (name, e-mail, sub)."""
    name = name or "u" + secrets.token_hex(5)
    email = f"{name}@example.org"
    cognito = environment.anonymous("cognito-idp")
    sub = cognito.sign_up(ClientId=environment.client_id, Username=name, Password=PASSWORD,
                          UserAttributes=[{"Name": "email", "Value": email}])["UserSub"]
    cognito.confirm_sign_up(ClientId=environment.client_id, Username=name,
                            ConfirmationCode=environment.code(email))
    return name, email, sub


def sign_in(environment, login):
    return environment.anonymous("cognito-idp").initiate_auth(
        ClientId=environment.client_id, AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": login, "PASSWORD": PASSWORD})["AuthenticationResult"]


def owner_session(environment, id_token):
    identity = environment.anonymous("cognito-identity")
    logins = {environment.provider: id_token}
    identity_id = identity.get_id(IdentityPoolId=environment.identity_pool,
                                  Logins=logins)["IdentityId"]
    found = identity.get_credentials_for_identity(IdentityId=identity_id, Logins=logins)
    found = found["Credentials"]
    return {"access_key": found["AccessKeyId"], "secret_key": found["SecretKey"],
            "token": found["SessionToken"]}


def key_policy(environment, sub):
    role = environment.role_arn
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "Server", "Effect": "Allow", "Principal": {"AWS": role("app-server")},
         "Action": ["kms:GenerateDataKey", "kms:Encrypt"], "Resource": "*",
         "Condition": {"StringEquals": {"kms:EncryptionContext:recipient": sub}}},
        {"Sid": "Owner", "Effect": "Allow",
         "Principal": {"AWS": role("identity-pool-authenticated")},
         "Action": "kms:Decrypt", "Resource": "*",
         "Condition": {"StringEquals": {"aws:PrincipalTag/sub": sub,
                                        "kms:EncryptionContext:recipient": sub}}}]})


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as e:
        call(**arguments)
    assert e.value.response["Error"]["Code"] == code, e.value.response


def test_story(environment):
    _, email, sub = sign_up(environment)
    tokens = sign_in(environment, email.upper())
    provisioner = environment.client("kms", "post-confirmation")
    key = provisioner.create_key(
        Policy=key_policy(environment, sub), BypassPolicyLockoutSafetyCheck=True,
        Tags=[{"TagKey": "purpose", "TagValue": "user-message"}])["KeyMetadata"]["Arn"]
    context = {"recipient": sub, "message": "m1"}
    server = environment.client("kms", "app-server")
    made = server.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    owner = environment.double.client("kms", owner_session(environment, tokens["IdToken"]))
    opened = owner.decrypt(KeyId=key, CiphertextBlob=made["CiphertextBlob"],
                           EncryptionContext=context)
    assert opened["Plaintext"] == made["Plaintext"]
    refused("AccessDeniedException", server.decrypt, KeyId=key,
            CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    refused("AccessDeniedException", provisioner.decrypt, KeyId=key,
            CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)


def test_tables_and_objects(environment):
    dynamodb = environment.client("dynamodb", "app-server")
    dynamodb.put_item(TableName=environment.users_table, Item={"userId": {"S": "u"}})
    item = dynamodb.get_item(TableName=environment.users_table, Key={"userId": {"S": "u"}})["Item"]
    assert item == {"userId": {"S": "u"}}
    s3 = environment.client("s3", "app-server")
    s3.put_object(Bucket=environment.bucket, Key="m/1 +ü", Body=b"letter", IfNoneMatch="*")
    refused("PreconditionFailed", s3.put_object, Bucket=environment.bucket, Key="m/1 +ü",
            Body=b"other", IfNoneMatch="*")
    got = s3.get_object(Bucket=environment.bucket, Key="m/1 +ü", Range="bytes=1-3")
    assert got["Body"].read() == b"ett"


def test_topics(environment):
    sns = environment.client("sns", "post-confirmation")
    topic = sns.create_topic(Name=f"{environment.topic_prefix}a")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.org",
                  ReturnSubscriptionArn=True)
    mail = environment.double.control("mail", to="a@example.org", kind="subscription")[-1]
    server = environment.client("sns", "app-server")
    server.publish(TopicArn=topic, Subject="s", Message="m")
    assert not environment.double.control("mail", to="a@example.org", kind="notice")
    environment.double.control("confirm_subscription", topic=topic, token=mail["token"])
    server.publish(TopicArn=topic, Subject="s", Message="m")
    assert environment.double.control("mail", to="a@example.org", kind="notice")[-1]["text"] == "m"
    refused("InvalidParameter", server.publish, TopicArn=topic, Subject="a\nb", Message="m")
