"""A task that times out without the wait, and an execution that is stopped in a state of choice.

AWS: none: a control for tests, which rests on "Task workflow state" and "StopExecution" (AWS Step Functions)
Test: injected-faults.test.ts: a task that times out has been called once, and fails with States.Timeout
Test: injected-faults.test.ts: an execution can be stopped in a chosen state, while the function that it called goes on
Test: injected-faults.test.ts: a stopped execution is over for its function when that has ended, and not before

After TimeoutSeconds a task fails with States.Timeout, whatever its function is still doing or has
done. A function's own timeout is below its state's, so the function has ended by then; its answer
is lost. After StopExecution the execution ends, and a function that it has called goes on.

`POST /_local/tasks {"executionArn", "state", "fate": "timeout" | "abort"}`, for the next attempt of
that state in that execution: with `timeout`, it fails with States.Timeout when its call is over;
with `abort`, the execution is stopped when its call goes out. `POST /_local/tasks/remove
{"executionArn", "state"}` takes it away and answers whether it was `played`, and is `over`: the
function that was called has ended.
"""

from __future__ import annotations

import contextvars
from typing import Any

from ministack.core.responses import json_response
from ministack.services import stepfunctions as sfn

from ..patch import Patch
from ..shapes import Answer, Original, Record
from .routes import route

# Execution and state.
Task = tuple[str, str]

_fates: dict[Task, str] = {}
# Played, and their functions still work.
_playing: set[Task] = set()
_task: contextvars.ContextVar[Task | None] = contextvars.ContextVar("task", default=None)

PATCH = Patch(__name__, after=["stepfunctions.tasks"])


@PATCH.wraps("ministack.services.stepfunctions._execute_task", digest="f4f2fbad")
def _execute_named(execute: Original, state_def: Record, raw_input: Any, execution: Record, ctx: Record) -> Any:
    _task.set((execution["executionArn"], ctx["State"]["Name"]))
    return execute(state_def, raw_input, execution, ctx)


@PATCH.wraps("ministack.services.stepfunctions._invoke_resource", digest="51309cb7")
def _invoke_as_scripted(invoke: Original, resource: str, input_data: Any, *args: Any, **kwargs: Any) -> Any:
    task = _task.get()
    if task is None or task not in _fates:
        return invoke(resource, input_data, *args, **kwargs)
    _playing.add(task)
    fate = _fates.pop(task)
    try:
        if fate == "abort":
            sfn._stop_execution({"executionArn": task[0], "error": "Stopped", "cause": f"in {task[1]}"})
        result = invoke(resource, input_data, *args, **kwargs)
    finally:
        _playing.discard(task)
    if fate == "timeout":
        raise sfn._ExecutionError("States.Timeout", "")
    return result


@PATCH.adds(route("/_local/tasks"))
def _script(request: Record) -> Answer:
    if request["fate"] not in ("timeout", "abort"):
        raise ValueError(f"no fate: {request['fate']}")
    _fates[(request["executionArn"], request["state"])] = request["fate"]
    return json_response({})


@PATCH.adds(route("/_local/tasks/remove"))
def _remove(request: Record) -> Answer:
    task = (request["executionArn"], request["state"])
    played = _fates.pop(task, None) is None
    return json_response({"played": played, "over": played and task not in _playing})
