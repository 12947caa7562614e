"""The double as tests use it: one process for all of them, and a fresh AWS environment for each."""

import dataclasses
import json
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile

import boto3
import botocore.config
import httpx

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "aws-double"
TABLES = ROOT / "infra" / "terraform" / "tables"
POLICIES = ROOT / "infra" / "terraform" / "policies"
ACCOUNT, REGION = "123456789012", "us-east-1"
MAIL_FROM = "letterlock@example.org"
ADMINISTRATOR = "administrator"  # stands for whoever ran Terraform
STOP_SECONDS = 10


class Double:
    """A running double. options: of its command line (double/__main__.py); log: a file for what it
    writes to standard error, which errors() gives otherwise."""

    def __init__(self, *options, log=None):
        self._kept_log = None if log else tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "aws.double", CACHE, *options], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log or self._kept_log, text=True, cwd=ROOT / "tests")
        port = self._process.stdout.readline().strip()
        if not port:
            raise AssertionError(f"the double does not start:\n{self.errors()}")
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=self.url, timeout=60)
        self.status = self.control("status")
        self.control("role", name=ADMINISTRATOR, policies=[{
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}])

    @property
    def pid(self):
        return self._process.pid

    @property
    def is_running(self):
        return self._process.poll() is None

    @property
    def has_real_tables(self):
        return self.status["tables"] != "moto"

    @property
    def has_real_objects(self):
        return self.status["objects"] != "moto"

    def control(self, name, /, **fields):
        """A control call (double/control.py lists them); AssertionError when it is refused."""
        r = self._http.post(f"/_double/{name}", json=fields)
        assert r.status_code == 200, r.text
        return r.json()

    def session(self, role, **fields):
        return self.control("session", role=role, **fields)

    def client(self, service, session, **options):
        """A boto3 client with a session's credentials, which retries nothing."""
        options.setdefault("endpoint_url", self.url)
        return boto3.client(
            service, region_name=REGION, aws_access_key_id=session["access_key"],
            aws_secret_access_key=session["secret_key"], aws_session_token=session["token"],
            config=botocore.config.Config(
                retries={"total_max_attempts": 1}, signature_version="s3v4" if service == "s3"
                else None, request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"}), **options)

    def errors(self):
        """What the double wrote to standard error: mistakes of its own."""
        if self._kept_log is None:
            return ""
        self._kept_log.seek(0)
        return self._kept_log.read().decode(errors="replace")

    def stop(self):
        self._http.close()
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclasses.dataclass
class Environment:
    """A deployment of its own: what Terraform would have made, and under which names."""
    double: Double
    name: str
    user_pool: str
    client_id: str
    identity_pool: str
    users_table: str
    messages_table: str
    bucket: str
    topic_prefix: str
    function: dict

    def role(self, role):
        return f"{self.name}-{role}"

    def role_arn(self, role):
        return f"arn:aws:iam::{ACCOUNT}:role/{self.role(role)}"

    def policy_values(self):
        """What the placeholders of infra/terraform/policies stand for."""
        table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
        return {
            "partition": "aws", "account": ACCOUNT, "region": REGION, "name": self.name,
            "user_pool_arn": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{self.user_pool}",
            "identity_pool_id": self.identity_pool,
            "users_table_arn": table + self.users_table,
            "messages_table_arn": table + self.messages_table,
            "bucket_arn": f"arn:aws:s3:::{self.bucket}",
            "topic_prefix": self.topic_prefix, "mail_from": MAIL_FROM,
            "key_administrators": json.dumps([self.role_arn("kms-admin")]),
            "server_role_arns": json.dumps([self.role_arn("app-server"),
                                            self.role_arn("app-lambda")]),
            "owner_role_arn": self.role_arn("identity-pool-authenticated"),
        }

    def session(self, role, **fields):
        return self.double.session(self.role(role), **fields)

    def client(self, service, role, **options):
        return self.double.client(service, self.session(role), **options)

    @property
    def provider(self):
        return f"cognito-idp.{REGION}.amazonaws.com/{self.user_pool}"

    def settings(self):
        """A server's settings."""
        return {
            "LETTERLOCK_AWS_REGION": REGION, "LETTERLOCK_AWS_ACCOUNT": ACCOUNT,
            "LETTERLOCK_AWS_ENDPOINT": self.double.url,
            "LETTERLOCK_AWS_JWKS_URL": f"{self.double.url}/{self.user_pool}/.well-known/jwks.json",
            "LETTERLOCK_AWS_USER_POOL": self.user_pool, "LETTERLOCK_AWS_CLIENT_ID": self.client_id,
            "LETTERLOCK_AWS_IDENTITY_POOL": self.identity_pool,
            "LETTERLOCK_AWS_USERS_TABLE": self.users_table,
            "LETTERLOCK_AWS_MESSAGES_TABLE": self.messages_table,
            "LETTERLOCK_AWS_BUCKET": self.bucket, "LETTERLOCK_AWS_KEYS": "per-user",
            "LETTERLOCK_AWS_OWNER_ROLE": self.role_arn("identity-pool-authenticated"),
            "LETTERLOCK_AWS_SERVER_ROLES":
                f"{self.role_arn('app-server')},{self.role_arn('app-lambda')}",
            "LETTERLOCK_AWS_PROVISIONER_ROLE": ",".join(
                self.role_arn(r) for r in ("post-confirmation", "app-server", "app-lambda")),
            "LETTERLOCK_AWS_ADMIN_ROLE": self.role_arn("kms-admin"),
            "LETTERLOCK_AWS_NOTICES": "sns", "LETTERLOCK_AWS_TOPIC_PREFIX": self.topic_prefix,
            "LETTERLOCK_MAIL_FROM": MAIL_FROM,
        }

    def variables(self, role="app-server", **more):
        """The environment of a server: settings, and credentials of a session of role."""
        session = self.session(role, lifetime_s=12 * 3600)
        return self.settings() | {
            "AWS_ACCESS_KEY_ID": session["access_key"],
            "AWS_SECRET_ACCESS_KEY": session["secret_key"], "AWS_SESSION_TOKEN": session["token"],
        } | {k: str(v) for k, v in more.items()}

    def code(self, email, kind="signup"):
        """The newest code that Cognito mailed to email."""
        return self.double.control("mail", to=email, kind=kind)[-1]["code"]

    def anonymous(self, service):
        """A client for the operations that need no signature."""
        return boto3.client(service, region_name=REGION, endpoint_url=self.double.url,
                            config=botocore.config.Config(
                                signature_version=botocore.UNSIGNED,
                                retries={"total_max_attempts": 1}))


def aws_environment(double, trigger=None):
    """Makes a fresh Environment.

    trigger: how to start the program behind the PostConfirmation trigger, {"command": [...],
    "environment": {...}, "timeout_s": …}, of which command may be missing when a test polls the
    Runtime API itself; None: the pool has no trigger.
    """
    name = "t" + secrets.token_hex(4)
    admin = double.session(ADMINISTRATOR)
    function = double.control("function", name=f"{name}-post-confirmation", **trigger) \
        if trigger is not None else None
    pool, client_id = _make_user_pool(double.client("cognito-idp", admin), name, function)
    tables = {part: f"{name}-{part}" for part in ("users", "messages")}
    dynamodb = double.client("dynamodb", admin)
    for part, table in tables.items():
        _make_table(dynamodb, table, json.loads((TABLES / f"{part}.json").read_text()))
    double.client("s3", admin).create_bucket(Bucket=f"{name}-letters")
    environment = Environment(double, name, pool, client_id, "", tables["users"],
                              tables["messages"], f"{name}-letters", f"{name}-user-", function)
    environment.identity_pool = _make_identity_pool(double.client("cognito-identity", admin),
                                                    environment)
    _make_roles(environment)
    return environment


def _make_user_pool(cognito, name, function):
    settings = {"LambdaConfig": {"PostConfirmation": function["arn"]}} if function else {}
    pool = cognito.create_user_pool(
        PoolName=name, AliasAttributes=["email"], AutoVerifiedAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        Policies={"PasswordPolicy": {"MinimumLength": 12}},
        Schema=[{"Name": "email", "AttributeDataType": "String", "Required": True,
                 "Mutable": True}], **settings)["UserPool"]["Id"]
    cognito.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration="OPTIONAL",
                                     SoftwareTokenMfaConfiguration={"Enabled": True})
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName=name, GenerateSecret=False, EnableTokenRevocation=True,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        PreventUserExistenceErrors="ENABLED", RefreshTokenValidity=30)
    return pool, client["UserPoolClient"]["ClientId"]


def _make_table(dynamodb, name, definition):
    ttl = definition.pop("TimeToLiveSpecification", None)
    dynamodb.create_table(TableName=name, **definition)
    if ttl:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)


def _make_identity_pool(identity, environment):
    pool = identity.create_identity_pool(
        IdentityPoolName=environment.name, AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": environment.provider,
                                   "ClientId": environment.client_id,
                                   "ServerSideTokenCheck": True}])["IdentityPoolId"]
    identity.set_identity_pool_roles(
        IdentityPoolId=pool,
        Roles={"authenticated": environment.role_arn("identity-pool-authenticated")})
    identity.set_principal_tag_attribute_map(
        IdentityPoolId=pool, IdentityProviderName=environment.provider, UseDefaults=False,
        PrincipalTags={"sub": "sub"})
    return pool


def _make_roles(environment):
    """The roles of Terraform's roles.json, with its policies."""
    values, double = environment.policy_values(), environment.double

    def document(name):
        return json.loads(render(POLICIES.joinpath(f"{name}.json").read_text(), values))
    for role, made_of in json.loads(POLICIES.joinpath("roles.json").read_text()).items():
        double.control("role", name=environment.role(role), trust=document(made_of["trust"]),
                       policies=[document(p) for p in made_of["policies"]])
    double.client("s3", double.session(ADMINISTRATOR)).put_bucket_policy(
        Bucket=environment.bucket, Policy=json.dumps(document("bucket")))


def render(template, values):
    """What Terraform's templatefile() makes of ${name}; $${…} is left for IAM as ${…}."""
    return re.sub(r"(\$?)\$\{([^}]*)\}",
                  lambda m: "${" + m[2] + "}" if m[1] else values[m[2]], template)
