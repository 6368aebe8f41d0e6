"""How long AWS lets its callers wait for what it has just done, and the chance behind each delay and refusal.

Every patch that is slow, late or moody on purpose asks here, so that one factor rules them all:
`AWS_PATIENCE=1` gives AWS's own seconds, `0.05` a twentieth of them, `0` neither delays nor passing
refusals. Every draw is a function of `AWS_SEED`, of what is asked about and of how often that was
asked before. It does not depend on the order in which concurrent requests arrive: a run with the
same seed and the same names has the same delays again.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass
class _Settings:
    factor: float = float(os.environ.get("AWS_PATIENCE") or 0)
    seed: str = os.environ.get("AWS_SEED") or "0"
    asked: Counter[tuple[str, ...]] = field(default_factory=Counter)


_settings = _Settings()
_guard = threading.Lock()
_pasts: list[Past] = []


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

    Changes of one thing become visible in the order in which they were made. `key` names the thing
    and, where readers differ in what they know, the reader.
    """

    def __init__(self) -> None:
        self._former: dict[str, deque[tuple[float, Value]]] = {}
        _pasts.append(self)

    def keep(self, key: str, former: Value, delay: float) -> None:
        """For `delay` seconds of the emulator, `key` still looks like `former`."""
        if delay <= 0:
            return
        with _guard:
            self._drop_seen()
            changes = self._former.setdefault(key, deque())
            due = time.monotonic() + delay
            changes.append((max(due, changes[-1][0]) if changes else due, former))

    def seen(self, key: str, now: Value) -> Value:
        """What a reader gets who asks for `key`, which is `now` in truth."""
        if not self._former:
            return now
        with _guard:
            return next((former for due, former in self._former.get(key, ()) if due > time.monotonic()), now)

    def settled(self, key: str) -> bool:
        """Whether everybody knows all that has become of `key`."""
        with _guard:
            changes = self._former.get(key)
            return not changes or changes[-1][0] <= time.monotonic()

    def forget(self) -> None:
        self._former.clear()

    def _drop_seen(self) -> None:
        now = time.monotonic()
        for key in [key for key, changes in self._former.items() if changes[-1][0] <= now]:
            del self._former[key]


def forget_all() -> None:
    """After a reset of the emulator, when nothing is left to be late."""
    with _guard:
        _settings.asked.clear()
        for past in _pasts:
            past.forget()
