"""A role made by CloudFormation has the permissions boundary of its template.

AWS: "AWS::IAM::Role" (AWS CloudFormation Template Reference Guide)
Test: descriptions.test.ts: a role made by CloudFormation has the boundary of its template

An update sets, replaces or takes away `PermissionsBoundary` without replacing the role. MiniStack's
IAM enforces boundaries, but its CloudFormation does not pass them on.
"""

from __future__ import annotations

from ministack.services import iam

from ..patch import Patch
from ..shapes import Record
from .kept import keeps

PATCH = Patch(__name__)


@keeps(PATCH, "AWS::IAM::Role", create="c8e961bc", update="606cf8f5")
def _bound(name: str, props: Record) -> None:
    iam._roles[name]["PermissionsBoundary"] = props.get("PermissionsBoundary")
