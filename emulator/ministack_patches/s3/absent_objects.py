"""Only a caller who may list a bucket is told that an object does not exist.

AWS: "GetObject" (Amazon S3 API Reference)
AWS: "HeadObject" (Amazon S3 API Reference)
Test: permissions.test.ts: a missing object gives 404 to a caller who may list the bucket, and 403 to any other

For an object that does not exist S3 answers 404 to a caller with s3:ListBucket on the bucket, and
403 to a caller without. MiniStack answers 404 to everybody.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from ..patch import Patch
from ..shapes import Original, Record

PATCH = Patch(__name__, after=["kms.use"])


@PATCH.wraps("ministack.core.iam_evaluator.enforce", digest="fcf4e614")
def _enforce_on_absent(
    enforce: Original,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Record | None = None,
) -> Any:
    refused = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    if refused or iam_action != "s3:GetObject":
        return refused
    bucket_arn, _, key = resource_arn.partition("/")
    bucket = s3._buckets.get(bucket_arn.split(":::", 1)[-1])
    if bucket is None or key in bucket["objects"]:
        return None
    return enforce(access_key_id, "s3:ListBucket", service, region, bucket_arn)
