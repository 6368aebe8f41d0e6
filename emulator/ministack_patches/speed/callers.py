"""Who sends a request is found out for those services that ask, and not for every request.

AWS: "Policy evaluation logic" (IAM User Guide)
Test: test_speed.py: test_the_caller_is_looked_for_when_a_service_asks

AWS finds out about a caller once. MiniStack gathers all policies of the caller of each request for the caller's ARN, which
only SQS, SNS and Bedrock ask for, and gathers them again to decide the request.
"""

from __future__ import annotations

import contextvars

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id

from ..patch import Patch
from ..shapes import Params

_EVALUATOR = "ministack.core.iam_evaluator"

_request: contextvars.ContextVar[tuple[dict[str, str], Params | None] | None] = contextvars.ContextVar(
    "request", default=None
)

PATCH = Patch(__name__)


@PATCH.replaces(f"{_EVALUATOR}.pin_request_caller", digest="6993a96f")
def _remember(headers: dict[str, str], query_params: Params | None = None) -> None:
    from ministack.app import AUTH

    _request.set((headers, query_params) if AUTH else None)


@PATCH.replaces(f"{_EVALUATOR}.caller_arn", digest="23596218")
def _caller_arn() -> str:
    request = _request.get()
    if request is None:
        return f"arn:aws:iam::{get_account_id()}:root"
    arn: str = iam_evaluator.request_caller_arn(*request)
    return arn
