"""Takes each request to AWS through the same gates: who signed it, is it well-formed, may its
caller do that, is a fault due; then has the service do it."""

import base64
import collections
import email.utils
import json
import threading
import time
import uuid
from xml.sax.saxutils import escape

from . import models, query_protocol, signatures, tables
from .errors import Dropped, Refusal
from .http_message import Answer

LOG_MAX = 20000
BODY_MAX = 8192  # of bodies that the log keeps: those of small letters
JSON_SERVICES = ("cognito-idp", "cognito-identity", "kms", "dynamodb")
QUERY_SERVICES = ("sns", "sts")
JSON_ERROR_CODES = {  # what the signer says, as JSON services name it
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
}


class Call:
    """One request on its way; what is known of it goes into the log."""

    def __init__(self, request):
        self.request = request
        self.service = None
        self.operation = None
        self.parameters = None
        self.session = None

    @property
    def name(self):
        return f"{self.service}.{self.operation}"


class Gateway:
    """services: by name; sessions are found by find_session(access_key)."""

    def __init__(self, services, find_session, faults):
        self._services = services
        self._find_session = find_session
        self._faults = faults
        self._targets = {models.service_model(n).metadata["targetPrefix"]: n for n in JSON_SERVICES}
        self._lock = threading.Lock()
        self._log = collections.deque(maxlen=LOG_MAX)

    def log(self):
        """What was called: service, operation, caller (ARN or None), status, code (or None)."""
        with self._lock:
            return list(self._log)

    def clear_log(self):
        with self._lock:
            self._log.clear()

    def answer(self, request):
        call, code = Call(request), None
        try:
            answer = self._answer(call)
        except Refusal as e:
            code = e.code
            answer = self._error(call.service, e)
        except Dropped:
            self._note(call, None, "dropped")
            raise
        answer.headers.append(("x-amzn-RequestId", str(uuid.uuid4())))
        self._note(call, answer.status, code)
        return answer

    def _note(self, call, status, code):
        entry = {"service": call.service, "operation": call.operation, "status": status,
                 "code": code, "caller": call.session and call.session.arn, "time": time.time()}
        if call.request.header("x-amz-target") is not None and len(call.request.body) <= BODY_MAX:
            entry["body"] = call.request.body.decode(errors="replace")
        with self._lock:
            self._log.append(entry)

    def _answer(self, call):
        if call.request.header("x-amz-target") is not None:
            return self._answer_json(call)
        call.service = signatures.service_of(call.request) or "s3"
        if call.service in QUERY_SERVICES:
            return self._answer_query(call)
        if call.service == "s3":
            return self._answer_s3(call)
        if call.service == "ses":
            return self._answer_ses(call)
        raise Refusal("UnknownOperationException", "The double does not have that service", 404)

    def _authenticate(self, call):
        call.session = signatures.verify(call.request, call.service, self._find_session)

    def _answer_json(self, call):
        request = call.request
        target, _, name = request.header("x-amz-target").partition(".")
        call.service = self._targets.get(target)
        if call.service is None:
            raise Refusal("UnknownOperationException", "no such target")
        model = models.service_model(call.service)
        if name not in model.operation_names:
            raise Refusal("UnknownOperationException", "no such operation")
        call.operation = name
        operation = model.operation_model(name)
        if operation.auth_type == "none":
            if request.header("authorization") is not None:
                raise Refusal("InvalidAction", f"{name} is not to be signed")
        else:
            self._authenticate(call)
        if request.method != "POST" or request.target != "/":
            raise Refusal("UnknownOperationException", "not POST /", 404)
        version = model.metadata["jsonVersion"]
        if request.header("content-type") != f"application/x-amz-json-{version}":
            raise Refusal("UnknownOperationException",
                          f"Content-Type must be application/x-amz-json-{version}", 404)
        call.parameters = _read_json(request.body)
        models.check_parameters(operation, call.parameters, _validation_code(call.service))
        return self._suffer(call, lambda: self._call_json(call, operation, version))

    def _call_json(self, call, operation, version):
        service = self._services[call.service]
        if call.service == "dynamodb":
            return service.answer(call.request, call.operation, call.parameters, call.session)
        found = service.call(call.operation, call.parameters, call.session)
        return _json_answer(operation, found, version)

    def _answer_query(self, call):
        self._authenticate(call)
        request = call.request
        if request.method != "POST" or request.target != "/" or request.header(
                "content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise Refusal("InvalidAction", "not a form posted to /")
        operation, call.parameters = query_protocol.read_parameters(
            models.service_model(call.service), request.body)
        call.operation = operation.name
        models.check_parameters(operation, call.parameters, "ValidationError")

        def work():
            found = self._services[call.service].call(call.operation, call.parameters, call.session)
            body = query_protocol.write_answer(operation, found, uuid.uuid4())
            return Answer(200, [("Content-Type", "text/xml")], body)
        return self._suffer(call, work)

    def _answer_s3(self, call):
        self._authenticate(call)
        service = self._services["s3"]
        call.operation = service.operation_of(call.request)
        return self._suffer(
            call, lambda: service.answer(call.request, call.operation, call.session))

    def _answer_ses(self, call):
        self._authenticate(call)
        request, service = call.request, self._services["ses"]
        call.operation = service.operations.get((request.method, request.target))
        if call.operation is None:
            raise Refusal("UnknownOperationException", "The double does not have that", 404)
        operation = models.service_model("sesv2").operation_model(call.operation)
        if request.header("content-type") != "application/json":
            raise Refusal("BadRequestException", "Content-Type must be application/json")
        call.parameters = _read_json(request.body)
        models.check_parameters(operation, call.parameters, "BadRequestException")

        def work():
            found = service.call(call.operation, call.parameters, call.session)
            return Answer(200, [("Content-Type", "application/json")], json.dumps(found).encode())
        return self._suffer(call, work)

    def _suffer(self, call, work):
        """work()'s answer, with the fault that is due for the call."""
        fault = self._faults.take(call.name)
        if fault is None:
            return work()
        if fault.kind == "drop":
            raise Dropped
        if fault.kind == "error":
            raise Refusal(fault.code, fault.message, fault.status)
        if fault.kind == "conflict":
            body = json.dumps(tables.conflict(call.parameters)).encode()
            return Answer(400, [("Content-Type", "application/x-amz-json-1.0")], body)
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        answer = work()
        if fault.kind == "drop_after":
            raise Dropped
        if fault.kind == "error_after":
            raise Refusal(fault.code, fault.message, fault.status)
        if fault.kind == "body":
            return Answer(200, [("Content-Type", "application/xml")], fault.body.encode())
        if fault.kind == "date":
            stamp = email.utils.formatdate(time.time() + fault.seconds, usegmt=True)
            answer.headers.append(("Date", stamp))
        return answer

    def _error(self, service, refusal):
        """How the service's protocol tells of an error."""
        if service in QUERY_SERVICES:
            kind = "Sender" if refusal.status < 500 else "Receiver"
            body = (f"<ErrorResponse><Error><Type>{kind}</Type><Code>{escape(refusal.code)}</Code>"
                    f"<Message>{escape(refusal.message)}</Message></Error>"
                    f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>")
            return Answer(refusal.status, [("Content-Type", "text/xml")], body.encode())
        if service == "s3":
            body = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
                    f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}"
                    f"</Message><RequestId>{uuid.uuid4().hex}</RequestId><HostId>double</HostId>"
                    "</Error>")
            return Answer(refusal.status, [("Content-Type", "application/xml")], body.encode())
        code = JSON_ERROR_CODES.get(refusal.code, refusal.code)
        prefix = "com.amazonaws.dynamodb.v20120810#" if service == "dynamodb" else ""
        body = json.dumps({"__type": prefix + code, "message": refusal.message})
        kind = {"ses": "json", "dynamodb": "x-amz-json-1.0"}.get(service, "x-amz-json-1.1")
        return Answer(refusal.status, [("Content-Type", f"application/{kind}"),
                                       ("x-amzn-ErrorType", code)], body.encode())


def _read_json(body):
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal("SerializationException", "The body is not JSON") from None


def _refuse_constant(name):
    raise ValueError(name)


def _validation_code(service):
    return "InvalidParameterException" if service == "cognito-idp" else "ValidationException"


def _json_answer(operation, found, version):
    body = b""
    if operation.output_shape is not None:
        body = json.dumps(found, default=lambda blob: base64.b64encode(blob).decode()).encode()
        models.check(operation.output_shape, json.loads(body))
    return Answer(200, [("Content-Type", f"application/x-amz-json-{version}")], body)
