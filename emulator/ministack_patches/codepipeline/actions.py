"""What the actions of a pipeline do: an image of ECR as the source, a person's approval, an execution of Step Functions.

AWS: "Amazon ECR source action reference", "Add a manual approval action to a stage" and "AWS Step Functions invoke action
reference" (AWS CodePipeline User Guide). Each call is authorized with the pipeline's role. No artifact is stored: an
action hands on variables only, so an input of a state machine can be a literal and no file.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ecr, sns
from ministack.services import stepfunctions as sfn

from ..role_permissions import refusal
from ..shapes import Record
from .model import Action, Execution, Pipeline

_POLL_SECONDS = 0.1
# "Approvals": an approval that nobody answers fails after seven days.
_APPROVAL_SECONDS = 7 * 24 * 3600
_VARIABLE = re.compile(r"#\{([\w@-]+)\.([\w@-]+)\}")


class ActionFailed(Exception):
    """The action's end, with the code of its error details."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.details = {"code": code, "message": message}


class Abandoned(Exception):
    """Somebody has stopped the execution without waiting for its actions."""


@dataclass
class Work:
    """One action at work. `configuration` has the values of its variables."""

    pipeline: Pipeline
    execution: Execution
    action: Action
    configuration: dict[str, str]

    @property
    def stage(self) -> str:
        """Names of actions are unique in their stage; of a pipeline of ours in all of it."""
        stages = self.execution.declaration["stages"]
        return next(
            str(each["name"])
            for each in stages
            if any(action["name"] == self.action.name for action in each["actions"])
        )

    def require(self, permission: str, resource_arn: str) -> None:
        """@throws ActionFailed"""
        refused = refusal(self.execution.declaration["roleArn"], permission, resource_arn, self.action.id)
        if refused:
            raise ActionFailed("PermissionError", refused)

    def until(self, done: Callable[[], bool], seconds: float = float("inf")) -> bool:
        """Waits; false when the time is over. @throws Abandoned"""
        deadline = time.monotonic() + seconds
        with self.pipeline.guard:
            while not done():
                if self.execution.abandoned:
                    raise Abandoned
                if time.monotonic() > deadline:
                    return False
                self.pipeline.guard.wait(_POLL_SECONDS)
        return True


def resolved(configuration: Record, variables: dict[str, dict[str, str]]) -> dict[str, str]:
    """@throws ActionFailed for a variable without a value ("Variables reference")"""

    def value(match: re.Match[str]) -> str:
        try:
            return variables[match[1]][match[2]]
        except KeyError:
            raise ActionFailed("InvalidConfiguration", f"variable {match[0]} could not be resolved") from None

    return {name: _VARIABLE.sub(value, str(text)) for name, text in configuration.items()}


def _ecr_source(work: Work) -> dict[str, str]:
    """The revision that the start names, else the image with the tag of the configuration."""
    repository, tag = work.configuration["RepositoryName"], work.configuration.get("ImageTag", "latest")
    work.require("ecr:DescribeImages", f"arn:aws:ecr:{get_region()}:{get_account_id()}:repository/{repository}")
    digest = work.execution.overrides.get(work.action.name)
    wanted = {"imageDigest": digest} if digest else {"imageTag": tag}
    image = ecr._find_image(repository, wanted)
    if image is None:
        raise ActionFailed("ConfigurationError", f"repository {repository} has no image {digest or tag}")
    digest = str(image["imageDigest"])
    work.execution.revisions.append({"actionName": work.action.name, "revisionId": digest})
    registry = get_account_id()
    return {
        "RegistryId": registry,
        "RepositoryName": repository,
        "ImageTag": next(iter(image["imageTags"]), ""),
        "ImageDigest": digest,
        "ImageURI": f"{registry}.dkr.ecr.{get_region()}.amazonaws.com/{repository}@{digest}",
    }


def _approval(work: Work) -> dict[str, str]:
    work.action.token = new_uuid()
    topic = work.configuration.get("NotificationArn")
    if topic:
        _tell(work, topic)
    if not work.until(lambda: not work.action.token, _APPROVAL_SECONDS):
        raise ActionFailed("ApprovalTimeout", "nobody has approved or rejected in seven days")
    if work.action.status == "Failed":
        raise ActionFailed("Rejected", work.action.summary)
    return {}


def _tell(work: Work, topic: str) -> None:
    """ "JSON data format for manual approval notifications in CodePipeline"."""
    work.require("sns:Publish", topic)
    name, stage = work.pipeline.name, work.stage
    console = f"https://console.aws.amazon.com/codepipeline/home?region={get_region()}#/view/{name}"
    approval = {
        "pipelineName": name,
        "stageName": stage,
        "actionName": work.action.name,
        "token": work.action.token,
        "expires": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(time.time() + _APPROVAL_SECONDS)),
        "approvalReviewLink": f"{console}/{stage}/{work.action.name}/approve/{work.action.token}",
        "customData": work.configuration.get("CustomData", ""),
    }
    told = json.dumps({"region": get_region(), "consoleLink": console, "approval": approval})
    sns.publish_internal(topic, told, f"APPROVAL NEEDED: AWS CodePipeline {name} for action {work.action.name}"[:100])


def _step_functions(work: Work) -> dict[str, str]:
    """Starts an execution under the id of the action's execution, and looks at it until it has ended."""
    machine, kind = work.configuration["StateMachineArn"], work.configuration.get("InputType", "Literal")
    if kind != "Literal":
        raise ActionFailed("InvalidConfiguration", f"the emulator has no artifacts: InputType {kind}")
    prefix = work.configuration.get("ExecutionNamePrefix")
    name = f"{prefix}-{work.action.id}" if prefix else work.action.id
    work.require("states:DescribeStateMachine", machine)
    work.require("states:StartExecution", machine)
    request = {"stateMachineArn": machine, "name": name, "input": work.configuration.get("Input", "{}")}
    answer = sfn._start_execution(request)
    told = json.loads(answer[2])
    if answer[0] != 200:
        raise ActionFailed("JobFailed", f"{told.get('__type')}: {told.get('message')}")
    arn = work.action.external_id = told["executionArn"]
    work.require("states:DescribeExecution", arn)
    run = sfn._executions[arn]
    work.until(lambda: run["status"] != "RUNNING")
    if run["status"] != "SUCCEEDED":
        raise ActionFailed("JobFailed", f"{arn} ended {run['status']}: {run.get('error')} {run.get('cause')}")
    return {"StateMachineArn": machine, "ExecutionArn": arn, "Output": run["output"] or ""}


PROVIDERS: dict[tuple[str, str], Callable[[Work], dict[str, str]]] = {
    ("Source", "ECR"): _ecr_source,
    ("Approval", "Manual"): _approval,
    ("Invoke", "StepFunctions"): _step_functions,
}
