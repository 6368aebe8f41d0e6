"""A role made by CloudFormation has the permissions boundary of its template.

AWS: "AWS::IAM::Role" (AWS CloudFormation Template Reference Guide)
Test: descriptions.test.ts: a role made by CloudFormation has the boundary of its template

An update sets, replaces or takes away `PermissionsBoundary` without replacing the role. MiniStack's
IAM enforces boundaries, but its CloudFormation does not pass them on.
"""

from __future__ import annotations

from ministack.services import iam

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::IAM::Role]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLER}[create]", digest="c8e961bc")
def _create_bounded(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    name, attributes = create(logical_id, props, stack_name)
    iam._roles[name]["PermissionsBoundary"] = props.get("PermissionsBoundary")
    return name, attributes


@PATCH.wraps(f"{_HANDLER}[update]", digest="606cf8f5")
def _update_bounded(update: Original, physical_id: str, old: Record, new: Record, stack_name: str) -> Made:
    name, attributes = update(physical_id, old, new, stack_name)
    iam._roles[name]["PermissionsBoundary"] = new.get("PermissionsBoundary")
    return name, attributes
