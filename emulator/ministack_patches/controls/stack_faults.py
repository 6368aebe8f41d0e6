"""A stack's resource fails or takes its time, and a stack's status event is lost or comes twice.

AWS: none: a control for tests; what follows from a fault is AWS's
Test: stack-failures.test.ts: a fault fails the configured number of times; a resource that cannot be deleted leaves DELETE_FAILED until it can
Test: stack-failures.test.ts: a stack under creation can be deleted: the rest is cancelled, and nothing is left
Test: stack-failures.test.ts: a resource that takes its time is done when its fault is taken away
Test: stack-failures.test.ts: a status event can be lost, or come twice

`POST /_local/stack-faults` adds one fault and answers `{"id"}`, `POST /_local/stack-faults/remove
{"id"}` takes it away, without an id all, and answers how often each struck:

- `{"stack", "resource", "on": "create" | "delete", "reason"}`: the resource fails, with this reason in the stack's events
- `{"stack", "resource", "on", "seconds"}`: the resource takes so long, or until the fault is taken away; other requests
  are served meanwhile
- `{"stack", "status", "deliveries": 0 | 2}`: the event of this status is lost, or comes twice

`stack` is the stack's name, `resource` the logical id; both may have `*` in them. `times` limits
how often a fault strikes.
"""

from __future__ import annotations

import fnmatch
import itertools
import threading
import time
from typing import Any

from ministack.core.responses import json_response
from ministack.services import cloudformation

from ..patch import PACKAGE, Patch
from ..shapes import Answer, Original, Record
from .routes import route

_STACKS = "ministack.services.cloudformation.stacks"

_faults: dict[int, Record] = {}
_ids, _guard = itertools.count(1), threading.Lock()

PATCH = Patch(__name__, after=["cloudformation.deletions", "cloudformation.requests"])


@PATCH.wraps(f"{_STACKS}._provision_resource", digest="0bf837d3")
def _provision_or_fail(provision: Original, resource_type: str, logical_id: str, props: Record, stack_name: str) -> Any:
    _strike("create", stack_name, logical_id)
    return provision(resource_type, logical_id, props, stack_name)


@PATCH.wraps(f"{_STACKS}._delete_resource", digest="7826b054")
def _delete_or_fail(
    delete: Original,
    resource_type: str,
    physical_id: str,
    props: Record,
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> Any:
    _strike("delete", stack_name, logical_id)
    return delete(resource_type, physical_id, props, stack_name, logical_id)


@PATCH.wraps(f"{_STACKS}._runs_on_worker_thread", digest="dfb97ed9")
def _on_thread_when_slow(on_thread: Original, resource_type: str) -> bool:
    """What takes its time must not keep the event loop from other requests."""
    return on_thread(resource_type) or any("seconds" in fault for fault in _faults.values())


@PATCH.wraps("ministack.services.cloudformation.reset", digest="3352010b")
def _reset_also_faults(reset: Original) -> None:
    _faults.clear()
    reset()


@PATCH.replaces(f"{PACKAGE}.cloudformation.status_events.deliveries", digest="f556446e")
def _deliveries(stack_name: str, status: str) -> int:
    fault = _found(stack_name, status=status)
    return 1 if fault is None else int(fault["deliveries"])


@PATCH.adds(route("/_local/stack-faults"))
def _add(fault: Record) -> Answer:
    known = {"stack", "resource", "on", "reason", "seconds", "status", "deliveries", "times"}
    unknown = set(fault) - known
    if unknown or "stack" not in fault or not {"reason", "seconds", "deliveries"} & set(fault):
        raise ValueError(f"not a fault: {fault}")
    if "deliveries" not in fault and (fault.get("on") not in ("create", "delete") or "resource" not in fault):
        raise ValueError(f"a fault of a resource names it, and strikes on create or delete: {fault}")
    identity = next(_ids)
    _faults[identity] = {**fault, "struck": 0}
    return json_response({"id": identity})


@PATCH.adds(route("/_local/stack-faults/remove"))
def _remove(request: Record) -> Answer:
    wanted = [request["id"]] if "id" in request else list(_faults)
    removed = {identity: _faults.pop(identity)["struck"] for identity in wanted}
    return json_response({"struck": removed})


def _found(stack_name: str, **criteria: str) -> Record | None:
    with _guard:
        # One that names its stack comes before one for many.
        for fault in sorted(_faults.values(), key=lambda fault: "*" in fault["stack"]):
            if not fnmatch.fnmatchcase(stack_name, fault["stack"]):
                continue
            if any(not fnmatch.fnmatchcase(value, fault.get(name, "")) for name, value in criteria.items()):
                continue
            if fault["struck"] < fault.get("times", float("inf")):
                fault["struck"] += 1
                return fault
    return None


def _strike(on: str, stack_name: str | None, logical_id: str | None) -> None:
    fault = _found(stack_name or "", on=on, resource=logical_id or "")
    if fault is None:
        return
    end = time.monotonic() + fault.get("seconds", 0)
    while time.monotonic() < end and fault in list(_faults.values()) and not _given_up(on, stack_name):
        time.sleep(0.02)
    if "reason" in fault:
        raise ValueError(fault["reason"])


def _given_up(on: str, stack_name: str | None) -> bool:
    """A creation ends early when its stack is to be deleted (cloudformation.deletions)."""
    return on == "create" and bool((cloudformation._stacks.get(stack_name) or {}).get("_to_be_deleted"))
