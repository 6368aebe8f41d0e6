"""When rules with a schedule fire, which a test through the AWS SDK would have to wait a minute for."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("patched")


def test_a_rule_with_a_schedule_fires_when_it_is_due_and_not_while_schedules_are_paused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import eventbridge

    from ministack_patches.controls.routes import ROUTES

    key = (get_account_id(), get_region(), "default|often")
    arn = f"arn:aws:events:{get_region()}:{get_account_id()}:rule/often"
    rule = {"Arn": arn, "State": "ENABLED", "ScheduleExpression": "rate(1 minute)", "CreationTime": 0}
    fired: list[Any] = []
    monkeypatch.setattr(eventbridge, "_invoke_target", lambda target, *_: fired.append(target["Id"]))
    monkeypatch.setattr(eventbridge._rules, "_data", {key: rule})
    monkeypatch.setattr(eventbridge._targets, "_data", {key: [{"Id": "target"}]})
    monkeypatch.setattr(eventbridge, "_rule_last_fired", {})

    schedules = ROUTES["/_local/schedules"]
    schedules({"paused": True})
    eventbridge._tick_scheduled_rules()
    assert fired == []
    assert b'"paused": true' in schedules({})[2]
    schedules({"paused": False})
    for _ in range(2):
        eventbridge._tick_scheduled_rules()
    assert fired == ["target"]
