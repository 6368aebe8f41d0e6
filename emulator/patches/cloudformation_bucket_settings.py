"""A bucket made by CloudFormation has the encryption, logs, owner, lifecycle and tags that its template says.

AWS: "AWS::S3::Bucket" (AWS CloudFormation Template Reference Guide): `BucketEncryption`, `LifecycleConfiguration`,
`LoggingConfiguration`, `OwnershipControls` and `Tags`, the stack's among them, are set through S3's own requests, and one that
an update drops is taken away. MiniStack's S3 has all five, but its CloudFormation passes on CORS, Block Public Access and
website settings alone.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3
from ministack.services.cloudformation import provisioners

Tree = dict[str, Any]


def apply() -> None:
    settings = (
        ("BucketEncryption", _encryption, s3._put_bucket_encryption, s3._delete_bucket_encryption),
        ("LifecycleConfiguration", _lifecycle, s3._put_bucket_lifecycle, s3._delete_bucket_lifecycle),
        ("LoggingConfiguration", _logging, s3._put_bucket_logging, lambda name: s3._put_bucket_logging(name, _logging({}))),
        ("OwnershipControls", _ownership, s3._put_bucket_ownership_controls, s3._delete_bucket_ownership_controls),
        ("Tags", _tags, s3._put_bucket_tagging, s3._delete_bucket_tagging),
    )
    known = {row[0] for row in provisioners._S3_BUCKET_CONFIGURATIONS}
    assert not known & {row[0] for row in settings}, f"{known} are passed on already"
    assert all(len(row) == 4 for row in provisioners._S3_BUCKET_CONFIGURATIONS), "a row has other parts now"
    assert "AWS::S3::Bucket" not in provisioners._STACK_TAG_PROPERTY, "buckets get their stack's tags now"
    provisioners._S3_BUCKET_CONFIGURATIONS += tuple(
        (name, to_xml, _accepted(put), delete) for name, to_xml, put, delete in settings
    )
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")


def _accepted(put: Any) -> Any:
    def put_or_fail(name: str, body: bytes) -> None:
        answer = put(name, body)
        if answer[0] >= 400:
            raise ValueError(f"{name}: {answer[2].decode() if isinstance(answer[2], bytes) else answer[2]}")

    return put_or_fail


def _xml(root: str, tree: Tree) -> bytes:
    """A list is an element repeated, None an element left out."""

    def fill(parent: Element, content: Tree) -> Element:
        for name, value in content.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    fill(SubElement(parent, name), one)
                elif one is not None:
                    SubElement(parent, name).text = str(one).lower() if isinstance(one, bool) else str(one)
        return parent

    return tostring(fill(Element(root, xmlns=s3.S3_NS), tree))


def _encryption(given: Tree) -> bytes:
    rules = []
    for rule in given.get("ServerSideEncryptionConfiguration", []):
        default = rule.get("ServerSideEncryptionByDefault") or {}
        by_default = {name: default.get(name) for name in ("SSEAlgorithm", "KMSMasterKeyID")}
        enabled = str(rule.get("BucketKeyEnabled", False)).lower()
        rules.append({"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": enabled})
    return _xml("ServerSideEncryptionConfiguration", {"Rule": rules})


def _logging(given: Tree) -> bytes:
    target = {"TargetBucket": given.get("DestinationBucketName"), "TargetPrefix": given.get("LogFilePrefix", "")}
    return _xml("BucketLoggingStatus", {"LoggingEnabled": target if target["TargetBucket"] else None})


def _ownership(given: Tree) -> bytes:
    return _xml("OwnershipControls", {"Rule": [{"ObjectOwnership": rule["ObjectOwnership"]} for rule in given["Rules"]]})


def _tags(given: list[Tree]) -> bytes:
    return _xml("Tagging", {"TagSet": {"Tag": [{"Key": tag["Key"], "Value": tag["Value"]} for tag in given]}})


def _lifecycle(given: Tree) -> bytes:
    return _xml("LifecycleConfiguration", {"Rule": [_lifecycle_rule(rule) for rule in given["Rules"]]})


def _lifecycle_rule(rule: Tree) -> Tree:
    expiration = {
        "Days": rule.get("ExpirationInDays"),
        "Date": rule.get("ExpirationDate"),
        "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
    }
    abort = rule.get("AbortIncompleteMultipartUpload") or {}
    return {
        "ID": rule.get("Id"),
        "Filter": {"Prefix": rule.get("Prefix", "")},
        "Status": rule["Status"],
        "Expiration": expiration if any(value is not None for value in expiration.values()) else None,
        "Transition": [
            {"Days": one.get("TransitionInDays"), "StorageClass": one["StorageClass"]} for one in rule.get("Transitions") or []
        ],
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration"),
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": abort["DaysAfterInitiation"]} if abort else None,
    }
