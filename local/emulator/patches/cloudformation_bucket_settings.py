"""A bucket made by CloudFormation has the default encryption, access logs and tags that its template says.

AWS: "AWS::S3::Bucket" (AWS CloudFormation Template Reference Guide): `BucketEncryption`, `LoggingConfiguration` and `Tags` are
set through S3's own requests, and one that an update drops is taken away. MiniStack's S3 has all three, but its
CloudFormation passes on CORS, Block Public Access and website settings alone.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3
from ministack.services.cloudformation import provisioners


def apply() -> None:
    known = [row[0] for row in provisioners._S3_BUCKET_CONFIGURATIONS]
    assert not {"BucketEncryption", "LoggingConfiguration", "Tags"} & set(known), f"{known} are passed on already"
    assert all(len(row) == 4 for row in provisioners._S3_BUCKET_CONFIGURATIONS), "a row has other parts now"
    provisioners._S3_BUCKET_CONFIGURATIONS += (
        ("BucketEncryption", _encryption, s3._put_bucket_encryption, s3._delete_bucket_encryption),
        ("LoggingConfiguration", _logging, s3._put_bucket_logging, lambda name: s3._put_bucket_logging(name, _logging({}))),
        ("Tags", _tags, s3._put_bucket_tagging, s3._delete_bucket_tagging),
    )


def _text(parent: Element, tag: str, value: object) -> None:
    if value is not None:
        SubElement(parent, tag).text = str(value)


def _encryption(config: dict) -> bytes:
    root = Element("ServerSideEncryptionConfiguration", xmlns=s3.S3_NS)
    for rule in config.get("ServerSideEncryptionConfiguration", []):
        element = SubElement(root, "Rule")
        default = rule.get("ServerSideEncryptionByDefault") or {}
        by_default = SubElement(element, "ApplyServerSideEncryptionByDefault")
        _text(by_default, "SSEAlgorithm", default.get("SSEAlgorithm"))
        _text(by_default, "KMSMasterKeyID", default.get("KMSMasterKeyID"))
        _text(element, "BucketKeyEnabled", str(rule.get("BucketKeyEnabled", False)).lower())
    return tostring(root)


def _logging(config: dict) -> bytes:
    root = Element("BucketLoggingStatus", xmlns=s3.S3_NS)
    if config.get("DestinationBucketName"):
        enabled = SubElement(root, "LoggingEnabled")
        _text(enabled, "TargetBucket", config["DestinationBucketName"])
        _text(enabled, "TargetPrefix", config.get("LogFilePrefix", ""))
    return tostring(root)


def _tags(tags: list) -> bytes:
    root = Element("Tagging", xmlns=s3.S3_NS)
    tag_set = SubElement(root, "TagSet")
    for tag in tags:
        element = SubElement(tag_set, "Tag")
        _text(element, "Key", tag["Key"])
        _text(element, "Value", tag["Value"])
    return tostring(root)
