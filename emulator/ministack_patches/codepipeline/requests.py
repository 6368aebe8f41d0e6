"""CodePipeline runs the stages of a pipeline: an image of ECR, an approval, executions of Step Functions.

AWS: "How pipeline executions work" (AWS CodePipeline User Guide)
AWS: "Amazon ECR source action reference" (AWS CodePipeline User Guide)
AWS: "AWS Step Functions invoke action reference" (AWS CodePipeline User Guide)
AWS: "Approve or reject an approval action in CodePipeline" (AWS CodePipeline User Guide)
AWS: "JSON data format for manual approval notifications in CodePipeline" (AWS CodePipeline User Guide)
AWS: "Stop a pipeline execution in CodePipeline" (AWS CodePipeline User Guide)
AWS: "GetPipelineState" (AWS CodePipeline API Reference)
Test: codepipeline.test.ts: a pushed image starts the pipeline, which releases the digest of that push after an approval
Test: codepipeline.test.ts: an approval that waits is told to its topic, with what the template says of the image
Test: codepipeline.test.ts: a rejected approval fails the execution, and a token is good for one answer
Test: codepipeline.test.ts: in QUEUED mode an execution waits for the one before; in SUPERSEDED mode the newest wins
Test: codepipeline.test.ts: a stopped execution is Stopped, with its action Abandoned, and the next one goes on
Test: codepipeline.test.ts: a failed execution of the machine fails the action, and a retried stage starts a second one
Test: codepipeline.test.ts: a call that the role does not allow fails the action

Sources other than ECR, builds, artifacts, conditions, rollbacks and disabled transitions are not emulated: a pipeline
with another action is refused when it is made. MiniStack has no CodePipeline.
"""

from __future__ import annotations

import copy
import time

from ministack.core.iam_evaluator import request_caller_arn
from ministack.core.responses import get_account_id, get_region

from ..further_services import Handler, Refused, serve
from ..patch import Patch
from ..shapes import Record
from .actions import PROVIDERS
from .descriptions import action_state, execution_of_request, stage_state, summary
from .model import Pipeline, execution_of, named, pipeline_named, pipelines
from .runs import retry, start, stop

Headers = dict[str, str]

PATCH = Patch(__name__)

PATCH.adds("ministack.core.iam_actions.SERVICE_TO_IAM_NAMESPACE[codepipeline]")("codepipeline")


def make_pipeline(declaration: Record) -> Pipeline:
    """A new pipeline begins an execution at once ("CreatePipeline"). @throws Refused"""
    _require_valid(declaration)
    name = declaration["name"]
    if name in pipelines():
        raise Refused("PipelineNameInUseException", f"A pipeline with the name '{name}' already exists")
    arn = f"arn:aws:codepipeline:{get_region()}:{get_account_id()}:{name}"
    pipeline = pipelines()[name] = Pipeline(copy.deepcopy(declaration), arn)
    start(pipeline, {"triggerType": "CreatePipeline", "triggerDetail": ""}, {})
    return pipeline


def change_pipeline(declaration: Record) -> Pipeline:
    """@throws Refused"""
    _require_valid(declaration)
    pipeline = pipeline_named(declaration["name"])
    with pipeline.guard:
        pipeline.declaration, pipeline.updated = copy.deepcopy(declaration), time.time()
        pipeline.version += 1
    return pipeline


def remove_pipeline(name: str) -> None:
    pipeline = pipelines().pop(name, None)
    if pipeline is None:
        return
    for execution in pipeline.executions:
        if execution.active:
            stop(pipeline, execution, "the pipeline was deleted", abandon=True)


def begin(pipeline: Pipeline, request: Record, trigger: Record) -> str:
    """@returns the id of the execution @throws Refused"""
    overrides = {}
    for revision in request.get("sourceRevisions") or []:
        named(pipeline.stages[0]["actions"], revision["actionName"], "ActionNotFoundException")
        if revision["revisionType"] != "IMAGE_DIGEST":
            raise Refused("ValidationException", f"{revision['revisionType']} is no revision of an image")
        overrides[revision["actionName"]] = revision["revisionValue"]
    return start(pipeline, trigger, overrides).id


def _require_valid(declaration: Record) -> None:
    for stage in declaration["stages"]:
        for action in stage["actions"]:
            kind = action["actionTypeId"]
            if (kind["category"], kind["provider"]) not in PROVIDERS:
                raise Refused(
                    "InvalidActionDeclarationException", f"no action {kind['category']} of {kind['provider']}"
                )
    if declaration.get("executionMode", "SUPERSEDED") != "SUPERSEDED" and declaration.get("pipelineType") != "V2":
        raise Refused("InvalidStructureException", f"{declaration['executionMode']} needs a pipeline of type V2")


def _described(pipeline: Pipeline) -> Record:
    return {"pipeline": {**pipeline.declaration, "version": pipeline.version}}


def _get(request: Record, _: Headers) -> Record:
    pipeline = pipeline_named(request["name"])
    metadata = {"pipelineArn": pipeline.arn, "created": pipeline.created, "updated": pipeline.updated}
    return {**_described(pipeline), "metadata": metadata}


def _delete(request: Record, _: Headers) -> Record:
    remove_pipeline(request["name"])
    return {}


def _list(_request: Record, _: Headers) -> Record:
    fields = [(one.declaration, one) for one in pipelines().values()]
    return {"pipelines": [{"name": declared["name"], "version": one.version} for declared, one in fields]}


def _start(request: Record, headers: Headers) -> Record:
    trigger = {"triggerType": "StartPipelineExecution", "triggerDetail": request_caller_arn(headers)}
    return {"pipelineExecutionId": begin(pipeline_named(request["name"]), request, trigger)}


def _stop(request: Record, _: Headers) -> Record:
    pipeline = pipeline_named(request["pipelineName"])
    execution = execution_of(pipeline, request["pipelineExecutionId"])
    stop(pipeline, execution, request.get("reason", ""), abandon=bool(request.get("abandon")))
    return {"pipelineExecutionId": execution.id}


def _retry(request: Record, _: Headers) -> Record:
    pipeline = pipeline_named(request["pipelineName"])
    asked = (request["stageName"], request["pipelineExecutionId"], request["retryMode"])
    return {"pipelineExecutionId": retry(pipeline, *asked).id}


def _state(request: Record, _: Headers) -> Record:
    pipeline = pipeline_named(request["name"])
    with pipeline.guard:
        return {
            "pipelineName": pipeline.name,
            "pipelineVersion": pipeline.version,
            "created": pipeline.created,
            "updated": pipeline.updated,
            "stageStates": [stage_state(pipeline, stage) for stage in pipeline.stages],
        }


def _executions(request: Record, _: Headers) -> Record:
    pipeline = pipeline_named(request["pipelineName"])
    most, first = int(request.get("maxResults", 100)), int(request.get("nextToken") or 0)
    with pipeline.guard:
        newest = [summary(execution) for execution in reversed(pipeline.executions)]
    more = {"nextToken": str(first + most)} if len(newest) > first + most else {}
    return {"pipelineExecutionSummaries": newest[first : first + most], **more}


def _execution(request: Record, _: Headers) -> Record:
    pipeline = pipeline_named(request["pipelineName"])
    with pipeline.guard:
        return {"pipelineExecution": execution_of_request(execution_of(pipeline, request["pipelineExecutionId"]))}


def _answer_approval(request: Record, headers: Headers) -> Record:
    """@throws Refused"""
    pipeline = pipeline_named(request["pipelineName"])
    stage = named(pipeline.stages, request["stageName"], "StageNotFoundException")
    named(stage["actions"], request["actionName"], "ActionNotFoundException")
    with pipeline.guard:
        run = pipeline.latest.get(stage["name"])
        action = run and run.actions.get(request["actionName"])
        if not action or not action.token:
            raise Refused("ApprovalAlreadyCompletedException", "there is no approval to answer")
        if action.token != request["token"]:
            raise Refused("InvalidApprovalTokenException", "the token is not that of the approval")
        action.summary, action.updated_by = request["result"]["summary"], request_caller_arn(headers)
        action.end("Failed" if request["result"]["status"] == "Rejected" else "Succeeded")
        pipeline.guard.notify_all()
        return {"approvedAt": action_state(action)["lastStatusChange"]}


_REQUESTS: dict[str, Handler] = {
    "CreatePipeline": lambda request, _: _described(make_pipeline(request["pipeline"])),
    "UpdatePipeline": lambda request, _: _described(change_pipeline(request["pipeline"])),
    "DeletePipeline": _delete,
    "GetPipeline": _get,
    "ListPipelines": _list,
    "StartPipelineExecution": _start,
    "StopPipelineExecution": _stop,
    "RetryStageExecution": _retry,
    "GetPipelineState": _state,
    "ListPipelineExecutions": _executions,
    "GetPipelineExecution": _execution,
    "PutApprovalResult": _answer_approval,
}

serve(PATCH, "codepipeline", "CodePipeline_20150709", _REQUESTS)
