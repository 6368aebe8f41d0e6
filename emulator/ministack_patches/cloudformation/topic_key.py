"""A topic made by CloudFormation is under the key of its template.

AWS: "AWS::SNS::Topic" (AWS CloudFormation Template Reference Guide)
AWS: "GetTopicAttributes" (Amazon SNS API Reference)
Test: descriptions.test.ts: a topic is under the key of its template, a table has its point-in-time recovery

MiniStack keeps the key of a topic that is made by the API, and not of one that is made by a template.
"""

from __future__ import annotations

from ministack.services import sns

from ..patch import Patch
from ..shapes import Record
from .kept import keeps

PATCH = Patch(__name__)


@keeps(PATCH, "AWS::SNS::Topic", create="492d4b26", update="f058c8c2")
def _encrypt(arn: str, props: Record) -> None:
    topic = sns._topics.get(arn)
    if topic is None:
        return
    if props.get("KmsMasterKeyId"):
        topic["attributes"]["KmsMasterKeyId"] = props["KmsMasterKeyId"]
    else:
        topic["attributes"].pop("KmsMasterKeyId", None)
