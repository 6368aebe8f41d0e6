"""A service that is asked too often asks to slow down.

AWS: "Request throttling for the ELB API" (Elastic Load Balancing User Guide)
AWS: "Request throttling for the Amazon EC2 API" (Amazon EC2 Developer Guide)
AWS: "Request quotas" (AWS Key Management Service Developer Guide)
AWS: "Throttling AWS KMS requests" (AWS Key Management Service Developer Guide)
AWS: "Lambda quotas" (AWS Lambda Developer Guide)
AWS: "Error responses" (Amazon S3 API Reference)
AWS: "Common Error Types" (Amazon Route 53 API Reference)
Test: throttling.test.ts: %s: a burst gets the size of its token bucket, and the rest fails with the service's own error
Test: throttling.test.ts: an empty token bucket refills
Test: throttling.test.ts: an API, or a function, can be throttled for some seconds on demand
Test: throttling.test.ts: an API without names of actions in its requests is throttled by method and path, with its own error: %s
Test: throttling.test.ts: with patience 0 nothing is throttled

Each bucket holds a number of tokens and is refilled at a rate. CloudFormation calls from an account
of its own, whose buckets it does not share ("Request throttling for the ELB API"). IAM and
CloudFormation document no numbers: theirs are what people meet. A smaller AWS_PATIENCE makes time
pass faster, so it refills faster.

`POST /_local/throttle {"service": "elasticloadbalancing", "action": "CreateRule", "seconds": 60}`
throttles an API for so many seconds of the emulator, whatever AWS_PATIENCE says; service `lambda`
with the name of a function throttles its invocations. Where requests name no action, as those of S3, Route 53 and Lambda,
it is method and path: `GET /2015-03-31/*`. Both may have `*` in them.
"""

from __future__ import annotations

import fnmatch
import json
import re
import threading
import time
from typing import Any

from ministack.core.responses import json_response
from ministack.services import lambda_svc

from .. import patience
from ..controls.routes import route
from ..patch import Patch
from ..shapes import Answer, Original, Record

PATCH = Patch(__name__, after=["controls.patience"], before=["lambda_.errors", "speed.function_workers"])

# Capacity and refill per second.
Bucket = tuple[float, float]

_KMS = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
_READS = re.compile(r"Describe|Get|List|Search|Simulate|Validate|Detect")
# Whole quotas a second, as KMS has them: what is not used is lost.
_KMS_PER_SECOND = {
    "CreateKey": 5,
    "CreateAlias": 5,
    "UpdateAlias": 5,
    "DeleteAlias": 15,
    "DisableKey": 5,
    "EnableKey": 5,
    "EnableKeyRotation": 15,
    "PutKeyPolicy": 15,
    "ScheduleKeyDeletion": 15,
    "CancelKeyDeletion": 5,
    "TagResource": 10,
    "UntagResource": 5,
    "CreateGrant": 50,
    "ListGrants": 100,
    "ListKeys": 500,
    "ListAliases": 500,
    "ListResourceTags": 2000,
    "DescribeKey": 2000,
    "GetKeyPolicy": 1000,
    "GetKeyRotationStatus": 1000,
}
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
# "SlowDown" of S3, "Throttling" of Route 53, and what the other services answer that name no action in a request.
_S3 = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")

# Name of the bucket -> tokens, when they were counted.
_tokens: dict[str, tuple[float, float]] = {}
# Service, action, until when.
_held: list[tuple[str, str, float]] = []
_guard = threading.Lock()


def _bucket(service: str, action: str) -> tuple[str, Bucket] | None:
    """The bucket that a request takes a token from; None: the service is not throttled here."""
    reads = bool(_READS.match(action))
    if service == "elasticloadbalancing":
        if action in ("RegisterTargets", "DeregisterTargets"):
            return "elb targets", (20, 4)
        return ("elb reads", (40, 10)) if reads else ("elb changes", (20, 3))
    if service == "ec2":
        return f"ec2 {action}", (100, 20) if reads else (50, 5)
    if service == "kms" and action in _KMS_PER_SECOND:
        return f"kms {action}", (_KMS_PER_SECOND[action], _KMS_PER_SECOND[action])
    if service == "iam":
        return ("iam reads", (100, 20)) if reads else ("iam changes", (20, 5))
    if service == "cloudformation":
        return ("cloudformation reads", (50, 10)) if reads else ("cloudformation changes", (20, 2))
    return None


def _takes_token(name: str, bucket: Bucket) -> bool:
    capacity, refill = bucket
    with _guard:
        now = time.monotonic()
        tokens, counted = _tokens.get(name, (capacity, now))
        tokens = min(capacity, tokens + (now - counted) * refill / patience.factor())
        _tokens[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1


def _is_held(service: str, action: str) -> bool:
    now = time.monotonic()
    return any(
        until > now and fnmatch.fnmatchcase(service, wanted) and fnmatch.fnmatchcase(action, called)
        for wanted, called, until in _held
    )


def _is_throttled(service: str, action: str) -> bool:
    if _held and _is_held(service, action):
        return True
    bucket = _bucket(service, action) if patience.factor() > 0 else None
    return bucket is not None and not _takes_token(*bucket)


def asked(headers: dict[str, str], body: bytes, query: Record) -> tuple[str, str]:
    """Service and action, as the signature and the request name them; empty where they name none."""
    scope = _SCOPE.search(headers.get("authorization", ""))
    target = headers.get("x-amz-target", "")
    if target:
        return scope[1] if scope else "", target.rpartition(".")[2]
    action = _ACTION.search(body[:2000])
    named = action[1].decode() if action else next(iter(query.get("Action", [""])), "")
    return scope[1] if scope else "", named


def _refusal_of_path(service: str, request_id: str) -> Answer:
    if service == "s3":
        return 503, {"Content-Type": "application/xml"}, _S3
    if service == "route53":
        return _refusal(service, request_id, is_json=False)
    told = json.dumps({"message": "Rate exceeded"}).encode()
    name = "TooManyRequestsException" if service == "lambda" else "ThrottlingException"
    return 429, {"Content-Type": "application/json", "x-amzn-errortype": name}, told


def _refusal(service: str, request_id: str, is_json: bool) -> Answer:
    if is_json:
        message = _KMS if service == "kms" else "Rate exceeded"
        told = json.dumps({"__type": "ThrottlingException", "message": message}).encode()
        return 400, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": "ThrottlingException"}, told
    if service == "ec2":
        told = (
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error>"
            f"</Errors><RequestID>{request_id}</RequestID></Response>"
        ).encode()
        return 503, {"Content-Type": "text/xml"}, told
    code = "ThrottlingException" if service == "elasticloadbalancing" else "Throttling"
    told = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>Rate exceeded</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()
    return 400, {"Content-Type": "text/xml"}, told


@PATCH.wraps("ministack.app._dispatch_service_request", digest="532b4704")
async def _dispatch_unless_throttled(
    dispatch: Original, method: str, path: str, headers: Record, body: bytes, query_params: Record, request_id: str
) -> Answer:
    if _held or patience.factor() > 0:
        service, action = asked(headers, body, query_params)
        if action and _is_throttled(service, action):
            return _refusal(service, request_id, "x-amz-target" in headers)
        if not action and service and _held and _is_held(service, f"{method} {path}"):
            return _refusal_of_path(service, request_id)
    answer: Answer = await dispatch(method, path, headers, body, query_params, request_id)
    return answer


@PATCH.wraps("ministack.services.lambda_svc._execute_function_warm", digest="52733a30")
def _execute_unless_held(execute: Original, func: Record, event: Any, request_id: str) -> Record:
    if _held and _is_held("lambda", (func.get("config") or func).get("FunctionName", "")):
        throttled: Record = lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", "Rate Exceeded.")
        return throttled
    result: Record = execute(func, event, request_id)
    return result


@PATCH.adds(route("/_local/throttle"))
def _throttle(request: Record) -> Answer:
    seconds = float(request["seconds"])
    if seconds <= 0:
        raise ValueError("an API is throttled for some seconds")
    now = time.monotonic()
    with _guard:
        _held[:] = [held for held in _held if held[2] > now]
        _held.append((str(request["service"]), str(request["action"]), now + seconds))
    return json_response({})


@PATCH.wraps("ministack.app._reset_all_state", digest="3806820b")
def _reset_also_buckets(reset: Original) -> None:
    reset()
    with _guard:
        _tokens.clear()
        _held.clear()
