"""A bucket made by CloudFormation has the Object Lock of its template.

AWS: "AWS::S3::Bucket" (AWS CloudFormation Template Reference Guide)
AWS: "How S3 Object Lock works" (Amazon S3 User Guide)
Test: buckets.test.ts: a bucket of a CloudFormation stack holds each version for its default retention

A bucket with Object Lock is versioned, every new version gets the default retention, and its
versioning cannot be suspended. MiniStack's S3 has the rest of this, but its CloudFormation does not
pass on `ObjectLockEnabled` and `ObjectLockConfiguration`.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from ..patch import Patch
from ..shapes import Original, Record
from .kept import keeps

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.s3._put_bucket_versioning", digest="db49d089")
def _put_versioning_unless_locked(put_versioning: Original, name: str, body: bytes) -> Any:
    if name in s3._bucket_object_lock and b"Suspended" in body:
        reason = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        return s3._error("InvalidBucketState", reason, 409, f"/{name}")
    return put_versioning(name, body)


@keeps(PATCH, "AWS::S3::Bucket", create="95507aab", update="7a36bde0")
def _lock(bucket: str, props: Record) -> None:
    if str(props.get("ObjectLockEnabled", "")).lower() != "true":
        return
    rule = (props.get("ObjectLockConfiguration") or {}).get("Rule") or {}
    default = rule.get("DefaultRetention")
    s3._bucket_versioning[bucket] = "Enabled"
    s3._bucket_object_lock[bucket] = {
        "enabled": True,
        "default_retention": default
        and {key: value if key == "Mode" else int(value) for key, value in default.items()},
    }
