"""A function made by CloudFormation has the network of its template.

AWS: "AWS::Lambda::Function VpcConfig" (AWS CloudFormation Template Reference Guide)
Test: functions.test.ts: a function made by CloudFormation has the network of its template

MiniStack keeps subnets and security groups of a function that is made by the API, and not of one that
is made by a template.
"""

from __future__ import annotations

from ministack.services import lambda_svc

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::Lambda::Function]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLER}[create]", digest="b6d1ce87")
def _create_in_network(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    name, attributes = create(logical_id, props, stack_name)
    function = lambda_svc._functions.get(name)
    if function is not None and props.get("VpcConfig"):
        function["config"]["VpcConfig"] = lambda_svc._vpc_config_with_id(props["VpcConfig"])
    return name, attributes
