"""The name of a secret that was deleted without a recovery window is not free at once.

AWS: "DeleteSecret" (AWS Secrets Manager API Reference)
AWS: "Delete an AWS Secrets Manager secret" (AWS Secrets Manager User Guide)
Test: conflicts.test.ts: T7: the name of a deleted secret stays taken for a while, for a request and for a stack

Secrets Manager deletes such a secret in the background. Until that is done, a secret with the same
name is refused as one that is scheduled for deletion. CloudFormation deletes its secrets in this
way. MiniStack gives the name away at once.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json

from ..patch import Patch
from ..patience import Past
from ..shapes import Answer, Made, Original, Params, Record

_SERVICE = "ministack.services.secretsmanager"
_CREATE = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::SecretsManager::Secret][create]"
_LEAST_SECONDS, _MOST_SECONDS = 2, 40
_SCHEDULED = "You can't create this secret because a secret with this name is already scheduled for deletion."

# Whether a name is free.
_free: Past[bool] = Past("secretsmanager.name", nodes=1)

PATCH = Patch(__name__, after=["cloudformation.taken_names"])


@PATCH.wraps(f"{_SERVICE}._purge_secret", digest="05fee266")
def _purge_slowly(purge: Original, key: str, secret: Record) -> None:
    purge(key, secret)
    _free.keep(secret["Name"], False, _LEAST_SECONDS, _MOST_SECONDS)


@PATCH.wraps(f"{_SERVICE}._create_secret", digest="fe47f98a")
def _create_when_free(create: Original, data: Params) -> Answer:
    if not _free.seen(data.get("Name") or "", True):
        return error_response_json("InvalidRequestException", _SCHEDULED, 400)
    answer: Answer = create(data)
    return answer


@PATCH.wraps(_CREATE, digest="f0e37a28")
def _create_with_stack_when_free(create: Original, logical_id: str, props: Record, *more: Any, **named: Any) -> Made:
    if not _free.seen(props.get("Name") or "", True):
        raise ValueError(f"{_SCHEDULED} (Service: SecretsManager, Status Code: 400)")
    made: Made = create(logical_id, props, *more, **named)
    return made
