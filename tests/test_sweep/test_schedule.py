"""The schedule alone: no pool, no clock, no network."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sweep import schedule
from sweep.schedule import Schedule


def test_lots_cover_all_networks_once_in_order() -> None:
    plan = Schedule(np.arange(10_000) * 2)
    found = []
    while (lot := plan.next(3)) is not None:
        found += lot.places.tolist()
        plan.learn(len(lot.places), 0.01 * len(lot.places))
    assert found == list(range(0, 20_000, 2))


def test_the_first_lots_are_short_and_later_ones_take_the_time_that_is_aimed_at() -> None:
    plan = Schedule(np.arange(100_000))
    first = plan.next(2)
    assert first is not None
    assert len(first.places) == schedule.FIRST
    assert first.seconds <= 2 * schedule.LEAST
    plan.learn(len(first.places), 0.05 * len(first.places))
    later = plan.next(2)
    assert later is not None
    assert len(later.places) == pytest.approx(schedule.TARGET / 0.05, abs=1)
    assert later.seconds == pytest.approx(2 * schedule.TARGET, rel=0.1)


@pytest.mark.parametrize("each", [0.001, 0.1, 10.0])
def test_the_scheduler_can_keep_many_workers_busy(each: float) -> None:
    number, workers = 10**10, 10_000
    plan = Schedule(np.arange(1))
    for _ in range(10):
        plan.learn(number // 100, number // 100 * each)
    seconds = plan.size(number, workers) * each
    assert workers / seconds <= 1.1 * schedule.RATE  # tasks a second


def test_what_was_not_begun_comes_next() -> None:
    plan = Schedule(np.arange(1000))
    plan.learn(10, 1.0)
    lot = plan.next(1)
    assert lot is not None
    plan.back(lot.places[3:])
    after = plan.next(1)
    assert after is not None
    assert after.places[0] == 3


def test_suspects_are_apart_and_have_all_the_time_they_need() -> None:
    plan = Schedule(np.arange(1000))
    plan.apart(np.arange(100, 200), 32)
    lots = [plan.next(2) for _ in range(32)]
    assert np.concatenate([lot.places for lot in lots if lot]).tolist() == list(range(100, 200))
    assert {lot.seconds for lot in lots if lot} == {math.inf}
    later = plan.next(2)
    assert later is not None
    assert later.places[0] == 0


@pytest.mark.parametrize("number", [1, 2, 7, 100])
def test_few_networks_go_to_all_workers(number: int) -> None:
    plan = Schedule(np.arange(number))
    plan.learn(1, 1.0)
    first = plan.next(4)
    assert first is not None
    assert len(first.places) <= math.ceil(number / 4)


def test_lots_are_whole_multiples_of_what_runs_as_one() -> None:
    plan = Schedule(np.arange(10_000), width=50)
    plan.learn(50, 50 * 0.003)
    assert plan.size(10_000, 2) % 50 == 0
    assert plan.size(30, 1) == 30
