"""Log groups are found by the beginning of their names, however many there are.

AWS: "DescribeLogGroups" (Amazon CloudWatch Logs API Reference)
Test: test_speed.py: test_log_groups_of_a_prefix_are_found_among_ordered_names

MiniStack walks through all log groups to find those with one prefix. Here they are kept in order of
their names.
"""

from __future__ import annotations

import bisect
import contextvars
import itertools
import operator
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs

from ..patch import Patch
from ..shapes import Answer, Original, Record

_CHANGES = ("__setitem__", "__delitem__", "set_scoped", "setdefault", "update", "pop", "pop_scoped", "clear")
_name_of = operator.itemgetter(2)
_prefix: contextvars.ContextVar[str] = contextvars.ContextVar("prefix", default="")

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.cloudwatch_logs._describe_log_groups", digest="390a9fcc")
def _describe_with_prefix(describe: Original, data: Record) -> Answer:
    token = _prefix.set(data.get("logGroupNamePrefix") or "")
    try:
        answer: Answer = describe(data)
        return answer
    finally:
        _prefix.reset(token)


class _InOrder:
    """Keys of a store in order of their names, sorted again when the store has changed."""

    def __init__(self) -> None:
        self._changes = itertools.count(1)
        self._change = 0
        self._sorted_at = -1
        self._sorted: list[Any] = []

    def changed(self) -> None:
        self._change = next(self._changes)

    def keys(self, data: dict[Any, Any]) -> list[Any]:
        change = self._change
        if self._sorted_at != change:
            self._sorted, self._sorted_at = sorted(data, key=_name_of), change
        return self._sorted


def _ordered(base: type) -> type:
    """The class of a store that finds the keys with the prefix of the request at hand."""
    order = _InOrder()

    class Ordered(base):
        __slots__ = ()

        def keys(self) -> list[Any]:
            wanted, (mine, here) = _prefix.get(), self._prefix()
            if not wanted:
                return list(super().keys())
            ordered = order.keys(self._data)
            named = itertools.takewhile(
                lambda key: key[2].startswith(wanted), ordered[bisect.bisect_left(ordered, wanted, key=_name_of) :]
            )
            return [key[2] for key in named if key[:2] == (mine, here) and key in self._data]

    def noticed(change: Original) -> Callable[..., Any]:
        def change_noticed(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return change(self, *args, **kwargs)
            finally:
                order.changed()

        return change_noticed

    for method in _CHANGES:
        setattr(Ordered, method, noticed(getattr(base, method)))
    return Ordered


@PATCH.when_applied
def _order_log_groups() -> None:
    groups = cloudwatch_logs._log_groups
    groups.__class__ = _ordered(type(groups))
