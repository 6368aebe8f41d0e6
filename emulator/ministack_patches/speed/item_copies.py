"""An item is copied as the plain data that it is.

AWS: "What is Amazon DynamoDB?" (Amazon DynamoDB Developer Guide)
Test: test_speed.py: test_an_item_is_copied_whole_and_without_a_search_for_what_is_shared

A write takes single-digit milliseconds on AWS. MiniStack copies an item up to ten times for a write
in a transaction, with a general copy that looks at each value for what other values share with it.
An item is made of dictionaries, lists and texts, and nothing is shared.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

from ..patch import Patch
from ..shapes import Original

_PLAIN = (str, int, float, bool, bytes, type(None))

PATCH = Patch(__name__)


@PATCH.edits("ministack.services.dynamodb.copy", digest="120970d8")
def _copying(_: Original) -> Any:
    return SimpleNamespace(deepcopy=_copied)


def _copied(value: Any) -> Any:
    """Of the types themselves alone: a store of MiniStack's is a dictionary with more to it."""
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    if type(value) is list:
        return [_copied(each) for each in value]
    return value if type(value) in _PLAIN else copy.deepcopy(value)
