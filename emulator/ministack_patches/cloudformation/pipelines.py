"""CloudFormation makes, changes and deletes pipelines of CodePipeline.

AWS: "AWS::CodePipeline::Pipeline" (AWS CloudFormation Template Reference Guide)
Test: codepipeline.test.ts: a pipeline made by CloudFormation begins an execution at once, and goes with its stack

`Ref` is the name. MiniStack has no such type.
"""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import provisioners

from ..codepipeline.requests import change_pipeline, make_pipeline, remove_pipeline
from ..further_services import Refused
from ..patch import Patch
from ..shapes import Made, Record

PATCH = Patch(__name__)

# Configurations name what they configure as each action does: their keys stay as they are.
_VERBATIM = ("Configuration",)


def _in_api_form(value: Any) -> Any:
    """CloudFormation's names begin with a capital letter, the API's do not."""
    if isinstance(value, list):
        return [_in_api_form(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name[0].lower() + name[1:]: each if name in _VERBATIM else _in_api_form(each) for name, each in value.items()
    }


def _declaration(name: str, props: Record) -> Record:
    declared = {key: value for key, value in props.items() if key not in ("Tags", "RestartExecutionOnUpdate")}
    declaration: Record = {**_in_api_form(declared), "name": name}
    for stage in declaration["stages"]:
        for action in stage["actions"]:
            if "runOrder" in action:
                action["runOrder"] = int(action["runOrder"])
    return declaration


def _create(logical_id: str, props: Record, stack_name: str) -> Made:
    name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=100)
    try:
        pipeline = make_pipeline(_declaration(name, props))
    except Refused as refused:
        raise ValueError(str(refused)) from refused
    return name, {"Version": str(pipeline.version)}


def _update(physical_id: str, _: Record, props: Record, stack_name: str) -> Made:
    try:
        pipeline = change_pipeline(_declaration(physical_id, props))
    except Refused as refused:
        raise ValueError(str(refused)) from refused
    return physical_id, {"Version": str(pipeline.version)}


PATCH.adds("ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::CodePipeline::Pipeline]")(
    {"create": _create, "update": _update, "delete": lambda physical_id, props: remove_pipeline(physical_id)}
)
