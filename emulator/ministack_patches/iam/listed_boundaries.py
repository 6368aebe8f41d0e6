"""The list of the account's principals tells the boundary of each role.

AWS: "RoleDetail" (AWS Identity and Access Management API Reference)
AWS: "GetAccountAuthorizationDetails" (AWS Identity and Access Management API Reference)
Test: descriptions.test.ts: a role made by CloudFormation has the boundary of its template

MiniStack tells it by GetRole alone.
"""

from __future__ import annotations

import re

from ministack.services import iam

from ..patch import Patch
from ..shapes import Answer, Original, Params

_ARN = re.compile(r"<Arn>([^<]+)</Arn>(?=<Path>)")

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.iam._IAM_HANDLERS[GetAccountAuthorizationDetails]", digest="269cf5f8")
def _with_boundaries(describe: Original, p: Params) -> Answer:
    status, headers, body = describe(p)
    boundaries = {role["Arn"]: role.get("PermissionsBoundary") for role in list(iam._roles.values())}
    text = body.decode() if isinstance(body, bytes) else body
    told = _ARN.sub(lambda arn: _boundary_xml(boundaries.get(arn.group(1))) + arn.group(0), text)
    return status, headers, told.encode() if isinstance(body, bytes) else told


def _boundary_xml(arn: str | None) -> str:
    if not arn:
        return ""
    return (
        "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>"
        f"<PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
    )
