"""An invocation that is under way ends with the code that it began with, whatever is deployed meanwhile.

AWS: "Lambda function states" (AWS Lambda Developer Guide)
AWS: "Manage Lambda function versions" (AWS Lambda Developer Guide)
Test: functions.test.ts: an update lets the invocation under way finish, and the next one runs the new code

MiniStack ends the processes of a function that is updated or deleted, in mid-invocation too: the
caller is told of a Runtime.ExitError that AWS does not have.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterable
from typing import Any

from ministack.core import lambda_runtime

from ..patch import Patch
from ..shapes import Original

_RUNTIME, _SERVICE = "ministack.core.lambda_runtime", "ministack.services.lambda_svc"

_updating: contextvars.ContextVar[bool] = contextvars.ContextVar("updating", default=False)
# Still at work for their last invocation, and in no pool any more.
_retired: set[Any] = set()

PATCH = Patch(__name__)


@PATCH.wraps(f"{_RUNTIME}.invalidate_worker", f"{_SERVICE}.invalidate_worker", digest="e56a6051")
def _invalidate_when_idle(invalidate: Original, *args: Any, **kwargs: Any) -> None:
    reset = _updating.set(True)
    try:
        invalidate(*args, **kwargs)
    finally:
        _updating.reset(reset)


@PATCH.wraps(f"{_RUNTIME}.kill_workers", digest="4719875d")
def _kill_idle(kill: Original, workers: Iterable[Any]) -> None:
    if not _updating.get():
        kill(workers)
        return
    doomed = list(workers)
    with lambda_runtime._lock:
        busy = {worker for worker in doomed if worker.in_use}
        _retired.update(busy)
    kill([worker for worker in doomed if worker not in busy])


@PATCH.wraps(f"{_RUNTIME}.release_worker", f"{_SERVICE}.release_worker", digest="f3a675dc")
def _release_or_kill(release: Original, worker: Any) -> None:
    release(worker)
    with lambda_runtime._lock:
        retired = worker in _retired
        _retired.discard(worker)
    if retired:
        lambda_runtime.kill_workers([worker])
