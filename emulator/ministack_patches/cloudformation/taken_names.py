"""A resource whose name is taken is not made: the stack fails there, and what has the name stays as it is.

AWS: "How do I resolve the error 'resource already exists' in CloudFormation" (AWS re:Post Knowledge Center)
AWS: "Name type" (AWS CloudFormation User Guide)
Test: stack-failures.test.ts: %s: an existing name fails the stack, and the resource that has the name stays

Names of custom-named resources must be unique in the account and region. MiniStack replaces what
has the name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs, iam, rds, secretsmanager

from ..patch import Patch
from ..shapes import Made, Original, Record

PATCH = Patch(__name__, after=["cloudformation.role_boundary", "cloudformation.stores"])


def _already_exists(kind: str, name: Any) -> str:
    return f"Resource of type '{kind}' with identifier '{name}' already exists."


def _log_group(props: Record) -> str | None:
    name = props.get("LogGroupName")
    return _already_exists("AWS::Logs::LogGroup", name) if name and name in cloudwatch_logs._log_groups else None


def _role(props: Record) -> str | None:
    name = props.get("RoleName")
    return _already_exists("AWS::IAM::Role", name) if name and name in iam._roles else None


def _instance(props: Record) -> str | None:
    name = props.get("DBInstanceIdentifier")
    return "DB instance already exists" if name and name in rds._instances else None


def _secret(props: Record) -> str | None:
    secret = secretsmanager._secrets.get(props.get("Name") or "")
    if secret is None:
        return None
    if secret.get("DeletedDate"):
        return "You can't create this secret because a secret with this name is already scheduled for deletion."
    return f"The operation failed because the secret {props['Name']} already exists."


def _refused_when_taken(handler: str, digest: str, refusal: Callable[[Record], str | None]) -> None:
    @PATCH.wraps(f"ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[{handler}][create]", digest=digest)
    def create_unless_taken(
        create: Original, logical_id: str, props: Record, stack_name: str, *more: Any, **named: Any
    ) -> Made:
        reason = refusal(props)
        if reason:
            raise ValueError(reason)
        made: Made = create(logical_id, props, stack_name, *more, **named)
        return made


_refused_when_taken("AWS::Logs::LogGroup", "291b7a5d", _log_group)
_refused_when_taken("AWS::IAM::Role", "c8e961bc", _role)
_refused_when_taken("AWS::RDS::DBInstance", "036dcd09", _instance)
_refused_when_taken("AWS::SecretsManager::Secret", "f0e37a28", _secret)
