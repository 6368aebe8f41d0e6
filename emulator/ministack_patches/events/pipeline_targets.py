"""A rule starts a pipeline, with the source revisions that its input names and with the permissions of the target's role.

AWS: "Amazon ECR source actions and EventBridge resources" (AWS CodePipeline User Guide)
AWS: "Event bus targets in Amazon EventBridge" (Amazon EventBridge User Guide)
Test: codepipeline.test.ts: a pushed image starts the pipeline, which releases the digest of that push after an approval
Test: codepipeline.test.ts: a rule whose role may not start the pipeline starts nothing

MiniStack knows no such target.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import eventbridge

from ..codepipeline.model import pipeline_named
from ..codepipeline.requests import begin
from ..further_services import Refused
from ..patch import Patch
from ..role_permissions import refusal
from ..shapes import Original, Record

_EVENTBRIDGE = "ministack.services.eventbridge"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_EVENTBRIDGE}._invoke_target", digest="56075a7d")
def _invoke(invoke: Original, target: Record, event: Record, rule: Record, view: Any = None) -> None:
    arn = target.get("Arn", "")
    if not arn.startswith("arn:aws:codepipeline:"):
        invoke(target, event, rule, view)
        return
    view = view or eventbridge._pattern_event_view(event)
    transformer = target.get("InputTransformer")
    # Without an input of its own the target gets the event, which names no revisions.
    given = eventbridge._apply_input_transformer(transformer, rule, view) if transformer else target.get("Input", "{}")
    refused = refusal(
        target.get("RoleArn") or "arn:aws:iam:::role/none", "codepipeline:StartPipelineExecution", arn, "events"
    )
    if refused:
        eventbridge.logger.warning("EventBridge: pipeline not started: %s", refused)
        return
    trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": rule.get("Arn", "")}
    try:
        begin(pipeline_named(arn.rsplit(":", 1)[-1]), json.loads(given), trigger)
    except Refused as reason:
        eventbridge.logger.warning("EventBridge: pipeline %s not started: %s", arn, reason)
