"""What is under way of an execution, and how it is stopped: shared by the patches of Step Functions.

A scope is one flow of states: a whole execution, or one branch or iteration inside it. Stopping it
stops what it started and wakes whatever waits in it. A position is where a flow stands, which is
what a redrive starts from. Both are kept beside the emulator's own record of the execution, and
only as long as the execution runs or can be redriven.
"""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any


class Stopped(BaseException):
    """Ends the thread of a flow that was stopped; nothing in the state machine can catch it."""


class Scope:
    def __init__(self, parent: Scope | None = None) -> None:
        self._lock = threading.Lock()
        self._wakers: set[threading.Event] = set()
        self._children: set[Scope] = set()
        self._parent = parent
        self.stopped: bool = False
        self.last_event: int = parent.last_event if parent else 0
        self.role_arn: str = parent.role_arn if parent else ""
        if parent is not None:
            with parent._lock:
                parent._children.add(self)
                self.stopped = parent.stopped

    def close(self) -> None:
        """The flow is over: its parent need not stop it any more."""
        if self._parent is not None:
            with self._parent._lock:
                self._parent._children.discard(self)

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            children, wakers = list(self._children), list(self._wakers)
        for child in children:
            child.stop()
        for waker in wakers:
            waker.set()

    def check(self) -> None:
        if self.stopped:
            raise Stopped

    def wait(self, waker: threading.Event, seconds: float | None) -> bool:
        """Waits for the event; False when the time is over. The end of the scope ends the wait."""
        with self._lock:
            self._wakers.add(waker)
            stopped = self.stopped
        try:
            happened = stopped or waker.wait(seconds)
        finally:
            with self._lock:
                self._wakers.discard(waker)
        self.check()
        return happened

    def sleep(self, seconds: float) -> None:
        self.wait(threading.Event(), seconds)


@dataclass
class Position:
    """The state that a flow is in, with what it had at its entry. `entered` until its exit is in the history."""

    state: str
    input: Any
    variables: dict[str, Any]
    entered: bool = False
    # Of a Parallel or Map state under way: its branches or iterations.
    branches: list[Branch] | None = None
    # Of a distributed Map state under way: its Map Run.
    map_run: str | None = None


@dataclass
class Branch:
    """A branch of a Parallel state, or an iteration of a Map state: its result once it has one, else where it stands."""

    input: Any = None
    done: bool = False
    result: Any = None
    position: Position | None = None
    execution: dict[str, Any] | None = None


@dataclass
class Run:
    """An execution from its start to the end of the time in which it can be redriven."""

    definition: dict[str, Any]
    role_arn: str
    machine_name: str
    position: Position
    scope: Scope = field(default_factory=Scope)


runs: dict[str, Run] = {}
_scope: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("scope", default=None)


def current() -> Scope:
    return _scope.get() or Scope()


def enter(scope: Scope) -> None:
    _scope.set(scope)


def in_thread(call: Callable[..., Any], *arguments: Any) -> None:
    """A thread that keeps the account, the region and the scope of this one."""
    threading.Thread(target=contextvars.copy_context().run, args=(call, *arguments), daemon=True).start()


def forget_all() -> None:
    for run in list(runs.values()):
        run.scope.stop()
    runs.clear()


@lru_cache(maxsize=64)
def parsed(definition: str) -> dict[str, Any]:
    """A definition is read, never written: executions with the same one share it."""
    machine: dict[str, Any] = json.loads(definition)
    return machine
