"""The size of an item is counted once, and not each time that the item is read.

AWS: "DynamoDB item sizes and formats" (Amazon DynamoDB Developer Guide)
Test: test_speed.py: test_the_size_of_an_item_is_counted_once_and_anew_after_a_change

A read or write takes single-digit milliseconds on AWS. MiniStack counts the bytes of each item that a query
reads, and of each that a transaction writes up to three times: it encodes every text and takes every number to
pieces. Equal items have equal sizes, which are kept for the last items.
"""

from __future__ import annotations

import marshal
from collections import OrderedDict
from typing import Any

from ..patch import Patch
from ..shapes import Original

_KEPT = 4096

_sizes: OrderedDict[bytes, int] = OrderedDict()

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.dynamodb._item_size_bytes", digest="5c42b774")
def _size_of_item(count: Original, item: Any) -> int:
    try:
        # A version without references: equal items are written as equal bytes.
        written = marshal.dumps(item, 2)
    except ValueError:
        size: int = count(item)
        return size
    if written not in _sizes:
        _sizes[written] = count(item)
        if len(_sizes) > _KEPT:
            _sizes.popitem(last=False)
    return _sizes[written]
