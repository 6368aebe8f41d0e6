"""A conditional write is refused while another one of the same object is at work.

AWS: "Add preconditions to S3 operations with conditional requests" (Amazon S3 User Guide)
AWS: "PutObject" (Amazon S3 API Reference)
Test: conflicts.test.ts: T8: of two simultaneous conditional writes, one fails with a conflict and writes nothing

The second one gets 409 ConditionalRequestConflict and can be repeated; 412 PreconditionFailed is the
answer once the first one is done. A client whose time was up repeats its request while the first
one is still at work, and sees this. MiniStack works off one write after the other.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from .. import patience
from ..patch import Patch
from ..shapes import Original, Params

_LEAST_SECONDS, _MOST_SECONDS = 0.2, 1
_CONDITIONS = ("if-none-match", "if-match")
_CONFLICT = "The conditional request cannot succeed due to a conflicting operation against this resource."

_at_work: set[str] = set()

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.s3.handle_request", digest="e2ebe7bc")
async def _write_alone(
    handle: Original,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: Params,
    *more: Any,
    **named: Any,
) -> Any:
    if not (patience.factor() and method == "PUT" and any(each in headers for each in _CONDITIONS)):
        return await handle(method, path, headers, body, query, *more, **named)
    written = f"{headers.get('host', '')} {path}"
    if written in _at_work:
        return s3._error("ConditionalRequestConflict", _CONFLICT, 409, path)
    _at_work.add(written)
    try:
        await patience.waited(patience.seconds(_LEAST_SECONDS, _MOST_SECONDS, "s3.write", path))
        return await handle(method, path, headers, body, query, *more, **named)
    finally:
        _at_work.discard(written)
