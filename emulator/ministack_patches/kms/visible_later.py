"""KMS knows of a key, an alias and their changes only after a while, and not on every node at once.

AWS: "AWS KMS eventual consistency" (AWS KMS Developer Guide)
Test: keys.test.ts: T4: a new key and a new alias are not found at first
Test: keys.test.ts: T4: a change of a key’s state is visible after a delay, and the former state decides until then

Until a node knows of a new key or alias, its requests are answered with NotFoundException. Until it
knows of a change, it describes the key as it was, and refuses what was not allowed then, with
KMSInvalidStateException or DisabledException. MiniStack shows every change at once.
"""

from __future__ import annotations

import contextvars
import copy
import json
from dataclasses import dataclass
from typing import Any

from ministack.services import kms

from ..patch import Patch
from ..patience import Past
from ..shapes import Answer, Original, Record

_KMS = "ministack.services.kms"
_LEAST_SECONDS, _MOST_SECONDS = 1, 20

# None: there is no such key yet.
_keys: Past[Record | None] = Past("kms.key")
# The key of an alias.
_aliases: Past[str | None] = Past("kms.alias")

_CHANGES = {
    "EnableKeyRotation",
    "DisableKeyRotation",
    "EnableKey",
    "DisableKey",
    "ScheduleKeyDeletion",
    "CancelKeyDeletion",
    "PutKeyPolicy",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
}


@dataclass(frozen=True)
class _Asked:
    node: int
    # The request is tried on a copy of what the node knows.
    is_trial: bool


# None where the emulator asks for itself.
_asked: contextvars.ContextVar[_Asked | None] = contextvars.ContextVar("asked_of_kms", default=None)

PATCH = Patch(__name__, after=["kms.states"])


@PATCH.wraps(f"{_KMS}.handle_request", digest="373583b9")
async def _answer_of_a_node(handle: Original, *request: Any) -> Answer:
    _, _, headers, body, _ = request
    action, data = headers.get("x-amz-target", "").split(".")[-1], json.loads(body or b"{}")
    target, changes = kms._resolve_key(data.get("KeyId", "")), action in _CHANGES
    alias = kms._alias_arn(data["AliasName"]) if action in ("CreateAlias", "DeleteAlias", "UpdateAlias") else ""
    former, former_target = copy.deepcopy(target) if changes else None, kms._aliases.get(alias)
    _asked.set(_Asked(_keys.a_node(), is_trial=changes))
    try:
        answer: Answer = await handle(*request)
    finally:
        _asked.set(None)
    if answer[0] != 200:
        return answer
    if target and former:
        answer = await handle(*request)
        if target != former:
            _keys.keep(target["Arn"], former, _LEAST_SECONDS, _MOST_SECONDS)
    elif action == "CreateKey":
        _keys.keep(json.loads(answer[2])["KeyMetadata"]["Arn"], None, _LEAST_SECONDS, _MOST_SECONDS)
    elif alias:
        _aliases.keep(alias, former_target, _LEAST_SECONDS, _MOST_SECONDS)
    return answer


@PATCH.wraps(f"{_KMS}._resolve_key", digest="2c0f8595")
def _resolve_as_known(resolve: Original, key_id_or_arn: str) -> Record | None:
    record: Record | None = resolve(key_id_or_arn)
    asked = _asked.get()
    if asked is None:
        return record
    if "alias/" in (key_id_or_arn or ""):
        arn = key_id_or_arn if key_id_or_arn.startswith("arn:") else kms._alias_arn(key_id_or_arn)
        key_id = _aliases.seen(arn, record["KeyId"] if record else None, asked.node)
        record = kms._keys.get(key_id) if key_id else None
    seen = record and _keys.seen(record["Arn"], record, asked.node)
    return copy.deepcopy(seen) if asked.is_trial else seen
