"""Our files applied: what then exists in the cloud (moto's), that nothing is left to do, and that
destroy takes everything away again."""

import json
import re

import pytest
import yaml

from infra import cloud, parts

ACCOUNT, REGION = cloud.ACCOUNT, cloud.REGION


def test_nothing_is_left_to_do(deployment, shared_deployment):
    for d in (deployment, shared_deployment):
        again = d.files.run("plan", input=False, detailed_exitcode=...)
        assert again.code == 0, again.text


def test_tables_are_those_of_the_definitions(deployment):
    for part in ("users", "messages"):
        wanted = json.loads((parts.TERRAFORM / "tables" / f"{part}.json").read_text())
        dynamodb, name = deployment.client("dynamodb"), f"letterlock-{part}"
        made = dynamodb.describe_table(TableName=name)["Table"]
        assert made["KeySchema"] == wanted["KeySchema"]
        assert made["BillingModeSummary"]["BillingMode"] == wanted["BillingMode"]
        assert by(made["AttributeDefinitions"], "AttributeName") == by(
            wanted["AttributeDefinitions"], "AttributeName")
        for index in (made_indexes := by(made["GlobalSecondaryIndexes"], "IndexName")).values():
            index["Projection"]["NonKeyAttributes"].sort()
        for name_of_index, index in by(wanted["GlobalSecondaryIndexes"], "IndexName").items():
            index["Projection"]["NonKeyAttributes"].sort()
            assert index.items() <= made_indexes.pop(name_of_index).items()
        assert not made_indexes
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
        backups = dynamodb.describe_continuous_backups(TableName=name)
        assert backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"][
            "PointInTimeRecoveryStatus"] == "ENABLED"


def by(items, name):
    return {item[name]: item for item in items}


def test_bucket_is_private_encrypted_versioned_and_swept(deployment):
    s3, bucket = deployment.client("s3"), f"letterlock-letters-{ACCOUNT}"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    rule, = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rules = by(s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"], "ID")
    assert rules["unfinished-uploads"]["AbortIncompleteMultipartUpload"] == {
        "DaysAfterInitiation": 2}
    assert rules["deleted-letters"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Sid"] == \
        "OnlyOverTls"


def test_user_pool(deployment):
    idp, pool_id = deployment.client("cognito-idp"), deployment.outputs["user_pool_id"]
    pool = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert pool["AliasAttributes"] == ["email"] and "UsernameAttributes" not in pool
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["LambdaConfig"]["PostConfirmation"].endswith(":letterlock-post-confirmation")
    client = idp.describe_user_pool_client(
        UserPoolId=pool_id, ClientId=deployment.outputs["client_id"])["UserPoolClient"]
    assert "ClientSecret" not in client
    assert sorted(client["ExplicitAuthFlows"]) == ["ALLOW_REFRESH_TOKEN_AUTH",
                                                   "ALLOW_USER_PASSWORD_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_password_rule_is_the_servers(deployment):
    header = (parts.ROOT / "src" / "core" / "policy_password.h").read_text()
    least = int(re.search(r"POLICY_PASSWORD_MIN_CHARS (\d+)u", header)[1])
    pool = deployment.resources()["module.identity.aws_cognito_user_pool.this"]
    assert pool["password_policy"][0]["minimum_length"] == least


def test_only_the_verified_sub_becomes_a_tag(deployment):
    made = deployment.resources()
    tag = made["module.identity.aws_cognito_identity_pool_provider_principal_tag.this"]
    assert (tag["use_defaults"], tag["principal_tags"]) == (False, {"sub": "sub"})
    pool = made["module.identity.aws_cognito_identity_pool.this"]
    assert not pool["allow_unauthenticated_identities"] and not pool["allow_classic_flow"]
    assert pool["cognito_identity_providers"][0]["server_side_token_check"]
    roles = made["module.identity.aws_cognito_identity_pool_roles_attachment.this"]["roles"]
    assert roles == {
        "authenticated": f"arn:aws:iam::{ACCOUNT}:role/letterlock-identity-pool-authenticated"}


def test_roles_have_the_policies_of_the_list(deployment):
    iam = deployment.client("iam")
    roles = json.loads((parts.TERRAFORM / "policies" / "roles.json").read_text())
    for role, definition in roles.items():
        names = iam.list_role_policies(RoleName=f"letterlock-{role}")["PolicyNames"]
        assert sorted(names) == sorted(definition["policies"])


def test_server_can_be_reached_by_ssh_from_one_address_only(deployment):
    ec2 = deployment.client("ec2")
    group, = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["letterlock-server"]}])["SecurityGroups"]
    allowed = {(p["FromPort"], p["ToPort"], p["IpProtocol"], r["CidrIp"])
               for p in group["IpPermissions"] for r in p["IpRanges"]}
    assert allowed == {(22, 22, "tcp", "203.0.113.7/32"), (80, 80, "tcp", "0.0.0.0/0"),
                       (443, 443, "tcp", "0.0.0.0/0")}
    assert not any(p["Ipv6Ranges"] or p["PrefixListIds"] for p in group["IpPermissions"])
    leaving = {(p["FromPort"], p["ToPort"]) for p in group["IpPermissionsEgress"]}
    assert leaving == {(80, 80), (443, 443)}


def test_server(deployment):
    ec2 = deployment.client("ec2")
    made = deployment.resources()
    i, = ec2.describe_instances(InstanceIds=[made["module.host.aws_instance.this"]["id"]])[
        "Reservations"][0]["Instances"]
    assert i["MetadataOptions"]["HttpTokens"] == "required"
    assert i["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert i["IamInstanceProfile"]["Arn"].endswith("/letterlock-server")
    address, = ec2.describe_addresses(
        AllocationIds=[made["module.host.aws_eip.this"]["id"]])["Addresses"]
    assert address["InstanceId"] == i["InstanceId"]
    assert deployment.outputs["application_url"] == f"https://{address['PublicIp']}"
    assert made["module.host.aws_instance.this"]["root_block_device"][0]["encrypted"]


def environment_of(text):
    return dict(line.split("=", 1) for line in text.splitlines())


def test_environment_file(deployment, shared_deployment):
    e = environment_of(deployment.outputs["environment_file"])
    role = f"arn:aws:iam::{ACCOUNT}:role/letterlock-"
    assert e["LETTERLOCK_BACKEND"] == "aws"
    assert e["LETTERLOCK_AWS_SERVER_ROLES"] == f"{role}app-server,{role}app-lambda"
    assert e["LETTERLOCK_AWS_PROVISIONER_ROLE"].split(",") == [
        f"{role}post-confirmation", f"{role}app-server", f"{role}app-lambda"]
    assert e["LETTERLOCK_AWS_USER_POOL"] == deployment.outputs["user_pool_id"]
    assert (e["LETTERLOCK_AWS_KEYS"], e["LETTERLOCK_AWS_SHARED_KEY"]) == ("per-user", "")
    e = environment_of(shared_deployment.outputs["environment_file"])
    assert e["LETTERLOCK_AWS_KEYS"] == "shared"
    assert e["LETTERLOCK_AWS_SHARED_KEY"].startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/")
    assert e["LETTERLOCK_PUBLIC_URL"] == "https://letters.example.org"


def test_program_knows_every_setting(deployment):
    config = (parts.ROOT / "src" / "app" / "config.h").read_text()
    known = set(re.findall(r'"(LETTERLOCK_[A-Z0-9_]+)"', config))
    assert environment_of(deployment.outputs["environment_file"]).keys() <= known


def test_functions_are_told_the_same_as_the_server(deployment):
    made = deployment.resources()
    env = [made[f"module.{m}aws_lambda_function.this"]["environment"][0]["variables"]
           for m in ("api.module.function.", "trigger.")]
    server = environment_of(deployment.outputs["environment_file"])
    assert env[0] == server
    pools = {f"LETTERLOCK_AWS_{x}": "none" for x in ("USER_POOL", "CLIENT_ID", "IDENTITY_POOL")}
    assert env[1] == server | pools


def test_only_the_pool_may_call_the_trigger(deployment):
    policy = json.loads(deployment.client("lambda").get_policy(
        FunctionName="letterlock-post-confirmation")["Policy"])
    statement, = policy["Statement"]
    assert statement["Principal"] == {"Service": "cognito-idp.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"].endswith(
        f":userpool/{deployment.outputs['user_pool_id']}")


def description(deployment):
    return json.loads(deployment.resources()["module.api.aws_api_gateway_rest_api.this"]["body"])


def test_api_gateway_asks_for_tokens_where_the_api_does(deployment):
    api = yaml.safe_load((parts.ROOT / "openapi.yaml").read_text())
    made = description(deployment)
    assert made["paths"].keys() == api["paths"].keys()
    public = set()
    for path, item in made["paths"].items():
        methods = {m for m in api["paths"][path] if m in ("get", "post", "put", "patch", "delete")}
        assert item.keys() == methods | {"options"}
        public |= {(path, m) for m in methods if not item[m]["security"]}
        for method in methods:
            security = api["paths"][path][method].get("security", api["security"])
            assert bool(item[method]["security"]) == (bool(security) and {} not in security)
            parameters = re.findall(r"{(\w+)}", path)
            assert [p["name"] for p in item[method]["parameters"]] == parameters
    assert ("/v1/sessions", "post") in public and ("/v1/accounts", "post") in public
    assert not [p for p, _ in public if "/letters" in p or "/people" in p or "/me" in p]


def test_api_gateways_own_refusals_speak_as_the_server_does(deployment):
    table = {code: (int(status), text) for status, code, text in re.findall(
        r'X\(\w+, (\d+), "(\w+)", "([^"]*)"\)', (parts.ROOT / "src/base/err.h").read_text())}
    responses = description(deployment)["x-amazon-apigateway-gateway-responses"]
    for response in responses.values():
        problem = json.loads(response["responseTemplates"]["application/json"])
        assert table[problem["code"]] == (problem["status"], problem["title"])
        assert response["statusCode"] == problem["status"]


def test_access_log_names_nobody(deployment):
    stage = deployment.resources()["module.api.aws_api_gateway_stage.this"]
    log = stage["access_log_settings"][0]["format"]
    assert not re.search(r"sourceIp|caller|\$context\.path|authorizer|user|identity", log, re.I)


def test_shared_key_is_tagged_apart_and_turns(shared_deployment):
    kms = shared_deployment.client("kms")
    arn = environment_of(shared_deployment.outputs["environment_file"])["LETTERLOCK_AWS_SHARED_KEY"]
    assert kms.list_resource_tags(KeyId=arn)["Tags"] == [
        {"TagKey": "purpose", "TagValue": "shared-message"}]
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]


def test_budget(deployment, shared_deployment):
    for d, subscribers in ((deployment, 0), (shared_deployment, 2)):
        budget = d.client("budgets").describe_budget(
            AccountId=ACCOUNT, BudgetName=f"{d.name}-monthly")["Budget"]
        assert budget["BudgetLimit"] == {"Amount": "50", "Unit": "USD"}
        notifications = d.resources()["module.budget.aws_budgets_budget.monthly[0]"]["notification"]
        assert len(notifications) == subscribers


def test_server_behind_the_proxy(shared_deployment):
    user_data = shared_deployment.resources()["module.host.aws_instance.this"]["user_data"]
    written = dict(re.findall(r"^cat >(\S+) <<'\w+'\n(.*?)^[A-Z]+$", user_data, re.S | re.M))
    environment = environment_of(written[".env"])
    assert environment["BACKEND_URL"] == environment["WEB_ORIGIN"] == "https://letters.example.org"
    assert written["/etc/caddy/Caddyfile"].startswith("https://letters.example.org {")
    assert "tls internal" not in written["/etc/caddy/Caddyfile"]

    class Loader(yaml.SafeLoader):
        pass
    Loader.add_constructor("!reset", lambda loader, node: None)
    compose = yaml.load(written["compose.override.yaml"], Loader)
    subnet = compose["networks"]["default"]["ipam"]["config"][0]["subnet"]
    assert environment["LETTERLOCK_TRUSTED_PROXY"] == subnet.replace(".0/24", ".1")


@pytest.mark.parametrize("file, old, new, complaint", [
    ("modules/identity/main.tf", 'auto_verified_attributes = ["email"]',
     'auto_verified_attributes = ["e-mail"]', "is none of"),
    ("modules/function/main.tf", '"provided.al2023"', '"provided.al2024"', "is none of"),
    ("modules/storage/main.tf", 'sse_algorithm = "AES256"', 'sse_algorithm = "AES-256"',
     "is none of"),
    ("tables/users.json", '"AttributeType": "S" },\n    { "AttributeName": "directory"',
     '"AttributeType": "STR" },\n    { "AttributeName": "directory"', "is none of"),
])
def test_planted_value_is_noticed_by_apply(new_deployment, file, old, new, complaint):
    d = new_deployment()
    d.files.edit(file, old, new)
    outcome = d.apply()
    assert outcome.code == 1 and complaint in outcome.text, outcome.text


def test_missing_package_is_told(new_deployment):
    d = new_deployment()
    d.files.package.unlink()
    outcome = d.files.run("plan", input=False)
    assert outcome.code == 1 and "build the Lambda package first" in outcome.text


def names_in_the_cloud(d):
    """The names of what there is of a deployment, by kind."""
    client, vpcs = d.client, d.client("ec2").describe_vpcs()["Vpcs"]
    found = {
        "tables": client("dynamodb").list_tables()["TableNames"],
        "buckets": [b["Name"] for b in client("s3").list_buckets()["Buckets"]],
        "roles": [r["RoleName"] for r in client("iam").list_roles()["Roles"]],
        "pools": [p["Name"] for p in
                  client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]],
        "functions": [f["FunctionName"] for f in client("lambda").list_functions()["Functions"]],
        "apis": [a["name"] for a in client("apigateway").get_rest_apis()["items"]],
        "logs": [g["logGroupName"].rpartition("/")[2]
                 for g in client("logs").describe_log_groups()["logGroups"]],
        "networks": [t["Value"] for v in vpcs for t in v.get("Tags", ()) if t["Key"] == "Name"],
        "keys": [k["KeyName"] for k in client("ec2").describe_key_pairs()["KeyPairs"]],
    }
    return {kind: {n for n in names if n.startswith(d.name)} for kind, names in found.items()}


def test_destroy_takes_everything_away(new_deployment):
    d = new_deployment(keys="shared").must_apply()
    assert all(names_in_the_cloud(d).values())
    outcome = d.destroy()
    assert outcome.code == 0, outcome.text
    assert d.resources() == {}
    assert not any(names_in_the_cloud(d).values())


def test_protected_data_is_not_destroyed(new_deployment):
    d = new_deployment(protect_data=True).must_apply()
    assert d.destroy().code == 1
    left = names_in_the_cloud(d)
    assert left["tables"] == {f"{d.name}-messages", f"{d.name}-users"}
    assert left["pools"] == {d.name}
