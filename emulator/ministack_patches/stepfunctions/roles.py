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

from ministack.services import lambda_svc
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..role_permissions import refusal
from ..shapes import Original
from .run import current

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.stepfunctions._call_lambda", digest="09631ab1")
def _call_with_role(call: Original, func_ref: str, event: Any) -> Any:
    role_arn = current().role_arn
    _, config, _ = lambda_svc._get_func_record_for_ref(func_ref)
    if role_arn and config:
        refused = refusal(role_arn, "lambda:InvokeFunction", config["FunctionArn"], "execution")
        if refused:
            raise sfn._ExecutionError("Lambda.AWSLambdaException", refused)
    return call(func_ref, event)
