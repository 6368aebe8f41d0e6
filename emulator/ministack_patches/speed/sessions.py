"""Expired sessions are looked for now and then, and not whenever a role is assumed.

AWS: "Temporary security credentials in IAM" (IAM User Guide)
Test: test_speed.py: test_expired_sessions_are_looked_for_now_and_then

After credentials expire, AWS does not recognize them any more. MiniStack refuses expired ones by their
time; besides, whenever a role is assumed, it looks through all sessions to forget the expired ones.
"""

from __future__ import annotations

import time

from ..patch import Patch
from ..shapes import Original

_SECONDS_BETWEEN_EVICTIONS = 5.0

_last = [0.0]

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.sts._evict_expired_sessions", digest="8c71d4ed")
def _evict_now_and_then(evict: Original) -> None:
    if time.monotonic() - _last[0] > _SECONDS_BETWEEN_EVICTIONS:
        _last[0] = time.monotonic()
        evict()
