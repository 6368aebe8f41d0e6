"""An invocation's answer does not wait for its log lines.

AWS: "Using the Lambda runtime API for custom runtimes" (AWS Lambda Developer Guide)
Test: functions.test.ts: an answer does not wait for log lines, and every line is kept

Lambda collects a function's output beside the invocation; the answer goes to the caller as soon as
the runtime posts it. MiniStack cannot tell when the last line of an invocation has arrived: it
waits 5 ms after each line, and 50 ms for a function that logs nothing. With this patch the worker
ends its lines with a mark, written before the answer.
"""

from __future__ import annotations

import queue
import time
from typing import Any

from ..patch import Patch, substituted
from ..shapes import Original

_MARK = "\x00end of log"
_SETTLES = """        if (settled) return;
        settled = true;
"""
# Lines that a function's child processes still hold back are not waited for.
_PATIENCE = 0.25

PATCH = Patch(__name__, after=["lambda_.errors"])


@PATCH.edits("ministack.core.lambda_runtime._NODEJS_WORKER_SCRIPT", digest="4c6fe8a4")
def _mark_the_end(script: str) -> str:
    return substituted(script, _SETTLES, _SETTLES + '        _stderrWrite("\\n\\x00end of log\\n");\n')


@PATCH.wraps("ministack.core.lambda_runtime.Worker._drain_stderr_bounded", digest="c0645e67")
def _drain_to_the_mark(drain: Original, worker: Any, *args: Any, **kwargs: Any) -> str:
    if not worker.config.get("Runtime", "").startswith("nodejs"):
        return str(drain(worker, *args, **kwargs))
    lines = []
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            line = worker._stderr_queue.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if line == _MARK:
            break
        if line:
            lines.append(line)
    return "\n".join(lines)
