"""What the load balancers know of what the API was asked for: listeners, rules, target groups, targets, attributes.

AWS: "Listener rules for your Application Load Balancer" (User Guide for Application Load Balancers)
AWS: "Condition types for listener rules" (User Guide for Application Load Balancers)

Records have the shapes that MiniStack's stores give them. Rules that are new, changed or gone are seen
later, by each node apart (ministack_patches/elbv2/visible_later.py).
"""

from __future__ import annotations

import functools
import ipaddress
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

from ministack_patches.patience import Past

Record = dict[str, Any]
# By the store's name: what is now under each ARN; None: nothing any more.
Changes = Mapping[str, Mapping[str, Any]]

STORES = ("_lbs", "_listeners", "_rules", "_tgs", "_targets", "_lb_attrs", "_listener_attrs")

_MOST_HOSTS = 10_000
_LOOPBACK = ipaddress.ip_address("127.0.0.1")


class Asked(Protocol):
    """What conditions of rules ask about a request."""

    # Without the port.
    host: str

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str:
        """As it came, without the query."""

    @property
    def query(self) -> str: ...

    def header(self, name: str) -> str | None:
        """@param name in lower case"""


@dataclass(frozen=True)
class Way:
    """A load balancer and the listener that answers, with what is asked of them for each request."""

    load_balancer: Record
    listener: Record
    port: int
    protocol: str
    keeps_host: bool
    # "append", "preserve" or "remove": what becomes of X-Forwarded-For.
    forwarded_for: str
    # Headers that the listener adds to each answer.
    added: Mapping[str, str]
    # Whether an answer of the load balancer itself says so.
    names_itself: bool


# Attributes of a listener that add a header to each answer.
_ADDED = {
    f"routing.http.response.{name.lower().replace('-', '_')}.header_value": name
    for name in (
        *("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"),
        *("Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Access-Control-Max-Age"),
        *("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"),
    )
}


class Listeners:
    def __init__(self) -> None:
        self._stores: dict[str, dict[str, Any]] = {name: {} for name in STORES}
        self._former: Past[Record | None] = Past("elbv2.rule")
        self._forget_answers()

    def _forget_answers(self) -> None:
        """What was found out is asked for again with each request, and changes only by what is learned."""
        # Without the rules of other hosts, which are most where each tenant has one.
        self._of_host: dict[tuple[str, str], list[str]] = {}
        self._decided: dict[tuple[str, str], Record] = {}
        self._ways: dict[str, Way | None] = {}
        self._usable: dict[str, list[Record]] = {}

    def learn(self, changes: Changes, late: Mapping[str, Any]) -> None:
        """@param late what `Past.told` says of the rules"""
        for name, records in changes.items():
            for arn, record in records.items():
                if record is None:
                    self._stores[name].pop(arn, None)
                else:
                    self._stores[name][arn] = record
        self._former.learn(late)
        self._forget_answers()

    def load_balancer(self, arn: str) -> Record | None:
        record: Record | None = self._stores["_lbs"].get(arn)
        return record

    def by_rule(self, host: str) -> Record | None:
        """Of several load balancers, one a cell: that with a rule for the host, or else the first one."""
        load_balancers = list(self._stores["_lbs"].values())
        if len(load_balancers) < 2:
            return load_balancers[0] if load_balancers else None
        for arn in self._rules_for("", host):
            rule = self._stores["_rules"].get(arn)
            if rule and any(host in condition.get("Values", []) for condition in _hosts_of(rule)):
                return self.load_balancer(self._stores["_listeners"][rule["ListenerArn"]]["LoadBalancerArn"])
        return load_balancers[0]

    def way(self, load_balancer: Record) -> Way | None:
        """None: it has no listener. A certificate and the redirect to it are of no use on loopback: HTTPS, where there is one, answers."""
        arn: str = load_balancer["LoadBalancerArn"]
        if arn not in self._ways:
            own = [each for each in self._stores["_listeners"].values() if each["LoadBalancerArn"] == arn]
            listener = min(own, key=lambda each: each.get("Protocol") != "HTTPS", default=None)
            self._ways[arn] = self._way(load_balancer, listener) if listener else None
        return self._ways[arn]

    def _way(self, load_balancer: Record, listener: Record) -> Way:
        own = _values(self._stores["_lb_attrs"].get(load_balancer["LoadBalancerArn"], []))
        of_listener = _values(self._stores["_listener_attrs"].get(listener["ListenerArn"], []))
        return Way(
            load_balancer=load_balancer,
            listener=listener,
            port=int(listener.get("Port", 80)),
            protocol=str(listener.get("Protocol") or "HTTP").lower(),
            keeps_host=own.get("routing.http.preserve_host_header.enabled") == "true",
            forwarded_for=own.get("routing.http.xff_header_processing.mode", "append"),
            added={name: of_listener[key] for key, name in _ADDED.items() if of_listener.get(key)},
            names_itself=of_listener.get("routing.http.response.server.enabled") != "false",
        )

    def action(self, listener: Record, asked: Asked) -> Record | None:
        """That of the first rule that matches, as one of the nodes knows the rules; None when none does."""
        at = listener["ListenerArn"], asked.host
        decided = self._decided.get(at)
        if decided:
            return decided
        node, rules = self._former.a_node(), self._stores["_rules"]
        seen = [rule for arn in self._rules_for(*at) if (rule := self._former.seen(arn, rules.get(arn), node))]
        by_host = not self._former.keys()
        for rule in sorted(seen, key=_priority):
            conditions, actions = rule.get("Conditions", []), rule.get("Actions") or listener.get("DefaultActions", [])
            by_host = by_host and all(each.get("Field") == "host-header" for each in conditions)
            if actions and (rule.get("IsDefault") or all(_matches(each, asked) for each in conditions)):
                action: Record = min(actions, key=lambda action: int(action.get("Order") or 1))
                if by_host and len(self._decided) < _MOST_HOSTS:
                    self._decided[at] = action
                return action
        return None

    def group(self, action: Record) -> tuple[str, Record | None]:
        """The target group of a forward, by weight: its ARN, and its record while it exists."""
        arn: str = _by_weight(action.get("ForwardConfig", {}).get("TargetGroups", [])) or action.get(
            "TargetGroupArn", ""
        )
        return arn, self._stores["_tgs"].get(arn)

    def target(self, group: str) -> Record | None:
        """Without a healthy target, all unhealthy ones get requests ("Health checks": fail open); initial ones get none."""
        usable = self._usable.get(group)
        if usable is None:
            targets = self._stores["_targets"].get(group, [])
            healthy = [each for each in targets if each.get("State", "healthy") == "healthy"]
            usable = healthy or [each for each in targets if each.get("State") == "unhealthy"]
            self._usable[group] = usable
        return random.choice(usable) if len(usable) > 1 else usable[0] if usable else None

    def _rules_for(self, listener: str, host: str) -> list[str]:
        """ARNs of rules that may match, or might lately. @param listener its ARN; empty: any"""
        known = self._of_host.get((listener, host))
        if known is None:
            known = [
                arn
                for arn in dict.fromkeys((*self._stores["_rules"], *self._former.keys()))
                if any(
                    rule and listener in ("", rule["ListenerArn"]) and not _is_of_others(rule, host)
                    for rule in self._versions(arn)
                )
            ]
            if len(self._of_host) >= _MOST_HOSTS:
                self._of_host.clear()
            self._of_host[(listener, host)] = known
        return known

    def _versions(self, arn: str) -> Iterator[Record | None]:
        yield self._stores["_rules"].get(arn)
        yield from self._former.all_of(arn)


def _values(attributes: list[Record]) -> dict[str, str]:
    return {each["Key"]: str(each["Value"]) for each in attributes}


def _by_weight(groups: list[Record]) -> str | None:
    if len(groups) < 2:
        return str(groups[0]["TargetGroupArn"]) if groups else None
    weights = [group["Weight"] for group in groups]
    return str((random.choices(groups, weights)[0] if any(weights) else groups[0])["TargetGroupArn"])


def _priority(rule: Record) -> tuple[bool, int]:
    """The default rule comes last."""
    priority = str(rule.get("Priority", "default"))
    return not priority.isdigit(), int(priority) if priority.isdigit() else 0


def _hosts_of(rule: Record) -> Iterator[Record]:
    return (condition for condition in rule.get("Conditions") or () if condition.get("Field") == "host-header")


def _is_of_others(rule: Record, host: str) -> bool:
    return any(
        not any(_pattern(value, re.IGNORECASE).fullmatch(host) for value in condition["Values"])
        for condition in _hosts_of(rule)
    )


def _matches(condition: Record, asked: Asked) -> bool:
    field, values = condition.get("Field", ""), condition.get("Values", [])
    if field == "host-header":
        return any(_pattern(value, re.IGNORECASE).fullmatch(asked.host) for value in values)
    if field == "path-pattern":
        path = unquote(asked.path)
        return any(_pattern(value, 0).fullmatch(path) for value in values)
    if field in ("http-request-method", "http-method"):
        return asked.method in values
    if field == "query-string":
        given = parse_qs(asked.query, keep_blank_values=True)
        return all(_is_in(given, value) for value in values)
    if field == "http-header":
        wanted = condition.get("HttpHeaderConfig") or {}
        actual = asked.header(wanted.get("HttpHeaderName", "").lower())
        allowed = wanted.get("Values") or values
        return actual is not None and any(_pattern(value, re.IGNORECASE).fullmatch(actual) for value in allowed)
    # source-ip: whoever asks here does so from loopback.
    blocks = (condition.get("SourceIpConfig") or {}).get("Values") or values
    return any(_LOOPBACK in ipaddress.ip_network(block, strict=False) for block in blocks)


def _is_in(given: Mapping[str, list[str]], value: str) -> bool:
    key, equals, expected = value.partition("=")
    return key in given and (not equals or given[key][0] == expected)


@functools.lru_cache(maxsize=4 * _MOST_HOSTS)
def _pattern(text: str, flags: int) -> re.Pattern[str]:
    """`*` stands for any characters and `?` for one."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), flags | re.DOTALL)
