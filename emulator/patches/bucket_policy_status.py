"""S3 says whether a bucket's policy is public.

AWS: "GetBucketPolicyStatus" (Amazon S3 API Reference), "The meaning of 'public'" (Amazon S3 User Guide). MiniStack knows what
a public policy is, because Block Public Access refuses one, but answers this request with the bucket's objects.
"""

from __future__ import annotations

from ministack.services import s3


def apply() -> None:
    list_objects = s3._list_objects_v1
    assert list_objects.__code__.co_varnames[:2] == ("bucket_name", "query_params"), "_list_objects_v1 takes other arguments now"
    assert callable(s3._policy_is_public)

    def list_objects_or_policy_status(bucket_name, query_params):
        return _policy_status(bucket_name) if "policyStatus" in query_params else list_objects(bucket_name, query_params)

    s3._list_objects_v1 = list_objects_or_policy_status


def _policy_status(bucket: str) -> tuple:
    policy = s3._bucket_policies.get(bucket)
    if policy is None:
        return s3._error("NoSuchBucketPolicy", "The bucket policy does not exist", 404, f"/{bucket}")
    public = str(s3._policy_is_public(policy)).upper()
    body = f'<PolicyStatus xmlns="{s3.S3_NS}"><IsPublic>{public}</IsPublic></PolicyStatus>'
    return 200, {"Content-Type": "application/xml"}, body.encode()
