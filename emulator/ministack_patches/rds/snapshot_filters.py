"""Snapshots of several databases are found by one request.

AWS: "DescribeDBSnapshots" (Amazon RDS API Reference)
Test: descriptions.test.ts: finds the snapshots of several databases with one filter

MiniStack reads no filter here and answers with the snapshots of every database.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Original, Params, Record

_ENTRY = re.compile(r"<DBSnapshot>.*?</DBSnapshot>", re.DOTALL)
_FILTERS: dict[str, Callable[[Record], str]] = {
    "db-instance-id": lambda snapshot: str(snapshot["DBInstanceIdentifier"]),
    "db-snapshot-id": lambda snapshot: str(snapshot["DBSnapshotIdentifier"]),
    "snapshot-type": lambda snapshot: str(snapshot["SnapshotType"]),
    "engine": lambda snapshot: str(snapshot["Engine"]),
}

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.rds._ACTION_MAP[DescribeDBSnapshots]", digest="8063d3be")
def _describe_filtered(describe: Original, params: Params) -> Answer:
    status, headers, body = describe(params)
    filters = rds._parse_filters(params)
    if status != 200 or not filters:
        return status, headers, body
    matching = {
        f"<DBSnapshotIdentifier>{snapshot['DBSnapshotIdentifier']}</DBSnapshotIdentifier>"
        for snapshot in rds._snapshots.values()
        if all(_FILTERS[name](snapshot) in values for name, values in filters.items() if name in _FILTERS)
    }
    text = body.decode() if isinstance(body, bytes) else body
    kept = _ENTRY.sub(lambda entry: entry[0] if any(each in entry[0] for each in matching) else "", text)
    return status, headers, kept.encode() if isinstance(body, bytes) else kept
