from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from ministack_patches import patience
from ministack_patches.patience import Past


@pytest.fixture(autouse=True)
def unkind() -> Iterator[None]:
    patience.begin_anew()
    patience.set_factor(1)
    yield
    patience.set_factor(0)
    patience.begin_anew()


def test_a_factor_of_0_is_never_late_and_never_refuses() -> None:
    patience.set_factor(0)
    assert patience.seconds(10, 30, "role") == 0
    assert not any(patience.happens(0.99, "refusal") for _ in range(100))


def test_delays_are_between_their_bounds_times_the_factor() -> None:
    patience.set_factor(0.1)
    delays = [patience.seconds(10, 30, "role", str(number)) for number in range(500)]
    assert 1 <= min(delays) < 1.2
    assert 2.8 < max(delays) < 3


def test_the_same_seed_draws_the_same_in_whatever_order_is_asked() -> None:
    before = [patience.drawn("a"), patience.drawn("a"), patience.drawn("b")]
    patience.begin_anew()
    b = patience.drawn("b")
    assert [patience.drawn("a"), patience.drawn("a"), b] == before
    assert before[0] != before[1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the emulator goes by, as its one entry."""
    now = [1000.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    return now


def test_one_node_shows_the_changes_of_one_thing_in_their_order(clock: list[float]) -> None:
    past: Past[str] = Past("test", nodes=1)
    past.keep("rule", "first", 5, 5)
    past.keep("rule", "second", 1, 1)
    clock[0] += 4.9
    assert past.seen("rule", "third") == "first"
    assert not past.known("rule")
    assert past.seen("another", "new") == "new"
    clock[0] += 0.2
    assert past.seen("rule", "third") == "third"
    assert past.known("rule")


def test_nodes_differ_in_what_they_show(clock: list[float]) -> None:
    past: Past[str] = Past("test")
    past.keep("rule", "former", 1, 99)
    shown: list[set[str]] = []
    for _ in range(100):
        shown.append({past.seen("rule", "now") for _ in range(20)})
        clock[0] += 1
    assert shown[0] == {"former"}
    assert {"former", "now"} in shown
    assert shown[-1] == {"now"}


def test_a_kind_emulator_keeps_nothing() -> None:
    patience.set_factor(0)
    past: Past[str] = Past("test")
    past.keep("rule", "former", 10, 30)
    assert past.seen("rule", "now") == "now"


def test_another_process_sees_the_same_past(clock: list[float]) -> None:
    here: Past[str] = Past("test")
    there: Past[str] = Past("test")
    here.keep("rule", "former", 5, 5)
    there.learn(here.told())
    assert there.seen("rule", "now") == "former"
    assert there.keys() == ["rule"]
    assert set(there.all_of("rule")) == {"former"}
    clock[0] += 5.1
    assert there.seen("rule", "now") == "now"
    there.learn(here.told())
    assert there.keys() == []


def test_settling_ends_what_takes_its_time() -> None:
    done = threading.Event()
    patience.later(600, done.set)
    assert not done.wait(0.05)
    patience.settle()
    assert done.wait(30)


def test_settling_ends_also_what_has_begun_and_does_not_wait_yet() -> None:
    began = patience.settlings()
    patience.settle()
    before = time.monotonic()
    patience.wait(600, began)
    assert time.monotonic() - before < 300


def test_settling_ends_the_wait_of_a_request() -> None:
    async def settled_soon() -> None:
        waiting = asyncio.ensure_future(patience.waited(600))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        patience.settle()
        await asyncio.wait_for(waiting, 30)

    asyncio.run(settled_soon())


def test_what_takes_its_time_is_done_after_it() -> None:
    before = time.monotonic()
    patience.wait(0.05)
    asyncio.run(patience.waited(0.05))
    assert time.monotonic() - before >= 0.1
