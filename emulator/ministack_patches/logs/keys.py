"""A log group that exists gets another key, or none.

AWS: "AssociateKmsKey" (Amazon CloudWatch Logs API Reference)
AWS: "DisassociateKmsKey" (Amazon CloudWatch Logs API Reference)
Test: further-changes.test.ts: the key of a log group can be changed and removed

MiniStack knows neither request.
"""

from __future__ import annotations

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs

from ..further_requests import answering
from ..patch import Patch
from ..shapes import Answer, Params

PATCH = Patch(__name__)


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


PATCH.wraps("ministack.services.cloudwatch_logs.handle_request", digest="7f030364")(
    answering(
        {
            "AssociateKmsKey": _associate_key,
            "DisassociateKmsKey": _disassociate_key,
        }
    )
)
