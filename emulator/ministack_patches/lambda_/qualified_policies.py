"""A function, each of its versions and each of its aliases has a resource policy of its own.

AWS: "GetPolicy" (AWS Lambda API Reference)
AWS: "RemovePermission" (AWS Lambda API Reference)
AWS: "Working with resource-based IAM policies in Lambda" (AWS Lambda Developer Guide)
Test: functions.test.ts: a function’s policy and that of its version are two

MiniStack keeps the statements of all in one list. Who asks for the function's policy gets those of
its versions and aliases with it, and an empty policy in place of the error for none.
"""

from __future__ import annotations

import json

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

from ..patch import Patch
from ..shapes import Answer, Original, Params

PATCH = Patch(__name__)

_SERVICE = "ministack.services.lambda_svc"


def _resource(name: str, query: Params | None, path_qualifier: str | None) -> str:
    qualifier = lambda_svc._qualifier_from_path_or_query(path_qualifier, query)
    return str(lambda_svc._policy_resource_arn(name, qualifier))


@PATCH.wraps(f"{_SERVICE}._get_policy", digest="29588b5f")
def _get_own(get: Original, name: str, query: Params | None = None, path_qualifier: str | None = None) -> Answer:
    answer: Answer = get(name, query, path_qualifier)
    if answer[0] != 200:
        return answer
    told = json.loads(answer[2])
    policy = json.loads(told["Policy"])
    resource = _resource(name, query, path_qualifier)
    policy["Statement"] = [each for each in policy["Statement"] if each["Resource"] == resource]
    if not policy["Statement"]:
        message = "The resource you requested does not exist."
        refusal: Answer = error_response_json("ResourceNotFoundException", message, 404)
        return refusal
    body = json.dumps({**told, "Policy": json.dumps(policy)}).encode()
    return answer[0], answer[1], body


@PATCH.wraps(f"{_SERVICE}._remove_permission", digest="7633c9fa")
def _remove_own(remove: Original, name: str, sid: str, query: Params, path_qualifier: str | None = None) -> Answer:
    function = lambda_svc._functions.get(name)
    if function is None:
        refusal: Answer = remove(name, sid, query, path_qualifier)
        return refusal
    resource = _resource(name, query, path_qualifier)
    others = [each for each in function["policy"]["Statement"] if each["Resource"] != resource]
    own = [each for each in function["policy"]["Statement"] if each["Resource"] == resource]
    function["policy"]["Statement"] = own
    try:
        answer: Answer = remove(name, sid, query, path_qualifier)
    finally:
        function["policy"]["Statement"] = [*others, *function["policy"]["Statement"]]
    return answer
