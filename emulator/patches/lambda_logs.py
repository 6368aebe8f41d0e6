"""An invocation's answer does not wait for its log lines.

AWS: "Lambda function logs" and "Using the Lambda runtime API": a function's output is collected beside the invocation; the
answer goes to the caller as soon as the runtime posts it.

MiniStack cannot tell when the last line of an invocation has arrived: it waits 5 ms after each line, and 50 ms for a
function that logs nothing. Here the worker ends its lines with a mark, written before the answer.
"""

from __future__ import annotations

import queue
import time

from ministack.core import lambda_runtime

_MARK = "\x00end of log"
_SETTLES = """        if (settled) return;
        settled = true;
"""
# Lines that a function's child processes still hold back are not waited for.
_PATIENCE = 0.25


def apply() -> None:
    scripts = [name for name, value in vars(lambda_runtime).items() if isinstance(value, str) and _SETTLES in value]
    assert len(scripts) == 1, f"the Node worker's script has changed: {scripts}"
    script = getattr(lambda_runtime, scripts[0])
    assert "const _stderrWrite" in script, "the Node worker writes its log by other means now"
    marks = _SETTLES + '        _stderrWrite("\\n\\x00end of log\\n");\n'
    setattr(lambda_runtime, scripts[0], script.replace(_SETTLES, marks))

    drain = lambda_runtime.Worker._drain_stderr_bounded
    assert "first_line_wait" in drain.__code__.co_varnames, "_drain_stderr_bounded waits by other means now"

    def drain_to_the_mark(self, *args, **kwargs):
        if not self.config.get("Runtime", "").startswith("nodejs"):
            return drain(self, *args, **kwargs)
        lines = []
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                line = self._stderr_queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if line == _MARK:
                break
            if line:
                lines.append(line)
        return "\n".join(lines)

    lambda_runtime.Worker._drain_stderr_bounded = drain_to_the_mark
