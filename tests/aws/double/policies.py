"""Evaluates IAM and resource policies: the part of the language that our policies use.

What the engine does not know - a field, an operator, a condition key - is an error when the
policy is read, never a quiet "no match" when it is evaluated.
"""

import dataclasses
import re

from . import ACCOUNT, REGION


class PolicyError(ValueError):
    """A policy that cannot be understood."""


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who asks. role_arn "" for a service or for a token that no role stands behind yet."""
    arn: str = ""
    role_arn: str = ""
    tags: dict = dataclasses.field(default_factory=dict)
    federated: str = ""

    @classmethod
    def of_session(cls, session):
        return cls(session.arn, session.role.arn, session.tags)


@dataclasses.dataclass(frozen=True)
class Decision:
    allowed: bool
    reason: str


# The condition keys that the double gives values to; "/" or ":" at the end: followed by any name.
_SINGLE_KEYS = (
    "aws:PrincipalTag/", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:RequestTag/",
    "aws:ResourceTag/", "aws:SecureTransport", "aws:RequestedRegion", "aws:ResourceAccount",
    "kms:EncryptionContext:", "kms:BypassPolicyLockoutSafetyCheck", "kms:CallerAccount",
    "kms:KeySpec", "kms:KeyUsage", "kms:RequestAlias", "kms:ScheduleKeyDeletionPendingWindowInDays",
    "sns:Protocol", "sns:Endpoint", "ses:FromAddress",
    "s3:prefix",
    "cognito-identity.amazonaws.com:aud", "cognito-identity.amazonaws.com:sub",
)
_MULTI_KEYS = (
    "aws:TagKeys", "kms:EncryptionContextKeys", "kms:ResourceAliases",
    "cognito-identity.amazonaws.com:amr",
)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_QUANTIFIERS = ("ForAllValues", "ForAnyValue")
_FIELDS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"}


def listed(value):
    return value if isinstance(value, list) else [value]


def wildcard_match(pattern, text, ignore_case=False):
    """IAM's wildcards: * for any characters, ? for one."""
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, text, re.S | (re.I if ignore_case else 0)) is not None


def _arn_match(pattern, text):
    patterns, parts = pattern.split(":", 5), text.split(":", 5)
    return len(patterns) == len(parts) == 6 and all(map(wildcard_match, patterns, parts))


def _number_match(compare):
    def match(pattern, text):
        try:
            return compare(float(text), float(pattern))
        except ValueError:
            return False
    return match


_OPERATORS = {
    "StringEquals": lambda pattern, text: pattern == text,
    "StringEqualsIgnoreCase": lambda pattern, text: pattern.lower() == text.lower(),
    "StringLike": wildcard_match,
    "ArnEquals": _arn_match,
    "ArnLike": _arn_match,
    "Bool": lambda pattern, text: pattern.lower() == text.lower(),
    "NumericEquals": _number_match(lambda a, b: a == b),
    "NumericLessThanEquals": _number_match(lambda a, b: a <= b),
    "NumericGreaterThanEquals": _number_match(lambda a, b: a >= b),
}


class Context:
    """The values of a request's condition keys; their names are case-insensitive."""

    def __init__(self, values):
        self._values = {name.lower(): value for name, value in values.items()}

    def get(self, name):
        return self._values.get(name.lower())

    def substitute(self, text):
        """text with its policy variables' values; None when one has none."""
        missing = False

        def value(match):
            nonlocal missing
            if match[1] in ("*", "?", "$"):
                return match[1]
            found = self.get(match[1])
            if not isinstance(found, str):
                missing = True
                return ""
            return found
        result = _VARIABLE.sub(value, text)
        return None if missing else result


def _is_key(name, keys):
    name = name.lower()
    for key in (k.lower() for k in keys):
        if name == key and key[-1] not in "/:" or key[-1] in "/:" and name.startswith(key) \
                and len(name) > len(key):
            return True
    return False


@dataclasses.dataclass(frozen=True)
class Condition:
    key: str
    matches: object  # (pattern, text) -> bool; None for the operator Null
    negated: bool
    if_exists: bool
    quantifier: str | None
    values: tuple

    @classmethod
    def parse(cls, operator, key, values):
        values = tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in listed(values))
        multi = _is_key(key, _MULTI_KEYS)
        if not multi and not _is_key(key, _SINGLE_KEYS):
            raise PolicyError(f"condition key {key}")
        if not values:
            raise PolicyError(f"{operator} {key} without values")
        if operator == "Null":
            if len(values) != 1 or values[0].lower() not in ("true", "false"):
                raise PolicyError(f"Null {key} {values}")
            return cls(key, None, False, False, None, values)
        quantifier, colon, base = operator.rpartition(":")
        if colon and quantifier not in _QUANTIFIERS:
            raise PolicyError(f"operator {operator}")
        if multi != bool(colon):
            raise PolicyError(f"{key} {'needs' if multi else 'takes no'} ForAllValues/ForAnyValue")
        if_exists = base.endswith("IfExists")
        base = base.removesuffix("IfExists")
        negated = re.fullmatch(r"(String|Arn|Numeric)Not(Equals|EqualsIgnoreCase|Like)", base)
        base = negated[1] + negated[2] if negated else base
        if base not in _OPERATORS:
            raise PolicyError(f"operator {operator}")
        return cls(key, _OPERATORS[base], bool(negated), if_exists, quantifier or None, values)

    def holds(self, context):
        have = context.get(self.key)
        if self.matches is None:
            return (have is None) == (self.values[0].lower() == "true")
        patterns = [context.substitute(v) for v in self.values]
        if self.negated and None in patterns:
            return False  # AWS may void the whole statement, a Deny too: count on nothing
        if have is None or have == []:
            return self.if_exists or self.quantifier == "ForAllValues" \
                or self.negated and self.quantifier is None

        def one(value):
            hit = any(p is not None and self.matches(p, value) for p in patterns)
            return hit != self.negated
        if self.quantifier:
            return (all if self.quantifier == "ForAllValues" else any)(one(v) for v in have)
        return one(have)


@dataclasses.dataclass(frozen=True)
class Statement:
    sid: str
    is_deny: bool
    principals: tuple | None  # of (kind, value); None in an identity policy
    actions: tuple
    actions_negated: bool
    resources: tuple
    conditions: tuple

    @classmethod
    def parse(cls, document, is_resource_policy):
        if not isinstance(document, dict) or set(document) - _FIELDS:
            raise PolicyError(f"statement {document}")
        sid = document.get("Sid", "")
        if document.get("Effect") not in ("Allow", "Deny"):
            raise PolicyError(f"{sid}: Effect")
        if ("Principal" in document) != is_resource_policy:
            raise PolicyError(f"{sid}: Principal")
        if ("Action" in document) == ("NotAction" in document):
            raise PolicyError(f"{sid}: Action")
        actions = _texts(document.get("Action", document.get("NotAction")), sid)
        for action in actions:
            if action != "*" and not re.fullmatch(r"[a-z0-9-]+:[A-Za-z*?]+", action):
                raise PolicyError(f"{sid}: action {action}")
        if "Resource" not in document and not is_resource_policy:
            raise PolicyError(f"{sid}: Resource")
        principals = _principals(document["Principal"], sid) if is_resource_policy else None
        return cls(sid, document["Effect"] == "Deny", principals, actions,
                   "NotAction" in document, _texts(document.get("Resource", "*"), sid),
                   _conditions(document.get("Condition", {}), sid))

    def matches(self, action, resource, context):
        hit = any(wildcard_match(a, action, ignore_case=True) for a in self.actions)
        if hit == self.actions_negated:
            return False
        patterns = (context.substitute(r) for r in self.resources)
        return any(p is not None and wildcard_match(p, resource) for p in patterns) \
            and all(c.holds(context) for c in self.conditions)

    def names(self, caller):
        """Whether the statement is about caller: True, False, or "account" for all of it."""
        whole_account = False
        for kind, value in self.principals:
            if kind == "AWS" and value == "*":
                return True
            if kind == "AWS" and value in (caller.arn, caller.role_arn) and value:
                return True
            if kind == "AWS" and value in (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"):
                whole_account = True
            if kind == "Federated" and value == caller.federated:
                return True
        return "account" if whole_account and caller.arn else False


def _texts(value, sid):
    values = tuple(listed(value))
    if not values or not all(isinstance(v, str) and v for v in values):
        raise PolicyError(f"{sid}: {value}")
    return values


def _principals(value, sid):
    if value == "*":
        return (("AWS", "*"),)
    if not isinstance(value, dict) or not value:
        raise PolicyError(f"{sid}: Principal {value}")
    found = []
    for kind, names in value.items():
        if kind not in ("AWS", "Federated", "Service"):
            raise PolicyError(f"{sid}: Principal {kind}")
        for name in _texts(names, sid):
            if "*" in name and name != "*" or "?" in name:
                raise PolicyError(f"{sid}: wildcard inside a principal: {name}")
            if kind == "AWS" and name != "*" and name != ACCOUNT \
                    and not re.fullmatch(r"arn:aws:(iam|sts)::\d{12}:\S+", name):
                raise PolicyError(f"{sid}: principal {name}")
            found.append((kind, name))
    return tuple(found)


def _conditions(value, sid):
    if not isinstance(value, dict):
        raise PolicyError(f"{sid}: Condition")
    found = []
    for operator, tests in value.items():
        if not isinstance(tests, dict) or not tests:
            raise PolicyError(f"{sid}: Condition {operator}")
        found += [Condition.parse(operator, key, values) for key, values in tests.items()]
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class Policy:
    statements: tuple
    document: dict

    @classmethod
    def parse(cls, document, is_resource_policy=False):
        if not isinstance(document, dict) or set(document) - {"Version", "Id", "Statement"}:
            raise PolicyError("not a policy document")
        if document.get("Version") != "2012-10-17":
            raise PolicyError("Version")
        statements = listed(document.get("Statement", []))
        if not statements:
            raise PolicyError("no statement")
        return cls(tuple(Statement.parse(s, is_resource_policy) for s in statements), document)


@dataclasses.dataclass(frozen=True)
class Question:
    """May caller do action on resource, with these values of condition keys?"""
    caller: Caller
    action: str
    resource: str
    context: dict = dataclasses.field(default_factory=dict)

    def full_context(self):
        caller = self.caller
        values = {"aws:PrincipalAccount": ACCOUNT, "kms:CallerAccount": ACCOUNT,
                  "aws:ResourceAccount": ACCOUNT, "aws:RequestedRegion": REGION,
                  "aws:SecureTransport": "true"}
        if caller.role_arn:
            values["aws:PrincipalArn"] = caller.role_arn
        values |= {f"aws:PrincipalTag/{k}": v for k, v in caller.tags.items()}
        return Context(values | self.context)


def decide(question, identity=(), resource_policy=None, needs_resource_policy=False):
    """Answers a question: identity are the caller's own policies.

    needs_resource_policy: as for KMS keys, the resource's policy must allow it, by naming the
    caller, or the account as a whole, which leaves it to the identity policies.
    """
    context = question.full_context()
    identity_allows = resource_allows = delegated = False
    for statement in (s for p in identity for s in p.statements):
        if statement.matches(question.action, question.resource, context):
            if statement.is_deny:
                return Decision(False, f"an explicit deny in an identity policy ({statement.sid})")
            identity_allows = True
    for statement in resource_policy.statements if resource_policy else ():
        named = statement.names(question.caller)
        if named and statement.matches(question.action, question.resource, context):
            if statement.is_deny:
                return Decision(False, f"an explicit deny in the resource policy ({statement.sid})")
            if named == "account":
                delegated = True
            else:
                resource_allows = True
    allowed = resource_allows or identity_allows and (delegated or not needs_resource_policy)
    return Decision(allowed, "allowed" if allowed else "no policy allows the action")
