"""S3 says whether a bucket's policy is public.

AWS: "GetBucketPolicyStatus" (Amazon S3 API Reference)
AWS: "The meaning of 'public'" (Amazon S3 User Guide)
Test: buckets.test.ts: GetBucketPolicyStatus says whether a policy is public

MiniStack knows what a public policy is, because Block Public Access refuses one. It answers this
request with the bucket's objects.
"""

from __future__ import annotations

from ministack.services import s3

from ..patch import Patch
from ..shapes import Answer, Original, Params

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.s3._list_objects_v1", digest="dc11a5e0")
def _list_objects_or_policy_status(list_objects: Original, bucket_name: str, query_params: Params) -> Answer:
    return _policy_status(bucket_name) if "policyStatus" in query_params else list_objects(bucket_name, query_params)


def _policy_status(bucket: str) -> tuple:
    policy = s3._bucket_policies.get(bucket)
    if policy is None:
        return s3._error("NoSuchBucketPolicy", "The bucket policy does not exist", 404, f"/{bucket}")
    public = str(s3._policy_is_public(policy)).upper()
    body = f'<PolicyStatus xmlns="{s3.S3_NS}"><IsPublic>{public}</IsPublic></PolicyStatus>'
    return 200, {"Content-Type": "application/xml"}, body.encode()
