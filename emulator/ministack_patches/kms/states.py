"""KMS refuses what a key's state forbids, and a policy of a key that names an unknown principal.

AWS: "Key states of AWS KMS keys" (AWS KMS Developer Guide)
AWS: "PutKeyPolicy" (AWS KMS API Reference)
AWS: "CreateKey" (AWS KMS API Reference)
Test: keys.test.ts: T4: a key refuses calls that its state forbids, with AWS’s error names
Test: keys.test.ts: T4: a key policy with a principal that does not exist is malformed

Rotation of a disabled key is a DisabledException. What a key in its deletion window does not allow,
and a cancelled deletion of one that is not in it, is a KMSInvalidStateException. The principals of
a key policy must exist and be visible to KMS, or it is a MalformedPolicyDocumentException. MiniStack
changes a key in any state and keeps any policy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import error_response_json, get_account_id
from ministack.services import iam, kms

from ..iam.visible_later import role_is_known
from ..patch import Patch
from ..shapes import Answer, Original, Params

_KMS = "ministack.services.kms"
_ENABLED, _DISABLED, _PENDING = "Enabled", "Disabled", "PendingDeletion"

PATCH = Patch(__name__)


def _allowed_in(function: str, digest: str, *states: str, key: str = "KeyId") -> None:
    @PATCH.wraps(f"{_KMS}.{function}", digest=digest)
    def in_state(change: Original, data: Params) -> Answer:
        record = kms._resolve_key(data.get(key, ""))
        if record is None or record["KeyState"] in states:
            answer: Answer = change(data)
            return answer
        if record["KeyState"] == _DISABLED and _ENABLED in states:
            return error_response_json("DisabledException", f"{record['Arn']} is disabled.", 400)
        reason = (
            f"{record['Arn']} is {'pending deletion' if record['KeyState'] == _PENDING else 'not pending deletion'}."
        )
        return error_response_json("KMSInvalidStateException", reason, 400)


for _function, _digest in (("_enable_key_rotation", "f1383624"), ("_disable_key_rotation", "13e44bad")):
    _allowed_in(_function, _digest, _ENABLED)
for _function, _digest in (
    ("_enable_key", "18bb650b"),
    ("_disable_key", "7f3eef20"),
    ("_schedule_key_deletion", "fa102e22"),
    ("_tag_resource", "8532e4bf"),
    ("_untag_resource", "1c932b39"),
    ("_update_key_description", "83a56c92"),
):
    _allowed_in(_function, _digest, _ENABLED, _DISABLED)
for _function, _digest in (("_create_alias", "5b654660"), ("_update_alias", "ebbd86ab")):
    _allowed_in(_function, _digest, _ENABLED, _DISABLED, key="TargetKeyId")
_allowed_in("_cancel_key_deletion", "01503fb8", _PENDING)


@PATCH.wraps(f"{_KMS}._create_key", digest="f01655ef")
def _create_with_known(create: Original, data: Params) -> Answer:
    return _malformed(data.get("Policy")) or create(data)


@PATCH.wraps(f"{_KMS}._put_key_policy", digest="e379cd3a")
def _put_with_known(put: Original, data: Params) -> Answer:
    return _malformed(data.get("Policy")) or put(data)


def _malformed(policy: str | None) -> Answer | None:
    try:
        statements = json.loads(policy)["Statement"] if policy else []
    except (ValueError, KeyError, TypeError):
        return error_response_json("MalformedPolicyDocumentException", "This policy is not valid JSON.", 400)
    if all(_known(principal) for principal in _principals(statements)):
        return None
    reason = "Policy contains a statement with one or more invalid principals."
    return error_response_json("MalformedPolicyDocumentException", reason, 400)


def _principals(statements: Any) -> Iterator[str]:
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        yield from [named] if isinstance(named, str) else named


def _known(principal: str) -> bool:
    """Of other accounts nothing is known here, so that whatever is of them is taken."""
    match = re.fullmatch(r"arn:aws:iam::(\d{12}):(user|role)/(.+)", principal)
    if match is None or match[1] != get_account_id():
        return True
    if match[2] == "role":
        return role_is_known(principal)
    return iam._users.get(match[3].rsplit("/", 1)[-1]) is not None
