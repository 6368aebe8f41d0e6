"""A task definition made by CloudFormation has the platform of its template.

AWS: "AWS::ECS::TaskDefinition" (AWS CloudFormation Template Reference Guide)
AWS: "DescribeTaskDefinition" (Amazon ECS API Reference)
Test: descriptions.test.ts: a task definition has the platform of its template

MiniStack keeps the platform of a definition that is registered by the API, and not of one that is made by a template.
"""

from __future__ import annotations

from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::ECS::TaskDefinition]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLER}[create]", digest="50809799")
def _create_for_platform(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    arn, attributes = create(logical_id, props, stack_name)
    _keep(arn, props)
    return arn, attributes


@PATCH.wraps(f"{_HANDLER}[update]", digest="531d2f0c")
def _update_for_platform(
    update: Original, physical_id: str, old: Record, new: Record, *args: Any, **kwargs: Any
) -> Made:
    arn, attributes = update(physical_id, old, new, *args, **kwargs)
    _keep(arn, new)
    return arn, attributes


def _keep(arn: str, props: Record) -> None:
    definition = ecs._task_defs.get(arn.rsplit("/", 1)[-1])
    if definition is not None and props.get("RuntimePlatform"):
        definition["runtimePlatform"] = provisioners._pascal_to_camel(props["RuntimePlatform"])
