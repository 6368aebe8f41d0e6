"""The index of tags learns of a key, and of its tags, some time after they were made.

AWS: "GetResources" (Resource Groups Tagging API Reference)
AWS: "Tagging your AWS resources: eventual consistency" (Tagging AWS Resources and Tag Editor User Guide)
Test: visible-later.test.ts: T5: the tag index shows a new key and its tags after a delay

KMS's own ListResourceTags tells tags at once. AWS states no bound for the index. MiniStack reads
the services' own tags. Other services' tags are indexed at once, as the platform looks for keys
alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms, tagging

from ..patch import Patch
from ..patience import Past
from ..shapes import Answer, Original, Params

_KMS = "ministack.services.kms"
_LEAST_SECONDS, _MOST_SECONDS = 5, 40

# None: the key is not indexed yet.
_former: Past[list[Any] | None] = Past("tagging.key")

PATCH = Patch(__name__, after=["kms.states"])


@PATCH.wraps("ministack.services.tagging._COLLECTORS[kms]", digest="38ddbec4")
def _collect_indexed(collect: Original) -> Iterator[tuple[str, list[Any]]]:
    for arn, tags in collect():
        seen = _former.seen(arn, tags)
        if seen is not None:
            yield arn, seen


@PATCH.wraps(f"{_KMS}._create_key", digest="f01655ef")
def _index_later(create: Original, data: Params) -> Answer:
    answer: Answer = create(data)
    if answer[0] == 200:
        _keep(json.loads(answer[2])["KeyMetadata"]["KeyId"], None)
    return answer


@PATCH.wraps(f"{_KMS}._tag_resource", digest="8532e4bf")
@PATCH.wraps(f"{_KMS}._untag_resource", digest="1c932b39")
def _index_change_later(change: Original, data: Params) -> Answer:
    record = kms._resolve_key(data.get("KeyId", ""))
    former = tagging._normalise_kms(record.get("Tags", [])) if record else None
    answer: Answer = change(data)
    if answer[0] == 200 and record:
        _keep(record["KeyId"], former)
    return answer


def _keep(key_id: str, former: list[Any] | None) -> None:
    # As GetResources names it.
    arn = f"arn:aws:kms:{get_region()}:{get_account_id()}:key/{key_id}"
    _former.keep(arn, former, _LEAST_SECONDS, _MOST_SECONDS)
