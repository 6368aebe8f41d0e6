"""A load balancer serves requests beside the API that configures it: the one does not wait for the other.

AWS: "How Elastic Load Balancing works" (Elastic Load Balancing User Guide)
AWS: "Application Load Balancers" (User Guide for Application Load Balancers)
AWS: "Troubleshoot your Application Load Balancers" (User Guide for Application Load Balancers)
AWS: "CloudWatch metrics for your Application Load Balancer" (User Guide for Application Load Balancers)
Test: target-connections.test.ts: requests in a row reach a target over one connection, and another one when it has closed that
Test: target-connections.test.ts: a target that ends the connection instead of an answer is a 502, and a cut answer stays cut
Test: target-connections.test.ts: answers without a body, of unknown length and after an interim one arrive as they are
Test: load-balancer.test.ts: the load balancer counts requests, failures and times of each target group by itself

Load balancers have a process of their own (emulator/load_balancers.py), which is told of each change before the request
that made it is answered, and which CloudWatch asks what it has measured. MiniStack serves their requests by the event loop
of all its services, opens a connection to the target for each, reads it in threads, and measures nothing.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import socket
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.services import alb

from balancing.balancer_process import BalancerProcess
from balancing.listeners import STORES
from names import load_balancer_named

from .. import patience
from ..cloudwatch.service_metrics import measured_elsewhere
from ..patch import Patch
from ..shapes import Answer, Original
from .visible_later import late_rules

_NAMESPACE = "AWS/ApplicationELB"
_HANDLERS = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS"

PATCH = Patch(__name__, after=["elbv2.visible_later"])

_process: BalancerProcess | None = None
# What the process knows of each store. MiniStack changes records in their place, so these are copies.
_known: dict[str, dict[str, Any]] = {name: {} for name in STORES}
_telling = threading.Lock()


def begin(ports: Mapping[str, socket.socket]) -> None:
    """@param ports `own` and `web`, as far as there are such"""
    global _process
    if not ports:
        return
    _process = BalancerProcess(ports, _named)
    measured_elsewhere(_measured)
    patience.when_settled(tell)


def tell() -> None:
    """Requests of clients that come afterwards are served as the API was asked for."""
    if not _process:
        return
    with _telling:
        # Not in the account and region of the request under way, which may be others.
        changes = contextvars.Context().run(_changes)
        _process.learn(changes, late_rules.told())


def _changes() -> dict[str, dict[str, Any]]:
    changes = {name: _changes_of(getattr(alb, name), known) for name, known in _known.items()}
    return {name: changed for name, changed in changes.items() if changed}


def _changes_of(store: Any, known: dict[str, Any]) -> dict[str, Any]:
    now = dict(store.items())
    # Each of these calls is done at once: no other thread can change a record meanwhile.
    changed = {arn: json.loads(json.dumps(record)) for arn, record in now.items() if known.get(arn) != record}
    known.update(changed)
    for arn in [arn for arn in known if arn not in now]:
        changed[arn] = None
        del known[arn]
    return changed


def _named(host: str) -> str | None:
    load_balancer = load_balancer_named(host)
    return load_balancer["LoadBalancerArn"] if load_balancer else None


def _measured() -> Iterable[tuple[int, str, str, Mapping[str, str], float, int]]:
    for minute, name, load_balancer, group, value, count in _process.measured() if _process else ():
        yield minute, _NAMESPACE, name, {"LoadBalancer": load_balancer, "TargetGroup": group}, value, count


@PATCH.wraps("ministack.services.alb.handle_request", digest="872495c4")
async def _handle_and_tell(handle: Original, method: str, path: str, headers: Any, body: Any, query: Any) -> Answer:
    answer: Answer = await handle(method, path, headers, body, query)
    if b"Action=Describe" not in (body.encode() if isinstance(body, str) else body or b""):
        await asyncio.to_thread(tell)
    return answer


@PATCH.wraps("ministack.services.alb.reset", digest="b392954d")
def _reset(reset: Original) -> None:
    reset()
    tell()
    if _process:
        _process.forget()


def _tell_after(kind: str, **digests: str) -> None:
    for event, digest in digests.items():

        @PATCH.wraps(f"{_HANDLERS}[AWS::ElasticLoadBalancingV2::{kind}][{event}]", digest=digest)
        def handle_and_tell(handle: Original, *args: Any, **kwargs: Any) -> Any:
            result = handle(*args, **kwargs)
            tell()
            return result


_tell_after("LoadBalancer", create="163d0a45", update="373f4d9f", delete="8959f783")
_tell_after("Listener", create="efc0f614", update="ff3b4747", delete="00c887fc")
_tell_after("ListenerRule", create="8cbe6ad3", update="2a5631bd", delete="8f4f8a26")
_tell_after("TargetGroup", create="51e159e4", update="675dc0cd", delete="63a82b02")
