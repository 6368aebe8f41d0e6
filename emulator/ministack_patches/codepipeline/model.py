"""What CodePipeline knows of a pipeline, of its executions and of their actions."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import new_uuid

from ..further_services import Refused
from ..shapes import Record

ACTIVE = ("InProgress", "Stopping")


@dataclass
class Action:
    """One execution of an action. `updated_by`: who answered an approval."""

    name: str
    id: str = field(default_factory=new_uuid)
    status: str = "InProgress"
    changed: float = field(default_factory=time.time)
    summary: str = ""
    token: str = ""
    updated_by: str = ""
    external_id: str = ""
    error: Record | None = None

    def end(self, status: str, error: Record | None = None) -> None:
        self.status, self.error, self.changed, self.token = status, error, time.time(), ""


@dataclass
class Execution:
    """`overrides`: revisions that the start named, by source action; `variables`: by namespace."""

    pipeline: Pipeline
    trigger: Record
    overrides: dict[str, str]
    id: str = field(default_factory=new_uuid)
    status: str = "InProgress"
    stop_reason: str = ""
    abandoned: bool = False
    started: float = field(default_factory=time.time)
    changed: float = field(default_factory=time.time)
    revisions: list[Record] = field(default_factory=list)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # An execution goes on as its pipeline was when it began.
        self.declaration = self.pipeline.declaration
        self.version = self.pipeline.version
        self.variables["codepipeline"] = {"PipelineExecutionId": self.id}

    @property
    def mode(self) -> str:
        return str(self.declaration.get("executionMode", "SUPERSEDED"))

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclass
class StageRun:
    """What a stage did last, for one execution."""

    execution: Execution
    status: str = "InProgress"
    actions: dict[str, Action] = field(default_factory=dict)


@dataclass
class Pipeline:
    """`guard` is held to read and change anything here; every change notifies it."""

    declaration: Record
    arn: str
    version: int = 1
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    executions: list[Execution] = field(default_factory=list)
    guard: threading.Condition = field(default_factory=threading.Condition)
    # By stage: executions that wait to enter, in their order; the one that has the stage; what happened last.
    inbound: dict[str, list[Execution]] = field(default_factory=dict)
    locked_by: dict[str, Execution] = field(default_factory=dict)
    latest: dict[str, StageRun] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    @property
    def stages(self) -> list[Record]:
        return list(self.declaration["stages"])


_pipelines: dict[str, Pipeline] = {}


def pipelines() -> dict[str, Pipeline]:
    return _pipelines


def pipeline_named(name: str) -> Pipeline:
    """@throws Refused"""
    try:
        return _pipelines[name]
    except KeyError:
        raise Refused("PipelineNotFoundException", f"Account does not have a pipeline with name '{name}'") from None


def execution_of(pipeline: Pipeline, execution_id: str) -> Execution:
    """@throws Refused"""
    found = next((one for one in pipeline.executions if one.id == execution_id), None)
    if found is None:
        raise Refused("PipelineExecutionNotFoundException", f"Pipeline execution {execution_id} does not exist")
    return found


def named(members: list[Record], name: Any, missing: str) -> Record:
    """@throws Refused under the name `missing`"""
    found = next((member for member in members if member["name"] == name), None)
    if found is None:
        raise Refused(missing, f"there is no {name}")
    return found
