"""A bucket has inventories and analyses, which S3 writes into other buckets, and archives objects that nobody reads.

AWS: "PutBucketInventoryConfiguration" (Amazon S3 API Reference)
AWS: "ListBucketInventoryConfigurations" (Amazon S3 API Reference)
AWS: "PutBucketAnalyticsConfiguration" (Amazon S3 API Reference)
AWS: "ListBucketAnalyticsConfigurations" (Amazon S3 API Reference)
AWS: "PutBucketIntelligentTieringConfiguration" (Amazon S3 API Reference)
AWS: "ListBucketIntelligentTieringConfigurations" (Amazon S3 API Reference)
Test: buckets.test.ts: a bucket lists its inventories, its analyses and its tiers until they are deleted

Only the configurations are kept: S3 writes no report, and archives nothing. MiniStack takes each of these requests for one on the bucket
itself.
"""

from __future__ import annotations

import re

from ministack.services import s3

from ..patch import Patch
from ..shapes import Answer, Original, Params

_KINDS = {
    "inventory": "ListInventoryConfigurationsResult",
    "analytics": "ListBucketAnalyticsConfigurationResult",
    "intelligent-tiering": "ListBucketIntelligentTieringConfigurationsOutput",
}

PATCH = Patch(__name__)

# By bucket and kind: the configurations by their ids, as they were put.
_configurations: dict[tuple[str, str], dict[str, str]] = {}


def _id(query_params: Params) -> str:
    value = query_params.get("id", "")
    return str(value[0] if isinstance(value, list) else value)


@PATCH.wraps("ministack.services.s3._dispatch", digest="a3826f1e")
def _dispatch_reports(
    dispatch: Original, method: str, bucket: str, key: str, headers: dict[str, str], body: bytes, query_params: Params
) -> Answer:
    kind = next((name for name in _KINDS if name in query_params and not key), None)
    if kind is None or bucket not in s3._buckets:
        answer: Answer = dispatch(method, bucket, key, headers, body, query_params)
        return answer
    kept = _configurations.setdefault((bucket, kind), {})
    if method == "PUT":
        kept[_id(query_params)] = re.sub(r"^<\?xml[^>]*>", "", body.decode())
        return 200, {}, b""
    if method == "DELETE":
        kept.pop(_id(query_params), None)
        return 204, {}, b""
    listed = (
        f'<{_KINDS[kind]} xmlns="{s3.S3_NS}"><IsTruncated>false</IsTruncated>{"".join(kept.values())}</{_KINDS[kind]}>'
    )
    return 200, {"Content-Type": "application/xml"}, listed.encode()
