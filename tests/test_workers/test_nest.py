from __future__ import annotations

import numpy as np
import pytest

from workers import simulators
from workers.instance import Instance, Spikes
from workers.live import Network
from workers.network import (
    AdditiveSTDP,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    PoissonInput,
    Population,
    Projection,
)
from workers.simulators.nest.adapter import Nest
from workers.testing import SimulatorSuite
from workers.testing.networks import cells, instance, random_network, recorded, same, synapses, told
from workers.testing.synapses import SynapseTests

INTEGRATE = {"v_rest": -65.0, "v_reset": -70.0, "v_thresh": -50.0, "cm": 0.25, "tau_m": 10.0}


class TestNest(SimulatorSuite):
    simulator = "nest"


class TestAdapterOfOneModel(SynapseTests):
    """Whatever models an adapter claims, the suite takes one of them."""

    simulator = "nest"

    @property
    def claimed(self) -> type[Nest]:
        return type("Few", (Nest,), {"models": frozenset({"IF_curr_delta"})})


def built(network: Instance) -> Nest:
    simulator = Nest()
    simulator.build(network)
    return simulator


def test_hodgkin_huxley_neurons_fire_alike_up_to_the_longest_step() -> None:
    trains = []
    for dt in (0.05, Nest.longest["HH_cond_exp"]):
        network = instance(cells("HH_cond_exp", i_offset=1.5), dt=dt)
        (spikes,), _ = recorded(built(network), network, Spikes.none(), [round(60 / dt)])
        trains.append(spikes.steps * dt)
    assert len(trains[0]) > 5
    np.testing.assert_allclose(trains[1], trains[0], rtol=0, atol=0.5)


def test_nest_s_own_generator_is_not_used() -> None:
    import nest

    network, stimuli = random_network("IF_curr_exp", steps=300)
    results = []
    for seed in (1, 2):
        simulator = built(network)
        nest.rng_seed = seed
        results.append(recorded(simulator, network, stimuli, [300]))
    assert same(*results)


@pytest.mark.parametrize("receptor", ["exc", "inh"])
@pytest.mark.parametrize(("model", "variable"), [("IF_curr_exp", "isyn"), ("HH_cond_exp", "gsyn")])
def test_what_nest_does_not_tell_is_recorded_to_the_last_step(
    model: str, variable: str, receptor: str
) -> None:
    names = [f"{variable}_{r}" for r in ("exc", "inh")]
    network = instance(
        cells(model, tau_syn_E=2.0, tau_syn_I=5.0),
        synapses([(0, 0)], 0.01, 4, receptor=receptor),
        traces=[(n, 1) for n in names],
    )
    _, traces = recorded(built(network), network, told((5, 0))[0], [3, 9, 60])
    place, tau = (0, 2.0) if receptor == "exc" else (1, 5.0)
    expected = 0.01 * np.exp(-np.arange(52) * 0.1 / tau) * (-1 if traces[place].min() < 0 else 1)
    assert (traces[place].min() < 0) == (receptor == "inh" and variable == "isyn")
    np.testing.assert_allclose(traces[place][8:, 0], expected, rtol=1e-12)
    assert not traces[place][:8].any()
    assert not traces[1 - place].any()


def test_a_current_decays_with_a_time_constant_that_was_set() -> None:
    network = instance(cells("IF_curr_exp"), synapses([(0, 0)], 0.1, 1), traces=[("isyn_exc", 1)])
    simulator = built(network)
    simulator.run(2, told((1, 0)))
    simulator.set(1, "tau_syn_E", np.array([1.0]))
    simulator.run(10, {})
    assert simulator.trace(network.traces[0])[-1, 0] == pytest.approx(0.1 * np.exp(-1.0))


@pytest.mark.parametrize("receptor", ["exc", "inh"])
@pytest.mark.parametrize("learns", [True, False])
def test_a_current_is_not_recorded_where_nest_would_tell_another(learns: bool, receptor: str) -> None:
    with Network(dt=0.1) as net:
        cells = Population(2, IF_curr_exp, name="cells")
        if learns:
            made = Projection(cells, cells, receptor, name="noise", synapse=AdditiveSTDP)
            made.connect_all_to_all(0.1)
        else:
            PoissonInput(cells, rate=1.0, weight=0.1, target=receptor, name="noise")
        Monitor(cells, ["v", "isyn_exc"])
    simulators.check(net, "brian2")
    if receptor == "inh":
        simulators.check(net, "nest")
        return
    with pytest.raises(
        ValueError,
        match=r"cells: .*'nest' cannot record isyn_exc where there is background or STDP, noise; .*brian2",
    ):
        simulators.check(net, "nest")


def test_a_neuron_has_one_time_constant_of_depression() -> None:
    one, other = (
        synapses([(0, 0), (0, 1)], 0.1, 1, kind="AdditiveSTDP", tau_minus=taus)
        for taus in ([10.0, 20.0], [10.0, 30.0])
    )
    built(instance(cells("IF_curr_exp", 2), one, one))
    with pytest.raises(ValueError, match="neuron 1 has synapses of different tau_minus"):
        built(instance(cells("IF_curr_exp", 2), one, other))


def test_weights_come_in_the_order_of_the_edges_however_often_neurons_are_connected() -> None:
    r = np.random.default_rng(2)
    pairs = r.integers(0, 30, (3000, 2))
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    weights = r.uniform(0, 1e-6, 3000)
    learning = synapses(pairs, weights, r.integers(1, 20, 3000), kind="AdditiveSTDP", A_plus=0.0, A_minus=0.0)
    simulator = built(instance(cells("IF_curr_exp", 30), learning, sources=30))
    simulator.run(20, told(*((s, s) for s in range(1, 20))))
    np.testing.assert_allclose(simulator.weights(0), weights, rtol=1e-12)


@pytest.mark.parametrize("dt", [0.7, 2.0])
def test_each_synapse_has_its_delay_and_weight_whatever_dt(dt: float) -> None:
    pairs = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (1, 2)]
    projection = synapses(pairs, [1, 2, 3, 4, 5, 6], [3, 1, 40, 2, 1, 3])
    population = cells("IF_curr_exp", 3, tau_syn_E=dt / 1000)
    network = instance(population, projection, dt=dt, sources=2, traces=[("isyn_exc", 1)])
    _, (trace,) = recorded(built(network), network, told((2, 0), (4, 1))[0], [60])
    steps, ranks = np.nonzero(trace > 1e-9)
    found = {(s + 1, r): trace[s, r] for s, r in zip(steps.tolist(), ranks.tolist(), strict=True)}
    assert found == pytest.approx({(5, 0): 1, (3, 1): 2, (42, 2): 3, (6, 0): 4, (5, 2): 5, (7, 2): 6})


@pytest.mark.parametrize("model", ["IF_curr_exp", "IF_cond_exp", "IF_curr_delta"])
def test_setting_the_rest_moves_neither_v_nor_the_threshold(model: str) -> None:
    simulator = built(instance(cells(model, tau_refrac=0.0, **INTEGRATE)))
    simulator.set(1, "v_rest", np.array([-45.0]))
    assert simulator.get(1, "v")[0] == -65.0
    simulator.run(200, {})
    rise = 10 * np.log(20 / 5)  # from -65 to -50, towards -45
    assert simulator.spikes(1).steps[0] == np.ceil(rise / 0.1)


def test_networks_without_synapses_of_any_dt() -> None:
    for dt in (1.0, 0.1, 0.7, 2.0, 0.001):
        simulator = built(instance(cells("Izhikevich", i_offset=0.01), synapses([], [], []), dt=dt))
        simulator.run(round(100 / dt) if dt > 0.01 else 100, {0: Spikes.none()})
        assert (simulator.spikes(1).steps.size > 0) == (dt > 0.01)


@pytest.mark.parametrize("dt", [1 / 3, 0.0005])
def test_a_dt_that_nest_cannot_have_is_an_error(dt: float) -> None:
    with Network(dt=dt) as net:
        Population(1, Izhikevich)
    with pytest.raises(ValueError, match=r"dt=.*'nest' needs a multiple of 0.001 ms"):
        simulators.check(net, "nest")


def test_many_networks_in_one_process_find_the_defaults_of_none_before() -> None:
    plain = instance(cells("IF_curr_exp", 2), synapses([(0, 0)], 0.1, 1))
    odd = instance(
        cells("IF_curr_exp", 2, tau_m=3.0),
        synapses([(0, 0)], 0.1, 1, kind="AdditiveSTDP", tau_minus=3.0, A_plus=0.9),
    )
    stimulus = told((2, 0))[0]
    first = recorded(built(plain), plain, stimulus, [50])
    recorded(built(odd), odd, stimulus, [50])
    assert same(first, recorded(built(plain), plain, stimulus, [50]))
