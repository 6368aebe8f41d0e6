"""CloudWatch Logs has policies for a whole account, e.g. a subscription of all log groups.

AWS: "PutAccountPolicy" (Amazon CloudWatch Logs API Reference)
AWS: "DescribeAccountPolicies" (Amazon CloudWatch Logs API Reference)
AWS: "DeleteAccountPolicy" (Amazon CloudWatch Logs API Reference)
Test: copies.test.ts: a policy of the account is listed by its type, until it is deleted

Only what the policies say is kept: no event is sent. MiniStack knows none of these requests.
"""

from __future__ import annotations

from ministack.core.responses import AccountRegionScopedDict, json_response

from ..further_requests import answering
from ..patch import Patch
from ..shapes import Answer, Params

PATCH = Patch(__name__, after=["logs.keys"])

_policies: AccountRegionScopedDict = AccountRegionScopedDict()


def _put(data: Params) -> Answer:
    policy = {"scope": "ALL", **{name: value for name, value in data.items() if name != "selectionCriteria"}}
    _policies[f"{data['policyType']} {data['policyName']}"] = policy
    return json_response({"accountPolicy": policy})


def _describe(data: Params) -> Answer:
    found = [policy for policy in _policies.values() if policy["policyType"] == data["policyType"]]
    return json_response({"accountPolicies": found})


def _delete(data: Params) -> Answer:
    _policies.pop(f"{data['policyType']} {data['policyName']}", None)
    return json_response({})


PATCH.wraps("ministack.services.cloudwatch_logs.handle_request", digest="7f030364")(
    answering(
        {
            "PutAccountPolicy": _put,
            "DescribeAccountPolicies": _describe,
            "DeleteAccountPolicy": _delete,
        }
    )
)
