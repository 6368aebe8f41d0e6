"""An event that has been delivered is forgotten.

AWS: "Amazon EventBridge event buses" (Amazon EventBridge User Guide): a bus routes an event and keeps none; an archive does, where
one was asked for. MiniStack appends every event to a list that nothing reads, which grows with each onboarding.
"""

from __future__ import annotations

from collections import deque

from ministack.services import eventbridge


def apply() -> None:
    assert eventbridge._events_log_list.__code__.co_argcount == 0, "events are kept by other means now"
    eventbridge._events_log_list = lambda: deque(maxlen=0)
