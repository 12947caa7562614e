"""AWS STS: who am I. Sessions are started by control calls and identity pools, not here."""

from . import ACCOUNT
from .errors import Refusal


class Sts:
    name = "sts"

    def call(self, operation, _parameters, session):
        if operation != "GetCallerIdentity":
            raise Refusal("InvalidAction", f"The double has no {operation}")
        return {"UserId": f"AROA{session.access_key[4:]}:{session.name}", "Account": ACCOUNT,
                "Arn": session.arn}
