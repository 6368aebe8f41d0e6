"""Two ports that lead to the listener rules of Application Load Balancers.

The emulator knows a load balancer by its DNS name, which no local client can resolve.

The load balancer's port stands for the load balancer's own address: it takes any Host. Of several
load balancers, one a cell, the one with a rule for the host answers, and the first one made for any
other host.

The web port stands for the way by DNS, which a browser takes: hosted zones say which load balancer a
host leads to. Browsers resolve every name under `localhost` to loopback, so a zone of such a domain
makes URLs that open as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from names import load_balancer_named

Choice = Callable[[str], dict[str, Any] | None]


def with_load_balancers(app: Any, own_port: int | None, web_port: int | None) -> Any:
    choices: dict[int | None, tuple[Choice, int, str]] = {
        own_port: (_by_rule, 503, "there is no load balancer yet"),
        web_port: (load_balancer_named, 404, "no DNS record leads this name to a load balancer"),
    }

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        port = scope["server"][1] if scope["type"] == "http" else None
        if port is not None and port in choices:
            await _serve(scope, receive, send, *choices[port])
        else:
            await app(scope, receive, send)

    return dispatch


def _by_rule(host: str) -> dict[str, Any] | None:
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


async def _serve(scope: Any, receive: Any, send: Any, choose: Choice, absent: int, missing: str) -> None:
    from ministack import app as ministack_app
    from ministack.core.responses import StreamingResponse
    from ministack.services import alb

    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope.get("query_string", b"").decode("latin-1")
    body = await ministack_app._read_request_body(receive, scope["method"], headers)
    load_balancer = choose(headers.get("host", "").split(":")[0])
    status: int
    answered: Any
    content: Any
    if load_balancer is None:
        status, answered, content = absent, {"content-type": "text/plain"}, missing.encode()
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
