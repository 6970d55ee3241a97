from __future__ import annotations

import numpy as np
import pytest

from sweep import (
    ACSource,
    DCSource,
    IF_curr_exp,
    Monitor,
    Network,
    NoisyCurrentSource,
    PoissonInput,
    Population,
    StepCurrentSource,
    Uniform,
)


def injected(source: object, parts: list[float], simulator: str = "nest", seed: int = 1) -> np.ndarray:
    with Network(dt=0.1) as net:
        cells = Population(2, IF_curr_exp(tau_m=10.0, cm=0.5))
        source.inject_into(cells, [1])
        v = Monitor(cells, "v")
    net.compile(simulator, seed=seed)
    for ms in parts:
        net.simulate(ms)
    found = v.get()
    assert (found[:, 0] == -65.0).all()
    return found[:, 1]


SOURCES = [
    DCSource(amplitude=0.3, start=2.0, stop=8.0),
    ACSource(amplitude=0.2, frequency=50.0),
    StepCurrentSource([1.0, 5.0], [0.1, -0.2]),
    NoisyCurrentSource(mean=0.1, stdev=0.2),
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: type(s).__name__)
def test_a_current_is_the_same_however_time_is_divided(source: object) -> None:
    whole = injected(source, [20.0])
    assert np.ptp(whole) > 0.1
    assert (whole == injected(source, [0.1, 0.1, 0.1, 2.7, 10.0, 7.0])).all()


def test_a_direct_current_acts_from_its_start_to_its_stop() -> None:
    v = injected(SOURCES[0], [20.0])
    t = (np.arange(1, 201) - 20) * 0.1
    rise = 0.3 * 10.0 / 0.5 * -np.expm1(-np.clip(t, 0, 6) / 10.0)
    expected = -65.0 + rise * np.exp(-np.clip(t - 6, 0, None) / 10.0)
    np.testing.assert_allclose(v, expected, rtol=0, atol=1e-9)


def test_noise_depends_on_the_seed() -> None:
    one, other = (injected(SOURCES[3], [5.0], seed=seed) for seed in (1, 2))
    assert (one != other).any()


def test_background_depends_on_the_seed_and_comes_again() -> None:
    records = []
    for seed in (1, 1, 2):
        with Network(dt=0.1) as net:
            cells = Population(5, IF_curr_exp)
            PoissonInput(cells, rate=1000.0, weight=0.05)
            v = Monitor(cells, "v")
        net.compile(seed=seed)
        net.simulate(20.0)
        records.append(v.get())
    assert (records[0] == records[1]).all()
    assert (records[0] != records[2]).any()
    assert len(np.unique(records[0][-1])) == 5


def test_a_view_takes_a_current_and_background_into_its_neurons_only() -> None:
    with Network(dt=0.1) as net:
        cells = Population(6, IF_curr_exp)
        DCSource(1.0).inject_into(cells[[4, 1]])
        background = PoissonInput(cells[1:3], rate=[0.0, 2000.0], weight=Uniform(0.1, 0.2))
        v = Monitor(cells, "v")
    same = Network.from_dict(net.to_dict())
    for network, rates in ((net, None), (same, [2000.0, 2000.0]), (net.copy(), 2000.0)):
        if rates is not None:
            network.get(background).rate = rates
        network.compile(seed=1)
        network.simulate(20.0)
        moved = (network.get(v).get() != -65.0).any(axis=0)
        assert moved.tolist() == [False, True, True, False, True, False]
    assert (net.get(v).get()[:, 4] == net.get(v).get()[:, 1]).all()
    assert (same.get(v).get()[:, 4] != same.get(v).get()[:, 1]).any()
