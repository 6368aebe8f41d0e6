"""An alarm tells since when it is in its state.

AWS: "MetricAlarm" (Amazon CloudWatch API Reference)
Test: load-balancer.test.ts: an alarm tells when its state changed last, and not when it was set again

StateTransitionedTimestamp is the time of the last change, StateUpdatedTimestamp that of the last evaluation. MiniStack
has the first for composite alarms alone, in whole seconds.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import cloudwatch

from ..patch import Patch
from ..shapes import Original

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.cloudwatch._record_history", digest="286ad2f5")
def _record_history(record: Original, name: str, old: str, new: str, *args: Any, **kwargs: Any) -> None:
    alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
    if alarm is not None and old != new:
        alarm["StateTransitionedTimestamp"] = time.time()
    record(name, old, new, *args, **kwargs)
