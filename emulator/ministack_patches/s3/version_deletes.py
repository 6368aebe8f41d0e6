"""The deletion of an object version asks for `s3:DeleteObjectVersion`, also as the first entry of a batch.

AWS: "Actions, resources, and condition keys for Amazon S3" (Service Authorization Reference)
AWS: "DeleteObjects" (Amazon S3 API Reference)
Test: permissions.test.ts: the deletion of versions in a batch, by the permission to delete versions only

S3 authorizes each entry of a batch by itself: an entry with a version id is the deletion of a
version. MiniStack does that from the second entry on, and authorizes the first one as
`s3:DeleteObject`.
"""

from __future__ import annotations

from ministack.core import iam_actions

from ..patch import Patch
from ..shapes import Original, Params

PATCH = Patch(__name__)


@PATCH.wraps("ministack.core.iam_actions.extract_iam_action", digest="1c5bf4bb")
def _extract_with_version(
    extract: Original,
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: Params,
) -> str | None:
    action: str | None = extract(service, method, path, headers, body, query_params)
    if action != "s3:DeleteObject" or method != "POST":
        return action
    bucket = next(iter(part for part in path.split("/") if part), "")
    targets = iam_actions._s3_batch_delete_targets(bucket, body)
    return "s3:DeleteObjectVersion" if targets and targets[0][1] else action
