"""Pipelines and their executions in the form of CodePipeline's answers (AWS CodePipeline API Reference)."""

from __future__ import annotations

from ..shapes import Record
from .model import Action, Execution, Pipeline


def _told(fields: Record) -> Record:
    return {name: value for name, value in fields.items() if value not in ("", None)}


def action_state(action: Action) -> Record:
    return _told(
        {
            "actionExecutionId": action.id,
            "status": action.status,
            "summary": action.summary,
            "lastStatusChange": action.changed,
            "token": action.token,
            "lastUpdatedBy": action.updated_by,
            "externalExecutionId": action.external_id,
            "errorDetails": action.error,
        }
    )


def stage_state(pipeline: Pipeline, stage: Record) -> Record:
    run = pipeline.latest.get(stage["name"])
    done = run.actions if run else {}
    waiting = [{"pipelineExecutionId": one.id, "status": one.status} for one in pipeline.inbound.get(stage["name"], [])]
    return {
        "stageName": stage["name"],
        "inboundTransitionState": {"enabled": True},
        **({"inboundExecutions": waiting} if waiting else {}),
        "actionStates": [
            {
                "actionName": action["name"],
                **({"latestExecution": action_state(done[action["name"]])} if action["name"] in done else {}),
            }
            for action in stage["actions"]
        ],
        **({"latestExecution": {"pipelineExecutionId": run.execution.id, "status": run.status}} if run else {}),
    }


def _common(execution: Execution) -> Record:
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "trigger": execution.trigger,
        "executionMode": execution.mode,
        "executionType": "STANDARD",
    }


def summary(execution: Execution) -> Record:
    return {
        **_common(execution),
        "startTime": execution.started,
        "lastUpdateTime": execution.changed,
        "sourceRevisions": execution.revisions,
        **({"stopTrigger": {"reason": execution.stop_reason}} if execution.stop_reason else {}),
    }


def execution_of_request(execution: Execution) -> Record:
    return {
        **_common(execution),
        "pipelineName": execution.pipeline.name,
        "pipelineVersion": execution.version,
        "artifactRevisions": [
            {"name": revision["actionName"], "revisionId": revision["revisionId"]} for revision in execution.revisions
        ],
    }
