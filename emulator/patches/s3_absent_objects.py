"""Whether an object is absent is told to those alone who may list its bucket.

AWS: "GetObject" and "HeadObject" (Amazon S3 API reference): for an object that does not exist S3 answers 404 to who has
s3:ListBucket on the bucket, and 403 to who has not. MiniStack answers 404 to everybody.
"""

from __future__ import annotations

from ministack.core import iam_evaluator
from ministack.services import s3


def apply() -> None:
    enforce = iam_evaluator.enforce
    assert enforce.__code__.co_varnames[:5] == (
        "access_key_id",
        "iam_action",
        "service",
        "region",
        "resource_arn",
    ), "enforce takes other arguments now"

    def enforce_on_absent(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        refused = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if refused or iam_action != "s3:GetObject":
            return refused
        bucket_arn, _, key = resource_arn.partition("/")
        bucket = s3._buckets.get(bucket_arn.split(":::", 1)[-1])
        if bucket is None or key in bucket["objects"]:
            return None
        return enforce(access_key_id, "s3:ListBucket", service, region, bucket_arn)

    iam_evaluator.enforce = enforce_on_absent
