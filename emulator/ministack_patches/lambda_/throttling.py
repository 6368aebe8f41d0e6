"""An account may run as many functions at once as AWS's default allows, and Step Functions names a throttling as AWS does.

AWS: "Lambda function scaling" (AWS Lambda Developer Guide)
AWS: "Lambda quotas" (AWS Lambda Developer Guide)
AWS: "Handling errors in Step Functions workflows" (AWS Step Functions Developer Guide)
Test: step-functions.test.ts: a throttled function fails its task with AWS’s error name

What exceeds the concurrency is throttled; Step Functions reports every throttling as
`Lambda.TooManyRequestsException`. MiniStack allows fewer invocations at once, and gives the error
another name.
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc

from ..patch import Patch
from ..shapes import Original, Record

PATCH = Patch(__name__)


@PATCH.edits("ministack.services.lambda_svc._ACCOUNT_CONCURRENCY_CAP", digest="6da88c34")
def _default_of_aws(_: int) -> int:
    return int(lambda_svc._AWS_DEFAULT_ACCOUNT_CONCURRENCY)


@PATCH.wraps("ministack.services.lambda_svc._throttle_response", digest="09579a18")
def _throttled_by_name(respond: Original, *args: Any, **kwargs: Any) -> Record:
    result: Record = respond(*args, **kwargs)
    # Step Functions takes this for the name of the error.
    result["body"]["errorType"] = "Lambda.TooManyRequestsException"
    return result
