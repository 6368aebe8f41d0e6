"""Whoever holds a grant may use the key as the grant says, whatever the policies do not allow.

AWS: "Grants in AWS KMS" (AWS KMS Developer Guide)
AWS: "Using grant constraints" (AWS KMS Developer Guide)
Test: grants.test.ts: K1: a grant allows its grantee to use the key with the encryption context of its constraint

A grant allows its operations to its grantee principal, for the encryption context of its
constraint; a policy that denies them wins. MiniStack keeps grants, and no decision knows them.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import kms

from ..patch import Patch
from ..shapes import Original, Record

_CONTEXT = "kms:EncryptionContext:"

PATCH = Patch(__name__, after=["iam.resources"], before=["kms.use"])


@PATCH.wraps("ministack.core.iam_evaluator.enforce", digest="fcf4e614")
def _enforce_with_grants(
    enforce: Original,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Record | None = None,
) -> Any:
    refused = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    if service != "kms" or not isinstance(refused, iam_evaluator.EvalResult) or refused.decision == "Deny":
        return refused
    operation = iam_action.partition(":")[2]
    context = {
        name.removeprefix(_CONTEXT): value
        for name, value in (service_context or {}).items()
        if name.startswith(_CONTEXT)
    }
    granted = any(
        grant["KeyId"] == resource_arn
        and operation in grant["Operations"]
        and _holds(grant.get("GranteePrincipal"), refused.principal_arn)
        and _admits(grant.get("Constraints") or {}, context)
        for grant in list(kms._grants.values())
    )
    return None if granted else refused


def _holds(grantee: str | None, caller_arn: str) -> bool:
    return grantee is not None and bool(iam_evaluator._principal_matches({"AWS": grantee}, caller_arn))


def _admits(constraints: Record, context: Record) -> bool:
    exact, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset") or {}
    if exact is not None and exact != context:
        return False
    return all(context.get(name) == value for name, value in subset.items())
