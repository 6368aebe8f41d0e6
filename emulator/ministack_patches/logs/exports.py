"""CloudWatch Logs exports a log group to a bucket.

AWS: "CreateExportTask" (Amazon CloudWatch Logs API Reference)
AWS: "DescribeExportTasks" (Amazon CloudWatch Logs API Reference)
AWS: "CancelExportTask" (Amazon CloudWatch Logs API Reference)
Test: copies.test.ts: an export of a log group is listed with its bucket, until it is canceled

Only what the requests say is kept: nothing is exported. MiniStack knows none of these requests.
"""

from __future__ import annotations

from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response, new_uuid

from ..further_requests import answering
from ..patch import Patch
from ..shapes import Answer, Params

PATCH = Patch(__name__, after=["logs.data_protection"])

_tasks: AccountRegionScopedDict = AccountRegionScopedDict()


def _create(data: Params) -> Answer:
    task_id = new_uuid()
    _tasks[task_id] = {"taskId": task_id, "status": {"code": "RUNNING"}, **data}
    return json_response({"taskId": task_id})


def _describe(data: Params) -> Answer:
    return json_response({"exportTasks": list(_tasks.values())})


def _cancel(data: Params) -> Answer:
    task = _tasks.get(data.get("taskId"))
    if task is None:
        not_found: Answer = error_response_json("ResourceNotFoundException", "The specified task does not exist.", 400)
        return not_found
    task["status"] = {"code": "CANCELLED"}
    return json_response({})


PATCH.wraps("ministack.services.cloudwatch_logs.handle_request", digest="7f030364")(
    answering(
        {
            "CreateExportTask": _create,
            "DescribeExportTasks": _describe,
            "CancelExportTask": _cancel,
        }
    )
)
