"""A Map state runs its items as AWS Step Functions does, inside the execution or as a Map Run of child executions.

AWS: "Using Map state in Inline mode in Step Functions workflows" (AWS Step Functions Developer Guide)
AWS: "Using Map state in Distributed mode for large-scale parallel workloads in Step Functions" (AWS Step Functions Developer Guide)
AWS: "Redriving Map Runs in Step Functions executions" (AWS Step Functions Developer Guide)
Test: redrive.test.ts: an inline Map limits its concurrency, stops at a failure, and redrives the iterations that did not succeed
Test: redrive.test.ts: a distributed Map runs each item as its own execution, and tolerates the configured number of failures
Test: redrive.test.ts: stopping an execution stops the child executions of its Map Run
Test: redrive.test.ts: a distributed Map runs over the items of a table query, in batches

Inline: at most 40 iterations at once, fewer by MaxConcurrency. An iteration that fails fails the
state and stops the others; a redrive runs only those again that did not succeed. Distributed: each
item, or batch of items, is an execution of its own with its own history, which sees no variable of
its parent. The Map Run fails once more children failed than are tolerated, and stops the rest. A
redrive goes on with the same Map Run, redrives its unsuccessful Standard children and starts its
Express children again; at most 1,000 times.

MiniStack has distributed Maps without JSONata, without stopping, without history and without
redrive, and lets the iterations of an inline Map wait for each other. Not played: ResultWriter,
whose use is refused.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from ministack.core.responses import new_uuid, now_iso
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Original, Record
from .flow import branch_context, context_of, joined, run_flow, settle, side_by_side, walk
from .redrive import restart, why_not
from .run import Branch, Position, Run, Scope, current, enter, runs

_INLINE_AT_ONCE, _CHILDREN_AT_ONCE = 40, 100
_REDRIVES_AT_MOST = 1000
_COUNTED = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
    "RUNNING": "running",
}

PATCH = Patch(__name__)


@PATCH.replaces("ministack.services.stepfunctions._execute_map", digest="55a27a6b")
def _execute_map(state_def: Record, raw_input: Any, execution: Record, ctx: Record) -> tuple[Any, str | None]:
    processor = state_def.get("ItemProcessor") or state_def["Iterator"]
    distributed = (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"
    run_items = _run_children if distributed else _run_iterations

    def attempt() -> tuple[Any, str | None]:
        position = ctx["position"]
        if position.branches is None:
            position.branches = [Branch(item) for item in _item_inputs(state_def, raw_input, ctx, distributed)]
        length = {"mapStateStartedEventDetails": {"length": len(position.branches)}}
        sfn._add_event(execution, "MapStateStarted", length)
        try:
            run_items(state_def, processor, raw_input, execution, ctx)
        except sfn._ExecutionError:
            sfn._add_event(execution, "MapStateFailed")
            raise
        sfn._add_event(execution, "MapStateSucceeded")
        return joined(state_def, raw_input, ctx, [branch.result for branch in position.branches])

    return sfn._with_retry_and_catch(state_def, raw_input, ctx, attempt)


# --- items ------------------------------------------------------------------------------------------------------------


def _item_inputs(state_def: Record, raw_input: Any, ctx: Record, distributed: bool) -> list[Any]:
    jsonata = sfn._state_query_language(state_def, ctx) == "JSONata"
    effective = raw_input if jsonata else sfn._apply_input_path(state_def, raw_input, ctx)
    items = _items(state_def, raw_input, effective, ctx, jsonata)
    selector = state_def.get("ItemSelector") or state_def.get("Parameters")
    if selector:
        items = [
            _selected(
                selector, raw_input, effective, {**ctx, "Map": {"Item": {"Index": index, "Value": item}}}, jsonata
            )
            for index, item in enumerate(items)
        ]
    batcher = state_def.get("ItemBatcher") if distributed else None
    if not batcher:
        return items
    size = int(batcher.get("MaxItemsPerBatch") or len(items) or 1)
    shared = batcher.get("BatchInput")
    head = {} if shared is None else {"BatchInput": _selected(shared, raw_input, effective, ctx, jsonata)}
    return [{**head, "Items": items[start : start + size]} for start in range(0, len(items), size)]


def _items(state_def: Record, raw_input: Any, effective: Any, ctx: Record, jsonata: bool) -> list[Any]:
    reader = state_def.get("ItemReader")
    if reader:
        if jsonata:
            reader = {**reader, "Parameters": sfn._apply_jsonata_template(reader.get("Arguments", {}), raw_input, ctx)}
        return sfn._read_map_items(reader, effective, ctx)
    if jsonata:
        items = sfn._apply_jsonata_template(state_def["Items"], raw_input, ctx) if "Items" in state_def else raw_input
    else:
        items = sfn._resolve_path_or_ctx(state_def.get("ItemsPath", "$"), effective, ctx)
    if not isinstance(items, list):
        raise sfn._ExecutionError(
            "States.Runtime", f"A Map state's items must be an array, not {sfn._json_type(items)}"
        )
    return items


def _selected(selector: Any, raw_input: Any, effective: Any, ctx: Record, jsonata: bool) -> Any:
    if jsonata:
        return sfn._apply_jsonata_template(selector, raw_input, ctx)
    return sfn._resolve_params_obj(selector, effective, ctx)


def _number(state_def: Record, name: str, raw_input: Any, ctx: Record) -> float | None:
    if f"{name}Path" in state_def:
        return sfn._resolve_path_or_ctx(state_def[f"{name}Path"], raw_input, ctx)
    if isinstance(state_def.get(name), str):
        return sfn._jsonata_state_field(state_def, name, "number", raw_input, ctx)
    return state_def.get(name)


def _at_once(state_def: Record, raw_input: Any, ctx: Record, most: int) -> int:
    wanted = int(_number(state_def, "MaxConcurrency", raw_input, ctx) or most)
    return min(wanted, most)


# --- inline -----------------------------------------------------------------------------------------------------------


def _run_iterations(state_def: Record, processor: Record, raw_input: Any, execution: Record, ctx: Record) -> None:
    name = ctx["State"]["Name"]

    def run(index: int, branch: Branch) -> Any:
        iteration = {"name": name, "index": index}
        sfn._add_event(execution, "MapIterationStarted", {"mapIterationStartedEventDetails": iteration})
        if branch.position is None:
            branch.position = Position(processor["StartAt"], branch.input, dict(ctx["variables"]))
        own = {**branch_context(ctx, branch.position), "Map": {"Item": {"Index": index, "Value": branch.input}}}
        try:
            result = walk(processor["States"], branch.position, execution, own)
        except sfn._ExecutionError:
            sfn._add_event(execution, "MapIterationFailed", {"mapIterationFailedEventDetails": iteration})
            raise
        sfn._add_event(execution, "MapIterationSucceeded", {"mapIterationSucceededEventDetails": iteration})
        return result

    side_by_side(ctx["position"].branches, run, _at_once(state_def, raw_input, ctx, _INLINE_AT_ONCE))


# --- distributed ------------------------------------------------------------------------------------------------------


def _run_children(state_def: Record, processor: Record, raw_input: Any, execution: Record, ctx: Record) -> None:
    if state_def.get("ResultWriter"):
        raise sfn._ExecutionError("States.ResultWriterFailed", "ResultWriter is not played by this emulator")
    branches, express = ctx["position"].branches, processor["ProcessorConfig"].get("ExecutionType") == "EXPRESS"
    map_run = _map_run(state_def, raw_input, execution, ctx)
    tolerance, guard = _Tolerance(state_def, raw_input, ctx, len(branches)), threading.Lock()

    def run(index: int, branch: Branch) -> Any:
        scope = current()
        if branch.execution is None:
            branch.execution = _child(branch, processor, execution, map_run)
        elif branch.execution["status"] != "RUNNING" and why_not(branch.execution) is None:
            _again(branch, branch.execution, processor, express)
        outcome = _run_child(branch.execution, branch.input, index, scope)
        enter(scope)
        scope.check()
        if outcome["status"] == "SUCCEEDED":
            return json.loads(outcome["output"])
        with guard:
            tolerance.failed()
        return {"Error": outcome["error"], "Cause": outcome["cause"]}

    for branch in branches:
        branch.done = branch.execution is not None and branch.execution["status"] == "SUCCEEDED"
    map_run.update(status="RUNNING", stopDate=None, _branches=branches)
    try:
        side_by_side(branches, run, _at_once(state_def, raw_input, ctx, _CHILDREN_AT_ONCE))
    except sfn._ExecutionError as failure:
        _end(map_run, "FAILED")
        details = {"mapRunFailedEventDetails": {"error": failure.error, "cause": failure.cause}}
        sfn._add_event(execution, "MapRunFailed", details)
        raise
    except BaseException:
        _end(map_run, "ABORTED")
        raise
    _end(map_run, "SUCCEEDED")
    sfn._add_event(execution, "MapRunSucceeded")


def _map_run(state_def: Record, raw_input: Any, execution: Record, ctx: Record) -> Record:
    """The Map Run of this state: a new one, or the one that a redriven execution goes on with."""
    position = ctx["position"]
    if position.map_run is not None:
        map_run = sfn._map_runs[position.map_run]
        if map_run["redriveCount"] >= _REDRIVES_AT_MOST:
            raise sfn._ExecutionError("States.Runtime", f"A Map Run can be redriven {_REDRIVES_AT_MOST} times")
        map_run.update(redriveCount=map_run["redriveCount"] + 1, redriveDate=now_iso())
        redriven = {"mapRunArn": position.map_run, "redriveCount": map_run["redriveCount"]}
        sfn._add_event(execution, "MapRunRedriven", {"mapRunRedrivenEventDetails": redriven})
        return map_run
    prefix, machine = execution["stateMachineArn"].split(":stateMachine:")
    label = f"{machine}/{state_def.get('Label') or new_uuid()}"
    position.map_run = f"{prefix}:mapRun:{label}:{new_uuid()}"
    map_run = sfn._map_runs[position.map_run] = {
        "mapRunArn": position.map_run,
        "executionArn": execution["executionArn"],
        "startDate": now_iso(),
        "maxConcurrency": int(_number(state_def, "MaxConcurrency", raw_input, ctx) or 0),
        "toleratedFailurePercentage": float(_number(state_def, "ToleratedFailurePercentage", raw_input, ctx) or 0),
        "toleratedFailureCount": int(_number(state_def, "ToleratedFailureCount", raw_input, ctx) or 0),
        "redriveCount": 0,
        "_stateMachineArn": f"{prefix}:stateMachine:{label}",
        "_prefix": f"{prefix}:execution:{label}",
        "_machine": machine,
        "_role": ctx["Execution"].get("RoleArn", ""),
    }
    sfn._add_event(execution, "MapRunStarted", {"mapRunStartedEventDetails": {"mapRunArn": position.map_run}})
    return map_run


def _child(branch: Branch, processor: Record, parent: Record, map_run: Record) -> Record:
    name, text, now = new_uuid(), json.dumps(branch.input), now_iso()
    started = {"input": text, "roleArn": map_run["_role"]}
    child = {
        "executionArn": f"{map_run['_prefix']}:{name}",
        "stateMachineArn": map_run["_stateMachineArn"],
        "mapRunArn": map_run["mapRunArn"],
        "name": name,
        "status": "RUNNING",
        "startDate": now,
        "stopDate": None,
        "input": text,
        "output": None,
        "testCase": parent.get("testCase", ""),
        "mockAttempts": {},
        "events": [{"id": 1, "type": "ExecutionStarted", "timestamp": now, "executionStartedEventDetails": started}],
    }
    position = Position(processor["StartAt"], branch.input, {})
    definition = {"QueryLanguage": _language(parent), **processor}
    runs[child["executionArn"]] = Run(definition, map_run["_role"], map_run["_machine"], position)
    sfn._executions[child["executionArn"]] = child
    return child


def _language(parent: Record) -> str:
    return runs[parent["executionArn"]].definition.get("QueryLanguage", "JSONPath")


def _again(branch: Branch, child: Record, processor: Record, express: bool) -> None:
    restart(child)
    if express:
        runs[child["executionArn"]].position = Position(processor["StartAt"], branch.input, {})


def _run_child(child: Record, item: Any, index: int, scope: Scope) -> Record:
    if child["status"] == "RUNNING":
        run = runs[child["executionArn"]]
        run.scope = Scope(scope)
        run.scope.last_event = len(child["events"])
        enter(run.scope)
        run_flow(child, run, {**context_of(child, run), "Map": {"Item": {"Index": index, "Value": item}}})
        run.scope.close()
    return child


def _end(map_run: Record, status: str) -> None:
    for branch in map_run["_branches"]:
        if branch.execution is not None:
            settle(branch.execution, "ABORTED", error=None, cause=None)
    map_run.update(status=status, stopDate=now_iso())


class _Tolerance:
    """How many children may fail: with no limit given, none."""

    def __init__(self, state_def: Record, raw_input: Any, ctx: Record, total: int) -> None:
        self._count = 0
        limits: list[float] = []
        count = _number(state_def, "ToleratedFailureCount", raw_input, ctx)
        share = _number(state_def, "ToleratedFailurePercentage", raw_input, ctx)
        if count is not None:
            limits.append(count)
        if share is not None:
            limits.append(share * total / 100)
        self._limit = min(limits, default=0)

    def failed(self) -> None:
        self._count += 1
        if self._count > self._limit:
            raise sfn._ExecutionError(
                "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
            )


@PATCH.wraps("ministack.services.stepfunctions._map_run_view", digest="c399c7a5")
def _view_with_counts(view: Original, map_run: Record) -> Record:
    return {**view(map_run), **_counts(map_run)}


def _counts(map_run: Record) -> Record:
    branches = map_run.get("_branches", [])
    names = (*_COUNTED.values(), "pending", "resultsWritten", "failuresNotRedrivable", "pendingRedrive")
    items, executions = dict.fromkeys((*names, "total"), 0), dict.fromkeys((*names, "total"), 0)
    for branch in branches:
        kind = _COUNTED[branch.execution["status"]] if branch.execution else "pending"
        batch = branch.input.get("Items") if isinstance(branch.input, dict) else None
        for counts, size in ((items, len(batch) if isinstance(batch, list) else 1), (executions, 1)):
            counts[kind] += size
            counts["total"] += size
    return {"itemCounts": items, "executionCounts": executions}
