"""A state machine calls a function with the permissions of its own role.

AWS: "Creating an IAM role for your state machine" and "Invoke an AWS Lambda function with Step Functions" (AWS Step Functions
Developer Guide): the execution takes on the machine's role for each task; without `lambda:InvokeFunction` on the function the
task fails with Lambda.AWSLambdaException. MiniStack calls any function. Other integrations are not checked.
"""

from __future__ import annotations

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import iam, lambda_svc
from ministack.services import stepfunctions as sfn

from .step_functions_run import current

_ACTION = "lambda:InvokeFunction"


def apply() -> None:
    call = sfn._call_lambda
    assert call.__code__.co_varnames[:2] == ("func_ref", "event"), "_call_lambda takes other arguments now"
    assert callable(iam_evaluator._gather_role_policies) and callable(iam_evaluator._permissions_boundary)

    def call_with_role(func_ref, event):
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

    sfn._call_lambda = call_with_role


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
    return iam_evaluator.evaluate(context, policies, *limits).decision == "Allow"
