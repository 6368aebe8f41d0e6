"""RDS tells with whom a snapshot is shared and which roles an instance has, and lets both be changed.

AWS: "ModifyDBSnapshotAttribute", "DescribeDBSnapshotAttributes", "AddRoleToDBInstance" and "RemoveRoleFromDBInstance" (Amazon RDS
API Reference): the attribute `restore` lists the accounts that may restore a manual snapshot, `all` is everybody; automated
snapshots cannot be shared, and encrypted ones not with everybody ("Sharing a DB snapshot"). MiniStack has neither.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.services import rds


def apply() -> None:
    for action, handler in {
        "ModifyDBSnapshotAttribute": _modify_snapshot_attribute,
        "DescribeDBSnapshotAttributes": _describe_snapshot_attributes,
        "AddRoleToDBInstance": _add_role,
        "RemoveRoleFromDBInstance": _remove_role,
    }.items():
        assert action not in rds._ACTION_MAP, f"{action} is there now"
        rds._ACTION_MAP[action] = handler
    render, gap = rds._instance_xml, "<AssociatedRoles/>"

    def render_with_roles(instance, *args, **kwargs):
        answer = render(instance, *args, **kwargs)
        assert gap in answer, "an instance's roles are told in another form now"
        return answer.replace(gap, _roles_xml(instance.get("AssociatedRoles") or []))

    rds._instance_xml = render_with_roles


def _listed(params, name: str) -> list[str]:
    values: list[str] = []
    while value := rds._p(params, f"{name}.AttributeValue.{len(values) + 1}"):
        values.append(value)
    return values


def _snapshot(params):
    snapshot_id = rds._p(params, "DBSnapshotIdentifier")
    snapshot = rds._snapshots.get(snapshot_id)
    return snapshot, rds._error("DBSnapshotNotFound", f"DBSnapshot {snapshot_id} not found.", 404)


def _attributes(action: str, snapshot: dict):
    values = "".join(f"<AttributeValue>{escape(value)}</AttributeValue>" for value in snapshot.get("_SharedWith", []))
    result = (
        f"<DBSnapshotIdentifier>{snapshot['DBSnapshotIdentifier']}</DBSnapshotIdentifier><DBSnapshotAttributes>"
        f"<DBSnapshotAttribute><AttributeName>restore</AttributeName><AttributeValues>{values}</AttributeValues>"
        "</DBSnapshotAttribute></DBSnapshotAttributes>"
    )
    wrapped = f"<DBSnapshotAttributesResult>{result}</DBSnapshotAttributesResult>"
    return rds._xml(200, f"{action}Response", f"<{action}Result>{wrapped}</{action}Result>")


def _describe_snapshot_attributes(params):
    snapshot, not_found = _snapshot(params)
    return _attributes("DescribeDBSnapshotAttributes", snapshot) if snapshot else not_found


def _modify_snapshot_attribute(params):
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


def _roles_xml(roles: list[dict]) -> str:
    members = "".join(
        f"<DBInstanceRole><RoleArn>{role['RoleArn']}</RoleArn><FeatureName>{role['FeatureName']}</FeatureName>"
        "<Status>ACTIVE</Status></DBInstanceRole>"
        for role in roles
    )
    return f"<AssociatedRoles>{members}</AssociatedRoles>"


def _role_change(params):
    instance_id = rds._p(params, "DBInstanceIdentifier")
    role = {"RoleArn": rds._p(params, "RoleArn"), "FeatureName": rds._p(params, "FeatureName")}
    not_found = rds._error("DBInstanceNotFound", f"DBInstance {instance_id} not found.", 404)
    return rds._instances.get(instance_id), role, not_found


def _add_role(params):
    instance, role, not_found = _role_change(params)
    if instance is None:
        return not_found
    instance["AssociatedRoles"] = [*(instance.get("AssociatedRoles") or []), role]
    return rds._xml(200, "AddRoleToDBInstanceResponse", "")


def _remove_role(params):
    instance, role, not_found = _role_change(params)
    if instance is None:
        return not_found
    instance["AssociatedRoles"] = [each for each in instance.get("AssociatedRoles") or [] if each != role]
    return rds._xml(200, "RemoveRoleFromDBInstanceResponse", "")
