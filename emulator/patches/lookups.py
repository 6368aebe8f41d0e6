"""What has a name is found by its name, however much else there is.

AWS answers a request for one tenant's resource as fast with a thousand tenants as with one ("Best practices design patterns:
optimizing Amazon S3 performance", "Key concepts" of DynamoDB queries: a query reads the items that its key condition
admits). MiniStack's answers are right, but it walks through everything to find one thing in the places below, asks for
each entry anew whose request this is, parses an expression once for every item, and a policy twice for every request.
"""

from __future__ import annotations

import bisect
import contextvars
import functools
import itertools
import operator
import re
import time
from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator, responses
from ministack.services import cloudwatch_logs, dynamodb, kms, rds, s3, secretsmanager, sts, tagging
from ministack.services.cloudformation import handlers

_SECONDS_BETWEEN_EVICTIONS = 5
_KEY_AND_PREFIX = re.compile(r"\s*(\w+)\s*=\s*(:\w+)\s+AND\s+begins_with\s*\(\s*(\w+)\s*,\s*(:\w+)\s*\)\s*")


def apply() -> None:
    _know_the_caller_once()
    _parse_expressions_once()
    _parse_policies_once()
    _tags_of_one_key()
    _stack_by_id()
    _log_groups_by_prefix()
    _no_database_to_change()
    _secret_by_arn()
    _owner_of_a_bucket()
    _evict_sessions_now_and_then()


def _know_the_caller_once() -> None:
    for store in (responses.AccountScopedDict, responses.AccountRegionScopedDict):
        assert callable(store._prefix) and callable(store._is_mine), f"{store.__name__} has changed"

    by_account, by_region = responses.AccountScopedDict, responses.AccountRegionScopedDict
    by_account.keys, by_account.values, by_account.items = _keys_of_account, _values_of_account, _items_of_account
    by_region.keys, by_region.values, by_region.items = _keys_of_region, _values_of_region, _items_of_region
    for store in (by_account, by_region):
        store.__len__ = lambda self: len(self.keys())
        store.__iter__ = lambda self: iter(self.keys())


# Each walks once, over a copy: another thread may add to the store meanwhile.


def _keys_of_account(self):
    mine = self._prefix()
    return [key for account, key in list(self._data) if account == mine]


def _values_of_account(self):
    mine = self._prefix()
    return [value for (account, _), value in list(self._data.items()) if account == mine]


def _items_of_account(self):
    mine = self._prefix()
    return [(key, value) for (account, key), value in list(self._data.items()) if account == mine]


def _keys_of_region(self):
    mine, here = self._prefix()
    return [key for account, region, key in list(self._data) if region == here and account == mine]


def _values_of_region(self):
    mine, here = self._prefix()
    return [value for (account, region, _), value in list(self._data.items()) if region == here and account == mine]


def _items_of_region(self):
    mine, here = self._prefix()
    return [(key, value) for (account, region, key), value in list(self._data.items()) if region == here and account == mine]


def _parse_expressions_once() -> None:
    assert dynamodb._tokenize.__code__.co_varnames[0] == "expr", "_tokenize takes other arguments now"
    assert dynamodb._condition_syntax_error.__code__.co_varnames[:2] == ("expr", "slot")
    tokens = functools.lru_cache(maxsize=1024)(dynamodb._tokenize)
    dynamodb._tokenize = lambda expr: list(tokens(expr))
    dynamodb._condition_syntax_error = functools.lru_cache(maxsize=1024)(dynamodb._condition_syntax_error)
    evaluate = dynamodb._evaluate_condition
    assert evaluate.__code__.co_varnames[:5] == ("expr", "item", "attr_values", "attr_names", "slot")
    key_and_prefix = functools.lru_cache(maxsize=256)(_KEY_AND_PREFIX.fullmatch)

    def evaluate_condition(expr, item, attr_values, attr_names, slot="ConditionExpression"):
        plain = key_and_prefix(expr) if slot == "KeyConditionExpression" else None
        if plain is None:
            return evaluate(expr, item, attr_values, attr_names, slot)
        key, value, sort_key, prefix = plain.groups()
        return item.get(key) == attr_values[value] and item[sort_key]["S"].startswith(attr_values[prefix]["S"])

    dynamodb._evaluate_condition = evaluate_condition


def _parse_policies_once() -> None:
    parse, names_key = iam_evaluator.parse_policy_document, iam_evaluator._names_condition_key
    assert parse.__code__.co_varnames[0] == "doc", "parse_policy_document takes other arguments now"
    assert names_key.__code__.co_varnames[:2] == ("policies", "prefix")
    parse_text = functools.lru_cache(maxsize=4096)(parse)
    keys: dict[int, tuple[list, set[str]]] = {}

    def condition_keys(statements):
        known = keys.get(id(statements))
        if known is None or known[0] is not statements:
            blocks = [block for each in statements for block in each.conditions.values() if isinstance(block, dict)]
            if len(keys) > 4096:
                keys.clear()
            known = keys[id(statements)] = statements, {key.lower() for block in blocks for key in block}
        return known[1]

    iam_evaluator.parse_policy_document = lambda doc: parse_text(doc) if isinstance(doc, str) else parse(doc)
    iam_evaluator._names_condition_key = lambda policies, prefix: any(
        key.startswith(prefix) for statements in policies for key in condition_keys(statements)
    )
    # Patterns with a tenant's id in them fill a cache that never forgets, and then every pattern is compiled each time.
    iam_evaluator._fnmatch_compile = functools.lru_cache(maxsize=16384)(iam_evaluator._fnmatch_compile)


def _tags_of_one_key() -> None:
    tags_of = tagging.resource_tags
    assert "kms" in tagging._RESOURCE_TAG_COLLECTORS, "tags are collected by other means now"

    def resource_tags(arn):
        if not arn.startswith("arn:aws:kms:"):
            return tags_of(arn)
        key = kms._keys.get(arn.partition(":key/")[2])
        return {tag["TagKey"]: tag["TagValue"] for tag in key.get("Tags", [])} if key and key["Arn"] == arn else None

    tagging.resource_tags = resource_tags


def _stack_by_id() -> None:
    from ministack.services import cloudformation

    describe = handlers._describe_stacks
    assert describe.__code__.co_varnames[0] == "params", "_describe_stacks takes other arguments now"

    def describe_stacks(params):
        stack_id = handlers._p(params, "StackName")
        parts = stack_id.split("/")
        stack = cloudformation._stacks.get(parts[1]) if stack_id.startswith("arn:") and len(parts) == 3 else None
        if stack is not None and stack.get("StackId") == stack_id and stack.get("StackStatus") != "DELETE_COMPLETE":
            return describe({**params, "StackName": [parts[1]]})
        return describe(params)

    handlers._describe_stacks = handlers._ACTION_HANDLERS["DescribeStacks"] = describe_stacks


_name_of = operator.itemgetter(2)


def _log_groups_by_prefix() -> None:
    describe, groups = cloudwatch_logs._describe_log_groups, cloudwatch_logs._log_groups
    prefix: contextvars.ContextVar[str] = contextvars.ContextVar("prefix", default="")
    changes = itertools.count(1)
    state: dict[str, Any] = {"change": 0, "sorted_at": None, "sorted": []}

    def in_order(data: dict) -> list:
        change = state["change"]
        if state["sorted_at"] != change:
            state.update(sorted=sorted(list(data), key=_name_of), sorted_at=change)
        return state["sorted"]

    def noticed(method: str) -> Callable:
        change = getattr(type(groups), method)

        def change_noticed(self, *args, **kwargs):
            try:
                return change(self, *args, **kwargs)
            finally:
                state["change"] = next(changes)

        return change_noticed

    class LogGroups(type(groups)):
        __slots__ = ()

        def keys(self):
            wanted, (mine, here) = prefix.get(), self._prefix()
            if not wanted:
                return super().keys()
            ordered = in_order(self._data)
            named = itertools.takewhile(
                lambda key: key[2].startswith(wanted), ordered[bisect.bisect_left(ordered, wanted, key=_name_of) :]
            )
            return [key[2] for key in named if key[:2] == (mine, here) and key in self._data]

    def describe_with_prefix(data):
        token = prefix.set(data.get("logGroupNamePrefix") or "")
        try:
            return describe(data)
        finally:
            prefix.reset(token)

    for method in ("__setitem__", "__delitem__", "set_scoped", "setdefault", "update", "pop", "pop_scoped", "clear"):
        setattr(LogGroups, method, noticed(method))
    groups.__class__ = LogGroups
    cloudwatch_logs._describe_log_groups = describe_with_prefix


def _no_database_to_change() -> None:
    assert rds._apply_parameter_group_changes.__code__.co_varnames[0] == "group_name", "parameters are applied elsewhere now"
    # Without Docker no instance is a server: there is nothing to apply a parameter to.
    rds._apply_parameter_group_changes = lambda *_, **__: None


def _secret_by_arn() -> None:
    resolve = secretsmanager._resolve
    random_suffix = len("-A1B2C3")

    def resolve_directly(secret_id, **scope):
        name = secret_id.partition(":secret:")[2][:-random_suffix] if secret_id else ""
        secret = secretsmanager._secrets.get(name) if name else None
        return (name, secret) if secret and secret["ARN"] == secret_id else resolve(secret_id, **scope)

    secretsmanager._resolve = resolve_directly


def _owner_of_a_bucket() -> None:
    owner = s3._bucket_owner_account
    assert owner.__code__.co_varnames[0] == "name", "_bucket_owner_account takes other arguments now"
    s3._bucket_owner_account = lambda name: responses.get_account_id() if name in s3._buckets else owner(name)


def _evict_sessions_now_and_then() -> None:
    evict = sts._evict_expired_sessions
    last = [0.0]

    def evict_now_and_then():
        if time.monotonic() - last[0] > _SECONDS_BETWEEN_EVICTIONS:
            last[0] = time.monotonic()
            evict()

    sts._evict_expired_sessions = evict_now_and_then
