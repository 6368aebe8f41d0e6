"""Policy variables, and condition keys that this product's policies rest on.

AWS: "IAM policy elements: Variables and tags" (IAM User Guide)
AWS: "AWS global condition context keys" (IAM User Guide)
AWS: "Actions, resources, and condition keys for AWS Identity and Access Management" (Service Authorization Reference)
AWS: "Actions, resources, and condition keys for AWS Key Management Service" (Service Authorization Reference)
AWS: "Actions, resources, and condition keys for Amazon S3" (Service Authorization Reference)
Test: permissions.test.ts: a principal tag is replaced by its value in a resource; without the tag the statement does not apply
Test: permissions.test.ts: aws:PrincipalArn of a session is the ARN of its role, path included
Test: permissions.test.ts: aws:ResourceTag has the tags of the resource, also of a key that another service uses
Test: permissions.test.ts: iam:PermissionsBoundary is the requested boundary, and a role’s ARN has its path
Test: permissions.test.ts: KMS checks encryption context, the caller’s account and the aliases of the key
Test: permissions.test.ts: a bucket policy can deny every key but one, and can require TLS

`${aws:PrincipalTag/key}` stands for its value in resources and conditions, and a statement whose
variable has no value does not apply. `aws:PrincipalArn` of a role session is the role's ARN with
its path, and every policy that is evaluated knows `aws:ResourceTag`. IAM, KMS and S3 have
`iam:PermissionsBoundary`, `kms:EncryptionContext:key`, `kms:CallerAccount`, `kms:ResourceAliases`,
`s3:x-amz-server-side-encryption-aws-kms-key-id`, and role ARNs with their path. MiniStack has none
of these.
"""

from __future__ import annotations

import contextvars
import json
import re
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, kms, tagging

from ..patch import Patch
from ..shapes import Original, Params, Record

_VARIABLE = re.compile(r"\$\{([^},]+?)(?:\s*,\s*'([^']*)')?\s*\}")
_LITERAL = {"*": "*", "?": "?", "$": "$"}
_EVALUATOR = "ministack.core.iam_evaluator"
_ACTIONS = "ministack.core.iam_actions"

_s3_headers: contextvars.ContextVar[dict[str, str]] = contextvars.ContextVar("s3_headers")

PATCH = Patch(__name__)


class _NoValue(Exception):
    pass


# --- variables --------------------------------------------------------------------------------------------------------


@PATCH.replaces(f"{_EVALUATOR}._first_match", digest="f2822f25")
def _first_match(ctx: Any, stmts: list[Any], effect: str) -> Any:
    for statement in stmts:
        if (
            statement.effect == effect
            and iam_evaluator._action_matches(ctx.action, statement.actions, statement.not_actions)
            and _resources_match(statement, ctx)
            and iam_evaluator._conditions_met(statement.conditions, ctx)
        ):
            return statement
    return None


@PATCH.wraps(f"{_EVALUATOR}._conditions_met", digest="82891906")
def _conditions_met_resolved(conditions_met: Original, conditions: Record | None, ctx: Any) -> bool:
    def of(expected: Any) -> Any:
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
    met: bool = conditions_met(conditions, ctx)
    return met


def _resources_match(statement: Any, ctx: Any) -> bool:
    try:
        resources = [_resolved(each, ctx) for each in statement.resources]
        others = [_resolved(each, ctx) for each in statement.not_resources]
    except _NoValue:
        return False
    return bool(iam_evaluator._resource_matches(ctx.resource_arn, resources, others))


def _resolved(text: str, ctx: Any) -> str:
    if "${" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        key, default = match.groups()
        if key in _LITERAL:
            return _LITERAL[key]
        found = iam_evaluator._resolve_condition_key(key, ctx)
        if isinstance(found, str):
            return found
        if default is None:
            raise _NoValue
        return str(default)

    return _VARIABLE.sub(value, text)


# --- keys of the caller -----------------------------------------------------------------------------------------------


@PATCH.wraps(f"{_EVALUATOR}._resolve_condition_key", digest="9a9e413f")
def _resolve_all(resolve: Original, key: str, ctx: Any) -> Any:
    wanted = key.lower()
    if wanted == "aws:principalarn":
        return _role_arn_of_session(ctx.principal_arn)
    if wanted.startswith("aws:resourcetag/") and wanted not in ctx.service_context:
        for name, value in (tagging.resource_tags(ctx.resource_arn) or {}).items():
            ctx.service_context.setdefault(f"aws:resourcetag/{name}".lower(), value)
    return resolve(key, ctx)


def _role_arn_of_session(arn: str) -> str:
    """The ARN of the role behind a session's ARN, as `aws:PrincipalArn` has it."""
    account, _, session = arn.partition(":assumed-role/")
    if not session:
        return arn
    account_id, name = account.rsplit(":", 1)[-1], session.split("/")[0]
    role = iam._roles.get_scoped(account_id, None, name) or {}
    return role.get("Arn") or f"arn:aws:iam::{account_id}:role/{name}"


# --- keys of the request ----------------------------------------------------------------------------------------------


@PATCH.wraps(f"{_ACTIONS}.request_tag_context", digest="c373057a")
def _context_of(tags_of: Original, service: str, iam_action: str, body: bytes, params: Params) -> Record:
    return {**tags_of(service, iam_action, body, params), **_request_keys(service, iam_action, body, params)}


@PATCH.wraps(f"{_ACTIONS}.s3_service_context", digest="a4af2cb6")
def _s3_context_of(
    context_of: Original,
    iam_action: str,
    query_params: Params | None,
    path: str = "",
    headers: dict[str, str] | None = None,
) -> Record:
    context: Record = context_of(iam_action, query_params, path, headers)
    key_id = (headers or {}).get("x-amz-server-side-encryption-aws-kms-key-id")
    if iam_action == "s3:PutObject" and key_id:
        record = kms._resolve_key(key_id)
        context["s3:x-amz-server-side-encryption-aws-kms-key-id"] = record["Arn"] if record else key_id
    _s3_headers.set(headers or {})
    return context


def s3_request_headers() -> dict[str, str]:
    """Headers of the S3 request that is being authorized."""
    return _s3_headers.get({})


def _request_keys(service: str, iam_action: str, body: bytes, params: Params) -> Record:
    if service == "iam":
        return _boundary_context(
            iam_action,
            iam_actions._query_param(params, "RoleName"),
            iam_actions._query_param(params, "PermissionsBoundary"),
        )
    if service != "kms":
        return {}
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    context: Record = {"kms:CallerAccount": get_account_id()}
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


def _boundary_context(iam_action: str, role_name: str, requested: str | None) -> Record:
    """`iam:PermissionsBoundary`: the boundary that the request sets, or the one that the role has."""
    if iam_action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
        boundary = requested
    else:
        boundary = (iam._roles.get(role_name) or {}).get("PermissionsBoundary") if role_name else None
    return {"iam:PermissionsBoundary": boundary} if boundary else {}


# --- names of roles ---------------------------------------------------------------------------------------------------


@PATCH.wraps(f"{_ACTIONS}.extract_resource_arn", digest="4f721b00")
def _extract_with_path(
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
    arn: str = extract(service, method, path, headers, body, query_params, region, account_id)
    if service != "iam" or ":role/" not in arn:
        return arn
    role = iam._roles.get(arn.split(":role/", 1)[1].rsplit("/", 1)[-1])
    if role:
        return str(role["Arn"])
    at = iam_actions._query_param(query_params, "Path")
    return arn.replace(":role/", f":role{at}", 1) if at else arn
