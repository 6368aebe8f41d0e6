"""RDS tells with whom a snapshot is shared and which roles an instance has, and lets both be changed.

AWS: "ModifyDBSnapshotAttribute" (Amazon RDS API Reference)
AWS: "DescribeDBSnapshotAttributes" (Amazon RDS API Reference)
AWS: "Sharing a DB snapshot" (Amazon RDS User Guide)
AWS: "AddRoleToDBInstance" (Amazon RDS API Reference)
AWS: "RemoveRoleFromDBInstance" (Amazon RDS API Reference)
Test: descriptions.test.ts: names the accounts that a snapshot is shared with, and refuses to share an encrypted one with everybody
Test: descriptions.test.ts: names the roles of an instance

The attribute `restore` lists the accounts that may restore a manual snapshot; `all` is everybody.
Automated snapshots cannot be shared, and encrypted ones not with everybody. MiniStack has neither
snapshots' attributes nor instances' roles.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_ACTIONS = "ministack.services.rds._ACTION_MAP"

PATCH = Patch(__name__, after=["rds.backup_replication"])


@PATCH.wraps("ministack.services.rds._instance_xml", digest="12a61a85")
def _render_with_roles(render: Original, instance: Record, *args: Any, **kwargs: Any) -> str:
    answer: str = render(instance, *args, **kwargs)
    return answer.replace("<AssociatedRoles/>", _roles_xml(instance.get("AssociatedRoles") or []))


def _listed(params: Params, name: str) -> list[str]:
    values: list[str] = []
    while value := rds._p(params, f"{name}.AttributeValue.{len(values) + 1}"):
        values.append(value)
    return values


def _snapshot(params: Params) -> tuple[Record | None, Answer]:
    snapshot_id = rds._p(params, "DBSnapshotIdentifier")
    snapshot = rds._snapshots.get(snapshot_id)
    return snapshot, rds._error("DBSnapshotNotFound", f"DBSnapshot {snapshot_id} not found.", 404)


def _attributes(action: str, snapshot: Record) -> Answer:
    values = "".join(f"<AttributeValue>{escape(value)}</AttributeValue>" for value in snapshot.get("_SharedWith", []))
    result = (
        f"<DBSnapshotIdentifier>{snapshot['DBSnapshotIdentifier']}</DBSnapshotIdentifier><DBSnapshotAttributes>"
        f"<DBSnapshotAttribute><AttributeName>restore</AttributeName><AttributeValues>{values}</AttributeValues>"
        "</DBSnapshotAttribute></DBSnapshotAttributes>"
    )
    wrapped = f"<DBSnapshotAttributesResult>{result}</DBSnapshotAttributesResult>"
    return rds._xml(200, f"{action}Response", f"<{action}Result>{wrapped}</{action}Result>")


@PATCH.adds(f"{_ACTIONS}[DescribeDBSnapshotAttributes]")
def _describe_snapshot_attributes(params: Params) -> Answer:
    snapshot, not_found = _snapshot(params)
    return _attributes("DescribeDBSnapshotAttributes", snapshot) if snapshot else not_found


@PATCH.adds(f"{_ACTIONS}[ModifyDBSnapshotAttribute]")
def _modify_snapshot_attribute(params: Params) -> Answer:
    snapshot, not_found = _snapshot(params)
    if not snapshot:
        return not_found
    added, removed = _listed(params, "ValuesToAdd"), _listed(params, "ValuesToRemove")
    if snapshot["SnapshotType"] != "manual":
        return rds._error("InvalidDBSnapshotState", "Only manual snapshots can be shared.", 400)
    if "all" in added and snapshot.get("Encrypted"):
        return rds._error("InvalidParameterValue", "An encrypted snapshot cannot be shared with everybody.", 400)
    kept = [value for value in snapshot.get("_SharedWith", []) if value not in removed]
    snapshot["_SharedWith"] = [*kept, *(value for value in added if value not in kept)]
    return _attributes("ModifyDBSnapshotAttribute", snapshot)


def _roles_xml(roles: list[Record]) -> str:
    members = "".join(
        f"<DBInstanceRole><RoleArn>{role['RoleArn']}</RoleArn><FeatureName>{role['FeatureName']}</FeatureName>"
        "<Status>ACTIVE</Status></DBInstanceRole>"
        for role in roles
    )
    return f"<AssociatedRoles>{members}</AssociatedRoles>"


def _role_change(params: Params) -> tuple[Record | None, dict[str, str], Answer]:
    instance_id = rds._p(params, "DBInstanceIdentifier")
    role = {"RoleArn": rds._p(params, "RoleArn"), "FeatureName": rds._p(params, "FeatureName")}
    not_found = rds._error("DBInstanceNotFound", f"DBInstance {instance_id} not found.", 404)
    return rds._instances.get(instance_id), role, not_found


@PATCH.adds(f"{_ACTIONS}[AddRoleToDBInstance]")
def _add_role(params: Params) -> Answer:
    instance, role, not_found = _role_change(params)
    if instance is None:
        return not_found
    instance["AssociatedRoles"] = [*(instance.get("AssociatedRoles") or []), role]
    return rds._xml(200, "AddRoleToDBInstanceResponse", "")


@PATCH.adds(f"{_ACTIONS}[RemoveRoleFromDBInstance]")
def _remove_role(params: Params) -> Answer:
    instance, role, not_found = _role_change(params)
    if instance is None:
        return not_found
    instance["AssociatedRoles"] = [each for each in instance.get("AssociatedRoles") or [] if each != role]
    return rds._xml(200, "RemoveRoleFromDBInstanceResponse", "")
