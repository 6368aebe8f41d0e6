"""Tests let a stack's resource fail or take its time, and a stack's status event be lost or come twice.

None of it is AWS's to be asked for; what follows from it is. `POST /_local/stack-faults` adds one fault and answers
`{"id"}`, `POST /_local/stack-faults/remove {"id"}` takes it away, without an id all, and answers how often each struck:

- `{"stack", "resource", "on": "create" | "delete", "reason"}`: the resource fails, with this reason in the stack's events
- `{"stack", "resource", "on", "seconds"}`: the resource takes so long; other requests are served meanwhile
- `{"stack", "status", "deliveries": 0 | 2}`: the event of this status is lost, or comes twice

`stack` is the stack's name, `resource` the logical id; both may have `*` in them. `times` limits how often a fault strikes.
"""

from __future__ import annotations

import fnmatch
import itertools
import threading
import time
from typing import Any

from ministack.core.responses import json_response
from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

from .local_controls import control

_faults: dict[int, dict[str, Any]] = {}
_ids, _guard = itertools.count(1), threading.Lock()


def apply() -> None:
    provision, delete, on_thread, reset = (
        stacks._provision_resource,
        stacks._delete_resource,
        stacks._runs_on_worker_thread,
        cloudformation.reset,
    )
    assert provision.__code__.co_varnames[:4] == ("resource_type", "logical_id", "props", "stack_name")
    assert delete.__code__.co_varnames[:5] == ("resource_type", "physical_id", "props", "stack_name", "logical_id")
    assert on_thread.__code__.co_varnames[:1] == ("resource_type",)

    def provision_or_fail(resource_type, logical_id, props, stack_name):
        _strike("create", stack_name, logical_id)
        return provision(resource_type, logical_id, props, stack_name)

    def delete_or_fail(resource_type, physical_id, props, stack_name=None, logical_id=None):
        _strike("delete", stack_name, logical_id)
        return delete(resource_type, physical_id, props, stack_name, logical_id)

    def reset_also_faults():
        _faults.clear()
        reset()

    stacks._provision_resource, stacks._delete_resource = provision_or_fail, delete_or_fail
    # What takes its time must not keep the event loop from other requests.
    stacks._runs_on_worker_thread = lambda kind: on_thread(kind) or any("seconds" in fault for fault in _faults.values())
    cloudformation.reset = reset_also_faults
    control("/_local/stack-faults", _add)
    control("/_local/stack-faults/remove", _remove)


def _add(fault: dict) -> tuple:
    known = {"stack", "resource", "on", "reason", "seconds", "status", "deliveries", "times"}
    unknown = set(fault) - known
    if unknown or "stack" not in fault or not {"reason", "seconds", "deliveries"} & set(fault):
        raise ValueError(f"not a fault: {fault}")
    if "deliveries" not in fault and (fault.get("on") not in ("create", "delete") or "resource" not in fault):
        raise ValueError(f"a fault of a resource names it, and strikes on create or delete: {fault}")
    identity = next(_ids)
    _faults[identity] = {**fault, "struck": 0}
    return json_response({"id": identity})


def _remove(request: dict) -> tuple:
    wanted = [request["id"]] if "id" in request else list(_faults)
    removed = {identity: _faults.pop(identity)["struck"] for identity in wanted}
    return json_response({"struck": removed})


def _found(stack_name: str, **criteria: str) -> dict | None:
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
    while time.monotonic() < end and not _given_up(on, stack_name):
        time.sleep(0.02)
    if "reason" in fault:
        raise ValueError(fault["reason"])


def _given_up(on: str, stack_name: str | None) -> bool:
    """A creation ends early when its stack is to be deleted (stack_deletions)."""
    return on == "create" and bool((cloudformation._stacks.get(stack_name) or {}).get("_to_be_deleted"))


def deliveries(stack_name: str, status: str) -> int:
    fault = _found(stack_name, status=status)
    return 1 if fault is None else fault["deliveries"]
