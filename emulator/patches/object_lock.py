"""A bucket made by CloudFormation has the Object Lock that its template says.

AWS: "AWS::S3::Bucket" (AWS CloudFormation Template Reference Guide), `ObjectLockEnabled` and `ObjectLockConfiguration`;
"How S3 Object Lock works" (Amazon S3 User Guide): a bucket with Object Lock is versioned, and its default retention is put
on every new version; its versioning cannot be suspended. MiniStack has the rest of this in its S3, but its CloudFormation
does not pass the properties on.
"""

from __future__ import annotations

from ministack.services import s3
from ministack.services.cloudformation import provisioners


def apply() -> None:
    handler = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update = handler["create"], handler["update"]
    assert create is provisioners._s3_create and update is provisioners._s3_update
    assert isinstance(s3._bucket_object_lock, type(s3._object_retention)), "S3 keeps Object Lock elsewhere now"

    def create_locked(logical_id, props, stack_name):
        name, attributes = create(logical_id, props, stack_name)
        lock(name, props)
        return name, attributes

    def update_locked(physical_id, old_props, new_props, stack_name):
        name, attributes = update(physical_id, old_props, new_props, stack_name)
        lock(name, new_props)
        return name, attributes

    handler.update(create=create_locked, update=update_locked)
    put_versioning = s3._put_bucket_versioning

    def put_versioning_unless_locked(name, body):
        if name in s3._bucket_object_lock and b"Suspended" in body:
            reason = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
            return s3._error("InvalidBucketState", reason, 409, f"/{name}")
        return put_versioning(name, body)

    s3._put_bucket_versioning = put_versioning_unless_locked


def lock(bucket: str, props: dict) -> None:
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
