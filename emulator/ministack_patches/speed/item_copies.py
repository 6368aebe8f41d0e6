"""An item is copied as the plain data that it is.

AWS: "What is Amazon DynamoDB?" (Amazon DynamoDB Developer Guide)
Test: test_speed.py: test_an_item_is_copied_whole_and_without_a_search_for_what_is_shared

A write takes single-digit milliseconds on AWS. MiniStack copies an item up to ten times for a write
in a transaction, with a general copy that looks at each value for what other values share with it.
An item is made of dictionaries, lists and texts, and nothing is shared: it is copied as one piece of bytes.
"""

from __future__ import annotations

import copy
import marshal
from types import SimpleNamespace
from typing import Any

from ..patch import Patch
from ..shapes import Original

PATCH = Patch(__name__)


@PATCH.edits("ministack.services.dynamodb.copy", digest="120970d8")
def _copying(_: Original) -> Any:
    return SimpleNamespace(deepcopy=_copied)


def _copied(value: Any) -> Any:
    """Of plain data, written and read as one piece; a store of MiniStack's is a dictionary with more to it."""
    try:
        return marshal.loads(marshal.dumps(value))
    except ValueError:
        return copy.deepcopy(value)
