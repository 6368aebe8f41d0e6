"""A task whose time is up without the hours until it is, and an execution that is stopped in a state of one's choice.

AWS: "Task workflow state" (AWS Step Functions Developer Guide): after TimeoutSeconds a task fails with States.Timeout,
whatever its function is still doing or has done. A function's own timeout is below its state's, so the function has
ended by then; what has been lost is its answer. "StopExecution" (API Reference): the execution ends, and a function that
it has called goes on.

`POST /_local/tasks {"executionArn", "state", "fate": "timeout" | "abort"}`, for the next attempt of that state in that
execution: with `timeout`, it fails with States.Timeout when its call is over; with `abort`, the execution is stopped when
its call goes out. `POST /_local/tasks/remove {"executionArn", "state"}` takes it away and answers whether it was
`played`.
"""

from __future__ import annotations

import contextvars

from ministack.core.responses import json_response
from ministack.services import stepfunctions as sfn

from .local_controls import control

_fates: dict[tuple[str, str], str] = {}
_task: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("task", default=None)


def apply() -> None:
    execute, invoke = sfn._execute_task, sfn._invoke_resource
    code = execute.__code__
    assert code.co_varnames[:4] == ("state_def", "raw_input", "execution", "ctx"), "_execute_task takes other arguments"

    def execute_named(state_def, raw_input, execution, ctx):
        _task.set((execution["executionArn"], ctx["State"]["Name"]))
        return execute(state_def, raw_input, execution, ctx)

    def invoke_as_scripted(resource, input_data, *args, **kwargs):
        task = _task.get()
        fate = _fates.pop(task, None) if task else None
        if fate == "abort":
            sfn._stop_execution({"executionArn": task[0], "error": "Stopped", "cause": f"in {task[1]}"})
        result = invoke(resource, input_data, *args, **kwargs)
        if fate == "timeout":
            raise sfn._ExecutionError("States.Timeout", "")
        return result

    sfn._execute_task = execute_named
    sfn._invoke_resource = invoke_as_scripted
    control("/_local/tasks", script)
    control("/_local/tasks/remove", remove)


def script(request: dict) -> tuple:
    if request["fate"] not in ("timeout", "abort"):
        raise ValueError(f"no fate: {request['fate']}")
    _fates[(request["executionArn"], request["state"])] = request["fate"]
    return json_response({})


def remove(request: dict) -> tuple:
    return json_response({"played": _fates.pop((request["executionArn"], request["state"]), None) is None})
