"""A function made by CloudFormation has the network and the dead-letter queue of its template.

AWS: "AWS::Lambda::Function VpcConfig" (AWS CloudFormation Template Reference Guide)
AWS: "AWS::Lambda::Function DeadLetterConfig" (AWS CloudFormation Template Reference Guide)
Test: functions.test.ts: a function made by CloudFormation has the network and the dead-letter queue of its template

MiniStack keeps subnets, security groups and the dead-letter queue of a function that is made by the API, and
not of one that is made by a template.
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLER = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::Lambda::Function]"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_HANDLER}[create]", digest="b6d1ce87")
def _create_whole(create: Original, logical_id: str, props: Record, stack_name: str) -> Made:
    name, attributes = create(logical_id, props, stack_name)
    function = lambda_svc._functions.get(name)
    if function is not None and props.get("VpcConfig"):
        function["config"]["VpcConfig"] = lambda_svc._vpc_config_with_id(props["VpcConfig"])
    _keep_dead_letters(name, props)
    return name, attributes


@PATCH.wraps(f"{_HANDLER}[update]", digest="5df12bdd")
def _update_whole(update: Original, physical_id: str, old: Record, new: Record, *args: Any, **kwargs: Any) -> Made:
    name, attributes = update(physical_id, old, new, *args, **kwargs)
    _keep_dead_letters(name, new)
    return name, attributes


def _keep_dead_letters(name: str, props: Record) -> None:
    function = lambda_svc._functions.get(name)
    if function is None:
        return
    if props.get("DeadLetterConfig"):
        function["config"]["DeadLetterConfig"] = props["DeadLetterConfig"]
    else:
        function["config"].pop("DeadLetterConfig", None)
