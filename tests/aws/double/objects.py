"""S3: asks the policies, then leaves the work to versitygw (or moto), signed anew for it."""

import json
import re
import threading
from urllib.parse import unquote

from . import signatures
from .access import denied
from .errors import Refusal
from .http_message import Answer, Request
from .policies import Caller, Policy, Question, decide

# (method, has a key, what the query must name) -> operation; the first that fits.
OPERATIONS = (
    ("PUT", False, ("policy",), "PutBucketPolicy"),
    ("PUT", False, (), "CreateBucket"),
    ("DELETE", False, (), "DeleteBucket"),
    ("HEAD", False, (), "HeadBucket"),
    ("GET", False, ("uploads",), "ListMultipartUploads"),
    ("GET", False, ("list-type",), "ListObjectsV2"),
    ("POST", False, ("delete",), "DeleteObjects"),
    ("PUT", True, ("partNumber", "uploadId"), "UploadPart"),
    ("PUT", True, (), "PutObject"),
    ("POST", True, ("uploads",), "CreateMultipartUpload"),
    ("POST", True, ("uploadId",), "CompleteMultipartUpload"),
    ("DELETE", True, ("uploadId",), "AbortMultipartUpload"),
    ("DELETE", True, (), "DeleteObject"),
    ("GET", True, ("uploadId",), "ListParts"),
    ("GET", True, (), "GetObject"),
    ("HEAD", True, (), "HeadObject"),
)
ACTIONS = {
    "UploadPart": "PutObject", "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject", "HeadObject": "GetObject", "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket", "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts", "DeleteObjects": "DeleteObject",
}
QUERY_NAMES = {"policy", "uploads", "list-type", "delete", "partNumber", "uploadId", "prefix",
               "max-keys", "continuation-token", "start-after", "delimiter", "encoding-type", "fetch-owner",
               "max-uploads", "key-marker", "upload-id-marker", "max-parts", "part-number-marker",
               "x-id", "response-content-type", "response-content-disposition"}
FORWARDED = {"range", "content-type", "content-md5", "if-none-match", "if-match"}
NOT_FORWARDED = {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}


def bucket_and_key(request):
    bucket, _, key = request.path.removeprefix("/").partition("/")
    try:
        return unquote(bucket, errors="strict"), unquote(key, errors="strict")
    except UnicodeError:
        raise Refusal("InvalidURI", "Couldn't parse the specified URI.") from None


def operation_of(request):
    """The operation's name in AWS's model; Refusal for what the double does not have."""
    if re.search("%(?![0-9A-Fa-f]{2})", request.target):
        raise Refusal("InvalidURI", "Couldn't parse the specified URI.")
    bucket, key = bucket_and_key(request)
    names = {unquote(n) for n, _ in request.query}
    names = {n for n in names if not n.lower().startswith("x-amz-")}
    if request.header("x-amz-copy-source") is not None or names - QUERY_NAMES or not bucket:
        raise Refusal("NotImplemented", "The double does not have that operation", 501)
    for method, has_key, needed, operation in OPERATIONS:
        if method == request.method and has_key == bool(key) and names >= set(needed):
            return operation
    raise Refusal("MethodNotAllowed", "The method is not allowed against this resource.", 405)


class Objects:
    """backend: answers requests to S3, signed with the credentials it has."""

    name = "s3"

    def __init__(self, backend, credentials):
        self._backend = backend
        self._credentials = credentials
        self._lock = threading.Lock()
        self._policies = {}  # of buckets
        self.operation_of = operation_of

    def answer(self, request, operation, session):
        if request.method in ("PUT", "POST") and request.header("content-length") is None:
            raise Refusal("MissingContentLength", "You must provide the Content-Length HTTP "
                          "header.", 411)
        bucket, key = bucket_and_key(request)
        self._require(request, operation, session, bucket, key)
        if operation == "PutBucketPolicy":
            return self._put_bucket_policy(bucket, request.body)
        answer = self._backend.answer(self._sign_anew(request))
        if answer.status == 404 and operation in ("GetObject", "HeadObject"):
            decision = self._decide(session, "s3:ListBucket", bucket)
            if not decision.allowed:  # then S3 does not tell what there is not
                raise Refusal("AccessDenied", "Access Denied", 403)
        return answer

    def _require(self, request, operation, session, bucket, key):
        action = f"s3:{ACTIONS.get(operation, operation)}"
        path = bucket + ("/*" if operation == "DeleteObjects" else f"/{key}" if key else "")
        values = {}
        if "prefix" in request.query_values:
            values["s3:prefix"] = request.query_values["prefix"]
        decision = self._decide(session, action, path, values)
        if not decision.allowed:
            raise denied(session, action, f"arn:aws:s3:::{path}", decision.reason, "AccessDenied",
                         403)

    def _decide(self, session, action, path, values=None):
        with self._lock:
            policy = self._policies.get(path.partition("/")[0])
        question = Question(Caller.of_session(session), action, f"arn:aws:s3:::{path}",
                            values or {})
        return decide(question, session.role.policies, policy)

    def _put_bucket_policy(self, bucket, body):
        try:
            policy = Policy.parse(json.loads(body), is_resource_policy=True)
        except ValueError as e:
            raise Refusal("MalformedPolicy", str(e)) from None
        with self._lock:
            self._policies[bucket] = policy
        return Answer(204)

    def _sign_anew(self, request):
        """request as the backend wants it: its own key, no session token, nothing presigned."""
        parts = [n + ("=" + v if v else "") for n, v in request.query
                 if not unquote(n).lower().startswith("x-amz-")]
        target = request.path + ("?" + "&".join(parts) if parts else "")
        headers = [(n, v) for n, v in request.headers if n in FORWARDED
                   or n.startswith("x-amz-") and n not in NOT_FORWARDED]
        unsigned = Request(request.method, target, headers, request.body)
        return signatures.sign(unsigned, self._backend.host, "s3", *self._credentials)

