"""A time that many requests tell is written once.

AWS: "Common Response Headers" (Amazon S3 API Reference)
AWS: "AWS global condition context keys" (IAM User Guide)
Test: test_speed.py: test_a_time_is_written_once

Each answer has a date, which is the same for a second, and a session has one time of issue for as long as it lasts.
MiniStack writes both anew for each request.
"""

from __future__ import annotations

import datetime
import functools
import time
from typing import Any

from ..patch import Patch, with_substitutions
from ..shapes import Original

_EVALUATOR = "ministack.core.iam_evaluator"
_ISSUED = """_dt.datetime.fromtimestamp(
                session["IssuedAt"], _dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")"""

PATCH = Patch(__name__)


@PATCH.wraps("ministack.app.formatdate", digest="9ef6a83c")
def _date(formatdate: Original, *args: Any, **named: Any) -> str:
    if args or named != {"usegmt": True}:
        return str(formatdate(*args, **named))
    return _date_of(formatdate, int(time.time()))


@functools.lru_cache(maxsize=4)
def _date_of(formatdate: Original, second: int) -> str:
    return str(formatdate(second, usegmt=True))


@PATCH.adds(f"{_EVALUATOR}._issued_at")
@functools.lru_cache(maxsize=4096)
def _issued_at(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@PATCH.edits(f"{_EVALUATOR}._principal_keys", digest="e0a1d83e")
def _principal_keys(keys_of: Original) -> Original:
    return with_substitutions(keys_of, (_ISSUED, '_issued_at(session["IssuedAt"])'))
