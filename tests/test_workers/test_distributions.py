from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from scipy import stats

from workers.network import (
    Binomial,
    DiscreteUniform,
    Distribution,
    Exponential,
    Gamma,
    LogNormal,
    Normal,
    Uniform,
)

SIZE = 20_000
CONTINUOUS = [
    (Uniform(-2.0, 6.0), stats.uniform(-2, 8)),
    (Normal(-60.0, 10.0), stats.norm(-60, 10)),
    (Normal(0.0, 2.0, min=-1.0, max=3.0), stats.truncnorm(-0.5, 1.5, 0, 2)),
    (LogNormal(1.0, 0.5), stats.lognorm(0.5, scale=np.e)),
    (Exponential(4.0), stats.expon(scale=0.25)),
    (Exponential(0.5, min=1.0, max=4.0), stats.truncexpon(1.5, loc=1.0, scale=2.0)),
    (Exponential(0.5, min=1.0), stats.expon(loc=1.0, scale=2.0)),
    (Gamma(3.0, 0.5), stats.gamma(3.0, scale=0.5)),
    (Gamma(2.0), stats.gamma(2.0)),
]
DISCRETE = [
    (DiscreteUniform(-1, 3), stats.randint(-1, 4)),
    (DiscreteUniform(7, 7), stats.randint(7, 8)),
    (Binomial(10, 0.3), stats.binom(10, 0.3)),
    (Binomial(5, 1.0), stats.binom(5, 1.0)),
]


def drawn(distribution: Distribution, size: int = SIZE) -> np.ndarray:
    return distribution.draw(np.random.Generator(np.random.Philox(11)), size)


@pytest.mark.parametrize(("distribution", "theory"), CONTINUOUS, ids=str)
def test_continuous_ones_agree_with_theory(distribution: Distribution, theory: object) -> None:
    values = drawn(distribution)
    assert (values.shape, values.dtype) == ((SIZE,), np.float64)
    assert stats.kstest(values, theory.cdf).pvalue > 0.01
    low, high = theory.support()
    assert low <= values.min() <= values.max() <= high
    assert (distribution.lowest, distribution.highest) == (low, high)
    assert values.mean() == pytest.approx(theory.mean(), abs=4 * theory.std() / SIZE**0.5)
    assert values.std() == pytest.approx(theory.std(), rel=0.05)


@pytest.mark.parametrize(("distribution", "theory"), DISCRETE, ids=str)
def test_discrete_ones_agree_with_theory(distribution: Distribution, theory: object) -> None:
    values = drawn(distribution)
    assert (values.shape, values.dtype) == ((SIZE,), np.float64)
    low, high = theory.support()
    found = np.array([np.sum(values == k) for k in np.arange(low, high + 1)])
    assert found.sum() == SIZE
    expected = theory.pmf(np.arange(low, high + 1)) * SIZE
    possible = expected > 0
    assert not found[~possible].any()
    assert possible.sum() == 1 or stats.chisquare(found[possible], expected[possible]).pvalue > 0.01
    assert distribution.lowest <= low <= high <= distribution.highest


@pytest.mark.parametrize(("distribution", "_theory"), CONTINUOUS + DISCRETE, ids=str)
def test_equal_generators_give_equal_values(distribution: Distribution, _theory: object) -> None:
    assert drawn(distribution, 100).tobytes() == drawn(distribution, 100).tobytes()
    assert drawn(distribution, 0).shape == (0,)


def test_cutting_off_draws_again_and_does_not_pile_up_at_the_ends() -> None:
    values = drawn(Normal(0.0, 1.0, min=-0.5, max=0.5))
    assert len(np.unique(values)) == SIZE
    assert np.abs(values).max() < 0.5


def test_one_end_may_be_cut_off() -> None:
    assert drawn(Normal(0.0, 1.0, min=0.0)).min() >= 0
    assert drawn(Normal(0.0, 1.0, max=0.0)).max() <= 0
    assert Normal(0.0, 1.0, max=0.0).lowest == -inf
    assert Normal(0.0, 1.0, min=0.25).lowest == 0.25


def test_a_window_that_nothing_falls_into_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"Normal\(mu=0.0, .*widen"):
        drawn(Normal(0.0, 1.0, min=50.0, max=51.0), 5)


def test_no_spread_gives_the_mean() -> None:
    assert set(drawn(Normal(3.0, 0.0), 10)) == {3.0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(1.0, 1.0), r"Uniform\(min=1.0, max=1.0\): expected min < max"),
        (lambda: Uniform(2.0, 1.0), "min < max"),
        (lambda: Uniform(0.0, inf), "max=inf; expected a finite number"),
        (lambda: Uniform(nan, 1.0), "min=nan is not a number"),
        (lambda: Uniform("0", 1.0), "min='0' is not a number"),
        (lambda: DiscreteUniform(0.5, 3), "whole numbers"),
        (lambda: DiscreteUniform(3, 1), "min <= max"),
        (lambda: DiscreteUniform(0, inf), "max=inf; expected a finite number"),
        (lambda: Normal(0.0, -1.0), "sigma >= 0"),
        (lambda: Normal(inf, 1.0), "mu=inf; expected a finite number"),
        (lambda: Normal(0.0, 1.0, min=2.0, max=1.0), "min < max"),
        (lambda: LogNormal(0.0, -1.0), "sigma >= 0"),
        (lambda: Exponential(0.0), "Lambda > 0"),
        (lambda: Exponential(inf), "Lambda=inf; expected a finite number"),
        (lambda: Gamma(0.0), "alpha > 0"),
        (lambda: Gamma(1.0, -1.0), "beta > 0"),
        (lambda: Binomial(-1, 0.5), "n >= 0"),
        (lambda: Binomial(1.5, 0.5), "whole n"),
        (lambda: Binomial(5, 1.5), "0 <= p <= 1"),
        (lambda: Binomial(inf, 0.5), "n=inf; expected a finite number"),
    ],
)
def test_nonsense_is_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
