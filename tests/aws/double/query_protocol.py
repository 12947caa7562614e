"""The query protocol of SNS and STS: form fields in, XML out, both by AWS's models."""

from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from .errors import Refusal


def read_parameters(service_model, body):
    """(operation model, parameters) of a form-encoded body."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    except (ValueError, UnicodeError):
        raise Refusal("MalformedQueryString", "The body is no form") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refusal("MalformedQueryString", "A parameter is repeated")
    name = fields.pop("Action", "")
    if fields.pop("Version", None) != service_model.api_version:
        raise Refusal("NoSuchVersion", "Version is missing or another")
    if name not in service_model.operation_names:
        raise Refusal("InvalidAction", f"The action {name} is not valid for this endpoint.")
    operation = service_model.operation_model(name)
    tree = {}
    for field, value in fields.items():
        node = tree
        *path, last = field.split(".")
        for part in path:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise Refusal("MalformedQueryString", field)
        if last in node:
            raise Refusal("MalformedQueryString", field)
        node[last] = value
    if operation.input_shape is None:
        return operation, tree
    return operation, _value(operation.input_shape, tree, "request")


def _value(shape, node, at):
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, _tree(node, at), at)
    if kind == "list":
        items = _numbered(node, "member", at)
        return [_value(shape.member, item, at) for item in items]
    if kind == "map":
        entries = _numbered(node, "entry", at)
        return {_value(shape.key, e.get("key"), at): _value(shape.value, e.get("value"), at)
                for e in (_tree(e, at) for e in entries)}
    if not isinstance(node, str):
        raise Refusal("ValidationError", f"{at} must be a plain value")
    if kind == "boolean":
        if node not in ("true", "false"):
            raise Refusal("ValidationError", f"{at} must be true or false")
        return node == "true"
    if kind in ("integer", "long"):
        try:
            return int(node)
        except ValueError:
            raise Refusal("ValidationError", f"{at} must be a number") from None
    return node


def _structure(shape, node, at):
    names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    unknown = set(node) - set(names)
    if unknown:
        raise Refusal("ValidationError", f"{at}: unknown {', '.join(sorted(unknown))}")
    return {names[n]: _value(shape.members[names[n]], v, f"{at}.{n}") for n, v in node.items()}


def _tree(node, at):
    if not isinstance(node, dict):
        raise Refusal("ValidationError", f"{at} is not a plain value")
    return node


def _numbered(node, name, at):
    """The items of {name: {"1": …, "2": …}}, in order and without gaps."""
    items = _tree(_tree(node, at).get(name, {}), at)
    if set(node) - {name} or sorted(items) != sorted(str(i + 1) for i in range(len(items))):
        raise Refusal("ValidationError", f"{at} is not numbered from 1")
    return [items[str(i + 1)] for i in range(len(items))]


def write_answer(operation, answer, request_id):
    namespace = operation.service_model.metadata["xmlNamespace"]
    result = ""
    if operation.output_shape is not None:
        wrapper = operation.output_shape.serialization["resultWrapper"]
        result = f"<{wrapper}>{_xml(operation.output_shape, answer)}</{wrapper}>"
    return (f'<{operation.name}Response xmlns="{namespace}">{result}<ResponseMetadata><RequestId>'
            f"{request_id}</RequestId></ResponseMetadata></{operation.name}Response>").encode()


def _xml(shape, value):
    kind = shape.type_name
    if kind == "structure":
        parts = []
        for name, member in value.items():
            tag = shape.members[name].serialization.get("name", name)
            parts.append(f"<{tag}>{_xml(shape.members[name], member)}</{tag}>")
        return "".join(parts)
    if kind == "list":
        return "".join(f"<member>{_xml(shape.member, v)}</member>" for v in value)
    if kind == "map":
        return "".join(f"<entry><key>{_xml(shape.key, k)}</key><value>{_xml(shape.value, v)}"
                       "</value></entry>" for k, v in value.items())
    if kind == "boolean":
        return "true" if value else "false"
    return escape(str(value))
