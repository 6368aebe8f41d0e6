"""An expression of DynamoDB is parsed once, and not for every item.

AWS: "Key condition expressions for the Query operation in DynamoDB" (Amazon DynamoDB Developer Guide)
Test: lookups.test.ts: a look-up by key takes no longer among thousands

A query reads the items that its key condition admits. MiniStack evaluates the condition for each
item of the table, and parses it each time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from ..patch import Patch
from ..shapes import Original, Record

_KEY_AND_PREFIX = re.compile(r"\s*(\w+)\s*=\s*(:\w+)\s+AND\s+begins_with\s*\(\s*(\w+)\s*,\s*(:\w+)\s*\)\s*")
_DYNAMODB = "ministack.services.dynamodb"

PATCH = Patch(__name__)


@PATCH.edits(f"{_DYNAMODB}._tokenize", digest="86fc0f03")
def _tokenize_once(tokenize: Original) -> Callable[[str], list[Any]]:
    tokens = functools.lru_cache(maxsize=1024)(tokenize)
    return lambda expr: list(tokens(expr))


@PATCH.edits(f"{_DYNAMODB}._condition_syntax_error", digest="6fa7389a")
def _judge_once(syntax_error: Original) -> Original:
    return functools.lru_cache(maxsize=1024)(syntax_error)


_key_and_prefix = functools.lru_cache(maxsize=256)(_KEY_AND_PREFIX.fullmatch)


@PATCH.wraps(f"{_DYNAMODB}._evaluate_condition", digest="37148743")
def _evaluate_condition(
    evaluate: Original,
    expr: str,
    item: Record,
    attr_values: Record,
    attr_names: Record,
    slot: str = "ConditionExpression",
) -> Any:
    plain = _key_and_prefix(expr) if slot == "KeyConditionExpression" else None
    if plain is None:
        return evaluate(expr, item, attr_values, attr_names, slot)
    key, value, sort_key, prefix = plain.groups()
    return item.get(key) == attr_values[value] and item[sort_key]["S"].startswith(attr_values[prefix]["S"])
