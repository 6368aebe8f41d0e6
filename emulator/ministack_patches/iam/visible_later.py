"""A role, its trust, its policies and its boundary count some time after they were made, changed or taken away.

AWS: "Troubleshooting IAM: changes that I make are not always immediately visible" (IAM User Guide)
Test: visible-later.test.ts: T1: a new role can be assumed only after a delay; until then the error is that of an untrusted caller
Test: visible-later.test.ts: T1: a new policy of a role, and its removal, take effect after a delay

IAM copies each change to the services that ask for it. Until a copy has arrived, a new role cannot
be assumed, which STS answers as it answers a role that does not trust the caller: AccessDenied. A
new policy does not count, one that was taken away still does. IAM's own answers tell at once what
was written. In the field this takes 10 to 30 s (hashicorp/terraform-provider-aws#6566).
MiniStack counts every change at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam

from ..patch import Patch
from ..patience import Past
from ..shapes import Made, Original, Params, Record

_EVALUATOR = "ministack.core.iam_evaluator"
_IAM = "ministack.services.iam"
_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::IAM::Role]"
_LEAST_SECONDS, _MOST_SECONDS = 10, 30

# None: the role is not known yet.
_roles: Past[Record | None] = Past("iam.role")
# The document of a managed policy's default version.
_documents: Past[Any] = Past("iam.policy")

PATCH = Patch(__name__, after=["cloudformation.role_boundary", "cloudformation.taken_names"])


# --- what is seen -----------------------------------------------------------------------------------------------------


def role_is_known(role_arn: str) -> bool:
    """Whether a service that asks for the role finds it by now."""
    role = iam._roles.get_scoped(role_arn.split(":")[4], None, role_arn.rsplit("/", 1)[-1])
    return role is not None and role["Arn"] == role_arn and _roles.seen(_key_of(role_arn), role) is not None


@PATCH.wraps(f"{_EVALUATOR}.evaluate_trust_policy", digest="c946924f")
def _evaluate_trust(evaluate: Original, trust_doc: Any, caller_arn: str, ctx: Any = None) -> bool:
    role_arn = ctx.resource_arn if ctx else ""
    if ":role/" not in role_arn:
        return bool(evaluate(trust_doc, caller_arn, ctx))
    role = _roles.seen(_key_of(role_arn), {"AssumeRolePolicyDocument": trust_doc})
    return role is not None and bool(evaluate(role["AssumeRolePolicyDocument"], caller_arn, ctx))


@PATCH.wraps(f"{_EVALUATOR}._gather_role_policies", digest="54484859")
def _gather_known(gather: Original, role_name: str, account_id: str) -> list[Any]:
    now = iam._roles.get_scoped(account_id, None, role_name)
    seen = _roles.seen(f"{account_id}/{role_name}", now)
    if seen is now:
        return list(gather(role_name, account_id))
    return list(_policies_of(seen, account_id)) if seen else []


@PATCH.wraps(f"{_EVALUATOR}._permissions_boundary", digest="a41f1f3c")
def _known_boundary(boundary: Original, store: Any, name: str, account_id: str) -> Any:
    if store is not iam._roles:
        return boundary(store, name, account_id)
    seen = _roles.seen(f"{account_id}/{name}", store.get_scoped(account_id, None, name))
    return boundary(_OneRole(seen), name, account_id)


@PATCH.wraps(f"{_EVALUATOR}._resolve_managed_policy_document", digest="5b802df7")
def _known_document(resolve: Original, policy_arn: str, account_id: str) -> Any:
    return _documents.seen(policy_arn, resolve(policy_arn, account_id))


class _OneRole:
    """A store that has this role alone."""

    def __init__(self, role: Record | None) -> None:
        self._role = role

    def get_scoped(self, *_: Any) -> Record | None:
        return self._role


def _key_of(role_arn: str) -> str:
    return f"{role_arn.split(':')[4]}/{role_arn.rsplit('/', 1)[-1]}"


def _policies_of(role: Record, account_id: str) -> Iterator[list[Any]]:
    attached = (iam_evaluator._resolve_managed_policy_document(arn, account_id) for arn in role["AttachedPolicies"])
    for document in (*role["InlinePolicies"].values(), *attached):
        statements = iam_evaluator.parse_policy_document(document) if document else []
        if statements:
            yield statements


# --- what changes -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def changing(role: str = "", policy: str = "") -> Iterator[None]:
    """What the change within makes different of the role of this name, and of the policy of this ARN, is seen later."""
    former, document = _copied(iam._roles.get(role)), _default_document(policy)
    yield
    now = iam._roles.get(role)
    # A role that is gone is gone at once: STS looks for it first.
    if now is not None and _copied(now) != former:
        _roles.keep(f"{get_account_id()}/{role}", former, _LEAST_SECONDS, _MOST_SECONDS)
    # The document of a policy that is new counts as soon as the policy does where it is attached.
    if document is not None and _default_document(policy) != document:
        _documents.keep(policy, document, _LEAST_SECONDS, _MOST_SECONDS)


def _copied(role: Record | None) -> Record | None:
    if role is None:
        return None
    return {**role, "AttachedPolicies": list(role["AttachedPolicies"]), "InlinePolicies": dict(role["InlinePolicies"])}


def _default_document(arn: str) -> Any:
    policy = iam._policies.get(arn) or {}
    return (policy.get("Versions", {}).get(policy.get("DefaultVersionId")) or {}).get("Document")


def _late(action: str, function: str, digest: str) -> None:
    @PATCH.wraps(f"{_IAM}.{function}", f"{_IAM}._IAM_HANDLERS[{action}]", digest=digest)
    def change(original: Original, params: Params) -> Any:
        with changing(iam._p(params, "RoleName"), iam._p(params, "PolicyArn")):
            return original(params)


for _action, _function, _digest in (
    ("CreateRole", "_create_role", "4c56821e"),
    ("UpdateAssumeRolePolicy", "_update_assume_role_policy", "a2735e0a"),
    ("PutRolePolicy", "_put_role_policy", "f4d7f84f"),
    ("DeleteRolePolicy", "_delete_role_policy", "c0418f34"),
    ("PutRolePermissionsBoundary", "_put_role_permissions_boundary", "a4eab8ea"),
    ("DeleteRolePermissionsBoundary", "_delete_role_permissions_boundary", "4f56b4ac"),
    ("CreatePolicyVersion", "_create_policy_version", "9c934324"),
):
    _late(_action, _function, _digest)


@PATCH.wraps(f"{_IAM}.attach_managed_policy", digest="2339d890")
def _attach_late(attach: Original, entity: Record, policy_arn: str) -> None:
    with changing(entity.get("RoleName", "")):
        attach(entity, policy_arn)


@PATCH.wraps(f"{_IAM}.detach_managed_policy", digest="b52ac5d5")
def _detach_late(detach: Original, entity: Record, policy_arn: str) -> None:
    with changing(entity.get("RoleName", "")):
        detach(entity, policy_arn)


@PATCH.wraps(f"{_HANDLER}[create]", digest="c8e961bc")
def _create_late(create: Original, logical_id: str, props: Record, stack_name: str, *more: Any, **named: Any) -> Made:
    made: Made = create(logical_id, props, stack_name, *more, **named)
    _roles.keep(f"{get_account_id()}/{made[0]}", None, _LEAST_SECONDS, _MOST_SECONDS)
    return made


@PATCH.wraps(f"{_HANDLER}[update]", digest="606cf8f5")
def _update_late(update: Original, physical_id: str, *args: Any, **named: Any) -> Made:
    with changing(physical_id):
        made: Made = update(physical_id, *args, **named)
        return made
