from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workers.instance import Spikes
from workers.keys import Key
from workers.stimulus import GivenSpikes, PoissonSpikes, Stimulus

calmly = settings(max_examples=60, deadline=None)
RATES = st.lists(st.sampled_from([0.0, 0.1, 7.0, 50.0, 333.3, 2000.0]), min_size=1, max_size=6)
CUTS = st.lists(st.integers(0, 500), max_size=6).map(lambda cuts: sorted({0, *cuts, 500}))


def poisson(rates: object, size: int | None = None, dt: float = 1.0, seed: int = 1, owner="population x"):
    rates = np.full(size, rates) if size else np.array(rates, float)
    return PoissonSpikes(Key(seed, 0), owner, rates, dt)


def emitted(stimulus: Stimulus, cuts: list[int]) -> Spikes:
    return Spikes.joined([stimulus.emit(a, b) for a, b in pairwise(cuts)])


def same(one: Spikes, two: Spikes) -> bool:
    return one.steps.tolist() == two.steps.tolist() and one.ranks.tolist() == two.ranks.tolist()


def until(spikes: Spikes, step: int) -> Spikes:
    return Spikes(spikes.steps[spikes.steps <= step], spikes.ranks[spikes.steps <= step])


@calmly
@given(RATES, CUTS, st.integers(0, 1000), st.sampled_from([0.1, 1.0]))
def test_any_division_of_the_time_gives_the_same_spikes(rates, cuts: list[int], seed: int, dt: float) -> None:
    whole = poisson(rates, dt=dt, seed=seed).emit(0, 500)
    assert same(emitted(poisson(rates, dt=dt, seed=seed), cuts), whole)


@calmly
@given(RATES, CUTS)
def test_a_rate_set_to_itself_changes_nothing(rates: list[float], cuts: list[int]) -> None:
    stimulus, parts = poisson(rates), []
    for a, b in pairwise(cuts):
        stimulus.set_rates(np.array(rates), a)
        parts.append(stimulus.emit(a, b))
    assert same(Spikes.joined(parts), poisson(rates).emit(0, 500))


def test_a_rate_set_to_itself_changes_no_rounding() -> None:
    """Events at the very ends of steps would fall into others if the integral were counted anew."""

    def at_the_ends() -> PoissonSpikes:
        stimulus = poisson([100.0])
        stimulus._blocks, stimulus._events = 1, 0.1 * np.arange(1, 150)
        stimulus._ranks = np.zeros(149, np.int64)
        return stimulus

    stimulus, parts = at_the_ends(), []
    for step in range(150):
        stimulus.set_rates(np.array([100.0]), step)
        parts.append(stimulus.emit(step, step + 1))
    whole = at_the_ends().emit(0, 150)
    assert len(whole.steps) > 100  # some of the ends are rounded into one step
    assert same(Spikes.joined(parts), whole)


@calmly
@given(RATES, st.sampled_from([0.0, 20.0, 500.0]), st.integers(0, 500), CUTS)
def test_a_changed_rate_changes_nothing_before_it(rates: list[float], to: float, at: int, cuts) -> None:
    cuts = sorted({*cuts, at})
    stimulus, parts = poisson(rates), []
    for a, b in pairwise(cuts):
        if a == at:
            stimulus.set_rates(np.full(len(rates), to), a)
        parts.append(stimulus.emit(a, b))
    found = Spikes.joined(parts)
    assert same(until(found, at), until(poisson(rates).emit(0, 500), at))
    if to == 0:
        assert not (found.steps > at).any()


@calmly
@given(RATES, st.integers(1, 499), CUTS)
def test_the_division_does_not_matter_after_a_change_either(rates: list[float], at: int, cuts) -> None:
    def changed(cuts: list[int]) -> Spikes:
        stimulus, parts = poisson(rates), []
        for a, b in pairwise(cuts):
            if a == at:
                stimulus.set_rates(np.array(rates[::-1]), a)
            parts.append(stimulus.emit(a, b))
        return Spikes.joined(parts)

    assert same(changed([0, at, 500]), changed(sorted({*cuts, at})))


@calmly
@given(RATES, CUTS)
def test_spikes_are_in_order_within_their_steps_and_one_in_each(rates: list[float], cuts) -> None:
    stimulus = poisson(rates)
    for a, b in pairwise(cuts):
        steps, ranks = stimulus.emit(a, b)
        assert ((steps > a) & (steps <= b)).all()
        assert ((ranks >= 0) & (ranks < len(rates))).all()
        assert (np.diff(steps * len(rates) + ranks) > 0).all()


def test_a_rate_beyond_one_spike_per_step_gives_one_in_each() -> None:
    steps, _ = poisson([50_000.0]).emit(0, 100)
    assert steps.tolist() == list(range(1, 101))


def test_rate_0_is_silent_and_can_be_left() -> None:
    stimulus = poisson([0.0, 0.0])
    assert stimulus.emit(0, 1000).steps.size == 0
    stimulus.set_rates(np.array([100.0, 0.0]), 1000)
    spikes = stimulus.emit(1000, 2000)
    assert spikes.steps.size > 50
    assert set(spikes.ranks) == {0}
    late = poisson([100.0, 0.0]).emit(0, 1000)  # silence takes nothing from the process
    assert same(spikes, Spikes(late.steps + 1000, late.ranks))


def test_a_doubled_rate_is_the_same_process_in_half_the_time() -> None:
    slow, fast = poisson(10.0, 20, dt=0.1).emit(0, 20_000), poisson(20.0, 20, dt=0.1).emit(0, 10_000)
    assert len(slow.steps) == pytest.approx(len(fast.steps), abs=2)
    halved = set(zip(((slow.steps + 1) // 2).tolist(), slow.ranks.tolist(), strict=True))
    assert halved == set(zip(fast.steps.tolist(), fast.ranks.tolist(), strict=True))


@pytest.mark.parametrize(("rate", "dt"), [(0.5, 1.0), (5.0, 1.0), (5.0, 0.1), (80.0, 0.1)])
def test_counts_are_poisson(rate: float, dt: float) -> None:
    size, seconds = 4000, 2.0
    spikes = poisson(rate, size, dt).emit(0, round(seconds * 1000 / dt))
    counts = np.bincount(spikes.ranks, minlength=size)
    p = 1 - np.exp(-rate * dt / 1000)  # of a step to have one
    mean = p * seconds * 1000 / dt
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / size))
    assert counts.var() == pytest.approx(mean * (1 - p), rel=4 * np.sqrt((2 + 1 / mean) / size))


def test_each_neuron_has_its_rate() -> None:
    rates = np.repeat([0.0, 1.0, 10.0, 40.0], 500)
    counts = np.bincount(poisson(rates, dt=0.1).emit(0, 20_000).ranks, minlength=2000).reshape(4, 500)
    for found, rate in zip(counts, [0.0, 1.0, 10.0, 40.0], strict=True):
        mean = 2 * rate
        assert found.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / 500) + 0.002 * mean)
        assert found.var() == pytest.approx(mean, rel=4 * np.sqrt((2 + 1 / mean) / 500) if mean else 0)


def test_counts_follow_rates_that_change() -> None:
    size, stimulus, counts = 3000, poisson(0.0, 3000, dt=0.1), []
    schedule = [5.0, 50.0, 0.0, 20.0]
    for k, rate in enumerate(schedule):
        stimulus.set_rates(np.full(size, rate), k * 2000)
        parts = [stimulus.emit(k * 2000 + a, k * 2000 + a + 500) for a in range(0, 2000, 500)]
        counts.append(np.bincount(Spikes.joined(parts).ranks, minlength=size))
    for found, rate in zip(counts, schedule, strict=True):
        mean = rate * 0.2
        assert found.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / size) + 0.005 * mean)
        assert found.var() == pytest.approx(mean, rel=4 * np.sqrt((2 + 1 / mean) / size) if mean else 0)
    correlation = np.corrcoef(counts[0], counts[1])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(size)


def test_neurons_are_independent() -> None:
    spikes = poisson(20.0, 2).emit(0, 100_000)
    trains = np.zeros((2, 100_001))
    trains[spikes.ranks, spikes.steps] = 1
    assert abs(np.corrcoef(trains[:, 1:])[0, 1]) < 4 / np.sqrt(100_000)


def test_intervals_are_exponential() -> None:
    spikes = poisson(20.0, 200, dt=0.01).emit(0, 1_000_000)
    order = np.lexsort((spikes.steps, spikes.ranks))
    steps, ranks = spikes.steps[order], spikes.ranks[order]
    intervals = np.diff(steps)[np.diff(ranks) == 0] * 0.01
    assert len(intervals) > 30_000
    # Of long trains, of which none is cut short: the 100 first intervals of each.
    first = np.concatenate([np.diff(steps[ranks == r])[:100] for r in range(200)]) * 0.01
    assert stats.kstest(first, stats.expon(scale=50.0).cdf).pvalue > 0.01


def test_steps_are_uniform_in_time() -> None:
    steps, _ = poisson(5.0, 1000).emit(0, 10_000)
    assert stats.kstest(steps - 0.5, stats.uniform(0, 10_000).cdf).pvalue > 0.01


def test_owners_and_keys_draw_their_own() -> None:
    one = poisson(20.0, 10).emit(0, 1000)
    assert not same(one, poisson(20.0, 10, owner="population y").emit(0, 1000))
    assert not same(one, poisson(20.0, 10, seed=2).emit(0, 1000))
    assert same(one, poisson(20.0, 10).emit(0, 1000))


def test_given_spikes_are_emitted_at_their_steps() -> None:
    trains = (np.array([0.3, 1.0, 2.5]), np.array([]), np.array([0.3, 0.44]))
    spikes = GivenSpikes(trains, 0.1).emit(0, 100)
    assert spikes.steps.tolist() == [3, 3, 4, 10, 25]
    assert spikes.ranks.tolist() == [0, 2, 2, 0, 0]


@calmly
@given(st.lists(st.sets(st.integers(1, 500)), max_size=5), CUTS)
def test_given_spikes_do_not_depend_on_the_division(trains: list[set[int]], cuts: list[int]) -> None:
    arrays = tuple(np.array(sorted(train), float) for train in trains)
    found = emitted(GivenSpikes(arrays, 1.0), cuts)
    expected = sorted((step, rank) for rank, train in enumerate(trains) for step in train)
    assert list(zip(found.steps.tolist(), found.ranks.tolist(), strict=True)) == expected
