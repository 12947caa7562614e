"""What stands behind the stub provider: moto in place of AWS, reached through boto3, whose requests
are checked against AWS's published models first - more strictly than moto and boto3 do."""

import http.server
import io
import json
import logging
import os
import re
import threading

import boto3
import botocore.awsrequest

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # read once, when moto is imported
from moto.server import ThreadedMotoServer  # noqa: E402

logging.getLogger("werkzeug").setLevel(logging.ERROR)

ACCOUNT, REGION = "123456789012", "eu-central-1"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer"


class ModelError(ValueError):
    """A value that AWS's model does not allow."""


def check(shape, value, path):
    """Enumerations and patterns, which boto3 leaves to the service."""
    if shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members:
                check(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for i, member in enumerate(value):
            check(shape.member, member, f"{path}[{i}]")
    elif shape.type_name == "map":
        for name, member in value.items():
            check(shape.value, member, f"{path}.{name}")
    elif shape.type_name == "string" and isinstance(value, str):
        if shape.enum and value not in shape.enum:
            raise ModelError(f"{path}: {value!r} is none of {', '.join(shape.enum)}")
        pattern = _pattern(shape)
        if pattern and not pattern.search(value):
            raise ModelError(f"{path}: {value!r} does not match {pattern.pattern}")


def _pattern(shape):
    """The shape's pattern; None when Python cannot read it (Java's \\p{...})."""
    try:
        return re.compile(shape.metadata["pattern"]) if "pattern" in shape.metadata else None
    except re.error:
        return None


def _check_request(params, model, **_):
    if model.input_shape is not None:
        check(model.input_shape, params, model.name)


class _Body(io.BytesIO):
    def stream(self, **_):
        yield self.read()


def _answer_nothing(request, **_):
    return botocore.awsrequest.AWSResponse(request.url, 200, {}, _Body(b"{}"))


class Cloud:
    """A moto of its own on a free port."""

    def __init__(self):
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.url = "http://{}:{}".format(*self._server.get_host_and_port())
        self._clients = {}

    def client(self, service):
        if service not in self._clients:
            client = boto3.client(service, endpoint_url=self.url, region_name=REGION,
                                  aws_access_key_id="test", aws_secret_access_key="test")
            client.meta.events.register("before-parameter-build", _check_request)
            self._clients[service] = client
        return self._clients[service]

    def only_checked(self, service):
        """A client for what moto lacks: requests are checked, and answered with nothing."""
        client = boto3.client(service, region_name=REGION, aws_access_key_id="test",
                              aws_secret_access_key="test")
        client.meta.events.register("before-parameter-build", _check_request)
        client.meta.events.register("before-send", _answer_nothing)
        return client

    def stop(self):
        self._server.stop()


class Hook:
    """The HTTP server that the stub provider asks (stub/values.go)."""

    def __init__(self, carry_out):
        """carry_out(operation, type, values, directory) gives the attributes to set."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                try:
                    answer = {"set": carry_out(*(question[name] for name in
                                                 ("operation", "type", "values", "directory")))}
                except Exception as e:  # whatever it is, Terraform reports it
                    answer = {"error": f"{type(e).__name__}: {e}"}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
