from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from sweep import (
    DCSource,
    IF_curr_exp,
    Monitor,
    Neuron,
    Normal,
    Population,
    Projection,
    SpikeSourceArray,
    parallel_run,
    setup,
)
from workers import simulators
from workers.live import Network
from workers.lockstep import run_side_by_side
from workers.simulators.brian2.adapter import Brian2
from workers.simulators.updates.normal import normal_of
from workers.task import Job, run_network

LIF = {
    "parameters": "tau = 10.0\nI = 0.0",
    "equations": "tau * dv/dt = I - v + g_exc - g_inh : init = 0.0",
    "spike": "v > 1",
    "reset": "v = 0",
}


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.simulators._started", {"brian2": Brian2("numpy")})


def run(model: object, ms: float, size: int = 2, variables: object = ("v", "spike"), **values: object):
    with Network(dt=0.1) as net:
        population = Population(size, model)
        for name, value in values.items():
            setattr(population, name, value)
        monitor = Monitor(population, variables)
    net.compile("brian2", seed=1)
    net.simulate(ms)
    return net, monitor


@pytest.mark.parametrize(
    ("method", "error"), [("explicit", 5e-3), ("midpoint", 2e-5), ("exponential", 1e-12)]
)
def test_an_equation_is_integrated(method: str, error: float) -> None:
    model = Neuron(**{**LIF, "equations": f"dv/dt = (I - v)/tau : init = 0.5, {method}"})
    _, monitor = run(model, 20.0, I=[0.0, 0.9], tau=[10.0, 20.0])
    t = monitor.times()[:, None]
    expected = np.array([0.0, 0.9]) + np.array([0.5, -0.4]) * np.exp(-t / np.array([10.0, 20.0]))
    np.testing.assert_allclose(monitor.get("v"), expected, rtol=0, atol=error)


def test_it_fires_and_is_refractory_as_if_curr_exp_is() -> None:
    model = Neuron(
        parameters="tau = 20.0\nI = 20.0\npause = 2.0\nv_rest = -65.0",
        equations="tau * dv/dt = v_rest - v + I : init = -65.0, exponential",
        spike="v >= -50.0",
        reset="v = -65.0",
        refractory="pause",
    )
    one = run(model, 100.0)[1].raster_plot()
    other = run(IF_curr_exp(tau_refrac=2.0, i_offset=1.0), 100.0)[1].raster_plot()
    assert len(one[0]) > 4
    np.testing.assert_array_equal(one, other)


def test_synapses_act_for_a_step_or_through_an_equation() -> None:
    fading = LIF["equations"] + "\n5.0 * dg_exc/dt = -g_exc : exponential"
    ends = []
    for equations in (LIF["equations"], fading):
        with Network(dt=0.1) as net:
            source = SpikeSourceArray(spike_times=[1.0])
            population = Population(1, Neuron(**{**LIF, "equations": equations}))
            Projection(Population(1, source), population).connect_all_to_all(2.0, 0.5)
            monitor = Monitor(population, ["v", "g_exc"])
        net.compile("brian2", seed=1)
        net.simulate(20.0)
        ends.append((monitor.get("v")[:, 0], monitor.get("g_exc")[:, 0]))
    (v, g), (_, slow) = ends
    assert np.flatnonzero(g).tolist() == [14]
    assert v[15] == pytest.approx(2.0 * 0.1 / 10.0)
    np.testing.assert_allclose(slow[14:], 2.0 * np.exp(-0.02 * np.arange(186)), rtol=1e-9)


def test_bounds_values_of_each_step_and_time() -> None:
    model = Neuron(
        equations="x = 2*y + t\ndy/dt = 1.0 : max = 0.55, init = 0.5", spike="y > 9", reset="y -= 1"
    )
    _, monitor = run(model, 0.3, variables=["x", "y"])
    np.testing.assert_allclose(monitor.get("y")[:, 0], [0.55, 0.55, 0.55])
    np.testing.assert_allclose(monitor.get("x")[:, 0], [1.2, 1.4, 1.5])


def test_currents_add_to_i_offset() -> None:
    model = Neuron("i_offset = 0.5", "dv/dt = i_offset", spike="v > 99", reset="v = 0")
    with Network(dt=0.1) as net:
        population = Population(2, model)
        DCSource(amplitude=1.0, start=0.0).inject_into(population, [1])
    net.compile("brian2", seed=1)
    net.simulate(1.0)
    np.testing.assert_allclose(net.get(population).v, [0.5, 1.5])


def test_a_sweep_over_a_model_of_ones_own() -> None:
    setup(dt=0.1)
    population = Population(3, Neuron(**LIF, refractory=1.0))
    population.v = Normal(0.5, 0.1)
    monitor = Monitor(population, "spike")

    def simulation(idx, net, drive):
        net.get(population).I = drive
        net.simulate(50.0)
        return len(net.get(monitor).raster_plot()[0])

    counts = list(parallel_run(simulation, drive=[0.0, 2.0, 4.0], simulator="brian2", seed=3))
    assert counts[0] == 0 < counts[1] < counts[2]


NOISY = {
    "parameters": "mu = 1.0\nsigma = 2.0",
    "equations": "dx/dt = Normal(mu, sigma)\ny = Normal(0.0, 1.0)\nz = Uniform(-mu, 3.0)",
    "spike": "y > 2.5",
}


def noisy(seed: int, *durations: float) -> dict[str, np.ndarray]:
    with Network(dt=0.5) as net:
        population = Population(200, Neuron(**NOISY))
        population.sigma = [2.0] * 100 + [0.0] * 100
        monitor = Monitor(population, ["x", "y", "z"])
    net.compile("brian2", seed=seed)
    for duration in durations:
        net.simulate(duration)
    return {name: monitor.get(name) for name in "xyz"}


def test_noise_is_drawn_for_each_step_neuron_and_occurrence() -> None:
    found = noisy(1, 100.0)
    steps = np.diff(found["x"][:, :100], axis=0) / 0.5
    np.testing.assert_allclose(np.diff(found["x"][:, 100:], axis=0), 0.5)
    for values, mean, sd in (
        (steps, 1.0, 2.0),
        (found["y"], 0.0, 1.0),
        (found["z"], 1.0, 4.0 / np.sqrt(12.0)),
    ):
        assert values.mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(values.size))
        assert values.std() == pytest.approx(sd, rel=0.02)
    assert found["z"].min() >= -1.0
    assert found["z"].max() < 3.0
    y = found["y"][1:, :100]
    for other in (steps, found["z"][1:, :100], found["y"][:-1, :100], found["y"][1:, 100:]):
        assert abs(np.corrcoef(y.ravel(), other.ravel())[0, 1]) < 5 / np.sqrt(y.size)


def test_noise_is_the_networks_own_whatever_the_runs() -> None:
    whole, split, other = noisy(1, 20.0), noisy(1, 5.0, 15.0), noisy(2, 20.0)
    for name in "xyz":
        np.testing.assert_array_equal(whole[name], split[name])
        assert not np.isclose(whole[name][:, :100], other[name][:, :100]).any()


def test_noise_of_fused_networks_is_that_of_each_alone() -> None:
    with Network(dt=0.5) as base:
        population = Population(7, Neuron(**NOISY))
        monitor = Monitor(population, ["y", "spike"])

    def simulation(idx, net):
        net.simulate(20.0 + idx)
        return net.get(monitor).get("y"), net.get(monitor).raster_plot()

    job = Job(simulation, (base,), "brian2", 3)
    fused = run_side_by_side(job, [1, 0, 2], [{}] * 3, simulators.start("brian2"))
    for outcome in fused:
        alone = run_network(job, outcome.index, {})
        assert outcome.failure is None is alone.failure
        assert outcome.value.leaves.keys() == alone.value.leaves.keys()
        for name, leaf in outcome.value.leaves.items():
            np.testing.assert_array_equal(leaf, alone.value.leaves[name])


def test_normal_numbers_are_right_out_to_the_tails() -> None:
    u = np.array([2.0**-53, 1e-12, 1e-5, 0.0749, 0.0751, 0.3, 0.5, 0.9251, 1 - 1e-9, 1 - 2.0**-53])
    np.testing.assert_allclose(normal_of(u), [NormalDist().inv_cdf(x) for x in u], rtol=1e-13, atol=1e-15)


def test_other_simulators_say_who_can() -> None:
    with Network() as net:
        Population(1, Neuron(**LIF))
    with pytest.raises(ValueError, match="'nest' has no Neuron; those that have it: brian2"):
        net.compile("nest")


def test_it_is_written_as_json_and_part_of_the_structure() -> None:
    networks = []
    for spike in ("v > 1", "v > 2"):
        with Network() as net:
            Population(1, Neuron(**{**LIF, "spike": spike}), name="cells")
        networks.append(net)
    again = Network.from_dict(networks[0].to_dict())
    assert again.to_dict() == networks[0].to_dict() != networks[1].to_dict()
    keys = []
    for net in (*networks, again):
        net.compile("brian2", seed=1)
        keys.append(net._session.instance.structure)
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spike": ""}, "expected one condition"),
        ({"equations": "dv/dt = (I - v)/tau + q"}, "q in .* is not known"),
        ({"spike": "v > Normal(0, 1)"}, "noise in equations"),
        ({"equations": "dv/dt = LogNormal(0, 1)"}, "noise in equations"),
        ({"equations": "dv/dt = Normal(1)"}, r"'Normal\(1\)'; expected Normal\(mean, sd\)"),
        ({"equations": "dv/dt = Uniform(0, Normal(0, 1))"}, "expected Normal"),
        ({"equations": "dv/dt = Normal(0, q)"}, "q in .* is not known"),
        ({"parameters": "drawn_0 = 1\ntau = 1\nI = 0"}, "drawn_0 cannot be the name"),
        ({"parameters": "double = 1\ntau = 1\nI = 0"}, "double cannot be the name"),
        ({"equations": "dv/dt = -v : implicit"}, "'implicit' in"),
        ({"equations": "dv/dt = -v +"}, "not understood"),
        ({"equations": "v"}, "not understood"),
        ({"parameters": "v = 1.0\ntau = 1\nI = 0"}, "v cannot be the name"),
        ({"parameters": "tau = fast\nI = 0"}, "expected a number"),
        ({"parameters": "tau = 1\nI = 0\ntau = 2"}, "tau is given twice"),
        ({"refractory": "hold"}, "none of the parameters"),
        ({"refractory": -1.0}, r"refractory=-1.0; expected a time of at least 0 ms"),
        ({"reset": "z = 0"}, "cannot change z; it can: I, g_exc, g_inh, tau, v"),
        ({"reset": "if v: 0"}, "expected name = value"),
        ({"parameters": "tau"}, "Neuron: 'tau' is not understood; expected name = value"),
        *(
            ({"spike": spike}, r"Neuron: .* in .* is not understood; .*combined by and, or, not")
            for spike in (
                "1 < v < 2",
                "v > 1 & v < 2",
                "v % 2 > 1",
                "v > 'a'",
                "exp(v, 2) > 1",
                "v is 1",
                "[v]",
            )
        ),
    ],
)
def test_what_is_not_understood_is_said(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Neuron(**{**LIF, **changes})
