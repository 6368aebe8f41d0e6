"""A task definition made by CloudFormation has the platform of its template.

AWS: "AWS::ECS::TaskDefinition" (AWS CloudFormation Template Reference Guide)
AWS: "DescribeTaskDefinition" (Amazon ECS API Reference)
Test: descriptions.test.ts: a task definition has the platform of its template

MiniStack keeps the platform of a definition that is registered by the API, and not of one that is made by a template.
"""

from __future__ import annotations

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from ..patch import Patch
from ..shapes import Record
from .kept import keeps

PATCH = Patch(__name__)


@keeps(PATCH, "AWS::ECS::TaskDefinition", create="50809799", update="531d2f0c")
def _keep(arn: str, props: Record) -> None:
    definition = ecs._task_defs.get(arn.rsplit("/", 1)[-1])
    if definition is not None and props.get("RuntimePlatform"):
        definition["runtimePlatform"] = provisioners._pascal_to_camel(props["RuntimePlatform"])
