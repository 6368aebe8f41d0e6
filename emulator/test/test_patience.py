from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ministack_patches import patience
from ministack_patches.patience import Past


@pytest.fixture(autouse=True)
def unkind() -> Iterator[None]:
    patience.forget_all()
    patience.set_factor(1)
    yield
    patience.set_factor(0)
    patience.forget_all()


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
    patience.forget_all()
    b = patience.drawn("b")
    assert [patience.drawn("a"), patience.drawn("a"), b] == before
    assert before[0] != before[1]


def test_changes_are_seen_one_after_the_other_in_their_order() -> None:
    past: Past[str] = Past()
    past.keep("rule", "first", 0.05)
    past.keep("rule", "second", 0.01)
    assert past.seen("rule", "third") == "first"
    assert not past.settled("rule")
    assert past.seen("another", "new") == "new"
    time.sleep(0.06)
    assert past.seen("rule", "third") == "third"
    assert past.settled("rule")


def test_without_a_delay_nothing_is_kept() -> None:
    past: Past[str] = Past()
    past.keep("rule", "former", patience.seconds(0, 0, "rule"))
    assert past.seen("rule", "now") == "now"
