"""A table that streams its changes to Kinesis brings DynamoDB's service-linked role into the account.

AWS: "Using IAM policies for Amazon Kinesis Data Streams and Amazon DynamoDB" (Amazon DynamoDB Developer Guide)
AWS: "CreateServiceLinkedRole" (AWS Identity and Access Management API Reference)
Test: descriptions.test.ts: a table that streams its changes brings DynamoDB’s role into the account

The first destination brings it. MiniStack streams without a role.
"""

from __future__ import annotations

from ministack.services import iam

from ..patch import Patch
from ..shapes import Answer, Original, Params

_NAME = "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication"
_SERVICE = "kinesisreplication.dynamodb.amazonaws.com"

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.dynamodb._enable_kinesis_streaming_destination", digest="59d557ec")
def _with_role(enable: Original, data: Params) -> Answer:
    answer: Answer = enable(data)
    if answer[0] == 200 and _NAME not in iam._roles:
        iam._create_service_linked_role({"AWSServiceName": _SERVICE})
        # MiniStack names every role after the first word of its service.
        made = iam._roles.pop(next(name for name, role in iam._roles.items() if _SERVICE in role["Path"]))
        iam._roles[_NAME] = {**made, "RoleName": _NAME, "Arn": made["Arn"].rpartition("/")[0] + f"/{_NAME}"}
    return answer
