"""A store asks once whose request this is, and not anew for each of its entries.

AWS: "AWS account identifiers" (AWS Account Management Reference Guide)
Test: test_speed.py: test_a_store_shows_the_entries_of_its_account_and_region

What belongs to another account or Region does not slow down an answer on AWS. MiniStack keeps the
entries of all accounts and Regions in one dictionary, and asks for each entry whose request this
is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..patch import Patch

_BY_ACCOUNT = "ministack.core.responses.AccountScopedDict"
_BY_REGION = "ministack.core.responses.AccountRegionScopedDict"

PATCH = Patch(__name__)


@PATCH.replaces(f"{_BY_ACCOUNT}.__len__", digest="aab515a0")
def _length_of_account(self: Any) -> int:
    return len(self.keys())


@PATCH.replaces(f"{_BY_REGION}.__len__", digest="aab515a0")
def _length_of_region(self: Any) -> int:
    return len(self.keys())


@PATCH.replaces(f"{_BY_ACCOUNT}.__iter__", digest="136d6f3b")
def _each_of_account(self: Any) -> Iterator[Any]:
    return iter(self.keys())


@PATCH.replaces(f"{_BY_REGION}.__iter__", digest="136d6f3b")
def _each_of_region(self: Any) -> Iterator[Any]:
    return iter(self.keys())


# Each walks once, over a copy: another thread may add to the store meanwhile.


@PATCH.replaces(f"{_BY_ACCOUNT}.keys", digest="395e9f70")
def _keys_of_account(self: Any) -> list[Any]:
    mine = self._prefix()
    return [key for account, key in list(self._data) if account == mine]


@PATCH.replaces(f"{_BY_ACCOUNT}.values", digest="c267ee0b")
def _values_of_account(self: Any) -> list[Any]:
    mine = self._prefix()
    return [value for (account, _), value in list(self._data.items()) if account == mine]


@PATCH.replaces(f"{_BY_ACCOUNT}.items", digest="3ba8c03a")
def _items_of_account(self: Any) -> list[Any]:
    mine = self._prefix()
    return [(key, value) for (account, key), value in list(self._data.items()) if account == mine]


@PATCH.replaces(f"{_BY_REGION}.keys", digest="395e9f70")
def _keys_of_region(self: Any) -> list[Any]:
    mine, here = self._prefix()
    return [key for account, region, key in list(self._data) if region == here and account == mine]


@PATCH.replaces(f"{_BY_REGION}.values", digest="c267ee0b")
def _values_of_region(self: Any) -> list[Any]:
    mine, here = self._prefix()
    return [value for (account, region, _), value in list(self._data.items()) if region == here and account == mine]


@PATCH.replaces(f"{_BY_REGION}.items", digest="3ba8c03a")
def _items_of_region(self: Any) -> list[Any]:
    mine, here = self._prefix()
    entries = list(self._data.items())
    return [(key, value) for (account, region, key), value in entries if region == here and account == mine]
