"""A role made by CloudFormation has the permissions boundary that its template says.

AWS: "AWS::IAM::Role" (AWS CloudFormation Template Reference Guide), `PermissionsBoundary`, which an update sets, replaces or
takes away without replacing the role. MiniStack's IAM enforces boundaries, but its CloudFormation does not pass them on.
"""

from __future__ import annotations

from ministack.services import iam
from ministack.services.cloudformation import provisioners


def apply() -> None:
    handler = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    assert handler["create"] is provisioners._iam_role_create, "roles are made elsewhere now"
    assert handler["update"] is provisioners._iam_role_update, "roles are updated elsewhere now"
    handler.update(create=_bounded(handler["create"], props_at=1), update=_bounded(handler["update"], props_at=2))


def _bounded(handle, props_at: int):
    def handle_bounded(*args, **kwargs):
        name, attributes = handle(*args, **kwargs)
        iam._roles[name]["PermissionsBoundary"] = args[props_at].get("PermissionsBoundary")
        return name, attributes

    return handle_bounded
