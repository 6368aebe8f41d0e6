"""Each request is authorized on the resource that AWS authorizes it on, with the condition keys that it has there.

AWS: "Actions, resources, and condition keys for AWS services" (Service Authorization Reference)
AWS: "How Parameter Store authorizes parameter retrieval" (AWS Systems Manager User Guide)
AWS: "Using IAM policy conditions" (Amazon EventBridge User Guide)
Test: permissions.test.ts: parameters, by the path that is read
Test: permissions.test.ts: a service of a cluster by its name, and the tags of a rule by the rule
Test: permissions.test.ts: an alias by its key as well, with NotFound for a key that does not exist
Test: permissions.test.ts: an event, by its source and detail type
Test: permissions.test.ts: a rotation, by the function that it names
Test: permissions.test.ts: the answer to a task, by the state machine of the waiting execution, after its end too
Test: permissions.test.ts: a snapshot of a database, by its name
Test: restored-databases.test.ts: needs the permission on source, target, groups and key
Test: permissions.test.ts: the policy of a table by the table, an event bus and a rule by their names
Test: permissions.test.ts: a backup plan by its id, a vault by its name
Test: permissions.test.ts: the web ACL before a load balancer, by the load balancer

MiniStack takes `*`, or a coarser resource, for the requests named below, so that a policy that
names the resource would not admit them.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import kms

from ..applicationautoscaling.targets import target_arn
from ..patch import Patch
from ..shapes import Original, Params, Record
from ..stepfunctions.tasks import machine_of

_MISSING_KEY = "arn:aws:kms:::missing"

_also: contextvars.ContextVar[list[str]] = contextvars.ContextVar("also")
_source: contextvars.ContextVar[str] = contextvars.ContextVar("source")
_snapshot: contextvars.ContextVar[str] = contextvars.ContextVar("snapshot")

PATCH = Patch(__name__, after=["iam.conditions"])


@PATCH.wraps("ministack.core.iam_actions.extract_resource_arn", digest="4f721b00")
def _extract_named(
    extract: Original,
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: Params,
    region: str,
    account_id: str,
) -> str:
    _also.set([])
    _snapshot.set("")
    _source.set("")
    name = _NAMED.get(service)
    found = name(_Request(path, headers, body, query_params, f"{region}:{account_id}")) if name else None
    return found or extract(service, method, path, headers, body, query_params, region, account_id)


@PATCH.wraps("ministack.core.iam_evaluator.enforce", digest="fcf4e614")
def _enforce_on_all(
    enforce: Original,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Record | None = None,
) -> Any:
    if resource_arn == _MISSING_KEY:
        refused = enforce(access_key_id, iam_action, service, region, "*", service_context)
        return refused if isinstance(refused, iam_evaluator.AuthError) else None
    refused = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    # A key that RDS uses is authorized on within the same request.
    for another in (arn for arn in _also.get([]) if arn.split(":")[2] == service):
        refused = refused or enforce(access_key_id, iam_action, service, region, another, {})
    return refused


@PATCH.wraps("ministack.core.iam_actions.request_tag_context", digest="c373057a")
def _context_with_event(context_of: Original, service: str, iam_action: str, body: bytes, params: Params) -> Record:
    context: Record = context_of(service, iam_action, body, params)
    if iam_action == "secretsmanager:RotateSecret":
        return {**context, **_rotation_keys(body)}
    return {**context, **_event_keys(body)} if iam_action == "events:PutEvents" else context


class _Request:
    def __init__(self, path: str, headers: dict[str, str], body: bytes, params: Params, place: str) -> None:
        self.path, self.params, self.place = path, params, place
        try:
            fields = json.loads(body) if body[:1] == b"{" else {}
        except ValueError:
            fields = {}
        self.fields: Record = fields if isinstance(fields, dict) else {}
        target = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "")
        self.action = target.rsplit(".", 1)[-1] or self.param("Action")

    def param(self, *names: str) -> str:
        return next((found for found in (iam_actions._query_param(self.params, name) for name in names) if found), "")


def _parameter(request: _Request) -> str | None:
    path = request.fields.get("Path")
    if request.action != "GetParametersByPath" or not path:
        return None
    return f"arn:aws:ssm:{request.place}:parameter/{path.strip('/')}"


def _service_or_task(request: _Request) -> str | None:
    tasks = request.fields.get("tasks")
    if request.action == "DescribeTasks" and tasks and tasks[0].startswith("arn:"):
        return str(tasks[0])
    services = request.fields.get("services") or [request.fields.get("service")]
    if request.action not in ("DescribeServices", "UpdateService", "DeleteService") or not services[0]:
        return None
    if services[0].startswith("arn:"):
        return str(services[0])
    cluster = (request.fields.get("cluster") or "default").rsplit("/", 1)[-1]
    return f"arn:aws:ecs:{request.place}:service/{cluster}/{services[0]}"


def _rule_or_tagged(request: _Request) -> str | None:
    return request.param("RuleArn", "ResourceArns.member.1") or None


def _key(request: _Request) -> str | None:
    """
    An alias stands for its key; making and deleting an alias is authorized on both. A key that does not exist cannot be
    authorized on: KMS answers NotFoundException.
    """
    fields, alias = request.fields, request.fields.get("AliasName")
    if alias:
        key = kms._resolve_key(fields.get("TargetKeyId") or alias)
        _also.set([key["Arn"]] if key else [])
        return f"arn:aws:kms:{request.place}:{alias}"
    if not fields.get("KeyId"):
        return None
    key = kms._resolve_key(fields["KeyId"])
    return key["Arn"] if key else _MISSING_KEY


def _machine_of_task(request: _Request) -> str | None:
    token = request.fields.get("taskToken")
    if not token or not request.action.startswith("SendTask"):
        return None
    return machine_of(token)


_DATABASE_TYPES = (
    ("DBSnapshotIdentifier", "snapshot"),
    ("DBSubnetGroupName", "subgrp"),
    ("DBParameterGroupName", "pg"),
)


def _table_of_policy(request: _Request) -> str | None:
    return request.fields.get("ResourceArn") if request.action.endswith("ResourcePolicy") else None


def _bus_or_rule(request: _Request) -> str | None:
    fields = request.fields
    if request.action == "ListTargetsByRule" and fields.get("Rule"):
        bus = (fields.get("EventBusName") or "default").rsplit("/", 1)[-1]
        path = "" if bus == "default" else f"{bus}/"
        return f"arn:aws:events:{request.place}:rule/{path}{fields['Rule']}"
    if request.action != "DescribeEventBus":
        return None
    name = fields.get("Name") or "default"
    return str(name) if name.startswith("arn:") else f"arn:aws:events:{request.place}:event-bus/{name}"


def _backup(request: _Request) -> str | None:
    kind, name = [*request.path.strip("/").removeprefix("backup/").split("/"), ""][:2]
    types = {"plans": "backup-plan", "backup-vaults": "backup-vault"}
    return f"arn:aws:backup:{request.place}:{types[kind]}:{name}" if kind in types and name else None


def _pipeline(request: _Request) -> str | None:
    """An approval is answered at the action, a stage is retried at the stage."""
    fields = request.fields
    name = fields.get("pipelineName") or fields.get("name")
    below = [fields[key] for key in ("stageName", "actionName") if key in fields]
    return f"arn:aws:codepipeline:{request.place}:{'/'.join([name, *below])}" if name else None


def _target(request: _Request) -> str | None:
    if request.action != "RegisterScalableTarget":
        return None
    return target_arn(request.place, request.fields.get("ResourceId", ""))


# A list that names no resource is a request on all of its type.
_DATABASE_LISTS = {"DescribeDBInstances": "db", "DescribeDBSnapshots": "snapshot"}


def _restored(request: _Request) -> str | None:
    """A restore is authorized on the source, on what it makes, and on all that it puts that into."""
    named = [
        ("db", request.param("TargetDBInstanceIdentifier")),
        ("subgrp", request.param("DBSubnetGroupName")),
        ("pg", request.param("DBParameterGroupName")),
        ("og", request.param("OptionGroupName")),
    ]
    _also.set([f"arn:aws:rds:{request.place}:{kind}:{name}" for kind, name in named if name])
    source = request.param("SourceDBInstanceIdentifier")
    backups = request.param("SourceDBInstanceAutomatedBackupsArn")
    return f"arn:aws:rds:{request.place}:db:{source}" if source else backups or None


def named_source() -> str:
    """The DB instance that the request which is being authorized restores; empty without one."""
    return _source.get("")


def named_snapshot() -> str:
    """The DB snapshot that the request which is being authorized names; empty without one."""
    return _snapshot.get("")


def _database(request: _Request) -> str | None:
    _snapshot.set(request.param("DBSnapshotIdentifier"))
    _source.set(request.param("SourceDBInstanceIdentifier"))
    if request.action == "RestoreDBInstanceToPointInTime":
        return _restored(request)
    if request.param("DBInstanceIdentifier"):
        return None
    for parameter, kind in _DATABASE_TYPES:
        name = request.param(parameter)
        if name:
            return f"arn:aws:rds:{request.place}:{kind}:{name}"
    listed = _DATABASE_LISTS.get(request.action)
    return f"arn:aws:rds:{request.place}:{listed}:*" if listed else None


def _protected(request: _Request) -> str | None:
    """What a web ACL stands before, e.g. a load balancer; the web ACL itself where its log is asked for."""
    asked = ("GetWebACLForResource", "GetLoggingConfiguration")
    return request.fields.get("ResourceArn") if request.action in asked else None


_NAMED: dict[str, Callable[[_Request], str | None]] = {
    "ssm": _parameter,
    "ecs": _service_or_task,
    "elasticloadbalancing": _rule_or_tagged,
    "kms": _key,
    "states": _machine_of_task,
    "rds": _database,
    "dynamodb": _table_of_policy,
    "events": _bus_or_rule,
    "backup": _backup,
    "codepipeline": _pipeline,
    "wafv2": _protected,
    "application-autoscaling": _target,
}


def _rotation_keys(body: bytes) -> Record:
    """`secretsmanager:RotationLambdaARN` is that of the request."""
    function = json.loads(body or b"{}").get("RotationLambdaARN")
    return {"secretsmanager:RotationLambdaARN": function} if function else {}


def _event_keys(body: bytes) -> Record:
    """`events:source` and `events:detail-type` of PutEvents."""
    try:
        entries = json.loads(body).get("Entries") or []
    except ValueError:
        return {}
    first = entries[0] if entries else {}
    return {"events:source": first.get("Source"), "events:detail-type": first.get("DetailType")}
