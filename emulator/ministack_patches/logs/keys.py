"""A log group that exists gets another key, or none.

AWS: "AssociateKmsKey" (Amazon CloudWatch Logs API Reference)
AWS: "DisassociateKmsKey" (Amazon CloudWatch Logs API Reference)
Test: further-changes.test.ts: a log group gets another key, and none

MiniStack knows neither request.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs

from ..patch import Patch
from ..shapes import Answer, Original, Params

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.cloudwatch_logs.handle_request", digest="7f030364")
async def _handle_request(
    handle: Original, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params
) -> Answer:
    handler = _HANDLERS.get(headers.get("x-amz-target", "").split(".")[-1])
    if handler is None:
        answer: Answer = await handle(method, path, headers, body, query_params)
        return answer
    return handler(json.loads(body or "{}"))


def _with_key(data: Params, key: str | None) -> Answer:
    group = cloudwatch_logs._log_groups.get(data.get("logGroupName"))
    if group is None:
        return error_response_json("ResourceNotFoundException", "The specified log group does not exist.", 400)
    group["kmsKeyId"] = key
    return json_response({})


def _associate_key(data: Params) -> Answer:
    return _with_key(data, data.get("kmsKeyId"))


def _disassociate_key(data: Params) -> Answer:
    return _with_key(data, None)


_HANDLERS: dict[str, Callable[[Params], Answer]] = {
    "AssociateKmsKey": _associate_key,
    "DisassociateKmsKey": _disassociate_key,
}
