from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import quantities as pq
import scipy.sparse

from workers import simulators
from workers.live import Network
from workers.network import (
    AdditiveSTDP,
    DCSource,
    IF_cond_exp,
    IF_curr_exp,
    Izhikevich,
    Monitor,
    Neuron,
    Normal,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
    SpikeSourceArray,
    StepCurrentSource,
    TsodyksMarkramSynapse,
    Uniform,
    check,
    clear,
    setup,
)
from workers.network.models import Model


@pytest.fixture(autouse=True)
def _empty_base() -> Iterator[None]:
    clear()
    yield
    clear()


def izhikevich(size: int = 4) -> Population:
    return Population(size, Izhikevich, name="izh")


def projection(pre: int = 2, post: int = 4) -> Projection:
    return Projection(
        PoissonPopulation(pre, rates=1.0, name="noise"), Population(post, IF_curr_exp, name="lif"), name="syn"
    )


def learning(weights: object) -> Network:
    with Network() as net:
        made = projection()
        made.synapse = AdditiveSTDP
        made.connect_all_to_all(weights)
    return net


def recurrent(size: int = 4) -> Projection:
    cells = izhikevich(size)
    return Projection(cells, cells, name="rec")


@contextmanager
def refused(error: type[Exception], *expected: str) -> Iterator[None]:
    """All of `expected` are in the message: the object, the value, and what would do."""
    with pytest.raises(error) as caught:
        yield
    missing = [part for part in expected if part not in str(caught.value)]
    assert not missing, str(caught.value)


AT_ONCE: dict[str, tuple[Callable[[], object], type[Exception], tuple[str, ...]]] = {
    "unknown parameter of a model": (
        lambda: Izhikevich(tau_m=1.0),
        AttributeError,
        ("Izhikevich", "'tau_m'", "a, b, c, d"),
    ),
    "unknown parameter of a population": (
        lambda: setattr(izhikevich(), "tau_m", 1.0),
        AttributeError,
        ("Izhikevich", "'tau_m'", "a, b, c, d"),
    ),
    "reading an unknown parameter": (lambda: izhikevich().tau, AttributeError, ("'tau'", "a, b, c, d")),
    "wrong shape": (lambda: setattr(izhikevich(), "v", [1.0, 2.0]), ValueError, ("izh", "v", "(2,)", "(4,)")),
    "wrong shape on a grid": (
        lambda: Population((2, 3), Izhikevich(v=np.zeros((3, 2))), name="izh"),
        ValueError,
        ("izh", "v", "(3, 2)", "(2, 3)", "(6,)"),
    ),
    "NaN": (lambda: setattr(izhikevich(), "v", np.nan), ValueError, ("izh", "v=nan", "finite")),
    "infinity": (lambda: setattr(izhikevich(), "v", -np.inf), ValueError, ("izh", "v=-inf", "finite")),
    "NaN in an array": (
        lambda: PoissonPopulation(2, [1, np.nan]),
        ValueError,
        ("Poisson[2]", "rates", "nan"),
    ),
    "no number at all": (
        lambda: setattr(izhikevich(), "v", "fast"),
        TypeError,
        ("izh", "v='fast'", "str", "a number, an array of numbers or a distribution"),
    ),
    "a number with a unit": (
        lambda: setattr(izhikevich(), "v", 5.0 * pq.V),
        TypeError,
        ("izh", "v=", "has a unit, which would be dropped", "mV"),
    ),
    "nothing": (lambda: setattr(izhikevich(), "v", None), TypeError, ("izh", "v=None", "give a number")),
    "a complex number": (lambda: setattr(izhikevich(), "v", 1j), TypeError, ("izh", "v=1j", "give a number")),
    "negative tau": (
        lambda: Population(2, IF_cond_exp(tau_m=-1.0), name="lif"),
        ValueError,
        ("lif", "tau_m=-1.0", "> 0 ms"),
    ),
    "zero capacity": (lambda: Population(2, IF_curr_exp(cm=[1, 0])), ValueError, ("cm", "> 0 nF")),
    "negative refractory period": (
        lambda: Population(2, IF_curr_exp(tau_refrac=-0.1)),
        ValueError,
        ("tau_refrac=-0.1", ">= 0 ms"),
    ),
    "a distribution reaching below zero": (
        lambda: Population(2, IF_curr_exp(tau_m=Uniform(-1, 1))),
        ValueError,
        ("tau_m=Uniform(min=-1, max=1)", "> 0 ms"),
    ),
    "negative rate": (lambda: PoissonPopulation(2, -1.0), ValueError, ("rates=-1.0", ">= 0 Hz")),
    "bad geometry": (lambda: izhikevich(0), ValueError, ("geometry=0", "positive whole number")),
    "geometry of floats": (lambda: izhikevich(2.5), ValueError, ("geometry=2.5", "positive whole number")),
    "geometry of bools": (lambda: izhikevich(True), ValueError, ("geometry=True", "positive whole number")),
    "geometry with four dimensions": (
        lambda: Population((1, 1, 1, 1), Izhikevich),
        ValueError,
        ("geometry=(1, 1, 1, 1)", "up to three"),
    ),
    "more neurons than any machine has": (
        lambda: izhikevich(10**12),
        ValueError,
        ("geometry=1000000000000", "at most 2147483647 neurons"),
    ),
    "a grid of more neurons than 64 bits can count": (
        lambda: Population((2**32, 2**32), Izhikevich),
        ValueError,
        ("4294967296", "at most 2147483647 neurons"),
    ),
    "empty geometry": (lambda: Population((), Izhikevich), ValueError, ("geometry=()", "up to three")),
    "no model": (lambda: Population(2, "Izhikevich"), TypeError, ("model='Izhikevich'", "IF_curr_exp()")),
    "bad dt": (lambda: setup(dt=0.0), ValueError, ("dt=0.0", "positive number of ms")),
    "dt NaN": (lambda: Network(dt=float("nan")), ValueError, ("dt=nan", "positive number of ms")),
    "infinite dt": (lambda: Network(dt=float("inf")), ValueError, ("dt=inf", "positive number of ms")),
    "stop condition with an unknown name": (
        lambda: Population(2, Izhikevich, stop_condition="w > 0"),
        ValueError,
        ("'w'", "unknown name", "spike", "v"),
    ),
    "stop condition of unknown scope": (
        lambda: Population(2, Izhikevich, stop_condition="v > 0 : most"),
        ValueError,
        ("most", "'any' or 'all'"),
    ),
    "stop condition that cannot be read": (
        lambda: Population(2, Izhikevich, stop_condition="v >"),
        ValueError,
        ("'v >'", "cannot be read"),
    ),
    "stop condition with a chain": (
        lambda: Population(2, Izhikevich, stop_condition="0 < v < 1"),
        ValueError,
        ("'0 < v < 1'", "(a > 0) & (b > 0)"),
    ),
    "stop condition with 'and'": (
        lambda: Population(2, Izhikevich, stop_condition="v > 0 and u > 0"),
        ValueError,
        ("BoolOp", "(a > 0) & (b > 0)"),
    ),
    "expression that is a program": (
        lambda: projection().connect_distance_dependent("().__class__", 1.0),
        ValueError,
        ("'().__class__'", "arithmetic only"),
    ),
    "expression calling a variable": (
        lambda: projection().connect_distance_dependent("d(1)", 1.0),
        ValueError,
        ("'d(1)'", "arithmetic only"),
    ),
    "negative weight": (
        lambda: projection().connect_all_to_all(-1.0),
        ValueError,
        ("syn", "-1.0", "magnitudes", "'inh'"),
    ),
    "negative weight in an array": (
        lambda: projection(2, 1).connect_all_to_all([1.0, -1.0]),
        ValueError,
        ("syn", "-1.0", "magnitudes"),
    ),
    "a distribution of negative weights": (
        lambda: projection().connect_all_to_all(Uniform(-1, 1)),
        ValueError,
        ("syn", "Uniform(min=-1, max=1)", "magnitudes"),
    ),
    "NaN weight": (lambda: projection().connect_all_to_all(np.nan), ValueError, ("syn", "weights=nan")),
    "infinite delay": (
        lambda: projection().connect_all_to_all(1.0, np.inf),
        ValueError,
        ("syn", "delays=inf"),
    ),
    "weights of a wrong shape": (
        lambda: projection().connect_all_to_all(np.ones(3)),
        ValueError,
        ("syn", "weights", "(3,)", "(2, 4)", "(8,)"),
    ),
    "weights per connection where they are random": (
        lambda: projection().connect_fixed_probability(0.5, np.ones(4)),
        ValueError,
        ("syn", "weights", "(4,)", "(2, 4)"),
    ),
    "weights set anew to what they cannot be": (
        lambda: setattr(projection().connect_all_to_all(1.0), "weights", -1.0),
        ValueError,
        ("syn", "weights=-1.0", "magnitudes"),
    ),
    "weights of a projection that is not connected": (
        lambda: setattr(projection(), "weights", 1.0),
        RuntimeError,
        ("syn", "connect_ methods", "weights"),
    ),
    "an attribute that a projection does not have": (
        lambda: setattr(projection(), "weight", 1.0),
        AttributeError,
        ("syn", "weight cannot be set", "weights, delays, synapse"),
    ),
    "an attribute that a network does not have": (
        lambda: setattr(Network(), "td", 0.1),
        AttributeError,
        ("Network: td cannot be set", "dt", "net.get(population).td"),
    ),
    "an attribute of a network that is not set": (
        lambda: setattr(Network(), "time", 0.0),
        AttributeError,
        ("Network: time cannot be set",),
    ),
    "a parameter of a model, too late": (
        lambda: setattr(IF_curr_exp(), "tau_m", 10.0),
        AttributeError,
        ("IF_curr_exp: tau_m cannot be set", "IF_curr_exp(tau_m=...)"),
    ),
    "a parameter of a synapse, too late": (
        lambda: setattr(TsodyksMarkramSynapse(), "U", 0.2),
        AttributeError,
        ("TsodyksMarkramSynapse: U cannot be set", "TsodyksMarkramSynapse(U=...)"),
    ),
    "times of a current, too late": (
        lambda: setattr(StepCurrentSource([1.0], [0.5]), "times", [2.0]),
        AttributeError,
        ("StepCurrentSource: times cannot be set", "StepCurrentSource(times=...)"),
    ),
    "a parameter of some neurons": (
        lambda: setattr(izhikevich()[:2], "v", -60.0),
        AttributeError,
        ("View of 2 neurons of izh", "v is set of the whole population", "population.v"),
    ),
    "a synapse that uses more than there is": (
        lambda: TsodyksMarkramSynapse(U=[0.5, 1.5]),
        ValueError,
        ("TsodyksMarkramSynapse: U=1.5", "<= 1"),
    ),
    "a synapse that may use more than there is": (
        lambda: TsodyksMarkramSynapse(U=Uniform(0.5, 1.5)),
        ValueError,
        ("U=Uniform(min=0.5, max=1.5)", "<= 1"),
    ),
    "a synapse that begins above its bound": (
        lambda: check(learning(weights=2.0)),
        ValueError,
        ("projection", "weights=2.0 is above w_max=1 of its AdditiveSTDP"),
    ),
    "synapses that may begin above their bound": (
        lambda: check(learning(weights=Uniform(0.0, 2.0))),
        ValueError,
        ("weights=Uniform(min=0.0, max=2.0) is above w_max=1",),
    ),
    "a synapse that is none": (
        lambda: setattr(projection(), "synapse", "STDP"),
        TypeError,
        ("synapse='STDP'",),
    ),
    "a negative background": (
        lambda: setattr(PoissonInput(izhikevich(), 1.0, 1.0), "rate", -1.0),
        ValueError,
        ("PoissonInput", "rate=-1.0", ">= 0 Hz"),
    ),
    "background of a wrong number of the neurons of a view": (
        lambda: PoissonInput(izhikevich()[:2], [1.0, 2.0, 3.0, 4.0], 1.0),
        ValueError,
        ("PoissonInput: rate", "(4,)", "(2,)"),
    ),
    "a current into neurons that fire as they are told": (
        lambda: DCSource(1.0).inject_into(PoissonPopulation(2)[:1]),
        TypeError,
        ("Injection", "View of 1 neurons", "a population of neurons"),
    ),
    "a current into a view and ranks": (
        lambda: DCSource(1.0).inject_into(izhikevich()[:2], [1]),
        ValueError,
        ("Injection: ranks=[1]", "not both"),
    ),
    "a current into a model that takes none": (
        lambda: DCSource(1.0).inject_into(Population(2, Neuron(equations="dv/dt = -v", spike="v > 1"))),
        ValueError,
        ("Injection", "no parameter i_offset", "parameters='i_offset = 0.0'"),
    ),
    "an endless current": (
        lambda: DCSource(amplitude=np.inf),
        ValueError,
        ("DCSource: amplitude=inf", "a finite number"),
    ),
    "a current that is none": (
        lambda: setattr(DCSource(1.0).inject_into(izhikevich()), "source", 2.0),
        TypeError,
        ("source=2.0", "DCSource(amplitude=0.5)"),
    ),
    "an expression that knows no distance": (
        lambda: projection().connect_all_to_all("a"),
        ValueError,
        ("projection syn: weights", "unknown name 'a'", "d"),
    ),
    "negative probability": (
        lambda: projection().connect_fixed_probability(-0.1, 1.0),
        ValueError,
        ("syn", "probability=-0.1", "from 0 to 1"),
    ),
    "probability above 1": (
        lambda: projection().connect_fixed_probability(1.1, 1.0),
        ValueError,
        ("syn", "probability=1.1", "from 0 to 1"),
    ),
    "probability NaN": (
        lambda: projection().connect_fixed_probability(np.nan, 1.0),
        ValueError,
        ("syn", "probability=nan", "from 0 to 1"),
    ),
    "negative probability of a distance": (
        lambda: projection().connect_distance_dependent("1 - d", 1.0),
        ValueError,
        ("syn", "'1 - d'", "probabilities"),
    ),
    "negative probability of a distance that only the last neuron has": (
        lambda: projection(5, 1).connect_distance_dependent("1 - d", 1.0),
        ValueError,
        ("syn", "'1 - d'", "probabilities"),
    ),
    "infinite probability": (
        lambda: projection().connect_distance_dependent("1 / d", 1.0),
        ValueError,
        ("syn", "'1 / d'", "probabilities"),
    ),
    "too many of pre": (
        lambda: projection().connect_fixed_number_pre(3, 1.0),
        ValueError,
        ("syn", "number=3", "from 0 to 2", "neurons of pre"),
    ),
    "too many of pre, itself excluded": (
        lambda: recurrent().connect_fixed_number_pre(4, 1.0),
        ValueError,
        ("rec", "number=4", "from 0 to 3"),
    ),
    "too many of post": (
        lambda: projection().connect_fixed_number_post(5, 1.0),
        ValueError,
        ("syn", "number=5", "from 0 to 4", "neurons of post"),
    ),
    "too many pairs": (
        lambda: projection().connect_fixed_total_number(9, 1.0),
        ValueError,
        ("syn", "number=9", "from 0 to 8", "pairs"),
    ),
    "too many pairs, itself excluded": (
        lambda: recurrent().connect_fixed_total_number(13, 1.0),
        ValueError,
        ("rec", "number=13", "from 0 to 12"),
    ),
    "negative number": (
        lambda: projection().connect_fixed_number_pre(-1, 1.0),
        ValueError,
        ("syn", "number=-1", "from 0 to 2"),
    ),
    "a number that is not whole": (
        lambda: projection().connect_fixed_number_pre(1.5, 1.0),
        ValueError,
        ("syn", "number=1.5", "whole number"),
    ),
    "one to one of unequal sizes": (
        lambda: projection().connect_one_to_one(1.0),
        ValueError,
        ("syn", "one_to_one", "2 and 4"),
    ),
    "matrix of a wrong shape": (
        lambda: projection().connect_from_matrix(np.ones((2, 4))),
        ValueError,
        ("syn", "weights", "(2, 4)", "expected (4, 2), (post, pre); or say pre_post=True"),
    ),
    "matrix of delays of a wrong shape": (
        lambda: projection().connect_from_matrix(np.ones((4, 2)), delays=np.ones((2, 4))),
        ValueError,
        ("syn", "delays", "(2, 4)", "expected (4, 2)"),
    ),
    "ragged matrix": (
        lambda: projection().connect_from_matrix([[1.0], [1.0, 2.0]]),
        ValueError,
        ("syn", "weights", "table of numbers"),
    ),
    "dense instead of sparse": (
        lambda: projection().connect_from_sparse(np.ones((2, 4))),
        TypeError,
        ("syn", "ndarray", "sparse matrix"),
    ),
    "sparse matrix of a wrong shape": (
        lambda: projection().connect_from_sparse(scipy.sparse.eye_array(4)),
        ValueError,
        ("syn", "(4, 4)", "expected (2, 4), (pre, post)"),
    ),
    "rank out of range": (
        lambda: projection().connect_from_list([(0, 0, 1.0), (1, 4, 1.0)]),
        ValueError,
        ("syn", "the rank 4", "the 4 neurons of post"),
    ),
    "negative rank": (
        lambda: projection().connect_from_list([(-1, 0, 1.0)]),
        ValueError,
        ("syn", "the rank -1", "the 2 neurons of pre"),
    ),
    "a rank that is not whole": (
        lambda: projection().connect_from_list([(0.5, 0, 1.0)]),
        ValueError,
        ("syn", "not whole numbers"),
    ),
    "list of pairs": (
        lambda: projection().connect_from_list([(0, 0), (1, 1)]),
        ValueError,
        ("syn", "(2, 2)", "(pre, post, weight)"),
    ),
    "projection onto a source": (
        lambda: Projection(izhikevich(), PoissonPopulation(2, name="noise")),
        ValueError,
        ("noise", "takes no synapses"),
    ),
    "projection onto no population": (
        lambda: Projection(izhikevich(), "izh"),
        TypeError,
        ("post='izh'", "expected a Population"),
    ),
    "unknown receptor": (
        lambda: Projection(izhikevich(), Population(1, Izhikevich), "ampa"),
        ValueError,
        ("'ampa'", "exc, inh"),
    ),
    "monitor of an unknown variable": (
        lambda: Monitor(izhikevich(), ["spike", "g_exc"]),
        ValueError,
        ("izh", "'g_exc'", "spike, v, u"),
    ),
    "a monitor set to an unknown variable": (
        lambda: setattr(Monitor(izhikevich(), "v"), "variables", ["g_exc"]),
        ValueError,
        ("izh", "'g_exc'", "spike, v, u"),
    ),
    "monitor of a variable of a source": (
        lambda: Monitor(PoissonPopulation(2, name="noise"), "v"),
        ValueError,
        ("noise", "'v'", "it has: spike"),
    ),
    "monitor of no population": (
        lambda: Monitor("izh", "v"),
        TypeError,
        ("population='izh'", "expected a Population"),
    ),
    "spike at time 0": (
        lambda: Population(1, SpikeSourceArray([0.0, 5.0]), name="told"),
        ValueError,
        ("told", "spike_times", "above 0 ms"),
    ),
    "spike trains of a wrong number": (
        lambda: Population(3, SpikeSourceArray([[1.0], [2.0]]), name="told"),
        ValueError,
        ("told", "2 spike trains for 3 neurons"),
    ),
}


@pytest.mark.parametrize("mistake", AT_ONCE)
def test_is_an_error_at_once(mistake: str) -> None:
    make, error, expected = AT_ONCE[mistake]
    with refused(error, *expected):
        make()


def without_post() -> Network:
    syn, net = projection().connect_all_to_all(1.0), Network()
    net.add([syn, syn.pre])
    return net


def of_another_network() -> Network:
    cells = izhikevich()
    net = Network(everything=True)
    with net:
        Monitor(cells, "v", name="m")
    return net


def delayed(delays: object, dt: float = 1.0) -> Network:
    projection().connect_all_to_all(1.0, delays)
    return Network(everything=True, dt=dt)


def sampled(period: float, dt: float = 1.0) -> Network:
    Monitor(izhikevich(), "v", period=period, name="m")
    return Network(everything=True, dt=dt)


def told(*times: float, dt: float = 1.0) -> Network:
    Population(2, SpikeSourceArray([[3.0], times]), name="told")
    return Network(everything=True, dt=dt)


def unconnected() -> Network:
    projection()
    return Network(everything=True)


BY_CHECK: dict[str, tuple[Callable[[], Network], tuple[str, ...]]] = {
    "an empty network": (Network, ("no population", "add([...])")),
    "a population that is missing": (without_post, ("syn", "population lif", "not in the network", "add it")),
    "a population of another network": (of_another_network, ("m", "izh", "another network", "net.get(")),
    "an unconnected projection": (unconnected, ("syn", "not connected", "connect_ methods")),
    "a delay off the grid": (lambda: delayed(1.5), ("syn", "1.5 ms", "grid of 1 ms", "multiple of dt")),
    "one delay off the grid": (
        lambda: delayed(np.array([[1, 1, 1, 1], [1, 1, 1.25, 1]]), dt=0.5),
        ("syn", "1.25 ms", "grid of 0.5 ms"),
    ),
    "a delay that no machine has the memory for": (
        lambda: delayed(1e9),
        ("syn", "1e+09 ms", "at most 1000000 steps, 1e+06 ms"),
    ),
    "a delay below dt": (lambda: delayed(0.5), ("syn", "0.5", "below one step of 1 ms")),
    "a delay of 0": (lambda: delayed(0.0), ("syn", "0.0", "below one step")),
    "a distribution of delays reaching below dt": (
        lambda: delayed(Uniform(0.5, 3.0)),
        ("syn", "Uniform(min=0.5, max=3.0)", "below one step", "min="),
    ),
    "an unbounded distribution of delays": (
        lambda: delayed(Normal(5.0, 1.0)),
        ("syn", "Normal(mu=5.0", "below one step", "min="),
    ),
    "a period off the grid": (lambda: sampled(1.5), ("m", "period=1.5", "multiple of 1 ms")),
    "a period of 0": (lambda: sampled(0.0), ("m", "period=0.0", "multiple of 1 ms")),
    "an infinite period": (lambda: sampled(np.inf), ("m", "period=inf", "multiple of 1 ms")),
    "a spike before the first step": (
        lambda: told(0.4),
        ("told", "neuron 1", "0.4 ms", "first step of 1 ms"),
    ),
}


@pytest.mark.parametrize("mistake", BY_CHECK)
def test_is_an_error_of_check(mistake: str) -> None:
    make, expected = BY_CHECK[mistake]
    network = make()
    with refused(ValueError, *expected):
        check(network)


@pytest.mark.parametrize(
    "make",
    [
        lambda: delayed(0.3, dt=0.1),  # 0.3 / 0.1 is 2.9999999999999996
        lambda: delayed(Normal(5.0, 1.0, min=1.0)),
        lambda: delayed(np.full(8, 1234.5), dt=0.1),
        lambda: sampled(0.7, dt=0.1),
        lambda: told(0.1, 0.2, 0.3, 0.7, dt=0.1),
        lambda: told(0.5, 1.5, 2.5),  # half a step counts up, always
        lambda: told(0.25, 0.35, 0.45, dt=0.1),
    ],
)
def test_rounding_is_no_mistake(make: Callable[[], Network]) -> None:
    check(make())


def test_a_drawn_delay_that_no_machine_has_the_memory_for() -> None:
    network = delayed(Uniform(1e8, 1e9), dt=0.5)
    check(network)
    with refused(ValueError, "syn", "steps; give at most 1000000 steps, 500000 ms"):
        network.drawn(seed=1)


def test_a_spike_train_cannot_be_changed_where_it_has_passed() -> None:
    network = told(2.0, 9.0)
    (population,) = network.of(Population)
    network.compile("nest", seed=1)
    network.simulate(5.0)
    for times in ([2.0, 5.6], [2.0, 7.0, 12.0], [7.0]):  # leaving out what has passed changes nothing
        population.spike_times = [[3.0], times]
    for times in ([1.0], [7.0, 5.4]):
        with refused(
            ValueError, "told", "neuron 1", f"fire at {times[-1]:g} ms", "the time is 5 ms", "after reset()"
        ):
            population.spike_times = [[3.0], times]
    assert [t.tolist() for t in population.spike_times] == [[3.0], [7.0]]
    network.reset()
    population.spike_times = [1.0]


def test_a_rate_too_high_for_dt_warns() -> None:
    PoissonPopulation(2, rates=[1.0, 101.0], name="noise")
    with pytest.warns(UserWarning, match=r"noise: a rate of 101 Hz .* one step of 1 ms"):
        check(Network(everything=True))
    check(Network(everything=True, dt=0.1))


def test_get_of_what_is_not_in_the_network() -> None:
    cells, net = izhikevich(), Network()
    with refused(KeyError, "izh", "not in this network", "nothing", "add([...])"):
        net.get(cells)
    with refused(TypeError, "'izh'", "neither a population"):
        net.get("izh")
    with refused(TypeError, "'izh'", "neither a population"):
        net.add(["izh"])


def test_a_model_that_the_simulator_lacks() -> None:
    class Unheard(Model):
        pass

    Population(2, Unheard, name="new")
    with refused(ValueError, "new", "'nest' has no model Unheard", "none"):
        simulators.check(Network(everything=True), "nest")


def test_a_model_that_another_simulator_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulators.adapter("nest"), "models", frozenset({"IF_curr_exp"}))
    izhikevich()
    with refused(ValueError, "izh", "'nest' has no model Izhikevich", "those that have it: brian2"):
        simulators.check(Network(everything=True), "nest")


def test_an_unknown_simulator() -> None:
    izhikevich()
    with refused(ValueError, "'neuron7'", "nest", "brian2"):
        Network(everything=True).compile("neuron7")


def test_a_simulator_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulators.adapter("nest"), "module", "not_there")
    izhikevich()
    with refused(ModuleNotFoundError, "'nest'", "not_there", "pip install nest-simulator"):
        Network(everything=True).compile()


@pytest.mark.parametrize("ms", ["10", 0.5, -1.0, float("nan"), float("inf")])
def test_a_duration_off_the_grid(ms: object) -> None:
    izhikevich()
    with refused(ValueError, f"simulate: {ms!r} ms", "multiple of dt, 1 ms"):
        Network(everything=True).simulate(ms)


def test_a_dt_that_nest_cannot_have() -> None:
    izhikevich()
    with refused(ValueError, "dt=0.0005", "'nest'", "multiple of 0.001 ms"):
        Network(everything=True, dt=0.0005).compile()


def test_a_population_without_stop_condition() -> None:
    cells = izhikevich()
    with refused(ValueError, "izh", "no stop_condition", "'v > 0'"):
        Network(everything=True).simulate_until(10.0, cells)


def test_what_is_drawn_is_checked_too() -> None:
    cells = Population(50, IF_curr_exp(tau_m=Normal(5.0, 5.0)), name="lif")
    with refused(ValueError, "lif", "tau_m", "> 0 ms"):
        Network(everything=True).compile(seed=1)
    cells.tau_m = 10.0
    Projection(cells, cells, name="syn").connect_all_to_all(Normal(1.0, 1.0))
    with refused(ValueError, "syn", "negative weight", "min=0"):
        Network(everything=True).compile(seed=1)
