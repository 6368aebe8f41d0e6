"""Policy variables, and condition keys that this product's policies rest on.

AWS: "IAM policy elements: Variables and tags" (IAM User Guide): `${aws:PrincipalTag/key}` stands for its value in
resources and conditions, and a statement whose variable has no value does not apply. "AWS global condition context
keys": `aws:PrincipalArn` of a role session is the role's ARN, its path included, and `aws:ResourceTag` is known to
every policy that is evaluated. "Actions, resources, and condition keys" of IAM, KMS and S3 (Service Authorization
Reference): `iam:PermissionsBoundary`, `kms:EncryptionContext:key`, `kms:CallerAccount`, `kms:ResourceAliases`,
`s3:x-amz-server-side-encryption-aws-kms-key-id`, and role ARNs with their path.
"""

from __future__ import annotations

import contextvars
import json
import re
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, kms, tagging

_VARIABLE = re.compile(r"\$\{([^},]+?)(?:\s*,\s*'([^']*)')?\s*\}")
_LITERAL = {"*": "*", "?": "?", "$": "$"}
_s3_headers: contextvars.ContextVar[dict] = contextvars.ContextVar("s3_headers", default={})


class _NoValue(Exception):
    pass


def apply() -> None:
    _substitute_variables()
    _add_keys_of_the_caller()
    _add_keys_of_the_request()
    _name_roles_by_path()


def _resolved(text: str, ctx: Any) -> str:
    if "${" not in text:
        return text

    def value(match: re.Match) -> str:
        key, default = match.groups()
        if key in _LITERAL:
            return _LITERAL[key]
        found = iam_evaluator._resolve_condition_key(key, ctx)
        if isinstance(found, str):
            return found
        if default is None:
            raise _NoValue
        return default

    return _VARIABLE.sub(value, text)


def _substitute_variables() -> None:
    conditions_met = iam_evaluator._conditions_met
    assert iam_evaluator._first_match.__code__.co_varnames[:3] == ("ctx", "stmts", "effect"), "_first_match has changed"

    def conditions_met_resolved(conditions, ctx):
        def of(expected):
            if isinstance(expected, str):
                return _resolved(expected, ctx)
            return [of(each) for each in expected] if isinstance(expected, list) else expected

        try:
            conditions = {
                operator: {key: of(expected) for key, expected in block.items()} if isinstance(block, dict) else block
                for operator, block in (conditions or {}).items()
            }
        except _NoValue:
            return False
        return conditions_met(conditions, ctx)

    def resources_match(statement, ctx):
        try:
            resources = [_resolved(each, ctx) for each in statement.resources]
            others = [_resolved(each, ctx) for each in statement.not_resources]
        except _NoValue:
            return False
        return iam_evaluator._resource_matches(ctx.resource_arn, resources, others)

    def first_match(ctx, stmts, effect):
        for statement in stmts:
            if (
                statement.effect == effect
                and iam_evaluator._action_matches(ctx.action, statement.actions, statement.not_actions)
                and resources_match(statement, ctx)
                and conditions_met_resolved(statement.conditions, ctx)
            ):
                return statement
        return None

    iam_evaluator._first_match = first_match
    iam_evaluator._conditions_met = conditions_met_resolved


def role_arn_of_session(arn: str) -> str:
    """The ARN of the role behind a session's ARN, as `aws:PrincipalArn` has it."""
    account, _, session = arn.partition(":assumed-role/")
    if not session:
        return arn
    account_id, name = account.rsplit(":", 1)[-1], session.split("/")[0]
    role = iam._roles.get_scoped(account_id, None, name) or {}
    return role.get("Arn") or f"arn:aws:iam::{account_id}:role/{name}"


def _add_keys_of_the_caller() -> None:
    resolve = iam_evaluator._resolve_condition_key

    def resolve_all(key, ctx):
        wanted = key.lower()
        if wanted == "aws:principalarn":
            return role_arn_of_session(ctx.principal_arn)
        if wanted.startswith("aws:resourcetag/") and wanted not in ctx.service_context:
            for name, value in (tagging.resource_tags(ctx.resource_arn) or {}).items():
                ctx.service_context.setdefault(f"aws:resourcetag/{name}".lower(), value)
        return resolve(key, ctx)

    iam_evaluator._resolve_condition_key = resolve_all


def _add_keys_of_the_request() -> None:
    tags_of, s3_keys_of = iam_actions.request_tag_context, iam_actions.s3_service_context

    def context_of(service, iam_action, body, params):
        return {**tags_of(service, iam_action, body, params), **_request_keys(service, iam_action, body, params)}

    def s3_context_of(iam_action, query_params, path="", headers=None):
        context = s3_keys_of(iam_action, query_params, path, headers)
        key_id = (headers or {}).get("x-amz-server-side-encryption-aws-kms-key-id")
        if iam_action == "s3:PutObject" and key_id:
            record = kms._resolve_key(key_id)
            context["s3:x-amz-server-side-encryption-aws-kms-key-id"] = record["Arn"] if record else key_id
        _s3_headers.set({"path": path, "headers": headers or {}})
        return context

    iam_actions.request_tag_context = context_of
    iam_actions.s3_service_context = s3_context_of


def _request_keys(service: str, iam_action: str, body: bytes, params: dict) -> dict[str, Any]:
    if service == "iam":
        return boundary_context(
            iam_action, iam_actions._query_param(params, "RoleName"), iam_actions._query_param(params, "PermissionsBoundary")
        )
    if service != "kms":
        return {}
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    context: dict[str, Any] = {"kms:CallerAccount": get_account_id()}
    for name, value in (request.get("EncryptionContext") or {}).items():
        context[f"kms:EncryptionContext:{name}"] = value
    if request.get("EncryptionContext"):
        context["kms:EncryptionContextKeys"] = list(request["EncryptionContext"])
    record = kms._resolve_key(request.get("KeyId") or request.get("TargetKeyId") or "")
    if record:
        # A key's id is its own in every account and region: the store need not be asked for each alias whose it is.
        aliases = [scoped[-1] for scoped, key_id in list(kms._aliases._data.items()) if key_id == record["KeyId"]]
        if aliases:
            context["kms:ResourceAliases"] = [arn.split(":", 5)[-1] for arn in aliases]
    return context


def boundary_context(iam_action: str, role_name: str, requested: str | None) -> dict[str, Any]:
    """`iam:PermissionsBoundary`: the boundary that the request sets, or the one that the role has."""
    if iam_action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
        boundary = requested
    else:
        boundary = (iam._roles.get(role_name) or {}).get("PermissionsBoundary") if role_name else None
    return {"iam:PermissionsBoundary": boundary} if boundary else {}


def _name_roles_by_path() -> None:
    extract = iam_actions.extract_resource_arn

    def extract_with_path(service, method, path, headers, body, query_params, region, account_id):
        arn = extract(service, method, path, headers, body, query_params, region, account_id)
        if service != "iam" or ":role/" not in arn:
            return arn
        role = iam._roles.get(arn.split(":role/", 1)[1].rsplit("/", 1)[-1])
        if role:
            return role["Arn"]
        at = iam_actions._query_param(query_params, "Path")
        return arn.replace(":role/", f":role{at}", 1) if at else arn

    assert extract.__code__.co_varnames[:8] == extract_with_path.__code__.co_varnames[:8], "other arguments now"
    iam_actions.extract_resource_arn = extract_with_path


def s3_request() -> dict:
    """Path and headers of the S3 request that is being authorized."""
    return _s3_headers.get()

