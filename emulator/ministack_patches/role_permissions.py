"""What a service may do with a role that it assumes for its user: each call is authorized, as AWS authorizes it."""

from __future__ import annotations

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import iam


def refusal(role_arn: str, action: str, resource_arn: str, session: str) -> str | None:
    """AWS's words when the role's policies do not allow the action on the resource; None when they do."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    context = iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    if iam_evaluator.evaluate(context, policies, *limits).decision == "Allow":
        return None
    return (
        f"User: {principal} is not authorized to perform: {action} on resource: {resource_arn} because no"
        f" identity-based policy allows the {action} action"
    )
