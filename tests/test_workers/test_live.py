from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from workers.live import Network
from workers.network import (
    AdditiveSTDP,
    DCSource,
    IF_cond_exp,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Poisson,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
    SpikeSourceArray,
    Uniform,
    clear,
)
from workers.outcome import Outcome
from workers.simulators.nest.adapter import Nest
from workers.task import Job, run_network
from workers.values import decode


@pytest.fixture(autouse=True)
def _empty_base() -> Iterator[None]:
    clear()
    yield
    clear()


class Example:
    """Noise onto cells that are drawn, all recorded."""

    def __init__(self, rates: object = 90.0, dt: float = 1.0) -> None:
        with Network(dt=dt) as self.net:
            self.noise = PoissonPopulation(20, rates=rates, name="noise")
            self.cells = Population(
                (2, 5), IF_curr_exp(v=Uniform(-65, -60)), name="cells", stop_condition="spike"
            )
            self.syn = Projection(self.noise, self.cells, name="syn")
            self.syn.connect_fixed_probability(0.5, Uniform(1.0, 2.0), Uniform(dt, 5.0))
            self.m = Monitor(self.cells, ["spike", "v"])
            self.n = Monitor(self.noise, "spike")

    def results(self) -> tuple[bytes, ...]:
        return tuple(
            np.ascontiguousarray(x).tobytes()
            for x in (*self.m.raster_plot(), self.m.get("v"), *self.n.raster_plot(), *self.syn.edges)
        )


def ran(ms: float = 100.0, seed: int = 3, **given: object) -> Example:
    example = Example(**given)
    example.net.compile(seed=seed)
    example.net.simulate(ms)
    return example


def test_time_goes_on_with_each_call() -> None:
    net = Example().net
    assert net.time == 0.0
    net.simulate(10.0)
    net.step()
    net.simulate(0)
    assert net.time == 11.0


def test_time_has_no_rounding_errors_that_add_up() -> None:
    net = Example(dt=0.1).net
    for _ in range(30):
        net.simulate(0.1)
    assert net.time == pytest.approx(3.0, abs=1e-15)


def test_the_network_lives() -> None:
    example = ran()
    times, ranks = example.m.raster_plot()
    assert len(times) > 30
    assert set(ranks) == set(range(10))
    assert example.m.get("v").shape == (100, 10)
    assert len(example.n.raster_plot()[0]) == pytest.approx(20 * 9, abs=4 * 180**0.5)


def test_equal_seeds_give_equal_bits_and_others_do_not() -> None:
    assert ran(seed=3).results() == ran(seed=3).results()
    assert ran(seed=3).results() != ran(seed=4).results()
    assert Example().net.seed != Example().net.seed


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_split_calls_give_what_one_gives(dt: float) -> None:
    whole, split = ran(60.0, dt=dt), ran(1.0, dt=dt)
    for _ in range(round(9 / dt)):
        split.net.step()
    for ms in (20.0, 0.0, 30.0):
        split.net.simulate(ms)
    assert split.results() == whole.results()


def test_another_network_in_between_changes_nothing() -> None:
    first = ran().results()
    ran(seed=9)
    assert ran().results() == first


def test_a_copy_runs_like_the_original() -> None:
    example = ran()
    copy = example.net.copy()
    copy.compile(seed=3)
    copy.simulate(100.0)
    assert copy.get(example.m).get("v").tobytes() == example.m.get("v").tobytes()


def test_index_and_seed_of_a_network_on_its_own() -> None:
    net = Example().net
    net.compile(seed=17)
    assert (net.index, net.seed) == (0, 17)
    fresh = Example().net
    seed = fresh.seed
    fresh.rng.random()
    fresh.compile()
    assert fresh.seed == seed


def test_a_seed_that_comes_too_late_is_an_error() -> None:
    net = Example().net
    net.rng.random()
    with pytest.raises(RuntimeError, match="seed=5 comes too late"):
        net.compile(seed=5)


def test_rng_is_reproducible_and_goes_on() -> None:
    one, two = Example().net, Example().net
    one.compile(seed=1)
    two.compile(seed=1)
    values = one.rng.random(4)
    assert [two.rng.random() for _ in range(4)] == values.tolist()
    assert one.rng is one.rng


def test_simulate_until_stops_at_the_first_spike() -> None:
    example, free = Example(), ran()
    first = free.m.raster_plot()[0][0]
    example.net.compile(seed=3)
    assert example.net.simulate_until(1000.0, example.cells) == first
    assert example.net.time == first
    assert example.m.raster_plot()[0].tolist() == [first] * len(example.m.raster_plot()[0])


def test_simulate_until_goes_on_and_counts_from_its_own_start() -> None:
    example, times = Example(), np.unique(ran().m.raster_plot()[0])
    example.net.compile(seed=3)
    durations = [example.net.simulate_until(1000.0, example.cells) for _ in range(3)]
    assert durations == np.diff(times[:3], prepend=0).tolist()


def test_simulate_until_ends_with_the_time() -> None:
    example = Example(rates=0.0)
    assert example.net.simulate_until(12.0, example.cells) == 12.0
    assert example.net.time == 12.0


@pytest.mark.parametrize(("scope", "expected"), [("", 4.0), (": any", 4.0), (" : all", 10.0)])
def test_simulate_until_any_or_all(scope: str, expected: float) -> None:
    with Network() as net:
        cells = Population(3, IF_curr_exp(tau_m=1e6), stop_condition="(v > -64.9) & (v < 0)" + scope)
        told = Population(3, SpikeSourceArray([[2.0], [8.0], [5.0]]))
        Projection(told, cells).connect_one_to_one(1.0)
    assert net.simulate_until(50.0, cells) == expected


def test_simulate_until_knows_spikes_of_sources_and_parameters() -> None:
    with Network() as net:
        told = Population(2, SpikeSourceArray([[4.0], [6.0]]), stop_condition="spike")
        noise = Population(2, Poisson(rates=[1.0, 2.0]), stop_condition="rates > 1.5 : all")
    assert net.simulate_until(10.0, told) == 4.0
    assert net.simulate_until(10.0, told) == 2.0
    assert net.simulate_until(10.0, noise) == 10.0
    noise.rates = 2.0
    assert net.simulate_until(10.0, noise) == 1.0


def test_reset_is_a_new_trial_of_the_same_network() -> None:
    example = ran()
    edges, v = [e.tolist() for e in example.syn.edges], example.m.get("v")
    weights, noise = example.syn.weights.tolist(), example.n.raster_plot()[0].tolist()
    example.net.reset()
    assert example.net.time == 0.0
    assert len(example.m.raster_plot()[0]) == 0
    assert example.m.get("v").shape == (0, 10)
    initial = example.cells.v.ravel()
    example.net.simulate(100.0)
    assert [e.tolist() for e in example.syn.edges] == edges
    assert example.syn.weights.tolist() == weights
    assert example.n.raster_plot()[0].tolist() != noise
    assert example.m.get("v").shape == v.shape
    again = Example()
    again.net.compile(seed=3)
    assert again.cells.v.ravel().tolist() == initial.tolist()
    assert initial.min() > -65
    assert initial.std() > 0.1


def test_trials_are_reproducible_and_differ() -> None:
    def trials() -> list[list[float]]:
        example, found = ran(), []
        for _ in range(3):
            example.net.reset()
            example.net.simulate(50.0)
            found.append(example.n.raster_plot()[0].tolist())
        return found

    one, two = trials(), trials()
    assert one == two
    assert len({tuple(t) for t in one}) == 3


def test_reset_keeps_parameters_and_rates_that_were_set() -> None:
    example = ran(10.0, rates=0.0)
    example.cells.i_offset = 0.1
    example.noise.rates = Uniform(50.0, 90.0)
    rates = example.noise.rates.tolist()
    example.net.reset()
    assert (example.cells.i_offset == 0.1).all()
    assert example.noise.rates.tolist() == rates
    example.net.simulate(100.0)
    assert len(example.n.raster_plot()[0]) > 70


def test_rates_may_change_between_runs() -> None:
    example = ran(50.0, rates=0.0)
    assert len(example.n.raster_plot()[0]) == 0
    example.noise.rates = 90.0
    example.net.simulate(50.0)
    example.noise.rates = 0.0
    example.net.simulate(50.0)
    times, _ = example.n.raster_plot()
    assert len(times) > 40
    assert 50.0 < times.min() <= times.max() <= 100.0


def test_a_rate_set_to_itself_changes_nothing() -> None:
    example = ran(40.0)
    example.noise.rates = 90.0
    example.net.simulate(60.0)
    assert example.results() == ran(100.0).results()


def test_drawn_rates_that_were_set_are_those_that_are_read() -> None:
    example = ran(10.0)
    example.noise.rates = Uniform(0.0, 90.0)
    rates = example.noise.rates
    assert rates.shape == (20,)
    assert rates.std() > 5
    example.net.simulate(10.0)
    assert example.noise.rates.tolist() == rates.tolist()


def test_a_rate_set_too_high_for_dt_warns() -> None:
    example = ran(1.0, rates=50.0)
    with pytest.warns(UserWarning, match="noise: a rate of 500 Hz"):
        example.noise.rates = 500.0


def test_spikes_of_a_source_array_arrive() -> None:
    with Network() as net:
        told = Population(3, SpikeSourceArray([[5.0, 7.0], [], [6.2]]), name="told")
        cells = Population(3, IF_curr_exp)
        Projection(told, cells).connect_one_to_one(1.0, 2.0)
        spikes, current = Monitor(told, "spike"), Monitor(cells, "isyn_exc")
    net.simulate(6.0)
    net.simulate(4.0)
    assert [t.tolist() for t in spikes.get().values()] == [[5.0, 7.0], [], [6.0]]
    keep = np.exp(-1 / 5)
    expected = np.zeros((10, 3))
    expected[6:, 0] = [1, keep, 1 + keep**2, keep + keep**3]
    expected[7:, 2] = [1, keep, keep**2]
    np.testing.assert_allclose(current.get(), expected, rtol=1e-12)
    told.spike_times = [[11.0], [12.0], [13.0]]
    net.simulate(5.0)
    assert spikes.raster_plot()[0].tolist() == [5.0, 6.0, 7.0, 11.0, 12.0, 13.0]
    told.spike_times = [20.0, 20.1]  # two spikes in one step add up
    net.simulate(6.0)
    assert spikes.raster_plot()[0].tolist()[6:] == [20.0] * 6


def test_values_have_the_shape_of_the_geometry_and_act_when_set() -> None:
    example = ran(5.0)
    assert example.cells.v.shape == example.cells.cm.shape == (2, 5)
    given = np.arange(10.0).reshape(2, 5) - 70
    example.cells.v = given
    assert (example.cells.v == given).all()
    example.cells.tau_m = 2 * given + 200
    assert (example.cells.tau_m == 2 * given + 200).all()
    with pytest.raises(ValueError, match="cells: tau_m"):
        example.cells.tau_m = -1.0
    assert (example.cells.tau_m == 2 * given + 200).all()
    with pytest.raises(AttributeError, match="'rates'"):
        example.cells.rates = 1.0


def test_synapses_can_be_read() -> None:
    example = ran(1.0)
    sources, targets = example.syn.edges
    assert len(sources) == len(targets) == len(example.syn.weights) == len(example.syn.delays)
    assert 1.0 <= example.syn.weights.min() <= example.syn.weights.max() < 2.0
    assert set(example.syn.delays) <= {1.0, 2.0, 3.0, 4.0, 5.0}


def test_a_monitor_samples_at_the_end_of_each_period() -> None:
    with Network(dt=0.5) as net:
        cells = Population(2, IF_curr_exp(i_offset=[0.1, 0.2]))
        every, third = Monitor(cells, "v"), Monitor(cells, ["v"], period=1.5)
    net.simulate(2.0)
    net.simulate(3.0)
    assert every.times().tolist() == [0.5 * k for k in range(1, 11)]
    assert third.times().tolist() == [1.5, 3.0, 4.5]
    assert every.get("v").shape == (10, 2)
    assert (third.get("v") == every.get("v")[2::3]).all()
    exact = -65 + np.array([2, 4]) * (1 - np.exp(-every.times()[:, None] / 20))
    np.testing.assert_allclose(every.get(), exact, rtol=0, atol=1e-11)


def test_monitors_of_views_have_what_one_of_all_has() -> None:
    all_, some = Example(), Example()
    with some.net:
        first = Monitor(some.cells[[7, 2, 3]], ["spike", "v"])
        second = Monitor(some.cells[3:5], ["spike", "v"])
        noise = Monitor(some.noise[:4], "spike")
        some.m.variables = ()
    for net in (all_.net, some.net):
        net.compile(seed=1)
        net.simulate(30.0)
        net.simulate(30.0)
    whole = all_.m.get("spike")
    for monitor, ranks in ((first, [2, 3, 7]), (second, [3, 4])):
        assert (monitor.get("v") == all_.m.get("v")[:, ranks]).all()
        assert monitor.neurons.tolist() == [*monitor.get("spike")] == ranks
        assert all((times == whole[rank]).all() for rank, times in monitor.get("spike").items())
        count = sum(len(whole[rank]) for rank in ranks)
        assert count == len(monitor.raster_plot()[0]) > 0
        assert monitor.mean_fr() == pytest.approx(count / len(ranks) / 0.06)
        assert monitor.population_rate(60.0) == pytest.approx([monitor.mean_fr()])
        segment = monitor.to_neo()
        assert [t.annotations["source_index"] for t in segment.spiketrains] == ranks
        assert segment.analogsignals[0].array_annotations["channel_index"].tolist() == ranks
    times, ranks_ = all_.n.raster_plot()
    assert noise.raster_plot()[0].tolist() == times[ranks_ < 4].tolist()


def test_a_monitor_can_be_read_twice_and_goes_on() -> None:
    example = ran(50.0)
    first, v = example.m.raster_plot()[0].tolist(), example.m.get("v")
    assert example.m.raster_plot()[0].tolist() == first
    example.net.simulate(50.0)
    later = example.m.raster_plot()[0].tolist()
    assert later[: len(first)] == first
    assert len(later) > len(first)
    assert (example.m.get("v")[:50] == v).all()
    assert example.results() == ran(100.0).results()


def test_forms_of_recorded_spikes_agree() -> None:
    example = ran(100.0, dt=0.5)
    times, ranks = example.m.raster_plot()
    assert (np.diff(times) >= 0).all()
    trains = example.m.get("spike")
    assert list(trains) == list(range(10))
    for rank, train in trains.items():
        assert train.tolist() == times[ranks == rank].tolist()
    assert example.m.mean_fr() == pytest.approx(len(times) / 10 / 0.1)
    rate = example.m.population_rate(7.0)
    expected = [np.sum((times > 7 * k) & (times <= 7 * k + 7)) / 10 / 0.007 for k in range(14)]
    assert rate == pytest.approx(expected)
    assert example.m.population_rate().mean() == pytest.approx(example.m.mean_fr())
    with pytest.raises(ValueError, match=r"bin=0\.7; expected a multiple of 0\.5 ms"):
        example.m.population_rate(0.7)


def test_monitors_of_one_population_do_not_take_from_each_other() -> None:
    example = Example()
    with example.net:
        other = Monitor(example.cells, ["v", "spike"])
    example.net.compile(seed=3)
    for _ in range(2):
        example.net.simulate(50.0)
        assert (other.get("v") == example.m.get("v")).all()
        assert other.raster_plot()[0].tolist() == example.m.raster_plot()[0].tolist()
    assert example.results() == ran().results()


def test_nothing_simulated_is_nothing_recorded() -> None:
    example = Example()
    with pytest.raises(RuntimeError, match="has recorded nothing: simulate its network first"):
        example.m.get("v")
    example.net.compile()
    assert example.m.get("v").shape == (0, 10)
    assert example.m.mean_fr() == 0.0
    assert example.m.population_rate().shape == (0,)
    assert [len(train) for train in example.m.get("spike").values()] == [0] * 10


def test_a_variable_that_is_not_recorded() -> None:
    example = ran(1.0)
    with pytest.raises(ValueError, match="'isyn_exc' is not recorded; recorded are: spike, v"):
        example.m.get("isyn_exc")
    with pytest.raises(ValueError, match="None is not recorded; recorded are: spike, v"):
        example.m.get()


def test_to_neo() -> None:
    example = ran(40.0, dt=0.5)
    segment = example.m.to_neo()
    times, ranks = example.m.raster_plot()
    assert len(segment.spiketrains) == 10
    for rank, train in enumerate(segment.spiketrains):
        assert train.rescale("ms").magnitude.tolist() == times[ranks == rank].tolist()
        assert float(train.t_stop.rescale("ms")) == 40.0
    (signal,) = segment.analogsignals
    assert (signal.magnitude == example.m.get("v")).all()
    assert signal.times.rescale("ms").magnitude == pytest.approx(example.m.times())
    assert str(signal.units.dimensionality) == "mV"


@pytest.mark.parametrize(("model", "variable"), [(Izhikevich, "u"), (IF_cond_exp, "gsyn_exc")])
def test_to_neo_knows_all_units(model: type, variable: str) -> None:
    with Network() as net:
        monitor = Monitor(Population(1, model), variable, period=2.0)
    net.simulate(4.0)
    (signal,) = monitor.to_neo().analogsignals
    assert signal.shape == (2, 1)


def test_a_second_compiled_network_makes_the_first_refuse() -> None:
    first, second = ran(10.0), ran(10.0, seed=4)
    recorded = first.m.get("v")
    for use in (first.net.step, lambda: first.cells.v, lambda: setattr(first.cells, "v", 1.0)):
        with pytest.raises(RuntimeError, match=r"nest holds one network at a time .* parallel_run"):
            use()
    assert (first.m.get("v") == recorded).all()
    second.net.step()


def test_a_network_that_could_not_be_built_leaves_no_other_running(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ran(10.0), Example()
    monkeypatch.setattr(Nest, "_connect", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        second.net.compile()
    with pytest.raises(RuntimeError, match="one network at a time"):
        first.net.step()


def test_a_compiled_network_cannot_be_changed() -> None:
    example = ran(1.0)
    with pytest.raises(RuntimeError, match=r"add: the network is compiled; .*copy\(\)"):
        example.net.add(Population(1, Izhikevich, name="more"))
    with pytest.raises(RuntimeError, match="a new object: the network is compiled"), example.net:
        Population(1, Izhikevich)
    with pytest.raises(RuntimeError, match="dt: the network is compiled"):
        example.net.dt = 0.5
    with pytest.raises(RuntimeError, match="syn: connect it before the network is compiled"):
        example.syn.connect_all_to_all(1.0)


def outcome(method: Callable[..., object], index: int = 3, seed: int = 8, **parameters: object) -> Outcome:
    job = Job(method, (Example().net,), "nest", seed)
    return run_network(job, index, parameters)


def value(method: Callable[..., object], **given: object) -> object:
    found = outcome(method, **given)
    assert found.failure is None, found.failure
    assert found.value is not None
    return decode(found.value.structure, found.value.leaves)


def test_run_network_gives_the_value_and_how_long_it_took() -> None:
    def method(index: int, net: Network, w: float) -> tuple[int, int, float, float]:
        net.simulate(50.0)
        return index, net.index, net.seed, w * net.time

    found = outcome(method, w=2.0)
    assert value(method, w=2.0) == (3, 3, 8, 100.0)
    assert found.index == 3
    assert min(found.timings.draw, found.timings.build, found.timings.run, found.timings.read) > 0


def test_networks_of_run_network_depend_on_seed_and_index_alone() -> None:
    def method(index: int, net: Network) -> np.ndarray:
        net.simulate(60.0)
        return np.concatenate(net.get(monitor).raster_plot())

    monitor = Example().m
    one = value(method, index=1)
    others = [value(method, index=2), value(method, index=1, seed=9)]
    assert np.array_equal(value(method, index=1), one)
    assert not any(np.array_equal(one, other) for other in others)
    alone = Example()
    alone.net.compile(seed=8)
    alone.net.simulate(60.0)
    assert np.array_equal(value(method, index=0), np.concatenate(alone.m.raster_plot()))


def test_run_network_takes_the_network_of_its_index() -> None:
    networks = tuple(Network(dt=dt) for dt in (0.1, 0.2, 0.3))
    job = Job(lambda index, net: net.dt, networks, "nest", 1)
    found = [run_network(job, i, {}).value for i in (2, 0)]
    assert [decode(v.structure, v.leaves) for v in found] == [0.3, 0.1]


def test_run_network_leaves_the_base_as_it_was() -> None:
    def method(index: int, net: Network) -> float:
        net.get(noise).rates = 1.0
        return float(net.get(noise).rates)

    example = Example()
    noise = example.noise
    job = Job(method, (example.net,), "nest", 1)
    assert run_network(job, 0, {}).failure is None
    assert noise.rates == 90.0


def test_an_exception_is_a_failure_with_the_method_s_traceback() -> None:
    def deep() -> None:
        raise KeyError("lost")

    def method(index: int, net: Network, w: float) -> None:
        deep()

    failure = outcome(method, w=1.5).failure
    assert failure is not None
    assert (failure.index, failure.seed, failure.parameters) == (3, 8, {"w": 1.5})
    assert (failure.kind, failure.error, failure.message) == ("exception", "KeyError", "'lost'")
    first, *rest = [line for line in failure.traceback.splitlines() if line.lstrip().startswith("File ")]
    assert first.endswith("in method")
    assert [line.split()[-1] for line in rest] == ["deep"]
    assert "task.py" not in failure.traceback
    assert str(failure).startswith("network 3 (seed 8, w=1.5): KeyError: 'lost'")


def test_an_error_inside_the_network_starts_at_the_method_too() -> None:
    def method(index: int, net: Network) -> None:
        net.simulate(0.5)

    failure = outcome(method).failure
    assert failure is not None
    assert failure.error == "ValueError"
    assert failure.traceback.splitlines()[1].endswith("in method")


def test_sys_exit_ends_one_network() -> None:
    failure = outcome(lambda index, net: sys.exit(4)).failure
    assert failure is not None
    assert (failure.kind, failure.error, failure.message) == ("exception", "SystemExit", "4")


def test_a_value_that_cannot_be_stored_is_a_failure_that_names_it() -> None:
    found = outcome(lambda index, net: {"good": 1.0, "bad": [net]})
    assert found.value is None
    assert found.failure is not None
    assert found.failure.error == "TypeError"
    assert "bad" in found.failure.message
    assert "Network" in found.failure.message


def test_a_method_that_takes_other_arguments_is_a_failure() -> None:
    failure = outcome(lambda index, net: 1, w=2.0).failure
    assert failure is not None
    assert failure.error == "TypeError"
    assert "w" in failure.message


def test_global_generators_are_seeded_for_each_network() -> None:
    def method(index: int, net: Network) -> tuple[float, float, float]:
        return float(np.random.random()), random.random(), float(net.rng.random())

    one = value(method, index=1)
    np.random.seed(0)
    random.seed(0)
    assert value(method, index=1) == one
    for other in (value(method, index=2), value(method, index=1, seed=9)):
        assert not set(other) & set(one)
    assert len(set(one)) == 3


def test_weights_set_before_the_network_is_compiled_leave_the_wiring() -> None:
    example, other = Example(), Example()
    other.syn.weights, other.syn.delays = 3.0, 2.0
    example.net.compile(seed=3)
    other.net.compile(seed=3)

    assert np.array_equal(example.syn.edges.sources, other.syn.edges.sources)
    assert np.array_equal(example.syn.edges.targets, other.syn.edges.targets)
    assert (other.syn.weights == 3.0).all()
    assert (other.syn.delays == 2.0).all()


def test_what_would_come_too_late_is_refused() -> None:
    with Network() as net:
        cells = Population(2, IF_curr_exp, name="cells")
        syn = Projection(cells, cells, name="syn").connect_all_to_all(1.0)
        background = PoissonInput(cells, 10.0, 1.0)
        current = DCSource(0.1).inject_into(cells)
    net.step()

    for thing, name, value in (
        (syn, "weights", 2.0),
        (syn, "synapse", AdditiveSTDP),
        (background, "rate", 2.0),
        (current, "source", DCSource(0.2)),
    ):
        with pytest.raises(RuntimeError, match=f"compiled; set {name} before the first simulate"):
            setattr(thing, name, value)


def test_a_method_that_sets_the_base_networks_background_is_told() -> None:
    background = PoissonInput(Population(2, IF_curr_exp), 10.0, 1.0, name="background")
    sent = pickle.loads(pickle.dumps(background))

    with pytest.raises(AttributeError, match=r"background.* is the base network's; .* net\.get"):
        sent.rate = 20.0
