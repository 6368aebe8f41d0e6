"""Each request is authorized on the resource that AWS authorizes it on, with the condition keys that it has there.

AWS: "Actions, resources, and condition keys" of each service (Service Authorization Reference), and "How Parameter Store
authorizes parameter retrieval" (Systems Manager User Guide). MiniStack takes `*`, or a coarser resource, for the
requests named below, so that a policy that names the resource would not admit them.
"""

from __future__ import annotations

import contextvars
import json
from typing import Any, Callable

from ministack.core import iam_actions, iam_evaluator
from ministack.services import kms

from .step_functions_tasks import machine_of

_also: contextvars.ContextVar[list[str]] = contextvars.ContextVar("also", default=[])
_MISSING_KEY = "arn:aws:kms:::missing"


def apply() -> None:
    extract, context_of, enforce = (
        iam_actions.extract_resource_arn,
        iam_actions.request_tag_context,
        iam_evaluator.enforce,
    )
    assert extract.__code__.co_varnames[:3] == ("service", "method", "path"), "extract_resource_arn takes other arguments"

    def extract_named(service, method, path, headers, body, query_params, region, account_id):
        _also.set([])
        name = _NAMED.get(service)
        found = name(_Request(headers, body, query_params, f"{region}:{account_id}")) if name else None
        return found or extract(service, method, path, headers, body, query_params, region, account_id)

    def enforce_on_all(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        if resource_arn == _MISSING_KEY:
            refused = enforce(access_key_id, iam_action, service, region, "*", service_context)
            return refused if isinstance(refused, iam_evaluator.AuthError) else None
        refused = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        for another in [] if refused or service != "kms" else _also.get():
            refused = refused or enforce(access_key_id, iam_action, service, region, another, {})
        return refused

    def context_with_event(service, iam_action, body, params):
        context = context_of(service, iam_action, body, params)
        return {**context, **_event_keys(body)} if iam_action == "events:PutEvents" else context

    iam_actions.extract_resource_arn = extract_named
    iam_actions.request_tag_context = context_with_event
    iam_evaluator.enforce = enforce_on_all


class _Request:
    def __init__(self, headers: dict, body: bytes, params: dict, place: str) -> None:
        self.params, self.place = params, place
        try:
            fields = json.loads(body) if body[:1] == b"{" else {}
        except ValueError:
            fields = {}
        self.fields: dict[str, Any] = fields if isinstance(fields, dict) else {}
        target = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "")
        self.action = target.rsplit(".", 1)[-1] or self.param("Action")

    def param(self, *names: str) -> str:
        return next((found for found in (iam_actions._query_param(self.params, name) for name in names) if found), "")


def _parameter(request: _Request) -> str | None:
    path = request.fields.get("Path")
    if request.action != "GetParametersByPath" or not path:
        return None
    return f"arn:aws:ssm:{request.place}:parameter/{path.strip('/')}"


def _service(request: _Request) -> str | None:
    services = request.fields.get("services") or [request.fields.get("service")]
    if request.action not in ("DescribeServices", "UpdateService", "DeleteService") or not services[0]:
        return None
    cluster = (request.fields.get("cluster") or "default").rsplit("/", 1)[-1]
    return services[0] if services[0].startswith("arn:") else f"arn:aws:ecs:{request.place}:service/{cluster}/{services[0]}"


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


def _database(request: _Request) -> str | None:
    if request.param("DBInstanceIdentifier"):
        return None
    for parameter, kind in _DATABASE_TYPES:
        name = request.param(parameter)
        if name:
            return f"arn:aws:rds:{request.place}:{kind}:{name}"
    return None


_NAMED: dict[str, Callable[[_Request], str | None]] = {
    "ssm": _parameter,
    "ecs": _service,
    "elasticloadbalancing": _rule_or_tagged,
    "kms": _key,
    "states": _machine_of_task,
    "rds": _database,
}


def _event_keys(body: bytes) -> dict[str, Any]:
    """`events:source` and `events:detail-type` of PutEvents (Amazon EventBridge User Guide, "Using IAM policy conditions")."""
    try:
        entries = json.loads(body).get("Entries") or []
    except ValueError:
        return {}
    first = entries[0] if entries else {}
    return {"events:source": first.get("Source"), "events:detail-type": first.get("DetailType")}
