"""A resource whose name is taken already is not made: the stack fails there, and what is in the way stays as it is.

AWS: "How do I resolve the error 'resource already exists' in CloudFormation" and "Name type" (AWS CloudFormation User
Guide): names of custom-named resources must be unique in the account and region. MiniStack replaces what has the name.
"""

from __future__ import annotations

from typing import Any, Callable

from ministack.services import cloudwatch_logs, iam, rds, secretsmanager
from ministack.services.cloudformation import provisioners


def apply() -> None:
    for kind, refusal in _REFUSALS.items():
        handler = provisioners._RESOURCE_HANDLERS[kind]
        assert {"create", "delete"} <= set(handler), f"{kind} is made elsewhere now"
        handler["create"] = _unless_taken(handler["create"], refusal)


def _unless_taken(create: Callable, refusal: Callable[[dict], str | None]) -> Callable:
    def create_unless_taken(logical_id, props, stack_name, *more, **named):
        reason = refusal(props)
        if reason:
            raise ValueError(reason)
        return create(logical_id, props, stack_name, *more, **named)

    return create_unless_taken


def _already_exists(kind: str, name: Any) -> str:
    return f"Resource of type '{kind}' with identifier '{name}' already exists."


def _log_group(props: dict) -> str | None:
    name = props.get("LogGroupName")
    return _already_exists("AWS::Logs::LogGroup", name) if name and name in cloudwatch_logs._log_groups else None


def _role(props: dict) -> str | None:
    name = props.get("RoleName")
    return _already_exists("AWS::IAM::Role", name) if name and name in iam._roles else None


def _instance(props: dict) -> str | None:
    name = props.get("DBInstanceIdentifier")
    return "DB instance already exists" if name and name in rds._instances else None


def _secret(props: dict) -> str | None:
    secret = secretsmanager._secrets.get(props.get("Name") or "")
    if secret is None:
        return None
    if secret.get("DeletedDate"):
        return "You can't create this secret because a secret with this name is already scheduled for deletion."
    return f"The operation failed because the secret {props['Name']} already exists."


_REFUSALS: dict[str, Callable[[dict], str | None]] = {
    "AWS::Logs::LogGroup": _log_group,
    "AWS::IAM::Role": _role,
    "AWS::RDS::DBInstance": _instance,
    "AWS::SecretsManager::Secret": _secret,
}
