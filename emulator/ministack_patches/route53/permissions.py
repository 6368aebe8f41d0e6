"""A change of records is authorized by its names, types and actions, and a question about a change by the change.

AWS: "Using IAM policy conditions for fine-grained access control" (Amazon Route 53 Developer Guide)
AWS: "Actions, resources, and condition keys for Amazon Route 53" (Service Authorization Reference)
Test: permissions.test.ts: records of a hosted zone by name, type and action, and a change by its id

`route53:ChangeResourceRecordSetsNormalizedRecordNames`, `...RecordTypes` and `...Actions` are in
each request that changes records: names in lower case, without a final dot, other characters as
octal codes. GetChange is authorized on `change/ID`. MiniStack has no such keys, and takes `*` for
GetChange.
"""

from __future__ import annotations

import re
from typing import Any

from ..patch import Patch
from ..shapes import Original, Params, Record
from .changes import _records_in

_KEY = "route53:ChangeResourceRecordSets"
_PLAIN = re.compile(r"[^a-z0-9_.\\-]")

PATCH = Patch(__name__, after=["iam.resources"])


@PATCH.wraps("ministack.core.iam_actions.extract_resource_arn", digest="4f721b00")
def _extract_change(extract: Original, service: str, method: str, path: str, *request: Any, **named: Any) -> str:
    parts = path.strip("/").split("/")
    if service == "route53" and len(parts) > 2 and parts[1] == "change":
        return f"arn:aws:route53:::change/{parts[2]}"
    arn: str = extract(service, method, path, *request, **named)
    return arn


@PATCH.wraps("ministack.core.iam_actions.request_tag_context", digest="c373057a")
def _context_with_records(context_of: Original, service: str, iam_action: str, body: bytes, params: Params) -> Record:
    context: Record = context_of(service, iam_action, body, params)
    if iam_action != _KEY:
        return context
    changes = _records_in(body)
    return {
        **context,
        f"{_KEY}NormalizedRecordNames": [_normalized(record["Name"]) for _, record in changes],
        f"{_KEY}RecordTypes": [record["Type"] for _, record in changes],
        f"{_KEY}Actions": [action for action, _ in changes],
    }


def _normalized(name: str) -> str:
    return _PLAIN.sub(lambda odd: f"\\{ord(odd.group()):03o}", name.lower().removesuffix("."))
