"""An ended execution has ended some days earlier.

AWS: none: a control for tests, which cannot wait for the end of the fourteen days in which an execution can be redriven
Test: redrive.test.ts: is refused for an execution that runs, has succeeded, is older than 14 days, is Express or does not exist

`POST /_local/executions/age {"executionArn", "days"}` lets an ended execution have started and
ended so many days earlier.
"""

from __future__ import annotations

from datetime import timedelta

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Answer, Record
from ..stepfunctions.redrive import time_of, why_not
from ..stepfunctions.run import runs
from .routes import route

PATCH = Patch(__name__)


@PATCH.adds(route("/_local/executions/age"))
def _age(data: Record) -> Answer:
    execution = sfn._executions.get(data["executionArn"])
    if execution is None or not execution["stopDate"]:
        return error_response_json("ExecutionDoesNotExist", "no ended execution has this ARN", 400)
    for name in ("startDate", "stopDate"):
        execution[name] = (time_of(execution[name]) - timedelta(days=data["days"])).isoformat()
    if why_not(execution):
        runs.pop(execution["executionArn"], None)
    return json_response({})
