"""A topic made by CloudFormation is under the key of its template.

AWS: "AWS::SNS::Topic" (AWS CloudFormation Template Reference Guide)
AWS: "GetTopicAttributes" (Amazon SNS API Reference)
Test: descriptions.test.ts: a topic is under the key of its template, a table has its point-in-time recovery

MiniStack keeps the key of a topic that is made by the API, and not of one that is made by a template.
"""

from __future__ import annotations

from typing import Any

from ministack.services import sns

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::SNS::Topic]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLER}[create]", digest="492d4b26")
def _create_encrypted(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    arn, attributes = create(logical_id, props, stack_name)
    _encrypt(arn, props)
    return arn, attributes


@PATCH.wraps(f"{_HANDLER}[update]", digest="f058c8c2")
def _update_encrypted(update: Original, physical_id: str, old: Record, new: Record, *args: Any, **kwargs: Any) -> Made:
    arn, attributes = update(physical_id, old, new, *args, **kwargs)
    _encrypt(arn, new)
    return arn, attributes


def _encrypt(arn: str, props: Record) -> None:
    topic = sns._topics.get(arn)
    if topic is None:
        return
    if props.get("KmsMasterKeyId"):
        topic["attributes"]["KmsMasterKeyId"] = props["KmsMasterKeyId"]
    else:
        topic["attributes"].pop("KmsMasterKeyId", None)
