"""What the real provider would do with each type of resource that our Terraform files use: the
calls that make it, those that remove it, and the attributes that come of it. The types are in
services.py and network.py; one that is in neither is an error, so that nothing is passed over."""

import pathlib

_CREATE, _DELETE, _READ = {}, {}, {}


def carry_out(cloud, operation, of, values, directory):
    """One operation of the stub provider."""
    table = {"create": _CREATE, "delete": _DELETE, "read": _READ}[operation]
    if of not in table:
        raise NotImplementedError(f"no {operation} for {of} in tests/infra")
    if operation == "create" and "filename" in values:
        values["filename"] = str(pathlib.Path(directory, values["filename"]))
    client = cloud.only_checked if of in _NOT_IN_MOTO else cloud.client
    return table[of](client, values) or {}


_NOT_IN_MOTO = {"aws_cognito_identity_pool_provider_principal_tag",
                "aws_cognito_identity_pool_roles_attachment"}


def creates(of):
    return lambda f: _CREATE.setdefault(of, f)


def reads(of):
    return lambda f: _READ.setdefault(of, f)


def deletes(of):
    return lambda f: _DELETE.setdefault(of, f)


def deletes_nothing(*types):
    for of in types:
        _DELETE[of] = lambda client, v: None


def given(**arguments):
    """Without those that are None or empty, which Terraform does not send."""
    return {k: v for k, v in arguments.items() if v not in (None, "", [], {})}


def one(blocks):
    return blocks[0] if blocks else {}


def tags(v, key="Key", value="Value"):
    return [{key: k, value: x} for k, x in (v.get("tags") or {}).items()]
