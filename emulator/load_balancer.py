"""The load balancer's own port: what arrives there goes to the listener rules of the Application Load Balancer.

The emulator knows a load balancer by its DNS name, which no local client can resolve; on this port
any Host is served, as a browser's request is that reached the load balancer by way of DNS. Of
several load balancers, one a cell, the one with a rule for the host is served: a tenant's DNS name
leads to its own cell's. For any other host it is the first one made.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs


def with_load_balancer(app: Any, port: int | None) -> Any:
    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["server"][1] == port:
            await _serve(scope, receive, send)
        else:
            await app(scope, receive, send)

    return dispatch


def _by_host(host: str) -> dict | None:
    from ministack.services import alb

    load_balancers = alb._lbs.values()
    if len(load_balancers) < 2:
        return load_balancers[0] if load_balancers else None
    rule = next((rule for rule in alb._rules.values() if host in _hosts_of(rule)), None)
    return alb._lbs.get(alb._listeners[rule["ListenerArn"]]["LoadBalancerArn"]) if rule else load_balancers[0]


def _hosts_of(rule: dict) -> list[str]:
    return [
        host
        for each in rule.get("Conditions", [])
        if each.get("Field") == "host-header"
        for host in each.get("Values", [])
    ]


async def _serve(scope: Any, receive: Any, send: Any) -> None:
    from ministack import app as ministack_app
    from ministack.core.responses import StreamingResponse
    from ministack.services import alb

    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope.get("query_string", b"").decode("latin-1")
    body = await ministack_app._read_request_body(receive, scope["method"], headers)
    load_balancer = _by_host(headers.get("host", "").split(":")[0])
    status: int
    answered: Any
    content: Any
    if load_balancer is None:
        status, answered, content = 503, {"content-type": "text/plain"}, b"there is no load balancer yet"
    else:
        listeners = [x for x in alb._listeners.values() if x["LoadBalancerArn"] == load_balancer["LoadBalancerArn"]]
        # A certificate and the redirect to it are of no use on loopback: HTTPS, where there is one, answers.
        listeners.sort(key=lambda x: x.get("Protocol") != "HTTPS")
        status, answered, content = await alb.dispatch_request(
            load_balancer,
            scope["method"],
            scope["path"],
            headers,
            body,
            parse_qs(query, keep_blank_values=True),
            listeners[0].get("Port", 80) if listeners else 80,
            client_ip=(scope.get("client") or ("127.0.0.1",))[0],
            raw_query_string=query,
            raw_path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        )
    if isinstance(content, StreamingResponse):
        await ministack_app._send_streaming_response(send, receive, status, answered, content)
    else:
        await ministack_app._send_response(send, status, answered, content)
