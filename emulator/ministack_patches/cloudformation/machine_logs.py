"""A state machine made by CloudFormation logs as its template says.

AWS: "AWS::StepFunctions::StateMachine LoggingConfiguration" (AWS CloudFormation Template Reference Guide)
AWS: "DescribeStateMachine" (AWS Step Functions API Reference)
Test: descriptions.test.ts: a state machine logs as its template says

MiniStack keeps the property as the template spells it, which no client of the API reads: the machine seems to log nothing.
"""

from __future__ import annotations

from typing import Any

from ministack.services import stepfunctions

from ..patch import Patch
from ..shapes import Record
from .kept import keeps

PATCH = Patch(__name__)


def _as_the_api_spells_it(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _as_the_api_spells_it(each) for name, each in value.items()}
    return [_as_the_api_spells_it(each) for each in value] if isinstance(value, list) else value


@keeps(PATCH, "AWS::StepFunctions::StateMachine", create="915b709e", update="297c1f6c")
def _log(arn: str, props: Record) -> None:
    machine = stepfunctions._state_machines.get(arn)
    if machine is not None and props.get("LoggingConfiguration"):
        machine["loggingConfiguration"] = _as_the_api_spells_it(props["LoggingConfiguration"])
