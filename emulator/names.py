"""Which load balancer a name leads to: the answer of the hosted zones, as a browser's DNS would get it.

A record counts once Route 53's name servers know it. An exact name comes before a wildcard of the
same zone, and the zone of the longest matching name answers alone.
"""

from __future__ import annotations

from typing import Any


def load_balancer_named(host: str) -> dict[str, Any] | None:
    from ministack.services import alb

    target = _alias_of(f"{host.lower()}.")
    if target is None:
        return None
    return next((each for each in alb._lbs.values() if f"{each['DNSName'].lower()}." == target), None)


def _alias_of(name: str) -> str | None:
    from ministack.services import route53

    from ministack_patches.route53.changes import is_known

    zones = [zone for zone in route53._zones.values() if name.endswith(f".{zone['name']}") or name == zone["name"]]
    if not zones:
        return None
    zone = max(zones, key=lambda each: len(each["name"]))
    records = [each for each in route53._records.get(zone["id"], []) if is_known(zone["id"], each)]
    wildcard = "." + name.partition(".")[2]
    for wanted in (name, f"*{wildcard}", f"\\052{wildcard}"):
        for record in records:
            if record["Name"].lower() == wanted and record["Type"] == "A" and record.get("AliasTarget"):
                return str(record["AliasTarget"]["DNSName"]).lower()
    return None
