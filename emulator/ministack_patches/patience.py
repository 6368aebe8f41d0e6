"""How long AWS lets its callers wait for what it has just done, and the chance behind each delay and refusal.

Every patch that is slow, late or moody on purpose asks here, so that one factor rules them all:
`AWS_PATIENCE=1` gives AWS's own seconds, `0.05` a twentieth of them, `0` neither delays nor passing
refusals. Every draw is a function of `AWS_SEED`, of what is asked about and of how often that was
asked before. It does not depend on the order in which concurrent requests arrive: a run with the
same seed and the same names has the same delays again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


@dataclass
class _Settings:
    factor: float = float(os.environ.get("AWS_PATIENCE") or 0)
    seed: str = os.environ.get("AWS_SEED") or "0"
    asked: Counter[tuple[str, ...]] = field(default_factory=Counter)


_settings = _Settings()
_guard = threading.Lock()
# How often a coroutine looks whether everything was settled.
_LOOK_SECONDS = 0.02
_settling = threading.Condition()
_settlings = 0
_pasts: list[Past] = []
_after_settling: list[Callable[[], None]] = []


def factor() -> float:
    """0: the emulator is kind, nothing is late and nothing is refused in passing."""
    return _settings.factor


def set_factor(to: float) -> None:
    """From now on; what is late already stays late.

    @throws ValueError on a negative factor
    """
    if to < 0:
        raise ValueError(f"AWS_PATIENCE is a factor, 0 or more, and not {to}")
    _settings.factor = to


def seed() -> str:
    return _settings.seed


def drawn(*about: str) -> float:
    """A number of [0, 1): the next one of the numbers about this."""
    with _guard:
        _settings.asked[about] += 1
        turn = _settings.asked[about]
    told = "\0".join((_settings.seed, *about, str(turn)))
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:6], "big") / 2**48


def seconds(least: float, most: float, *about: str) -> float:
    """A delay between so many of AWS's seconds, scaled by the factor."""
    return factor() * (least + (most - least) * drawn(*about)) if factor() else 0.0


def happens(probability: float, *about: str) -> bool:
    """Never where the factor is 0, and else as often as on AWS."""
    return factor() > 0 and drawn(*about) < probability


class Past(Generic[Value]):
    """What readers still see of things that have changed, each until its time has come.

    AWS answers from many nodes, and a change reaches each of them in its own time: of two readers
    in a row the second one may see less. One node shows the changes of one thing in their order.
    """

    def __init__(self, about: str, nodes: int = 3) -> None:
        self._about, self._nodes = about, nodes
        self._former: dict[str, list[deque[tuple[float, Value]]]] = {}
        _pasts.append(self)

    def keep(self, key: str, former: Value, least: float, most: float) -> None:
        """Each node still shows `former` for so many of AWS's seconds; `key` names what has changed."""
        if not factor():
            return
        delays = [seconds(least, most, self._about, key, str(node)) for node in range(self._nodes)]
        now = time.monotonic()
        with _guard:
            self._drop_known(now)
            changes = self._former.setdefault(key, [deque() for _ in range(self._nodes)])
            for node, delay in zip(changes, delays, strict=True):
                node.append((max(now + delay, node[-1][0] if node else 0), former))

    def a_node(self) -> int:
        """The node that answers the next request, for a request that asks for many things."""
        return int(drawn(self._about, "node") * self._nodes) if self._former else 0

    def seen(self, key: str, now: Value, node: int | None = None) -> Value:
        """What a node, any of them, shows of `key`, which is `now` in truth."""
        if key not in self._former:
            return now
        at = int(drawn(self._about, key, "node") * self._nodes) if node is None else node
        with _guard:
            changes = self._former.get(key)
            return next((former for due, former in changes[at] if due > time.monotonic()), now) if changes else now

    def known(self, key: str) -> bool:
        """Whether every node shows all that has become of `key`."""
        with _guard:
            return all(node[-1][0] <= time.monotonic() for node in self._former.get(key, ()))

    def forget(self) -> None:
        self._former.clear()

    def keys(self) -> list[str]:
        """What has changed and is not known everywhere."""
        return list(self._former)

    def all_of(self, key: str) -> Iterator[Value]:
        """All that a node may still show of `key` besides what it is in truth."""
        with _guard:
            changes = self._former.get(key, [])
            return iter([former for node in changes for _, former in node])

    def told(self) -> dict[str, list[list[tuple[float, Value]]]]:
        """What another process has to know, with the seconds that are left."""
        now = time.monotonic()
        with _guard:
            self._drop_known(now)
            return {
                key: [[(due - now, former) for due, former in node] for node in nodes]
                for key, nodes in self._former.items()
            }

    def learn(self, told: Mapping[str, list[list[tuple[float, Value]]]]) -> None:
        """In another process: shows what `told` says, and nothing else."""
        now = time.monotonic()
        with _guard:
            self._former = {
                key: [deque((now + left, former) for left, former in node) for node in nodes]
                for key, nodes in told.items()
            }

    def _drop_known(self, now: float) -> None:
        for key in [key for key, nodes in self._former.items() if all(node[-1][0] <= now for node in nodes)]:
            del self._former[key]


def settlings() -> int:
    """How often everything was settled."""
    return _settlings


def wait(seconds: float, since: int | None = None) -> None:
    """
    Until something that takes its time is done: so many seconds, or until everything is settled.

    @param since what `settlings` was when it began; now by default
    """
    with _settling:
        before = _settlings if since is None else since
        _settling.wait_for(lambda: _settlings != before, seconds)


async def waited(seconds: float) -> None:
    """As `wait`, and other requests are answered meanwhile."""
    began, end = _settlings, time.monotonic() + seconds
    while began == _settlings and (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _LOOK_SECONDS))


def later(seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
    """Calls in a thread of its own, when something that begins now and takes so many seconds is done."""
    began = _settlings

    def wait_and_call() -> None:
        wait(seconds, began)
        call(*arguments)

    threading.Thread(target=wait_and_call, daemon=True, name="later").start()


def when_settled(tell: Callable[[], None]) -> None:
    """@param tell is called when everything is known everywhere"""
    _after_settling.append(tell)


def settle() -> None:
    """Everything is known everywhere, and what takes its time is done."""
    global _settlings
    with _guard:
        for past in _pasts:
            past.forget()
    with _settling:
        _settlings += 1
        _settling.notify_all()
    for tell in _after_settling:
        tell()


def begin_anew() -> None:
    """After a reset of the emulator: nothing is left to be late, and the draws are those of a new emulator."""
    settle()
    with _guard:
        _settings.asked.clear()
