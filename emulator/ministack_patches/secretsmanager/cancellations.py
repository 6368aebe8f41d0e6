"""A secret's rotation can be cancelled, and its replicas can be removed.

AWS: "CancelRotateSecret" (AWS Secrets Manager API Reference)
AWS: "RemoveRegionsFromReplication" (AWS Secrets Manager API Reference)
Test: further-changes.test.ts: the rotation of a secret can be cancelled, and its replicas removed

Rotation is off, and what it was configured with stays; the replicas of the Regions are gone.
MiniStack knows neither request.
"""

from __future__ import annotations

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import secretsmanager

from ..further_requests import answering
from ..patch import Patch
from ..shapes import Answer, Params, Record

PATCH = Patch(__name__)


def _secret(data: Params) -> Record | None:
    return secretsmanager._resolve(data.get("SecretId"))[1]


def _no_secret() -> Answer:
    return error_response_json("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400)


def _cancel_rotation(data: Params) -> Answer:
    secret = _secret(data)
    if secret is None:
        return _no_secret()
    secret["RotationEnabled"] = False
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"]})


def _remove_regions(data: Params) -> Answer:
    secret = _secret(data)
    if secret is None:
        return _no_secret()
    gone = data.get("RemoveReplicaRegions") or []
    for region in gone:
        secretsmanager._secrets.pop_scoped(get_account_id(), region, secret["Name"], None)
    secret["ReplicationStatus"] = [one for one in secret.get("ReplicationStatus", []) if one["Region"] not in gone]
    return json_response({"ARN": secret["ARN"], "ReplicationStatus": secret["ReplicationStatus"]})


PATCH.wraps("ministack.services.secretsmanager.handle_request", digest="76844cc2")(
    answering(
        {
            "CancelRotateSecret": _cancel_rotation,
            "RemoveRegionsFromReplication": _remove_regions,
        }
    )
)
