"""A resource without a web ACL is no error: the answer has no web ACL.

AWS: "GetWebACLForResource" (AWS WAFV2 API Reference)
Test: load-balancer.test.ts: a load balancer has one web ACL, that of its stack, or none

MiniStack answers with WAFNonexistentItemException.
"""

from __future__ import annotations

from ministack.core.responses import json_response
from ministack.services import waf

from ..patch import Patch
from ..shapes import Answer, Original, Record

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.waf._get_web_acl_for_resource", digest="1752936a")
def _none_is_an_answer(get: Original, data: Record) -> Answer:
    answer: Answer = get(data) if data.get("ResourceArn") in waf._associations else json_response({})
    return answer
