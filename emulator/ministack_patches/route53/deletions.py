"""A hosted zone that has records is not deleted by CloudFormation either.

AWS: "DeleteHostedZone" (Amazon Route 53 API Reference)
Test: hosted-zones.test.ts: the stack of a hosted zone cannot be deleted while the zone has records

A zone has its NS and SOA records from the beginning. With any other record it is HostedZoneNotEmpty.
MiniStack says so to an API call, and drops zone and records when a stack is deleted.
"""

from __future__ import annotations

from ministack.services import route53

from ..patch import Patch
from ..shapes import Original, Record

_DELETE = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::Route53::HostedZone][delete]"

PATCH = Patch(__name__)


@PATCH.wraps(_DELETE, digest="c806d9e1")
def _delete_empty(delete: Original, physical_id: str, props: Record) -> None:
    name = (route53._zones.get(physical_id) or {}).get("name")
    others = [
        record
        for record in route53._records.get(physical_id, [])
        if not (record["Name"] == name and record["Type"] in ("NS", "SOA"))
    ]
    if others:
        raise ValueError(f"The specified hosted zone contains {len(others)} records and so can't be deleted")
    delete(physical_id, props)
