"""A web ACL may send a log of its requests somewhere.

AWS: "PutLoggingConfiguration" (AWS WAFV2 API Reference)
AWS: "GetLoggingConfiguration" (AWS WAFV2 API Reference)
AWS: "Logging AWS WAF protection pack (web ACL) traffic" (AWS WAF Developer Guide)
Test: load-balancer.test.ts: a web ACL sends its log where it is told to, or nowhere

No request is logged: only where the log would go is kept. MiniStack knows no such requests.
"""

from __future__ import annotations

import re

from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response
from ministack.services import waf

from ..further_requests import answering
from ..patch import Patch
from ..shapes import Answer, Params, Record

PATCH = Patch(__name__)

# By the ARN of the web ACL.
_logged: AccountRegionScopedDict = AccountRegionScopedDict()

_DESTINATION = re.compile(r"^arn:aws:(?:s3:::|firehose:.*:deliverystream/|logs:.*:log-group:)aws-waf-logs-")


def _absent(what: str) -> Answer:
    answer: Answer = error_response_json("WAFNonexistentItemException", what, 400)
    return answer


def _put(data: Params) -> Answer:
    wanted: Record = data.get("LoggingConfiguration", {})
    arn = wanted.get("ResourceArn", "")
    if not any(acl["ARN"] == arn for acl in waf._web_acls.values()):
        return _absent(f"{arn} does not exist")
    destinations = wanted.get("LogDestinationConfigs", [])
    if len(destinations) != 1 or not _DESTINATION.match(destinations[0]):
        refusal: Answer = error_response_json("WAFInvalidParameterException", "LOG_DESTINATION", 400)
        return refusal
    _logged[arn] = wanted
    return json_response({"LoggingConfiguration": wanted})


def _get(data: Params) -> Answer:
    found: Record | None = _logged.get(data.get("ResourceArn", ""))
    if found is None:
        return _absent("The web ACL has no logging configuration.")
    return json_response({"LoggingConfiguration": found})


def _delete(data: Params) -> Answer:
    if _logged.pop(data.get("ResourceArn", ""), None) is None:
        return _absent("The web ACL has no logging configuration.")
    return json_response({})


PATCH.wraps("ministack.services.waf.handle_request", digest="63917d1a")(
    answering(
        {
            "PutLoggingConfiguration": _put,
            "GetLoggingConfiguration": _get,
            "DeleteLoggingConfiguration": _delete,
        }
    )
)
