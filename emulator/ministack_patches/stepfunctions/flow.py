"""States follow each other, fail, stop and time out as in AWS Step Functions.

AWS: "Parallel workflow state" (AWS Step Functions Developer Guide)
AWS: "Passing data between states with variables" (AWS Step Functions Developer Guide)
AWS: "Handling errors in Step Functions workflows" (AWS Step Functions Developer Guide)
AWS: "State machine structure in Amazon States Language" (AWS Step Functions Developer Guide)
AWS: "StopExecution" (AWS Step Functions API Reference)
AWS: "GetExecutionHistory" (AWS Step Functions API Reference)
Test: step-functions.test.ts: a failed branch fails the Parallel state at once, with the first error, and stops the other branches
Test: step-functions.test.ts: a variable of a branch stays in the branch, and each history event names the one before it in its branch
Test: step-functions.test.ts: States.ALL does not catch States.Runtime
Test: step-functions.test.ts: a retrier waits no longer than MaxDelaySeconds
Test: step-functions.test.ts: an execution that exceeds its TimeoutSeconds ends TIMED_OUT
Test: step-functions.test.ts: stopping an execution ends its task that waits for a token

When a branch fails, the Parallel state fails at once, with that error, and the other branches are
stopped. What a branch assigns stays in the branch. `States.ALL` catches neither `States.Runtime`
nor `States.DataLimitExceeded`. Retriers know MaxDelaySeconds and JitterStrategy. An execution that
takes longer than its machine's TimeoutSeconds ends TIMED_OUT. A stopped execution gives up what it
waits for. States inside branches are in the history. SFN_WAIT_SCALE, MiniStack's own setting,
scales the delays of retriers as it scales Wait states.

MiniStack waits for all branches, reports the first branch's error, shares variables between them,
leaves the tasks of a stopped execution waiting and knows no timeout of an execution.
"""

from __future__ import annotations

import contextvars
import copy
import json
import logging
import random
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Answer, Original, Record
from .run import Branch, Position, Run, Scope, Stopped, current, enter, forget_all, in_thread, parsed, runs

logger = logging.getLogger("patches")

_UNCATCHABLE = ("States.Runtime", "States.DataLimitExceeded")
_TIMEOUTS = ("States.Timeout", "States.HeartbeatTimeout")
_END_EVENTS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}
_STEP_FUNCTIONS = "ministack.services.stepfunctions"

_history, _settling = threading.Lock(), threading.Lock()

PATCH = Patch(__name__)


@PATCH.replaces(f"{_STEP_FUNCTIONS}._scaled_sleep", digest="48181a0b")
def _scaled_sleep(seconds: float) -> None:
    if seconds * sfn._SFN_WAIT_SCALE > 0:
        current().sleep(seconds * sfn._SFN_WAIT_SCALE)


@PATCH.replaces(f"{_STEP_FUNCTIONS}._error_matches", digest="7f009997")
def _error_matches(error_equals: list[str], error: str) -> bool:
    if error in error_equals:
        return True
    if error in _UNCATCHABLE:
        return False
    if error == "States.HeartbeatTimeout" and "States.Timeout" in error_equals:
        return True
    return "States.ALL" in error_equals or ("States.TaskFailed" in error_equals and error not in _TIMEOUTS)


@PATCH.replaces(f"{_STEP_FUNCTIONS}._add_event", digest="d84a94e6")
def _add_event(execution: Record, event_type: str, details: Record | None = None) -> Record:
    """Branches write to one history: the lock keeps its numbers in order. An event follows the last one of its flow."""
    scope = current()
    with _history:
        number = len(execution["events"]) + 1
        previous = scope.last_event or number - 1
        event = {"id": number, "previousEventId": previous, "type": event_type, "timestamp": now_iso()}
        event.update(details or {})
        execution["events"].append(event)
        scope.last_event = number
    return event


# --- retry and catch --------------------------------------------------------------------------------------------------


def _retry_delay(retrier: Record, retries: int) -> float:
    delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


@PATCH.replaces(f"{_STEP_FUNCTIONS}._with_retry_and_catch", digest="7a1f8491")
def _with_retry_and_catch(
    state_def: Record, raw_input: Any, ctx: Record, attempt: Callable[[], Any]
) -> tuple[Any, str | None]:
    state = ctx["State"]
    retries: dict[int, int] = {}
    while True:
        ctx["State"] = {**state, "RetryCount": sum(retries.values())}
        try:
            return attempt()
        except sfn._ExecutionError as failure:
            retrier, index = sfn._find_matching_retrier(state_def.get("Retry", []), failure.error, retries)
            if retrier is None:
                return _caught(state_def, raw_input, ctx, failure)
            count = retries.get(index, 0)
            retries[index] = count + 1
            if "position" in ctx:
                ctx["position"].branches = ctx["position"].map_run = None
            sfn._scaled_sleep(_retry_delay(retrier, count))


def _caught(state_def: Record, raw_input: Any, ctx: Record, failure: Any) -> tuple[Any, str]:
    catcher = sfn._find_matching_catcher(state_def.get("Catch", []), failure.error)
    if catcher is None:
        raise failure
    language, error = sfn._state_query_language(state_def, ctx), {"Error": failure.error, "Cause": failure.cause}
    return sfn._apply_catcher(catcher, raw_input, ctx, language, error), catcher["Next"]


# --- one state after the other ----------------------------------------------------------------------------------------


def walk(states: Record, position: Position, execution: Record, ctx: Record) -> Any:
    """Runs a flow from its position to its end, and keeps the position up to date. A state that was entered and not
    exited, which is how a redriven flow finds it, is not entered again."""
    scope = current()
    ctx["position"] = position
    while True:
        scope.check()
        name = position.state
        state_def = states.get(name)
        if state_def is None:
            raise sfn._ExecutionError("States.Runtime", f"State '{name}' not found in definition")
        kind = state_def.get("Type")
        ctx["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
        ctx.pop("Task", None)
        if not position.entered:
            entered = {"name": name, "input": json.dumps(position.input)}
            sfn._add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": entered})
            position.entered = True
        output, following = _run_state(kind, state_def, position.input, execution, ctx)
        scope.check()
        exited = {"name": name, "output": json.dumps(output)}
        sfn._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": exited})
        if following is None:
            return output
        position.state, position.input, position.variables = following, output, dict(ctx["variables"])
        position.entered, position.branches, position.map_run = False, None, None


def _run_state(
    kind: str | None, state_def: Record, state_input: Any, execution: Record, ctx: Record
) -> tuple[Any, str | None]:
    if kind == "Succeed":
        if sfn._state_query_language(state_def, ctx) == "JSONata":
            return sfn._apply_jsonata_output(state_def, state_input, ctx, default=state_input), None
        return sfn._apply_output_path(state_def, sfn._apply_input_path(state_def, state_input, ctx), ctx), None
    if kind == "Fail":
        raise sfn._ExecutionError(*sfn._fail_state_error(state_def, state_input, ctx))
    if kind in ("Pass", "Choice", "Wait"):
        return getattr(sfn, f"_execute_{kind.lower()}")(state_def, state_input, ctx)
    if kind in ("Task", "Parallel", "Map"):
        return getattr(sfn, f"_execute_{kind.lower()}")(state_def, state_input, execution, ctx)
    raise sfn._ExecutionError("States.Runtime", f"Unknown state type: {kind}")


# --- side by side -----------------------------------------------------------------------------------------------------


def branch_context(ctx: Record, position: Position) -> Record:
    """A branch reads the variables outside of it; what it assigns is its own."""
    own = {key: value for key, value in ctx.items() if key not in ("position", "Task")}
    return {**own, "variables": dict(position.variables)}


def side_by_side(branches: list[Branch], run: Callable[[int, Branch], Any], at_once: int) -> None:
    """Runs what is not done yet, at most so many at once. The first failure stops the others and is raised."""
    attempt, settled = Scope(current()), threading.Event()
    failures: list[tuple[Exception, int]] = []
    guard, waiting = threading.Lock(), [index for index, branch in enumerate(branches) if not branch.done]
    left, began = [len(waiting)], current().last_event

    def work() -> None:
        while True:
            with guard:
                if not waiting or attempt.stopped:
                    return
                index = waiting.pop(0)
            scope = Scope(attempt)
            scope.last_event = began
            enter(scope)
            try:
                branches[index].result = run(index, branches[index])
                branches[index].done = True
            except Stopped:
                return
            except Exception as failure:
                with guard:
                    failures.append((failure, scope.last_event))
                attempt.stop()
                settled.set()
                return
            finally:
                scope.close()
            with guard:
                left[0] -= 1
                attempt.last_event = max(attempt.last_event, scope.last_event)
            if left[0] == 0:
                settled.set()

    for _ in range(min(at_once, len(waiting))):
        in_thread(work)
    try:
        if left[0] > 0:
            current().wait(settled, None)
        if failures:
            failure, current().last_event = failures[0]
            raise (
                failure
                if isinstance(failure, sfn._ExecutionError)
                else sfn._ExecutionError("States.Runtime", str(failure))
            )
        current().last_event = attempt.last_event
    finally:
        attempt.close()


@PATCH.replaces(f"{_STEP_FUNCTIONS}._execute_parallel", digest="8a5bef60")
def _execute_parallel(state_def: Record, raw_input: Any, execution: Record, ctx: Record) -> tuple[Any, str | None]:
    return sfn._with_retry_and_catch(
        state_def, raw_input, ctx, lambda: _run_branches(state_def, raw_input, execution, ctx)
    )


def _run_branches(state_def: Record, raw_input: Any, execution: Record, ctx: Record) -> tuple[Any, str | None]:
    definitions, position = state_def["Branches"], ctx["position"]
    jsonata = sfn._state_query_language(state_def, ctx) == "JSONata"
    if position.branches is None:
        if jsonata:
            effective = sfn._apply_jsonata_arguments(state_def, raw_input, ctx)
        else:
            effective = sfn._apply_parameters(state_def, sfn._apply_input_path(state_def, raw_input, ctx), ctx)
        position.branches = [Branch(copy.deepcopy(effective)) for _ in definitions]
    sfn._add_event(execution, "ParallelStateStarted")

    def run(index: int, branch: Branch) -> Any:
        branch.position = branch.position or Position(
            definitions[index]["StartAt"], branch.input, dict(ctx["variables"])
        )
        return walk(definitions[index]["States"], branch.position, execution, branch_context(ctx, branch.position))

    try:
        side_by_side(position.branches, run, len(definitions))
    except sfn._ExecutionError:
        sfn._add_event(execution, "ParallelStateFailed")
        raise
    sfn._add_event(execution, "ParallelStateSucceeded")
    return joined(state_def, raw_input, ctx, [branch.result for branch in position.branches])


def joined(state_def: Record, raw_input: Any, ctx: Record, results: Any) -> tuple[Any, str | None]:
    """What a Parallel or Map state makes of the results inside it."""
    if sfn._state_query_language(state_def, ctx) == "JSONata":
        output = sfn._apply_jsonata_output(state_def, raw_input, ctx, result=results, default=results)
        sfn._apply_state_assign(state_def, raw_input, ctx, result=results)
        return output, sfn._next_or_end(state_def)
    output = sfn._apply_result_path(state_def, raw_input, sfn._apply_result_selector(state_def, results))
    return sfn._apply_output_path(state_def, output, ctx), sfn._next_or_end(state_def)


# --- a whole execution ------------------------------------------------------------------------------------------------


@PATCH.replaces(f"{_STEP_FUNCTIONS}._run_execution", digest="b4dd9fb1")
def _run_execution(exec_arn: str) -> None:
    """Runs an execution from its start, or, when it is redriven, from where it stood."""
    execution = sfn._executions.get(exec_arn)
    if execution is None or execution["status"] != "RUNNING":
        return
    run = runs.get(exec_arn) or _begun(execution)
    if run is None:
        settle(execution, "FAILED", error="StateMachineDeleted", cause="State machine no longer exists")
        return
    run.scope = Scope()
    run.scope.last_event, run.scope.role_arn = len(execution["events"]), run.role_arn
    enter(run.scope)
    run_flow(execution, run, context_of(execution, run))


def _begun(execution: Record) -> Run | None:
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if machine is None:
        return None
    definition = parsed(machine["definition"])
    position = Position(definition["StartAt"], json.loads(execution["input"]), {})
    run = Run(definition, machine["roleArn"], machine["name"], position)
    return runs.setdefault(execution["executionArn"], run)


def context_of(execution: Record, run: Run) -> Record:
    redriven = {"RedriveTime": execution["redriveDate"]} if execution.get("redriveCount") else {}
    return {
        "QueryLanguage": run.definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "RoleArn": run.role_arn,
            "StartTime": execution["startDate"],
            "RedriveCount": execution.get("redriveCount", 0),
            **redriven,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": run.machine_name},
        "variables": dict(run.position.variables),
    }


def run_flow(execution: Record, run: Run, ctx: Record) -> None:
    """Walks to the end and settles the execution; a stop has settled it already."""
    timer = _overdue(execution, run)
    try:
        output = json.dumps(walk(run.definition["States"], run.position, execution, ctx))
    except Stopped:
        return
    except sfn._ExecutionError as failure:
        settle(execution, "FAILED", error=failure.error, cause=failure.cause)
    except Exception as failure:
        logger.exception("unexpected error in %s", execution["executionArn"])
        settle(execution, "FAILED", error="States.Runtime", cause=str(failure))
    else:
        settle(execution, "SUCCEEDED", output=output)
    finally:
        if timer:
            timer.cancel()


# --- the end ----------------------------------------------------------------------------------------------------------


@PATCH.wraps(f"{_STEP_FUNCTIONS}._stop_execution", digest="91a04bc6")
def _stop_execution(stop: Original, data: Record) -> Answer:
    with _settling:
        answer: Answer = stop(data)
    run = runs.get(data.get("executionArn", ""))
    if answer[0] == 200 and run is not None:
        run.scope.stop()
    return answer


@PATCH.wraps(f"{_STEP_FUNCTIONS}.reset", digest="bb732e96")
def _reset_also_runs(reset: Original) -> None:
    forget_all()
    reset()


def settle(execution: Record, status: str, **outcome: str | None) -> bool:
    """Ends the execution, once: of a stop, a timeout and an end that come together the first one counts."""
    event = _END_EVENTS[status]
    with _settling:
        if execution["status"] != "RUNNING":
            return False
        execution.update(status=status, stopDate=now_iso(), **outcome)
        sfn._add_event(execution, event, {f"{event[0].lower()}{event[1:]}EventDetails": dict(outcome)})
    if status == "SUCCEEDED" or execution.get("sync"):
        runs.pop(execution["executionArn"], None)
    sfn._emit_execution_status_event(execution)
    return True


def _overdue(execution: Record, run: Run) -> threading.Timer | None:
    """A redriven execution has its whole time again."""
    seconds = run.definition.get("TimeoutSeconds")
    if not seconds:
        return None

    def time_out() -> None:
        if settle(execution, "TIMED_OUT", error="States.Timeout"):
            run.scope.stop()

    timer = threading.Timer(seconds, contextvars.copy_context().run, (time_out,))
    timer.daemon = True
    timer.start()
    return timer
