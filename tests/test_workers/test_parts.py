"""Projections between parts of populations, in spaces, and with values that follow from distance."""

from __future__ import annotations

import numpy as np
import pytest

from sweep import IF_curr_exp, Network, Normal, PoissonPopulation, Population, Projection, Uniform
from workers.draw import draw
from workers.instance import Synapses
from workers.keys import Key
from workers.network import NoisyCurrentSource
from workers.network.connectors import (
    AllToAll,
    Block,
    DistanceDependent,
    Ends,
    FixedNumberPost,
    FixedNumberPre,
    FixedTotalNumber,
    IndexDependent,
)
from workers.network.distributions import DiscreteUniform
from workers.network.patched import Patched
from workers.network.space import Space
from workers.stimulus import PoissonSpikes


def only(net: Network, seed: int = 1, index: int = 0) -> Synapses:
    (synapses,) = draw(net, Key(seed, index)).projections
    return synapses


def test_a_view_connects_some_neurons_and_rules_count_within_it() -> None:
    with Network() as net:
        a, b = Population(6, IF_curr_exp), Population(5, IF_curr_exp)
        Projection(a[1::2], b[[4, 0]]).connect_all_to_all(weights=np.arange(6.0).reshape(3, 2))
    synapses = only(net)
    assert synapses.sources.tolist() == [1, 1, 3, 3, 5, 5]
    assert synapses.targets.tolist() == [0, 4, 0, 4, 0, 4]
    assert synapses.weights.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("probability", [1.0, 0.7])
def test_no_neuron_of_overlapping_views_connects_to_itself(probability: float) -> None:
    with Network() as net:
        a = Population(40, IF_curr_exp)
        Projection(a[:30], a[10:]).connect_fixed_probability(probability, weights=1.0)
    synapses = only(net)
    assert not np.any(synapses.sources == synapses.targets)
    assert probability < 1 or len(synapses.sources) == 30 * 30 - 20


def test_a_fixed_number_between_overlapping_views_is_refused() -> None:
    with Network():
        a = Population(10, IF_curr_exp)
        with pytest.raises(ValueError, match="views overlap"):
            Projection(a[:6], a[3:]).connect_fixed_number_pre(2, weights=1.0)


def test_a_network_with_views_comes_back_from_json() -> None:
    with Network() as net:
        a = Population(10, IF_curr_exp, positions=np.random.default_rng(0).random((10, 3)))
        Projection(a[:6], a[6:], space=Space(axes=(0, 1))).connect_fixed_probability(
            0.5, weights="0.1 + d", delays="1 + d"
        )
    a_draw, again = only(net), only(Network.from_dict(net.to_dict()))
    for name in ("sources", "targets", "weights", "delays"):
        np.testing.assert_array_equal(getattr(a_draw, name), getattr(again, name))


def test_weights_and_delays_follow_from_distance() -> None:
    with Network(dt=0.1) as net:
        a = Population(3, IF_curr_exp, positions=[[0.0, 0], [3.0, 4.0], [0.0, 1.0]])
        Projection(a, a).connect_all_to_all(weights="2 * d", delays="0.1 + 0.07 * d")
    synapses = only(net)
    assert synapses.weights == pytest.approx([10, 2, 10, 2 * np.sqrt(18), 2, 2 * np.sqrt(18)])
    assert synapses.delays.tolist() == [4, 2, 4, 4, 2, 4]  # 0.45, 0.17, 0.40 ms


def test_a_negative_weight_of_distance_is_an_error() -> None:
    with Network() as net:
        a = Population(3, IF_curr_exp)
        Projection(a, a).connect_all_to_all(weights="1 - d")
    with pytest.raises(ValueError, match="negative weight"):
        only(net)


def test_space_closes_into_a_ring() -> None:
    line = np.arange(10.0)[:, None]
    ring = Space(periodic=((0.0, 10.0),))
    np.testing.assert_allclose(ring.distances(line, line)[0], [0, 1, 2, 3, 4, 5, 4, 3, 2, 1])
    np.testing.assert_allclose(ring.between(line[:2], line[8:]), [2, 2])
    assert len(DistanceDependent("d < 2").edges(Ends(line, line, True, ring), _rng()).sources) == 20


def test_space_moves_post_and_leaves_axes_out() -> None:
    pre, post = np.zeros((1, 3)), np.array([[1.0, 2.0, 5.0]])
    assert Space(axes=(0, 1), offset=1.0, scale_factor=2.0).distances(pre, post) == np.hypot(4, 6)


def test_a_probability_may_depend_on_ranks() -> None:
    edges = IndexDependent(lambda i, j: (i + j) % 3 == 0).edges(_ends(4, 5), _rng())
    assert np.all((edges.sources + edges.targets) % 3 == 0)
    assert len(edges.sources) == 7


def test_blocks_together_are_what_the_rule_draws_for_the_whole() -> None:
    rule, whole = FixedNumberPre(4), _ends(9, 8)
    expected = rule.edges(whole, _rng())
    found = set()
    for first, rows in ((0, 4), (4, 5)):
        for start, columns in ((0, 3), (3, 5)):
            block = Block(rule, whole, (first, start)).edges(_ends(rows, columns), _rng())
            found |= {(s + first, t + start) for s, t in zip(*block, strict=True)}
    assert found == set(zip(*expected, strict=True))


def test_projections_that_are_wired_alike_have_the_same_connections() -> None:
    with Network() as net:
        a, b = Population(20, IF_curr_exp), Population(20, IF_curr_exp)
        first = Projection(a, b).connect_fixed_probability(0.3, weights=1.0)
        Projection(a, b, "inh", wired_as=first.owner).connect_fixed_probability(0.3, weights=2.0)
    one, two = draw(net, Key(4, 2)).projections
    np.testing.assert_array_equal(one.sources, two.sources)
    np.testing.assert_array_equal(one.targets, two.targets)


def test_numbers_with_replacement_repeat_and_leave_the_neuron_itself_out() -> None:
    ends = _ends(5, 5)._replace(same=True)
    edges = FixedNumberPre(40, with_replacement=True).edges(ends, _rng())
    assert np.bincount(edges.targets).tolist() == [40] * 5
    assert not np.any(edges.sources == edges.targets)
    assert len(FixedTotalNumber(1000, with_replacement=True).edges(ends, _rng()).sources) == 1000


def test_numbers_may_be_drawn_for_each_neuron() -> None:
    rule = FixedNumberPost(DiscreteUniform(0, 4))
    edges = rule.edges(_ends(300, 6), _rng())
    counts = np.bincount(edges.sources, minlength=300)
    assert set(counts) == {0, 1, 2, 3, 4}
    assert len(set(zip(*edges, strict=True))) == len(edges.sources)
    with pytest.raises(ValueError, match="of 2"):
        rule.edges(_ends(300, 2), _rng())


def test_a_patch_changes_only_its_neurons() -> None:
    with Network() as net:
        pop = Population(10, IF_curr_exp)
        pop.v = Uniform(-70.0, -60.0)
        plain = _cells(net).state["v"]
        pop.v = Patched(pop.given("v"), np.array([2, 5]), Normal(0.0, 1.0))
    patched = _cells(net).state["v"]
    assert np.flatnonzero(plain != patched).tolist() == [2, 5]


def test_poisson_neurons_are_active_from_their_start_for_their_duration() -> None:
    rates, size = np.full(50, 200.0), 50
    whole = PoissonSpikes(Key(1, 2), "p", rates, 1.0).emit(0, 1000)
    start, duration = np.full(size, 300.0), np.full(size, 400.0)
    some = PoissonSpikes(Key(1, 2), "p", rates, 1.0, start, duration)
    parts = [some.emit(0, 320), some.emit(320, 500), some.emit(500, 2000)]
    steps = np.concatenate([p.steps for p in parts])
    assert steps.min() > 300
    assert steps.max() <= 700
    np.testing.assert_array_equal(np.sort(steps), np.sort(whole.steps[whole.steps <= 400] + 300))


def test_a_poisson_population_may_start_later() -> None:
    with Network() as net:
        pop = PoissonPopulation(5, rates=50.0)
        pop.start = 40.0
    assert pop.start == 40.0
    assert net.get(pop).duration == 1e10


def test_noise_may_hold_its_values_for_a_while() -> None:
    source, times = NoisyCurrentSource(stdev=1.0, start=2.0, dt=5.0), np.arange(100.0)

    def drawn(*parts: slice) -> np.ndarray:  # type: ignore[type-arg]
        rng = Key(1, 2).generator("noise", "noise")
        return np.concatenate([source.amplitudes(times[p], 3, rng) for p in parts])

    whole = drawn(slice(None))
    assert np.unique(whole[2:, 0]).size == 20
    assert np.all(whole[:2] == 0)
    assert np.all(whole[2:7] == whole[2])
    np.testing.assert_array_equal(whole, drawn(slice(0, 13), slice(13, 20), slice(20, 100)))


def _cells(net: Network):  # type: ignore[no-untyped-def]
    return draw(net, Key(3, 1)).populations[0]


def _ends(pre: int, post: int) -> Ends:
    return Ends(np.arange(pre, dtype=float)[:, None], np.arange(post, dtype=float)[:, None], False)


def _rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_all_to_all_of_a_block_is_fixed() -> None:
    assert Block(AllToAll(), _ends(2, 2), (0, 0)).fixed
