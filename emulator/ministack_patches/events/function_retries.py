"""A function that fails on an event is tried again, twice.

AWS: "How Lambda handles errors and retries with asynchronous invocation" (AWS Lambda Developer Guide)
Test: injected-faults.test.ts: a function that fails on an event is called again twice

EventBridge invokes functions asynchronously. Lambda tries a failed event again two times, a minute
and then two minutes later, unless the function says otherwise, and hands what still fails to its
dead-letter queue or failure destination. MiniStack does that for other sources, a second and two
seconds later, and tries an EventBridge event once.
"""

from __future__ import annotations

import json

from ministack.services import eventbridge, lambda_svc

from ..patch import Patch

PATCH = Patch(__name__)


@PATCH.replaces("ministack.services.eventbridge._dispatch_to_lambda", digest="cb1c453d")
def _dispatch_to_lambda(arn: str, payload: str) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        eventbridge.logger.warning("EventBridge: function %s not found", name)
        return
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))
