"""`dynamodb:LeadingKeys` is the partition key of each item that a request names.

AWS: "Using IAM policy conditions for fine-grained access control" (Amazon DynamoDB Developer Guide)
AWS: "Actions, resources, and condition keys for Amazon DynamoDB" (Service Authorization Reference)
Test: permissions.test.ts: items of a table by their partition keys, of a query and a transaction as well

A scan names no item, so it has no such key. Of a transaction every item's operation sees the keys of
all items: AWS documents no more. MiniStack's requests have none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack.services import dynamodb

from ..patch import Patch
from ..shapes import Original, Record

PATCH = Patch(__name__)


@PATCH.wraps("ministack.core.iam_actions.dynamodb_service_context", digest="f4a67d05")
def _with_leading_keys(context_of: Original, body: bytes) -> Record:
    context: Record = context_of(body)
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return context
    keys = [str(value) for key in _keys_in(request) for value in key.values()]
    return {**context, "dynamodb:LeadingKeys": keys} if keys else context


def _keys_in(request: Record) -> Iterator[dict[str, Any]]:
    """Values of partition keys, as DynamoDB has them: by their type."""
    for operation in _operations_in(request):
        name = _partition_key(operation)
        key = operation.get("Key") or operation.get("Item") or {}
        value = key.get(name) or _queried(operation, name)
        if value:
            yield value


def _operations_in(request: Record) -> Iterator[Record]:
    if "TableName" in request:
        yield request
    for item in request.get("TransactItems", []):
        yield from item.values()
    for table, asked in (request.get("RequestItems") or {}).items():
        if isinstance(asked, dict):
            yield from ({"TableName": table, "Key": key} for key in asked.get("Keys", []))
        else:
            yield from ({"TableName": table, **each} for write in asked for each in write.values())


def _partition_key(operation: Record) -> str:
    table = dynamodb._tables.get(str(operation.get("TableName", "")).rsplit("/", 1)[-1]) or {}
    index = operation.get("IndexName")
    indexes = [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("LocalSecondaryIndexes") or [])]
    schemas = [each["KeySchema"] for each in indexes if each.get("IndexName") == index] if index else []
    schema = schemas[0] if schemas else table.get("KeySchema", [])
    return next((str(each["AttributeName"]) for each in schema if each["KeyType"] == "HASH"), "")


def _queried(operation: Record, name: str) -> dict[str, Any] | None:
    """A query's condition is an equality of the partition key, and perhaps one of the sort key."""
    names = operation.get("ExpressionAttributeNames") or {}
    values = operation.get("ExpressionAttributeValues") or {}
    for left, right in re.findall(r"([#\w]+)\s*=\s*(:\w+)", operation.get("KeyConditionExpression", "")):
        if names.get(left, left) == name:
            value: dict[str, Any] | None = values.get(right)
            return value
    return None
