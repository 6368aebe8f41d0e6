"""The value of a secret's version never changes: a token that has made a version makes no other one.

AWS: "PutSecretValue" (AWS Secrets Manager API Reference)
Test: conflicts.test.ts: the value of a secret’s version does not change under the token that has made it

A request with the token and the value of a version is ignored, and one with another value is refused. A version that a rotation
has begun has no value yet, and gets its first one. MiniStack puts the new value in the place of the former one.
"""

from __future__ import annotations

from ministack.core.responses import error_response_json, json_response
from ministack.services import secretsmanager

from ..patch import Patch
from ..shapes import Answer, Original, Record

_VALUES = ("SecretString", "SecretBinary")

PATCH = Patch(__name__, after=["secretsmanager.version_times"])


@PATCH.wraps("ministack.services.secretsmanager._put_secret_value", digest="34df2941")
def _put_once(put: Original, request: Record) -> Answer:
    secret = secretsmanager._resolve(request.get("SecretId"))[1] or {}
    token = request.get("ClientRequestToken")
    version = secret.get("Versions", {}).get(token)
    if secret.get("DeletedDate") or not version or all(version.get(each) is None for each in _VALUES):
        answer: Answer = put(request)
        return answer
    if any(version.get(each) != request.get(each) for each in _VALUES):
        message = (
            f"You can't use ClientRequestToken {token} because that value is already in use for a version of secret"
        )
        return error_response_json("ResourceExistsException", f"{message} {secret['ARN']}.", 400)
    told = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token}
    return json_response({**told, "VersionStages": list(version["Stages"])})
