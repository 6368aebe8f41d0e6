"""A state machine calls a function with the permissions of its own role.

AWS: "Creating an IAM role for your state machine in Step Functions" (AWS Step Functions Developer Guide)
AWS: "Invoke an AWS Lambda function with Step Functions" (AWS Step Functions Developer Guide)
Test: permissions.test.ts: the invocation of a function by a state machine, by the machine’s role

The execution assumes the machine's role for each task. Without `lambda:InvokeFunction` on the
function the task fails with Lambda.AWSLambdaException. MiniStack calls any function. Other
integrations are not checked.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import iam, lambda_svc
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Original
from .run import current

_ACTION = "lambda:InvokeFunction"

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.stepfunctions._call_lambda", digest="09631ab1")
def _call_with_role(call: Original, func_ref: str, event: Any) -> Any:
    role_arn = current().role_arn
    _, config, _ = lambda_svc._get_func_record_for_ref(func_ref)
    if role_arn and config and not _allowed(role_arn, config["FunctionArn"]):
        account, name = _named(role_arn)
        raise sfn._ExecutionError(
            "Lambda.AWSLambdaException",
            f"User: arn:aws:sts::{account}:assumed-role/{name}/execution is not authorized to perform: {_ACTION} on "
            f"resource: {config['FunctionArn']} because no identity-based policy allows the {_ACTION} action",
        )
    return call(func_ref, event)


def _named(role_arn: str) -> tuple[str, str]:
    return role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]


def _allowed(role_arn: str, function_arn: str) -> bool:
    account, name = _named(role_arn)
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/execution",
        principal_type="AssumedRole",
        principal_account=account,
        action=_ACTION,
        resource_arn=function_arn,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    return bool(iam_evaluator.evaluate(context, policies, *limits).decision == "Allow")
