from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.draw import draw
from workers.instance import Cells, Instance, Synapses
from workers.keys import Key
from workers.live import Network
from workers.network import (
    DiscreteUniform,
    IF_curr_exp,
    Izhikevich,
    LogNormal,
    Monitor,
    Normal,
    PoissonInput,
    PoissonPopulation,
    Population,
    Projection,
    TsodyksMarkramSynapse,
    Uniform,
    clear,
)

SEEDS, INDICES = st.integers(0, 2**80), st.integers(0, 2**40)
anyhow = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RULES = {
    "fixed_probability": {"probability": 0.4},
    "fixed_number_pre": {"number": 3},
    "fixed_number_post": {"number": 3},
    "fixed_total_number": {"number": 20},
    "distance_dependent": {"probability": "exp(-d / 3)"},
}


@pytest.fixture(autouse=True)
def _empty_base() -> Iterator[None]:
    clear()
    yield
    clear()


def core() -> None:
    """Make a network of which every part is drawn."""
    source = PoissonPopulation(6, rates=Uniform(0, 10), name="source")
    cells = Population(8, IF_curr_exp(tau_m=Uniform(5, 20), v=Normal(-60, 3)), name="cells")
    for rule, how in RULES.items():
        projection = Projection(source, cells, name=rule, synapse=TsodyksMarkramSynapse(U=Uniform(0, 1)))
        getattr(projection, f"connect_{rule}")(
            **how, weights=LogNormal(-1.0, 1.0), delays=DiscreteUniform(1, 5)
        )
    PoissonInput(cells, rate=Uniform(0, 10), weight=LogNormal(-1.0, 1.0), name="background")
    Monitor(cells, "spike")


def other(tag: str) -> None:
    """Make objects of other names that draw, too."""
    extra = Population(7, Izhikevich(v=Normal(-60, 3)), name=f"extra {tag}")
    noise = PoissonPopulation(5, rates=Uniform(0, 10), name=f"noise {tag}")
    Projection(noise, extra).connect_fixed_probability(0.5, Uniform(0, 1))
    PoissonInput(extra, rate=Uniform(0, 10), weight=1.0, name=f"background {tag}")
    Monitor(extra, ["v", "spike"], period=2.0)


def bits(instance: Instance) -> dict[str, bytes]:
    """All that was drawn, by name."""
    found = {}
    for cells in instance.populations:
        for name, values in (cells.parameters | cells.state).items() if isinstance(cells, Cells) else ():
            found[f"{cells.name}.{name}"] = values.tobytes()
    for s in instance.projections:
        found[f"{s.name}.edges"] = s.sources.tobytes() + s.targets.tobytes()
        found[f"{s.name}.weights"], found[f"{s.name}.delays"] = s.weights.tobytes(), s.delays.tobytes()
        found[f"{s.name}.U"] = s.parameters["U"].tobytes() if "U" in s.parameters else b""
    for b in instance.backgrounds:
        found[f"{b.name}.rates"], found[f"{b.name}.weights"] = b.rates.tobytes(), b.weights.tobytes()
        found[f"{b.name}.keys"] = b.keys.tobytes()
    return found


def drawn(seed: int = 1, index: int = 0) -> Instance:
    return draw(Network(everything=True), Key(seed, index))


def connected(rule: str = "all_to_all", *, pre: int = 3, post: int = 4, index: int = 0, **given) -> Synapses:
    clear()
    source, cells = PoissonPopulation(pre), Population(post, IF_curr_exp)
    getattr(Projection(source, cells), f"connect_{rule}")(**given)
    return drawn(index=index).projections[0]


def is_random(name: str) -> bool:
    return name in {"cells.tau_m", "cells.v"} or name.split(".")[0] in {*RULES, "background"}


@anyhow
@given(SEEDS, INDICES)
def test_equal_keys_give_equal_bits(seed: int, index: int) -> None:
    clear()
    core()
    one, two = bits(drawn(seed, index)), bits(drawn(seed, index))
    assert len(one) == 10 + 4 * len(RULES) + 3
    assert one == two
    clear()
    core()  # a description made anew
    assert bits(drawn(seed, index)) == one


@anyhow
@given(SEEDS, INDICES, st.booleans())
def test_another_key_gives_others(seed: int, index: int, which: bool) -> None:
    clear()
    core()
    one, two = bits(drawn(seed, index)), bits(drawn(seed + which, index + (not which)))
    assert {name for name in one if is_random(name)} == {name for name in one if one[name] != two[name]}


@anyhow
@given(SEEDS, INDICES, st.booleans(), st.booleans())
def test_other_objects_change_no_draw(seed: int, index: int, before: bool, after: bool) -> None:
    clear()
    core()
    alone = bits(drawn(seed, index))
    clear()
    if before:
        other("before")
    core()
    if after:
        other("after")
    together = bits(drawn(seed, index))
    assert alone.items() <= together.items()
    assert (len(together) > len(alone)) == (before or after)


def test_more_of_one_object_changes_no_draw_of_it() -> None:
    core()
    alone = bits(drawn())
    clear()
    core()
    cells = Network(everything=True)
    mine = next(p for p in cells if p.name == "cells")
    mine.cm = Uniform(1, 2)
    changed = bits(draw(cells, Key(1, 0)))
    assert {name for name in alone if alone[name] != changed[name]} == {"cells.cm"}


def test_populations_of_other_names_draw_other_values() -> None:
    for name in ("one", "two"):
        PoissonInput(Population(5, Izhikevich(v=Uniform(0, 1)), name=name), 1.0, 1.0)
    instance = drawn()
    one, two = instance.populations
    assert not np.isin(one.state["v"], two.state["v"]).any()
    assert instance.backgrounds[0].key != instance.backgrounds[1].key


def test_each_purpose_draws_its_own() -> None:
    cells = Population(5, Izhikevich(v=Uniform(0, 1), u=Uniform(0, 1)))
    synapse = TsodyksMarkramSynapse(U=Uniform(0, 1), tau_rec=Uniform(0, 1))
    Projection(cells, cells, synapse=synapse).connect_all_to_all(Uniform(1, 2), Uniform(1, 2))
    PoissonInput(cells, rate=Uniform(0, 1), weight=Uniform(0, 1))
    instance = drawn()
    background = instance.backgrounds[0]
    assert not np.isin(background.rates, background.weights).any()
    state, synapses = instance.populations[0].state, instance.projections[0]
    assert not np.isin(state["v"], state["u"]).any()
    assert not np.array_equal(np.round(synapses.weights), synapses.delays)
    assert not np.isin(synapses.parameters["U"], synapses.parameters["tau_rec"]).any()


def test_values_have_the_distribution() -> None:
    Population(4000, Izhikevich(v=Normal(-60, 3)))
    values = drawn().populations[0].state["v"]
    assert values.mean() == pytest.approx(-60, abs=4 * 3 / np.sqrt(4000))
    assert values.std() == pytest.approx(3, rel=0.05)
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 4 / np.sqrt(4000)


def test_populations_of_one_size_are_not_one_population() -> None:
    assert len(connected(pre=4, post=4, weights=1.0).sources) == 16


def test_networks_are_independent() -> None:
    Population(1, Izhikevich(v=Normal(0, 1)))
    network = Network(everything=True)
    values = np.array([draw(network, Key(5, i)).populations[0].state["v"][0] for i in range(2000)])
    assert values.mean() == pytest.approx(0, abs=4 / np.sqrt(2000))
    assert values.std() == pytest.approx(1, abs=4 / np.sqrt(2 * 2000))
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 4 / np.sqrt(2000)


@pytest.mark.parametrize("index", [0, 1, 17])
def test_plain_arrays_are_the_same_in_every_network(index: int) -> None:
    Population(3, Izhikevich(v=[-60.0, -61.0, -62.0], a=0.1))
    cells = drawn(index=index).populations[0]
    assert cells.state["v"].tolist() == [-60.0, -61.0, -62.0]
    assert cells.state["u"].tolist() == [-13.0] * 3
    assert cells.parameters["a"].tolist() == [0.1] * 3
    weights = np.arange(12.0).reshape(3, 4)
    assert connected(weights=weights, index=index).weights.tolist() == list(range(12))


def test_a_delay_not_given_is_one_step() -> None:
    assert set(connected(weights=1.0).delays) == {1}


def test_delays_are_steps() -> None:
    cells = Population(2, IF_curr_exp)
    Projection(cells, cells).connect_all_to_all(1.0, 0.3)
    assert draw(Network(everything=True, dt=0.1), Key(0, 0)).projections[0].delays.tolist() == [3, 3]


def test_drawn_delays_are_moved_to_the_nearest_step() -> None:
    delays = connected(pre=50, post=50, weights=1.0, delays=Uniform(1.0, 3.0)).delays
    assert set(delays) == {1, 2, 3}
    assert np.mean(delays == 2) == pytest.approx(0.5, abs=4 * 0.5 / 50)


@pytest.mark.parametrize(("rule", "how"), RULES.items())
def test_a_matrix_lands_on_its_edges_whatever_is_drawn(rule: str, how: dict) -> None:
    weights, delays = np.arange(12.0).reshape(3, 4), np.arange(1.0, 13.0).reshape(3, 4)
    how = how | ({"number": 2} if "number" in how else {})
    synapses = connected(rule, weights=weights, delays=delays, **how)
    assert synapses.sources.size
    assert (synapses.weights == 4 * synapses.sources + synapses.targets).all()
    assert (synapses.delays == 4 * synapses.sources + synapses.targets + 1).all()


@pytest.mark.parametrize(("rule", "how"), RULES.items())
def test_edges_are_in_order(rule: str, how: dict) -> None:
    synapses = connected(rule, pre=20, post=30, weights=1.0, **how)
    assert (np.diff(synapses.sources * 30 + synapses.targets) > 0).all()


def test_values_of_a_list_follow_their_edges_when_these_are_sorted() -> None:
    rows = [(2, 3, 23.0, 6.0), (0, 1, 1.0, 2.0), (2, 0, 20.0, 3.0), (1, 1, 11.0, 4.0), (0, 1, 2.0, 5.0)]
    synapses = connected("from_list", connections=rows)
    assert synapses.sources.tolist() == [0, 0, 1, 2, 2]
    assert synapses.targets.tolist() == [1, 1, 1, 0, 3]
    assert synapses.weights.tolist() == [1.0, 2.0, 11.0, 20.0, 23.0]
    assert synapses.delays.tolist() == [2, 5, 4, 3, 6]


def test_values_per_connection_follow_the_rule_s_order() -> None:
    assert connected(weights=np.arange(12.0)).weights.tolist() == list(range(12))
    one = connected("one_to_one", pre=4, weights=[4.0, 3.0, 2.0, 1.0])
    assert one.weights.tolist() == [4.0, 3.0, 2.0, 1.0]


def test_a_matrix_of_ANNarchy_s_shape_lands_on_its_edges() -> None:
    synapses = connected("from_matrix", weights=[[10 * i + j for i in range(3)] for j in range(4)])
    assert (synapses.weights == 10 * synapses.sources + synapses.targets).all()


def test_what_is_recorded() -> None:
    cells = Population(2, Izhikevich, name="cells")
    stopping = Population(2, Izhikevich, stop_condition="spike", name="stopping")
    source = PoissonPopulation(2)
    silent = Population(1, Izhikevich)
    for what, period in (("v", 2.0), (["u", "spike"], None), ("v", 2.0), ("v", None)):
        Monitor(cells, what, period)
    Monitor(source, "spike")
    instance = drawn()
    assert instance.spikes == (0, 1)
    assert [(t.population, t.variable, t.period) for t in instance.traces] == [
        (0, "u", 1),
        (0, "v", 1),
        (0, "v", 2),
    ]
    assert stopping.name == "stopping"
    assert silent.size == 1


def test_what_is_recorded_of_views_is_recorded_once() -> None:
    one, two, three = (Population(9, Izhikevich) for _ in range(3))
    stopping = Population(9, Izhikevich, stop_condition="spike")
    for view in (one[[5, 1]], one[4:6], two[3:5], three[:2], three, stopping[:1], two[:]):
        Monitor(view, ["v", "spike"])
    Monitor(one[:1], "v", period=2.0)
    instance = drawn()
    assert [(t.population, t.period, t.ranks) for t in instance.traces] == [
        (0, 1, (1, 4, 5)),
        (0, 2, (0,)),
        (1, 1, None),
        (2, 1, None),
        (3, 1, (0,)),
    ]
    assert instance.spikes == (0, 1, 2, 3)
    assert instance.spikes_of == {0: (1, 4, 5)}
    other = replace(instance, spikes_of={0: (1, 4, 6)})
    assert len({i.structure for i in (instance, other, drawn())}) == 2


def test_values_that_make_no_sense_are_refused_when_drawn() -> None:
    cells = Population(100, IF_curr_exp(cm=Normal(0, 1)), name="cells")
    with pytest.raises(ValueError, match=r"population cells: cm=-.*> 0 nF"):
        drawn()
    cells.cm = LogNormal(1000.0, 1.0)
    with pytest.raises(ValueError, match=r"cm=LogNormal.*not finite"):
        drawn()


@settings(deadline=None)
@given(st.lists(st.tuples(SEEDS, st.integers(0, 2**64 - 1)), min_size=2, max_size=20, unique=True))
def test_keys_do_not_meet(keys: list[tuple[int, int]]) -> None:
    states = {tuple(Key(*key).sequence("population x", "v").generate_state(4)) for key in keys}
    assert len(states) == len(keys)


@pytest.mark.parametrize("index", [1, 7, 2**31])
def test_indices_beyond_32_bits_are_not_taken_for_smaller_ones(index: int) -> None:
    """numpy strings the words of a spawn key together: (i, 2**32 + j) might be (i, j, 1)."""
    near = {index, index + 2**32, index * 2**32, index + index * 2**32, index * 2**32 + 1}
    states = {tuple(Key(3, i).sequence("a", "b").generate_state(4)) for i in near}
    assert len(states) == len(near)


@settings(deadline=None)
@given(st.integers(0, 2**200), st.integers(0, 2**64 - 1))
def test_the_words_of_a_key_are_put_together_as_numpy_does(seed: int, index: int) -> None:
    words = np.frombuffer(hashlib.blake2b(b"a\0b", digest_size=16).digest(), "<u4")
    key = (index % 2**32, index // 2**32, *map(int, words))
    theirs = np.random.SeedSequence(seed, spawn_key=key).generate_state(8)
    assert Key(seed, index).sequence("a", "b").generate_state(8).tolist() == theirs.tolist()


def test_owner_and_purpose_are_kept_apart() -> None:
    states = {
        tuple(Key(0, 0).sequence(*names).generate_state(4))
        for names in [("ab", "c"), ("a", "bc"), ("abc", "")]
    }
    assert len(states) == 3


def test_a_key_is_the_same_in_every_version_and_on_every_machine() -> None:
    """Stored results depend on it: a change of these numbers is a change of the redraw contract."""
    values = Key(42, 3).generator("population x", "v").integers(1 << 32, size=3)
    assert values.tolist() == [4205002391, 3342002605, 3698055422]


def test_what_is_drawn_for_synapses_and_background_must_make_sense() -> None:
    with Network() as plastic:
        cells = Population(20, IF_curr_exp)
        tiring = TsodyksMarkramSynapse(tau_rec=Normal(5.0, 20.0))
        Projection(cells, cells, synapse=tiring, name="p").connect_all_to_all(weights=1.0)
    with pytest.raises(ValueError, match=r"projection p: tau_rec=-.*expected > 0 ms"):
        draw(plastic, Key(1, 0))
    with Network() as driven:
        PoissonInput(Population(20, IF_curr_exp), rate=Normal(5.0, 20.0), weight=1.0, name="b")
    with pytest.raises(ValueError, match=r"background b: rate=-.*expected >= 0 Hz"):
        draw(driven, Key(1, 0))
