"""Checks parameters against AWS's published service models, which botocore carries."""

import base64
import binascii
import functools
import re

import botocore.session

from .errors import Refusal

_session = botocore.session.get_session()

# Python's re knows no Unicode properties; these stand for the ones that the models use.
_PROPERTIES = {
    r"\p{L}\p{M}\p{S}\p{N}\p{P}":
        "\x21-\x7e\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
        "\u3001-\U0010ffff",
    r"\p{Z}": " \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}

# Where a service is known to apply another pattern than its model has (by its own error texts).
_SERVICE_PATTERNS = {"PasswordType": r"[\S]+.*[\S]+"}


@functools.cache
def service_model(name):
    return _session.get_service_model(name)


@functools.cache
def _pattern(text):
    for name, ranges in _PROPERTIES.items():
        text = text.replace(name, ranges)
    return re.compile(text)


class Mismatch(Exception):
    """Parameters that the model does not allow; says where and why."""


def check(shape, value, at=""):
    """Mismatch unless value, from JSON, is as shape says: nothing unknown, missing or malformed."""
    _CHECKS[shape.type_name](shape, value, at or "request")


def check_parameters(operation, parameters, code="ValidationException"):
    """check() of a whole request, as a Refusal with the service's code."""
    shape = operation.input_shape
    try:
        if shape is not None:
            check(shape, parameters)
        elif parameters:
            raise Mismatch("no parameters are expected")
    except Mismatch as e:
        raise Refusal(code, str(e)) from None


def _structure(shape, value, at):
    _want(isinstance(value, dict), at, "not an object")
    for name in value:
        _want(name in shape.members, at, f"unknown member {name}")
    for name in shape.required_members:
        _want(value.get(name) is not None, at, f"missing member {name}")
    if shape.is_tagged_union:
        _want(len(value) == 1, at, "a union of exactly one member")
    for name, member in value.items():
        if member is not None:
            check(shape.members[name], member, f"{at}.{name}")


def _list(shape, value, at):
    _want(isinstance(value, list), at, "not a list")
    _check_length(shape, len(value), at)
    for i, member in enumerate(value):
        check(shape.member, member, f"{at}[{i}]")


def _map(shape, value, at):
    _want(isinstance(value, dict), at, "not a map")
    _check_length(shape, len(value), at)
    for name, member in value.items():
        check(shape.key, name, at)
        check(shape.value, member, f"{at}.{name}")


def _string(shape, value, at):
    _want(isinstance(value, str), at, "not a string")
    _want(not any(0xD800 <= ord(c) < 0xE000 for c in value), at, "not Unicode")
    _want(not shape.enum or value in shape.enum, at, f"{value!r} is none of {shape.enum}")
    _check_length(shape, len(value), at)
    pattern = _SERVICE_PATTERNS.get(shape.name, shape.metadata.get("pattern"))
    _want(not pattern or _pattern(pattern).fullmatch(value), at,
          f"does not match the pattern {pattern}")


def _blob(shape, value, at):
    _want(isinstance(value, str), at, "not base64")
    try:
        raw = base64.b64decode(value.encode(), validate=True)
    except (binascii.Error, UnicodeError):
        raise Mismatch(f"{at}: not base64") from None
    _check_length(shape, len(raw), at)


def _integer(shape, value, at):
    _want(type(value) is int, at, "not an integer")
    _check_range(shape, value, at)


def _float(shape, value, at):
    _want(type(value) in (int, float), at, "not a number")
    _check_range(shape, value, at)


def _boolean(_, value, at):
    _want(type(value) is bool, at, "not a boolean")


def _timestamp(_, value, at):
    _want(type(value) in (int, float), at, "not a time in epoch seconds")


_CHECKS = {
    "structure": _structure, "list": _list, "map": _map, "string": _string, "character": _string,
    "blob": _blob, "integer": _integer, "long": _integer, "float": _float, "double": _float,
    "boolean": _boolean, "timestamp": _timestamp,
}


def _want(condition, at, why):
    if not condition:
        raise Mismatch(f"{at}: {why}")


def _check_length(shape, length, at):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    _want(least is None or length >= least, at, f"length {length} is less than {least}")
    _want(most is None or length <= most, at, f"length {length} is more than {most}")


def _check_range(shape, value, at):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    _want(least is None or value >= least, at, f"{value} is less than {least}")
    _want(most is None or value <= most, at, f"{value} is more than {most}")
