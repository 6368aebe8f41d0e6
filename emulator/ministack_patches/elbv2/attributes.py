"""A load balancer tells every attribute that it has, also those that nobody has set.

AWS: "LoadBalancerAttribute" (Elastic Load Balancing API Reference, 2015-12-01)
AWS: "Application Load Balancers" (User Guide for Application Load Balancers)
Test: load-balancer.test.ts: lists attributes with their defaults

MiniStack tells five of them, and those that were set.
"""

from __future__ import annotations

from typing import Any

from ministack.services import alb

from ..patch import Patch
from ..shapes import Original, Params

# Those that concern who reaches a tenant, with the defaults of the page.
_DEFAULTS = {
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "waf.fail_open.enabled": "false",
    "connection_logs.s3.enabled": "false",
}

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.alb._ACTION_MAP[DescribeLoadBalancerAttributes]", digest="2224477e")
def _describe_all(describe: Original, params: Params) -> Any:
    attributes = alb._lb_attrs.get(alb._p(params, "LoadBalancerArn"))
    if attributes is not None:
        known = {attribute["Key"] for attribute in attributes}
        attributes.extend({"Key": key, "Value": value} for key, value in _DEFAULTS.items() if key not in known)
    return describe(params)
