"""The calls by which tests set the double up and look into it: POST /_double/NAME with JSON."""

import json
import time

from .errors import Refusal
from .faults import Fault
from .functions import Function
from .http_message import Answer
from .policies import PolicyError

PREFIX = "/_double/"


class Control:
    def __init__(self, double):
        self._double = double
        self._calls = {
            "status": self._status, "role": self._role, "session": self._session,
            "expire": self._expire, "mail": self._mail, "expire_code": self._expire_code,
            "confirm_subscription": self._confirm_subscription, "fault": self._fault,
            "clear_faults": self._clear_faults, "log": self._log, "clear_log": self._clear_log,
            "function": self._function, "kill_function": self._kill_function,
            "invoke": self._invoke, "serve_credentials": self._serve_credentials,
        }

    def answer(self, request):
        call = self._calls.get(request.path.removeprefix(PREFIX))
        try:
            if call is None:
                raise Refusal("NotFound", "no such control call", 404)
            found = call(**json.loads(request.body or b"{}"))
            return _json(200, found)
        except Refusal as e:
            return _json(e.status, {"error": f"{e.code} {e.message}"})
        except (TypeError, ValueError, KeyError, PolicyError) as e:
            return _json(400, {"error": f"{type(e).__name__} {e}"})

    def _status(self):
        """Which programs do the work."""
        backends = self._double.backends
        return {"tables": backends.tables.name, "objects": backends.objects.name,
                "objects_url": f"http://{backends.objects.host}",
                "objects_credentials": backends.credentials}

    def _role(self, name, policies=(), trust=None):
        """Makes or replaces a role; policies and trust are documents."""
        return {"arn": self._double.principals.put_role(name, policies, trust).arn}

    def _named_role(self, name):
        role = self._double.principals.role(name)
        if role is None:
            raise Refusal("NoSuchEntity", f"no role {name}", 404)
        return role

    def _session(self, role, name="test", tags=None, lifetime_s=3600):
        """Credentials of a role, as STS would give."""
        session = self._double.principals.start_session(self._named_role(role), name, tags,
                                                        lifetime_s)
        return {"access_key": session.access_key, "secret_key": session.secret_key,
                "token": session.token, "arn": session.arn, "expires": session.expires}

    def _expire(self, access_key):
        """Ends a session's life now."""
        self._double.principals.session(access_key).expires = time.time() - 1

    def _mail(self, to=None, kind=None):
        return self._double.mailbox.read(to, kind)

    def _expire_code(self, pool, kind, username):
        self._double.cognito.expire_code(pool, kind, username)

    def _confirm_subscription(self, topic, token):
        return self._double.sns.confirm(topic, token)

    def _fault(self, **fields):
        self._double.faults.add(Fault(**fields))

    def _clear_faults(self):
        return self._double.faults.clear()

    def _log(self):
        return self._double.gateway.log()

    def _clear_log(self):
        self._double.gateway.clear_log()

    def _function(self, name, command=None, environment=None, timeout_s=5):
        """Makes or replaces a Lambda function."""
        function = Function(name, command, environment, timeout_s)
        self._double.functions.put(function)
        return {"arn": function.arn, "runtime_api": function.runtime_api}

    def _named_function(self, arn):
        function = self._double.functions.get(arn)
        if function is None:
            raise Refusal("ResourceNotFoundException", f"no function {arn}", 404)
        return function

    def _kill_function(self, arn):
        return self._named_function(arn).kill()

    def _invoke(self, arn, event):
        error, answer = self._named_function(arn).invoke(event)
        return {"error": error, "answer": answer}

    def _serve_credentials(self, role, lifetime_s=3600):
        """What the instance and container credential addresses serve from now on."""
        self._double.credentials.serve(self._named_role(role), lifetime_s)
        return {"authorization": self._double.credentials.authorization}


def _json(status, value):
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value).encode())
