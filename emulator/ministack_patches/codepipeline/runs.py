"""How an execution passes through the stages of its pipeline.

AWS: "How pipeline executions work" (AWS CodePipeline User Guide). A stage is locked while an execution is in it. In QUEUED
mode the others wait in their order; in SUPERSEDED mode an execution that arrives supersedes those that wait; in PARALLEL
mode nobody waits.
"""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
from itertools import groupby

from ministack.services import eventbridge

from ..further_services import Refused
from ..shapes import Record
from .actions import PROVIDERS, Abandoned, ActionFailed, Work, resolved
from .model import Action, Execution, Pipeline, StageRun, execution_of, named

# "Quotas in AWS CodePipeline": executions of a pipeline at once, queued ones included.
_AT_ONCE = 50

logger = logging.getLogger("patches")


def start(pipeline: Pipeline, trigger: Record, overrides: dict[str, str]) -> Execution:
    """@throws Refused"""
    with pipeline.guard:
        if sum(execution.active for execution in pipeline.executions) >= _AT_ONCE:
            raise Refused("ConcurrentPipelineExecutionsLimitExceededException", f"{_AT_ONCE} executions are at work")
        execution = Execution(pipeline, trigger, overrides)
        pipeline.executions.append(execution)
        _arrive(pipeline, execution, execution.declaration["stages"][0]["name"])
    _tell(execution, "STARTED")
    _go_on(pipeline, execution, 0, {})
    return execution


def stop(pipeline: Pipeline, execution: Execution, reason: str, *, abandon: bool) -> None:
    """@throws Refused"""
    with pipeline.guard:
        if execution.status == "Stopping" and not abandon:
            raise Refused("DuplicatedStopRequestException", f"Pipeline execution {execution.id} is already stopping")
        if not execution.active:
            raise Refused("PipelineExecutionNotStoppableException", f"{execution.id} is {execution.status}")
        execution.stop_reason, execution.abandoned = reason, abandon
        waits = any(execution in queue for queue in pipeline.inbound.values())
        _turn(execution, "Stopped" if waits else "Stopping")
        pipeline.guard.notify_all()


def retry(pipeline: Pipeline, stage: str, execution_id: str, mode: str) -> Execution:
    """Runs the failed actions of a stage again, or all of them. @throws Refused"""
    with pipeline.guard:
        execution = execution_of(pipeline, execution_id)
        named(execution.declaration["stages"], stage, "StageNotFoundException")
        run = pipeline.latest.get(stage)
        if run is None or run.execution is not execution:
            raise Refused("NotLatestPipelineExecutionException", f"{execution_id} was not the last one in {stage}")
        if run.status not in ("Failed", "Stopped"):
            raise Refused("StageNotRetryableException", f"stage {stage} is {run.status}")
        kept = {name: one for name, one in run.actions.items() if one.status == "Succeeded" and mode != "ALL_ACTIONS"}
        execution.abandoned, execution.stop_reason = False, ""
        _turn(execution, "InProgress")
        _arrive(pipeline, execution, stage)
    at = [each["name"] for each in execution.declaration["stages"]].index(stage)
    _tell(execution, "RESUMED")
    _go_on(pipeline, execution, at, kept)
    return execution


def _go_on(pipeline: Pipeline, execution: Execution, at: int, kept: dict[str, Action]) -> None:
    context = contextvars.copy_context()
    work = threading.Thread(target=context.run, args=(_run, pipeline, execution, at, kept), daemon=True)
    work.name = f"pipeline-{execution.id}"
    work.start()


def _arrive(pipeline: Pipeline, execution: Execution, stage: str) -> None:
    queue = pipeline.inbound.setdefault(stage, [])
    if execution.mode == "SUPERSEDED":
        for older in queue:
            _turn(older, "Superseded")
    queue.append(execution)
    pipeline.guard.notify_all()


def _turn(execution: Execution, status: str) -> None:
    execution.status, execution.changed = status, time.time()


def _enter(pipeline: Pipeline, execution: Execution, stage: str) -> bool:
    """Waits until the stage is free. False when the execution was superseded or stopped meanwhile."""
    queue = pipeline.inbound[stage]
    with pipeline.guard:
        while execution.status == "InProgress":
            if execution.mode == "PARALLEL" or (stage not in pipeline.locked_by and queue[0] is execution):
                pipeline.locked_by[stage] = execution
                break
            pipeline.guard.wait()
        queue.remove(execution)
        pipeline.guard.notify_all()
        return execution.status == "InProgress"


def _run(pipeline: Pipeline, execution: Execution, at: int, kept: dict[str, Action]) -> None:
    stages = execution.declaration["stages"]
    for index, stage in enumerate(stages[at:], at):
        if not _enter(pipeline, execution, stage["name"]):
            break
        with pipeline.guard:
            run = pipeline.latest[stage["name"]] = StageRun(execution, actions=dict(kept))
        kept = {}
        run.status = _run_stage(pipeline, execution, stage, run)
        with pipeline.guard:
            if run.status != "Succeeded":
                _turn(execution, run.status)
            elif index + 1 == len(stages):
                _turn(execution, "Succeeded")
            else:
                # Before the stage is free for the next execution, so that none overtakes another.
                _arrive(pipeline, execution, stages[index + 1]["name"])
            pipeline.locked_by.pop(stage["name"], None)
            pipeline.guard.notify_all()
        if not execution.active:
            break
    _tell(execution, execution.status.upper())


def _run_stage(pipeline: Pipeline, execution: Execution, stage: Record, run: StageRun) -> str:
    """Actions of one run order work at once. @returns the stage's end"""

    def order(action: Record) -> int:
        return int(action.get("runOrder", 1))

    for _, group in groupby(sorted(stage["actions"], key=order), key=order):
        begun = [action for action in group if action["name"] not in run.actions]
        threads = []
        for action in begun:
            done = run.actions[action["name"]] = Action(action["name"])
            context = contextvars.copy_context()
            threads.append(threading.Thread(target=context.run, args=(_work, pipeline, execution, action, done)))
        for thread in threads:
            thread.daemon = True
            thread.start()
        for thread in threads:
            thread.join()
        if execution.status == "Stopping":
            return "Stopped"
        if any(run.actions[action["name"]].status == "Failed" for action in begun):
            return "Failed"
    return "Succeeded"


def _work(pipeline: Pipeline, execution: Execution, declared: Record, action: Action) -> None:
    kind = declared["actionTypeId"]
    try:
        configuration = resolved(declared.get("configuration") or {}, execution.variables)
        provider = PROVIDERS[(kind["category"], kind["provider"])]
        variables = provider(Work(pipeline, execution, action, configuration))
    except ActionFailed as failure:
        action.end("Failed", failure.details)
    except Abandoned:
        action.end("Abandoned")
    except Exception as failure:
        logger.warning("action %s failed", action.name, exc_info=True)
        action.end("Failed", {"code": "InternalError", "message": str(failure)})
    else:
        if declared.get("namespace"):
            execution.variables[declared["namespace"]] = variables
        action.end("Succeeded")
    execution.changed = time.time()


def _tell(execution: Execution, state: str) -> None:
    """ "Monitoring CodePipeline events": source `aws.codepipeline`."""
    pipeline = execution.pipeline
    detail = {"pipeline": pipeline.name, "execution-id": execution.id, "state": state, "version": execution.version}
    entry = {
        "Source": "aws.codepipeline",
        "DetailType": "CodePipeline Pipeline Execution State Change",
        "Detail": json.dumps(detail),
        "Resources": [pipeline.arn],
    }
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        logger.warning("event of pipeline execution %s was not published", execution.id, exc_info=True)
