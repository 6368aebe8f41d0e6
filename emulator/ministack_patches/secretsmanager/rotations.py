"""RotateSecret calls the rotation function, step by step, until the new version of the secret is the current one.

AWS: "RotateSecret" (AWS Secrets Manager API Reference)
AWS: "Rotation by Lambda function" (AWS Secrets Manager User Guide)
AWS: "Troubleshoot AWS Secrets Manager rotation" (AWS Secrets Manager User Guide)
Test: functions.test.ts: calls its function in four steps, and begins anew when one fails
Test: functions.test.ts: that has not ended holds up the next one
Test: functions.test.ts: needs a function that Secrets Manager may call

The version exists before it has a value, with the label AWSPENDING. A step that fails begins the rotation
anew, some minutes later. A rotation has ended when the function has moved AWSCURRENT. MiniStack copies the
current value into a version that is current at once, and calls nothing.

Left out: the schedule, and the test of a configuration that is not to rotate at once.
"""

from __future__ import annotations

import json
import threading
import time
from fnmatch import fnmatchcase

from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
    request_scope,
)
from ministack.services import lambda_svc, secretsmanager

from .. import patience
from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_SERVICE = "ministack.services.secretsmanager"
_PRINCIPAL = "secretsmanager.amazonaws.com"
_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# AWS says "multiple times", and neither how often nor how far apart.
_ATTEMPTS = 4
_APART = (60, 240)
_DAY = 24 * 60 * 60

PATCH = Patch(__name__, after=["secretsmanager.names_in_use"])


@PATCH.replaces(f"{_SERVICE}._rotate_secret", digest="07a694e1")
def _rotate_secret(data: Params) -> Answer:
    secret: Record | None = secretsmanager._resolve(data.get("SecretId"))[1]
    if secret is None:
        message = "Secrets Manager can't find the specified secret."
        return error_response_json("ResourceNotFoundException", message, 400)
    if secret.get("DeletedDate"):
        return _refused("You can't perform this operation on the secret because it was marked for deletion.")
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        return _refused("No Lambda rotation function ARN is associated with this secret.")
    at_once = data.get("RotateImmediately", True)
    if at_once and not _may_call(function, secret["ARN"]):
        message = (
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants"
            f" access to the principal {_PRINCIPAL}."
        )
        return error_response_json("AccessDeniedException", message, 400)
    secret.update(RotationEnabled=True, RotationLambdaARN=function)
    if data.get("RotationRules"):
        secret["RotationRules"] = data["RotationRules"]
    told = {"ARN": secret["ARN"], "Name": secret["Name"]}
    if not at_once:
        return json_response(told)
    token = data.get("ClientRequestToken") or new_uuid()
    pending, version = secretsmanager._find_stage_version(secret, "AWSPENDING")
    if pending not in (None, token) and "AWSCURRENT" not in version["Stages"]:
        _begin(secret, pending)
        return _refused("A previous rotation isn't complete. That rotation will be reattempted.")
    secretsmanager._remove_stage_everywhere(secret, "AWSPENDING", except_version_id=token)
    empty = {"SecretString": None, "SecretBinary": None, "CreatedDate": round(time.time(), 3), "Stages": ["AWSPENDING"]}
    secret["Versions"].setdefault(token, empty)
    _begin(secret, token)
    return json_response({**told, "VersionId": token})


@PATCH.wraps(f"{_SERVICE}._get_secret_value", digest="cfcc0e04")
def _get_value(get: Original, data: Params) -> Answer:
    answer: Answer = get(data)
    told = json.loads(answer[2])
    if answer[0] >= 400 or "SecretString" in told or "SecretBinary" in told:
        return answer
    message = f"Secrets Manager can't find the specified secret value for VersionId: {told['VersionId']}"
    return error_response_json("ResourceNotFoundException", message, 400)


@PATCH.wraps(f"{_SERVICE}._describe_secret", digest="4ffea1eb")
def _describe(describe: Original, data: Params) -> Answer:
    answer: Answer = describe(data)
    secret = secretsmanager._resolve(data.get("SecretId"))[1]
    last = secret.get("_LastRotated") if secret else None
    if answer[0] >= 400 or not last:
        return answer
    told = {**json.loads(answer[2]), "LastRotatedDate": last}
    days = (secret.get("RotationRules") or {}).get("AutomaticallyAfterDays")
    return json_response({**told, "NextRotationDate": last + int(days) * _DAY} if days else told)


def _refused(message: str) -> Answer:
    return error_response_json("InvalidRequestException", message, 400)


def _may_call(function: str, secret_arn: str) -> bool:
    """Whether the policy of the function admits Secrets Manager, for this secret."""
    record = lambda_svc._get_func_record_for_ref(function)[0] or {}
    return any(_admits(each, secret_arn) for each in (record.get("policy") or {}).get("Statement", []))


def _admits(statement: Record, secret_arn: str) -> bool:
    principal, conditions = statement.get("Principal"), statement.get("Condition") or {}
    account = conditions.get("StringEquals", {}).get("AWS:SourceAccount", get_account_id())
    source = conditions.get("ArnLike", {}).get("AWS:SourceArn", secret_arn)
    admits = isinstance(principal, dict) and principal.get("Service") == _PRINCIPAL
    return admits and account == get_account_id() and fnmatchcase(secret_arn, source)


def _begin(secret: Record, token: str) -> None:
    if secret.get("_Rotating") == token:
        return
    secret["_Rotating"] = token
    scope = get_account_id(), get_region()
    threading.Thread(target=_rotate, args=(secret, token, scope), name="rotation", daemon=True).start()


def _rotate(secret: Record, token: str, scope: tuple[str, str]) -> None:
    try:
        for attempt in range(_ATTEMPTS):
            if attempt:
                patience.wait(patience.seconds(*_APART, "rotation", secret["Name"]))
            # A secret that is gone has no rotation any more.
            with request_scope(*scope):
                if secretsmanager._resolve(secret["ARN"])[1] is not secret or all(
                    _succeeds(secret, token, step) for step in _STEPS
                ):
                    break
        if "AWSCURRENT" in secret["Versions"].get(token, {}).get("Stages", []):
            secret["_LastRotated"] = round(time.time(), 3)
    finally:
        secret.pop("_Rotating", None)


def _succeeds(secret: Record, token: str, step: str) -> bool:
    function = lambda_svc._get_func_record_for_ref(secret["RotationLambdaARN"])[0]
    event = {"SecretId": secret["ARN"], "ClientRequestToken": token, "Step": step}
    return function is not None and not lambda_svc._execute_function(function, event).get("error")
