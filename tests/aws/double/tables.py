"""DynamoDB: asks the policies, then leaves the work to DynamoDB Local (or moto)."""

from . import ACCOUNT, REGION
from .access import require
from .errors import Refusal

OF_ONE_TABLE = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "CreateTable",
                "DeleteTable", "DescribeTable", "UpdateTimeToLive", "DescribeTimeToLive"}
TRANSACTION_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem",
                       "ConditionCheck": "ConditionCheckItem", "Get": "GetItem"}


def _arn(table):
    prefix = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
    return table if table.startswith(prefix) else prefix + table


def _actions(operation, p):
    """The (action, resource) pairs that the caller needs to be allowed."""
    if operation in OF_ONE_TABLE:
        index = f"/index/{p['IndexName']}" if "IndexName" in p else ""
        return [(operation, _arn(p["TableName"]) + index)]
    if operation == "ListTables":
        return [(operation, "*")]
    if operation in ("BatchGetItem", "BatchWriteItem"):
        return [(operation, _arn(table)) for table in p["RequestItems"]]
    if operation in ("TransactWriteItems", "TransactGetItems"):
        return [(TRANSACTION_ACTIONS[kind], _arn(action["TableName"]))
                for item in p["TransactItems"] for kind, action in item.items()]
    raise Refusal("UnknownOperationException", f"The double has no {operation}")


class Tables:
    """backend: answers requests to DynamoDB."""

    name = "dynamodb"

    def __init__(self, backend):
        self._backend = backend

    def answer(self, request, operation, parameters, session):
        for action, resource in _actions(operation, parameters):
            require(session, f"dynamodb:{action}", resource)
        return self._backend.answer(request)


def conflict(parameters):
    """The body that cancels a transaction because another one holds its first item."""
    count = len(parameters.get("TransactItems", ()))
    codes = ["TransactionConflict"] + ["None"] * (count - 1)
    reasons = [{"Code": c} | ({"Message": "Transaction is ongoing for the item"}
                              if c != "None" else {}) for c in codes]
    return {"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific "
                       f"reasons [{', '.join(codes)}]",
            "CancellationReasons": reasons}
