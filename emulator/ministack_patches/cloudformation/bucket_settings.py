"""A bucket made by CloudFormation has the encryption, logs, owner, lifecycle and tags of its template.

AWS: "AWS::S3::Bucket" (AWS CloudFormation Template Reference Guide)
Test: buckets.test.ts: a bucket of a CloudFormation stack has the encryption, ownership, logging, lifecycle and tags of its template
Test: descriptions.test.ts: has the default encryption, access logs and tags of its template

CloudFormation sets `BucketEncryption`, `LifecycleConfiguration`, `LoggingConfiguration`,
`OwnershipControls` and `Tags`, with the stack's tags among them, through S3's own requests. An
update that drops a setting takes it away. MiniStack's S3 has all five settings, but its
CloudFormation passes on CORS, Block Public Access and website settings only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3

from ..patch import Patch
from ..shapes import Answer

Tree = dict[str, Any]
# Property, the request's body for its value, and the requests that set it and take it away.
Setting = tuple[str, Callable[..., bytes], Callable[..., Any], Callable[..., Any]]

PATCH = Patch(__name__)
PATCH.adds("ministack.services.cloudformation.provisioners._STACK_TAG_PROPERTY[AWS::S3::Bucket]")(("Tags", "list"))


@PATCH.edits("ministack.services.cloudformation.provisioners._S3_BUCKET_CONFIGURATIONS", digest="72d62dc4")
def _with_further_settings(settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    return (
        *settings,
        ("BucketEncryption", _encryption, _accepted(s3._put_bucket_encryption), s3._delete_bucket_encryption),
        ("LifecycleConfiguration", _lifecycle, _accepted(s3._put_bucket_lifecycle), s3._delete_bucket_lifecycle),
        ("LoggingConfiguration", _logging, _accepted(s3._put_bucket_logging), _delete_logging),
        (
            "OwnershipControls",
            _ownership,
            _accepted(s3._put_bucket_ownership_controls),
            s3._delete_bucket_ownership_controls,
        ),
        ("Tags", _tags, _accepted(s3._put_bucket_tagging), s3._delete_bucket_tagging),
    )


def _delete_logging(bucket: str) -> Answer:
    answer: Answer = s3._put_bucket_logging(bucket, _logging({}))
    return answer


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
    return _xml(
        "OwnershipControls", {"Rule": [{"ObjectOwnership": rule["ObjectOwnership"]} for rule in given["Rules"]]}
    )


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
            {"Days": one.get("TransitionInDays"), "StorageClass": one["StorageClass"]}
            for one in rule.get("Transitions") or []
        ],
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration"),
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": abort["DaysAfterInitiation"]} if abort else None,
    }
