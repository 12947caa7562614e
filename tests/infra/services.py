"""The resource types of AWS's services, but for the network's."""

import pathlib

from .cloud import ACCOUNT, DEPLOYER, REGION
from .registry import creates, deletes, deletes_nothing, given, one, reads, tags

IMAGE = "ami-12c6146b"  # one that moto has


# --- data sources ---

@reads("aws_caller_identity")
def _(client, v):
    return {"id": ACCOUNT, "account_id": ACCOUNT, "user_id": "AROATEST:deploy",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/deploy"}


@reads("aws_partition")
def _(client, v):
    return {"id": "aws", "partition": "aws", "dns_suffix": "amazonaws.com"}


@reads("aws_iam_session_context")
def _(client, v):
    return {"id": v["arn"], "issuer_arn": DEPLOYER, "issuer_name": "deployer",
            "session_name": "deploy"}


@reads("aws_ssm_parameter")
def _(client, v):
    return {"id": v["name"], "insecure_value": IMAGE, "type": "String"}


# --- IAM ---

@creates("aws_iam_role")
def _(client, v):
    r = client("iam").create_role(RoleName=v["name"],
                                  AssumeRolePolicyDocument=v["assume_role_policy"])["Role"]
    return {"id": v["name"], "arn": r["Arn"], "unique_id": r["RoleId"]}


@deletes("aws_iam_role")
def _(client, v):
    client("iam").delete_role(RoleName=v["name"])


@creates("aws_iam_role_policy")
def _(client, v):
    client("iam").put_role_policy(RoleName=v["role"], PolicyName=v["name"],
                                  PolicyDocument=v["policy"])
    return {"id": f"{v['role']}:{v['name']}"}


@deletes("aws_iam_role_policy")
def _(client, v):
    client("iam").delete_role_policy(RoleName=v["role"], PolicyName=v["name"])


@creates("aws_iam_role_policy_attachment")
def _(client, v):
    client("iam").attach_role_policy(RoleName=v["role"], PolicyArn=v["policy_arn"])
    return {"id": f"{v['role']}/{v['policy_arn']}"}


@deletes("aws_iam_role_policy_attachment")
def _(client, v):
    client("iam").detach_role_policy(RoleName=v["role"], PolicyArn=v["policy_arn"])


@creates("aws_iam_instance_profile")
def _(client, v):
    iam = client("iam")
    p = iam.create_instance_profile(InstanceProfileName=v["name"])["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName=v["name"], RoleName=v["role"])
    return {"id": v["name"], "arn": p["Arn"]}


@deletes("aws_iam_instance_profile")
def _(client, v):
    client("iam").remove_role_from_instance_profile(InstanceProfileName=v["name"],
                                                    RoleName=v["role"])
    client("iam").delete_instance_profile(InstanceProfileName=v["name"])


# --- DynamoDB ---

def _key_schema(v):
    keys = [("HASH", v["hash_key"]), ("RANGE", v.get("range_key"))]
    return [{"AttributeName": name, "KeyType": kind} for kind, name in keys if name]


@creates("aws_dynamodb_table")
def _(client, v):
    indexes = [{"IndexName": x["name"], "KeySchema": _key_schema(x),
                "Projection": given(ProjectionType=x["projection_type"],
                                    NonKeyAttributes=x["non_key_attributes"])}
               for x in v["global_secondary_index"]]
    dynamodb = client("dynamodb")
    r = dynamodb.create_table(**given(
        TableName=v["name"], BillingMode=v["billing_mode"], KeySchema=_key_schema(v),
        AttributeDefinitions=[{"AttributeName": a["name"], "AttributeType": a["type"]}
                              for a in v["attribute"]],
        GlobalSecondaryIndexes=indexes,
        DeletionProtectionEnabled=v["deletion_protection_enabled"]))["TableDescription"]
    recovery, ttl = one(v["point_in_time_recovery"]), one(v["ttl"])
    if recovery:
        dynamodb.update_continuous_backups(TableName=v["name"], PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": recovery["enabled"]})
    if ttl:
        dynamodb.update_time_to_live(TableName=v["name"], TimeToLiveSpecification={
            "AttributeName": ttl["attribute_name"], "Enabled": ttl["enabled"]})
    return {"id": v["name"], "arn": r["TableArn"]}


@deletes("aws_dynamodb_table")
def _(client, v):
    client("dynamodb").delete_table(TableName=v["name"])


# --- S3 ---

@creates("aws_s3_bucket")
def _(client, v):
    client("s3").create_bucket(Bucket=v["bucket"], CreateBucketConfiguration={
        "LocationConstraint": REGION})
    return {"id": v["bucket"], "arn": f"arn:aws:s3:::{v['bucket']}"}


@deletes("aws_s3_bucket")
def _(client, v):
    client("s3").delete_bucket(Bucket=v["bucket"])


@creates("aws_s3_bucket_public_access_block")
def _(client, v):
    client("s3").put_public_access_block(Bucket=v["bucket"], PublicAccessBlockConfiguration={
        "BlockPublicAcls": v["block_public_acls"], "IgnorePublicAcls": v["ignore_public_acls"],
        "BlockPublicPolicy": v["block_public_policy"],
        "RestrictPublicBuckets": v["restrict_public_buckets"]})
    return {"id": v["bucket"]}


@creates("aws_s3_bucket_ownership_controls")
def _(client, v):
    client("s3").put_bucket_ownership_controls(Bucket=v["bucket"], OwnershipControls={
        "Rules": [{"ObjectOwnership": r["object_ownership"]} for r in v["rule"]]})
    return {"id": v["bucket"]}


@creates("aws_s3_bucket_server_side_encryption_configuration")
def _(client, v):
    client("s3").put_bucket_encryption(
        Bucket=v["bucket"], ServerSideEncryptionConfiguration={"Rules": [
            {"ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": one(r["apply_server_side_encryption_by_default"])["sse_algorithm"]}}
            for r in v["rule"]]})
    return {"id": v["bucket"]}


@creates("aws_s3_bucket_versioning")
def _(client, v):
    client("s3").put_bucket_versioning(Bucket=v["bucket"], VersioningConfiguration={
        "Status": one(v["versioning_configuration"])["status"]})
    return {"id": v["bucket"]}


@creates("aws_s3_bucket_lifecycle_configuration")
def _(client, v):
    rules = []
    for r in v["rule"]:
        abort, old = one(r["abort_incomplete_multipart_upload"]), one(
            r["noncurrent_version_expiration"])
        expiration = one(r["expiration"])
        rules.append({"ID": r["id"], "Status": r["status"], "Filter": {"Prefix": ""}} | given(
            AbortIncompleteMultipartUpload=given(
                DaysAfterInitiation=abort.get("days_after_initiation")),
            NoncurrentVersionExpiration=given(NoncurrentDays=old.get("noncurrent_days")),
            Expiration=given(ExpiredObjectDeleteMarker=expiration.get(
                "expired_object_delete_marker"))))
    client("s3").put_bucket_lifecycle_configuration(Bucket=v["bucket"],
                                                    LifecycleConfiguration={"Rules": rules})
    return {"id": v["bucket"]}


@creates("aws_s3_bucket_policy")
def _(client, v):
    client("s3").put_bucket_policy(Bucket=v["bucket"], Policy=v["policy"])
    return {"id": v["bucket"]}


@deletes("aws_s3_bucket_policy")
def _(client, v):
    client("s3").delete_bucket_policy(Bucket=v["bucket"])


# They go with the bucket.
deletes_nothing("aws_s3_bucket_public_access_block", "aws_s3_bucket_ownership_controls",
                 "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_versioning",
                 "aws_s3_bucket_lifecycle_configuration")


# --- KMS ---

@creates("aws_kms_key")
def _(client, v):
    kms = client("kms")
    k = kms.create_key(Description=v["description"],
                       Tags=tags(v, "TagKey", "TagValue"))["KeyMetadata"]
    if v["enable_key_rotation"]:
        kms.enable_key_rotation(KeyId=k["KeyId"])
    return {"id": k["KeyId"], "key_id": k["KeyId"], "arn": k["Arn"]}


@deletes("aws_kms_key")
def _(client, v):
    client("kms").schedule_key_deletion(KeyId=v["key_id"],
                                        PendingWindowInDays=int(v["deletion_window_in_days"]))


@creates("aws_kms_key_policy")
def _(client, v):
    client("kms").put_key_policy(KeyId=v["key_id"], PolicyName="default",
                                 Policy=v["policy"])
    return {"id": v["key_id"]}


@creates("aws_kms_alias")
def _(client, v):
    client("kms").create_alias(AliasName=v["name"], TargetKeyId=v["target_key_id"])
    return {"id": v["name"]}


@deletes("aws_kms_alias")
def _(client, v):
    client("kms").delete_alias(AliasName=v["name"])


# --- Cognito ---

@creates("aws_cognito_user_pool")
def _(client, v):
    password, recovery = one(v["password_policy"]), one(v["account_recovery_setting"])
    settings = one(v["user_attribute_update_settings"])
    r = client("cognito-idp").create_user_pool(**given(
        PoolName=v["name"], AliasAttributes=v["alias_attributes"],
        UsernameAttributes=v["username_attributes"], UserPoolTier=v["user_pool_tier"],
        AutoVerifiedAttributes=v["auto_verified_attributes"],
        DeletionProtection=v["deletion_protection"],
        UsernameConfiguration={"CaseSensitive": one(v["username_configuration"])["case_sensitive"]},
        Schema=[{"Name": s["name"], "AttributeDataType": s["attribute_data_type"],
                 "Required": s["required"], "Mutable": s["mutable"]} for s in v["schema"]],
        Policies={"PasswordPolicy": {
            "MinimumLength": password["minimum_length"],
            "RequireLowercase": password["require_lowercase"],
            "RequireUppercase": password["require_uppercase"],
            "RequireNumbers": password["require_numbers"],
            "RequireSymbols": password["require_symbols"],
            "TemporaryPasswordValidityDays": password["temporary_password_validity_days"]}},
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate":
                                     settings["attributes_require_verification_before_update"]},
        AccountRecoverySetting={"RecoveryMechanisms": [
            {"Name": m["name"], "Priority": m["priority"]} for m in
            recovery["recovery_mechanism"]]},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly":
                               one(v["admin_create_user_config"])["allow_admin_create_user_only"]},
        LambdaConfig={"PostConfirmation": one(v["lambda_config"])["post_confirmation"]}))
    pool = r["UserPool"]
    # As the provider does: CreateUserPool takes a second factor by text message only.
    client("cognito-idp").set_user_pool_mfa_config(
        UserPoolId=pool["Id"], MfaConfiguration=v["mfa_configuration"],
        SoftwareTokenMfaConfiguration={
            "Enabled": one(v["software_token_mfa_configuration"])["enabled"]})
    return {"id": pool["Id"], "arn": pool["Arn"],
            "endpoint": f"cognito-idp.{REGION}.amazonaws.com/{pool['Id']}"}


@deletes("aws_cognito_user_pool")
def _(client, v):
    if v["deletion_protection"] == "ACTIVE":
        raise PermissionError("the user pool is protected")
    client("cognito-idp").delete_user_pool(UserPoolId=v["id"])


@creates("aws_cognito_user_pool_client")
def _(client, v):
    units = one(v["token_validity_units"])
    c = client("cognito-idp").create_user_pool_client(**given(
        ClientName=v["name"], UserPoolId=v["user_pool_id"], GenerateSecret=v["generate_secret"],
        ExplicitAuthFlows=v["explicit_auth_flows"], ReadAttributes=v["read_attributes"],
        WriteAttributes=v["write_attributes"], IdTokenValidity=v["id_token_validity"],
        PreventUserExistenceErrors=v["prevent_user_existence_errors"],
        EnableTokenRevocation=v["enable_token_revocation"],
        AccessTokenValidity=v["access_token_validity"],
        RefreshTokenValidity=v["refresh_token_validity"],
        TokenValidityUnits={"IdToken": units["id_token"], "AccessToken": units["access_token"],
                            "RefreshToken": units["refresh_token"]}))["UserPoolClient"]
    return {"id": c["ClientId"]}


@deletes("aws_cognito_user_pool_client")
def _(client, v):
    client("cognito-idp").delete_user_pool_client(UserPoolId=v["user_pool_id"], ClientId=v["id"])


@creates("aws_cognito_identity_pool")
def _(client, v):
    p = client("cognito-identity").create_identity_pool(
        IdentityPoolName=v["identity_pool_name"],
        AllowUnauthenticatedIdentities=v["allow_unauthenticated_identities"],
        AllowClassicFlow=v["allow_classic_flow"],
        CognitoIdentityProviders=[
            {"ProviderName": c["provider_name"], "ClientId": c["client_id"],
             "ServerSideTokenCheck": c["server_side_token_check"]}
            for c in v["cognito_identity_providers"]])
    arn = f"arn:aws:cognito-identity:{REGION}:{ACCOUNT}:identitypool/{p['IdentityPoolId']}"
    return {"id": p["IdentityPoolId"], "arn": arn}


@deletes("aws_cognito_identity_pool")
def _(client, v):
    client("cognito-identity").delete_identity_pool(IdentityPoolId=v["id"])


@creates("aws_cognito_identity_pool_provider_principal_tag")
def _(client, v):
    client("cognito-identity").set_principal_tag_attribute_map(
        IdentityPoolId=v["identity_pool_id"], IdentityProviderName=v["identity_provider_name"],
        UseDefaults=v["use_defaults"], PrincipalTags=v["principal_tags"])
    return {"id": f"{v['identity_pool_id']}:{v['identity_provider_name']}"}


@creates("aws_cognito_identity_pool_roles_attachment")
def _(client, v):
    client("cognito-identity").set_identity_pool_roles(IdentityPoolId=v["identity_pool_id"],
                                                       Roles=v["roles"])
    return {"id": v["identity_pool_id"]}


# --- Lambda and logs ---

@creates("aws_cloudwatch_log_group")
def _(client, v):
    client("logs").create_log_group(logGroupName=v["name"])
    client("logs").put_retention_policy(logGroupName=v["name"],
                                        retentionInDays=v["retention_in_days"])
    return {"id": v["name"], "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{v['name']}"}


@deletes("aws_cloudwatch_log_group")
def _(client, v):
    client("logs").delete_log_group(logGroupName=v["name"])


@creates("aws_lambda_function")
def _(client, v):
    logging = one(v["logging_config"])
    f = client("lambda").create_function(**given(
        FunctionName=v["function_name"], Description=v["description"], Role=v["role"],
        Runtime=v["runtime"], Handler=v["handler"], Architectures=v["architectures"],
        MemorySize=v["memory_size"], Timeout=v["timeout"],
        Code={"ZipFile": pathlib.Path(v["filename"]).read_bytes()},
        Environment={"Variables": one(v["environment"])["variables"]},
        LoggingConfig={"LogFormat": logging["log_format"], "LogGroup": logging["log_group"]}))
    path = f"2015-03-31/functions/{f['FunctionArn']}/invocations"
    return {"id": v["function_name"], "arn": f["FunctionArn"], "version": "$LATEST",
            "invoke_arn": f"arn:aws:apigateway:{REGION}:lambda:path/{path}"}


@deletes("aws_lambda_function")
def _(client, v):
    client("lambda").delete_function(FunctionName=v["function_name"])


@creates("aws_lambda_permission")
def _(client, v):
    client("lambda").add_permission(
        FunctionName=v["function_name"], StatementId=v["statement_id"], Action=v["action"],
        Principal=v["principal"], SourceArn=v["source_arn"])
    return {"id": v["statement_id"]}


@deletes("aws_lambda_permission")
def _(client, v):
    client("lambda").remove_permission(FunctionName=v["function_name"],
                                       StatementId=v["statement_id"])


# --- API Gateway ---

@creates("aws_api_gateway_rest_api")
def _(client, v):
    gateway = client("apigateway")
    api = gateway.create_rest_api(
        name=v["name"], binaryMediaTypes=v["binary_media_types"],
        endpointConfiguration={"types": one(v["endpoint_configuration"])["types"]})
    gateway.put_rest_api(restApiId=api["id"], mode="overwrite", failOnWarnings=True,
                         body=v["body"].encode())
    return {"id": api["id"], "arn": f"arn:aws:apigateway:{REGION}::/restapis/{api['id']}",
            "root_resource_id": api["rootResourceId"],
            "execution_arn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['id']}"}


@deletes("aws_api_gateway_rest_api")
def _(client, v):
    client("apigateway").delete_rest_api(restApiId=v["id"])


@creates("aws_api_gateway_deployment")
def _(client, v):
    return {"id": client("apigateway").create_deployment(restApiId=v["rest_api_id"])["id"]}


@deletes("aws_api_gateway_deployment")
def _(client, v):
    client("apigateway").delete_deployment(restApiId=v["rest_api_id"], deploymentId=v["id"])


@creates("aws_api_gateway_stage")
def _(client, v):
    gateway, logs = client("apigateway"), one(v["access_log_settings"])
    gateway.create_stage(restApiId=v["rest_api_id"], stageName=v["stage_name"],
                         deploymentId=v["deployment_id"],
                         tracingEnabled=v["xray_tracing_enabled"])
    gateway.update_stage(restApiId=v["rest_api_id"], stageName=v["stage_name"], patchOperations=[
        {"op": "replace", "path": "/accessLogSettings/destinationArn",
         "value": logs["destination_arn"]},
        {"op": "replace", "path": "/accessLogSettings/format", "value": logs["format"]}])
    host = f"{v['rest_api_id']}.execute-api.{REGION}.amazonaws.com"
    return {"id": f"ags-{v['rest_api_id']}-{v['stage_name']}",
            "invoke_url": f"https://{host}/{v['stage_name']}"}


@deletes("aws_api_gateway_stage")
def _(client, v):
    client("apigateway").delete_stage(restApiId=v["rest_api_id"], stageName=v["stage_name"])


@creates("aws_api_gateway_method_settings")
def _(client, v):
    settings = one(v["settings"])
    paths = {"metrics/enabled": settings["metrics_enabled"],
             "logging/loglevel": settings["logging_level"],
             "throttling/rateLimit": settings["throttling_rate_limit"],
             "throttling/burstLimit": settings["throttling_burst_limit"]}
    client("apigateway").update_stage(
        restApiId=v["rest_api_id"], stageName=v["stage_name"], patchOperations=[
            {"op": "replace", "path": f"/{v['method_path']}/{path}",
             "value": str(value).lower() if isinstance(value, bool) else str(value)}
            for path, value in paths.items()])
    return {"id": f"{v['rest_api_id']}-{v['stage_name']}-{v['method_path']}"}


@creates("aws_api_gateway_account")
def _(client, v):
    client("apigateway").update_account(patchOperations=[
        {"op": "replace", "path": "/cloudwatchRoleArn", "value": v["cloudwatch_role_arn"]}])
    return {"id": "api-gateway-account"}


# --- budgets ---

@creates("aws_budgets_budget")
def _(client, v):
    notifications = [
        {"Notification": {"NotificationType": n["notification_type"],
                          "ComparisonOperator": n["comparison_operator"],
                          "Threshold": n["threshold"], "ThresholdType": n["threshold_type"]},
         "Subscribers": [{"SubscriptionType": "EMAIL", "Address": a}
                         for a in n["subscriber_email_addresses"]]} for n in v["notification"]]
    client("budgets").create_budget(AccountId=ACCOUNT, NotificationsWithSubscribers=notifications,
                                    Budget={
        "BudgetName": v["name"], "BudgetType": v["budget_type"], "TimeUnit": v["time_unit"],
        "BudgetLimit": {"Amount": v["limit_amount"], "Unit": v["limit_unit"]}})
    return {"id": f"{ACCOUNT}:{v['name']}"}


@deletes("aws_budgets_budget")
def _(client, v):
    client("budgets").delete_budget(AccountId=ACCOUNT, BudgetName=v["name"])


# Settings of what is removed anyway, or of the account, which keeps them.
deletes_nothing("aws_kms_key_policy", "aws_cognito_identity_pool_provider_principal_tag",
                "aws_cognito_identity_pool_roles_attachment", "aws_api_gateway_method_settings",
                "aws_api_gateway_account")
