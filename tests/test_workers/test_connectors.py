from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workers.keys import Key
from workers.network import Binomial, DiscreteUniform, Izhikevich, Population, Projection, clear
from workers.network.connectors import (
    AllToAll,
    Connector,
    DistanceDependent,
    Edges,
    Ends,
    FixedNumberPost,
    FixedNumberPre,
    FixedProbability,
    FixedTotalNumber,
    IndexDependent,
    OneToOne,
)

SIZES = st.integers(1, 30)
SEEDS = st.integers(0, 2**32)
RULES = ["probability", "number_pre", "number_post", "total", "distance", "all"]


def line(size: int) -> np.ndarray:
    return np.arange(size, dtype=float)[:, None]


def ends(pre: int, post: int | None = None) -> Ends:
    """Two populations on lines; one and itself if there is no `post`."""
    return Ends(line(pre), line(pre if post is None else post), post is None)


def drawn(rule: Connector, between: Ends, seed: int = 0) -> Edges:
    rule.check("projection", between)
    edges = rule.edges(between, Key(seed, 0).generator("projection", "edges"))
    assert edges.sources.dtype == edges.targets.dtype == np.int64
    return edges


def pairs(edges: Edges) -> list[tuple[int, int]]:
    return list(zip(edges.sources.tolist(), edges.targets.tolist(), strict=True))


def counts(rule: Connector, between: Ends, draws: int) -> np.ndarray:
    """How often each pair is connected, shape (pre, post)."""
    table = np.zeros(between.shape, int)
    for seed in range(draws):
        edges = drawn(rule, between, seed)
        np.add.at(table, (edges.sources, edges.targets), 1)
    return table


@st.composite
def cases(draw: st.DrawFn) -> tuple[Connector, Ends, int]:
    between = ends(draw(SIZES), draw(st.none() | SIZES))
    n_pre, n_post = between.shape
    loops = draw(st.booleans())
    excluded = between.same and not loops
    kind = draw(st.sampled_from(RULES))
    if kind == "probability":
        rule: Connector = FixedProbability(draw(st.floats(0, 1)), loops)
    elif kind == "number_pre":
        rule = FixedNumberPre(draw(st.integers(0, n_pre - excluded)), loops)
    elif kind == "number_post":
        rule = FixedNumberPost(draw(st.integers(0, n_post - excluded)), loops)
    elif kind == "total":
        rule = FixedTotalNumber(draw(st.integers(0, n_pre * (n_post - excluded))), loops)
    elif kind == "distance":
        rule = DistanceDependent(draw(st.sampled_from(["exp(-d)", "2.0", "0 * d", "d < 3"])), loops)
    else:
        rule = AllToAll(loops)
    return rule, between, draw(SEEDS)


@settings(deadline=None)
@given(cases())
def test_edges_are_within_range_and_none_is_twice(case: tuple[Connector, Ends, int]) -> None:
    rule, between, seed = case
    edges = drawn(rule, between, seed)
    found = pairs(edges)
    assert len(set(found)) == len(found)
    assert all(0 <= i < between.shape[0] and 0 <= j < between.shape[1] for i, j in found)
    if between.same and not rule.allow_self_connections:
        assert all(i != j for i, j in found)


@settings(deadline=None)
@given(cases())
def test_equal_keys_give_equal_edges(case: tuple[Connector, Ends, int]) -> None:
    rule, between, seed = case
    assert pairs(drawn(rule, between, seed)) == pairs(drawn(rule, between, seed))


@settings(deadline=None)
@given(cases())
def test_numbers_are_exact(case: tuple[Connector, Ends, int]) -> None:
    rule, between, seed = case
    edges = drawn(rule, between, seed)
    n_pre, n_post = between.shape
    per_pre, per_post = (
        np.bincount(edges.sources, minlength=n_pre),
        np.bincount(edges.targets, minlength=n_post),
    )
    if isinstance(rule, FixedNumberPre):
        assert (per_post == rule.number).all()
    if isinstance(rule, FixedNumberPost):
        assert (per_pre == rule.number).all()
    if isinstance(rule, FixedTotalNumber):
        assert len(edges.sources) == rule.number
    if isinstance(rule, AllToAll):
        assert len(edges.sources) == n_pre * n_post - n_pre * (
            between.same and not rule.allow_self_connections
        )


@settings(deadline=None)
@given(SIZES)
def test_one_to_one(size: int) -> None:
    assert pairs(drawn(OneToOne(), ends(size))) == [(i, i) for i in range(size)]


@pytest.mark.parametrize("probability", [0.003, 0.1, 0.5, 0.97])
def test_fixed_probability_is_binomial(probability: float) -> None:
    draws, rule, between = 400, FixedProbability(probability), ends(30, 20)
    found = np.array([len(drawn(rule, between, seed).sources) for seed in range(draws)])
    variance = 600 * probability * (1 - probability)
    assert abs(found.mean() - 600 * probability) < 4 * np.sqrt(variance / draws)
    assert found.var(ddof=1) == pytest.approx(variance, rel=4 * np.sqrt(2 / draws))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (FixedProbability(0.3), 0.3),
        (FixedProbability(0.01), 0.01),
        (FixedNumberPre(2), 2 / 11),  # few of many: the first different ones of a row
        (FixedNumberPre(9), 9 / 11),  # many of them: the least of random keys
        (FixedNumberPost(2), 2 / 11),
        (FixedTotalNumber(10), 10 / 132),
        (FixedTotalNumber(100), 100 / 132),
        (DistanceDependent("0.4"), 0.4),
        (FixedNumberPre(Binomial(8, 0.25)), 2 / 11),  # numbers that are drawn: shuffled rows
        (FixedNumberPost(DiscreteUniform(0, 11)), 0.5),
        (FixedTotalNumber(DiscreteUniform(20, 60)), 40 / 132),
    ],
    ids=str,
)
def test_every_pair_is_equally_likely(rule: Connector, expected: float) -> None:
    draws = 3000
    table = counts(rule, ends(12), draws)
    assert not np.diag(table).any()
    off = table[~np.eye(12, dtype=bool)]
    z = (off - draws * expected) / np.sqrt(draws * expected * (1 - expected))
    assert np.abs(z).max() < 4.2  # of 132 pairs
    assert stats.chi2.sf((z**2).sum(), off.size) > 1e-3


@pytest.mark.parametrize(
    "rule", [FixedNumberPre(2, True), FixedNumberPost(2, True), FixedTotalNumber(6, True)]
)
def test_a_neuron_may_be_connected_to_itself_where_this_is_allowed(rule: Connector) -> None:
    table = counts(rule, ends(3), 2000)
    expected = 2000 * 2 / 3
    assert np.abs(table - expected).max() < 4 * np.sqrt(expected / 3)


@pytest.mark.parametrize(
    ("rule", "choices", "per_choice"),
    [
        (FixedNumberPre(5, with_replacement=True), 12 * 5, 11),
        (FixedNumberPost(5, with_replacement=True), 12 * 5, 11),
        (FixedTotalNumber(60, with_replacement=True), 60, 132),
    ],
    ids=str,
)
def test_with_replacement_each_choice_is_free(rule: Connector, choices: int, per_choice: int) -> None:
    draws = 1500
    table = counts(rule, ends(12), draws)
    assert table.sum() == draws * choices
    assert not np.diag(table).any()
    off = table[~np.eye(12, dtype=bool)]
    expected = draws * choices / 132
    freedom = 132 - 132 // per_choice  # as many sums are given
    assert 1e-3 < stats.chi2.sf(((off - expected) ** 2 / expected).sum(), freedom) < 1 - 1e-3


def test_numbers_that_are_drawn_have_their_distribution() -> None:
    targets = np.bincount(drawn(FixedNumberPre(Binomial(6, 0.4)), ends(8, 4000)).targets, minlength=4000)
    found = np.bincount(targets, minlength=7)
    assert stats.chisquare(found, 4000 * stats.binom(6, 0.4).pmf(np.arange(7))).pvalue > 0.01
    totals = [len(drawn(FixedTotalNumber(DiscreteUniform(3, 6)), ends(5), s).sources) for s in range(800)]
    assert stats.chisquare(np.bincount(totals)[3:]).pvalue > 0.01


def test_index_dependent_follows_its_function() -> None:
    draws, rule = 2000, IndexDependent(lambda i, j: (1 + i + 2 * j) / 40)
    expected = draws * (1 + np.arange(12)[:, None] + 2 * np.arange(12)[None]) / 40
    off = ~np.eye(12, dtype=bool)
    z = (counts(rule, ends(12), draws) - expected)[off] / np.sqrt(expected * (1 - expected / draws))[off]
    assert np.abs(z).max() < 4.2
    assert 1e-3 < stats.chi2.sf((z**2).sum(), z.size) < 1 - 1e-3


def test_fixed_number_chooses_every_subset_equally_often() -> None:
    draws = Counter(
        frozenset(drawn(FixedNumberPre(2), ends(9, 1), seed).sources.tolist()) for seed in range(3600)
    )
    assert len(draws) == 36
    assert stats.chisquare(list(draws.values())).pvalue > 0.01


def test_neurons_choose_independently() -> None:
    edges = drawn(FixedNumberPre(1), ends(2, 20_000))
    assert (np.diff(edges.targets) > 0).all()
    agree = np.mean(edges.sources[1:] == edges.sources[:-1])
    assert agree == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(20_000))


def test_distance_dependent_follows_its_function() -> None:
    grid = np.argwhere(np.ones((6, 6))).astype(float)
    between, draws = Ends(grid, grid, True), 600
    table = counts(DistanceDependent("exp(-d / 2)"), between, draws)
    distance = np.linalg.norm(grid[:, None] - grid[None], axis=2)
    for d in np.unique(distance)[1:]:
        at = distance == d
        trials, expected = at.sum() * draws, np.exp(-d / 2)
        assert table[at].sum() / trials == pytest.approx(
            expected, abs=4 * np.sqrt(expected * (1 - expected) / trials)
        )
    assert not np.diag(table).any()


def test_distance_dependent_takes_a_function_and_populations_of_other_dimensions() -> None:
    between = Ends(line(5), np.array([[1.0, 0.0], [1.0, 3.0]]), False)
    edges = drawn(DistanceDependent(lambda d: (d < 1.5).astype(float)), between)
    assert pairs(edges) == [(0, 0), (1, 0), (2, 0)]


def test_large_populations_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drawn(DistanceDependent("exp(-d / 5)"), ends(50))
    monkeypatch.setattr("workers.network.pairwise.PAIRS", 120)
    assert pairs(drawn(DistanceDependent("exp(-d / 5)"), ends(50))) == pairs(whole)


@pytest.mark.parametrize(
    "rule",
    [
        FixedProbability(0.02),
        FixedNumberPre(80),
        FixedNumberPost(80),
        FixedTotalNumber(320_000),
    ],
    ids=str,
)
def test_a_large_network(rule: Connector) -> None:
    edges = drawn(rule, ends(4000))
    number = len(edges.sources)
    if isinstance(rule, FixedProbability):
        assert number == pytest.approx(320_000, abs=4 * np.sqrt(320_000))
    else:
        assert number == 320_000
    assert len(np.unique(edges.sources * 4000 + edges.targets)) == number
    assert (edges.sources != edges.targets).all()
    for ranks in edges:
        assert (ranks.min(), ranks.max()) == (0, 3999)
        assert ranks.mean() == pytest.approx(1999.5, abs=4 * 4000 / np.sqrt(12 * number))


def test_tiny_probabilities_are_no_trouble() -> None:
    between = ends(4000)
    assert len(drawn(FixedProbability(1e-300), between).sources) == 0
    assert len(drawn(FixedProbability(0.0), between).sources) == 0
    assert len(drawn(FixedProbability(1.0), ends(40)).sources) == 40 * 39


def projection(pre: int = 2, post: int = 3) -> Projection:
    clear()
    made = Projection(Population(pre, Izhikevich), Population(post, Izhikevich))
    clear()
    return made


def listed(made: Projection) -> list[tuple[int, int, float]]:
    edges = drawn(made.connector, made.ends)
    return [(*pair, w) for pair, w in zip(pairs(edges), made.weights.tolist(), strict=True)]


def test_a_matrix_has_a_row_for_each_neuron_of_post() -> None:
    matrix = [[1.0, None], [2.0, 3.0], [np.nan, 0.0]]
    expected = [(0, 0, 1.0), (0, 1, 2.0), (1, 1, 3.0), (1, 2, 0.0)]
    assert listed(projection().connect_from_matrix(matrix)) == expected
    assert listed(projection().connect_from_matrix(np.array(matrix, float).T, pre_post=True)) == expected


def test_a_matrix_of_delays_goes_with_that_of_weights() -> None:
    made = projection().connect_from_matrix(
        [[1.0, None], [2.0, 3.0], [None, 0.0]], delays=[[1.0, 9.0], [2.0, 3.0], [None, 4.0]]
    )
    assert made.delays.tolist() == [1.0, 2.0, 3.0, 4.0]
    turned = projection().connect_from_matrix([[1.0, None, 5.0]] * 2, [[1, 2, 3], [4, 5, 6]], pre_post=True)
    assert turned.delays.tolist() == [1.0, 3.0, 4.0, 6.0]


@pytest.mark.parametrize("kind", ["coo", "csr", "csc", "lil"])
def test_a_sparse_matrix_is_pre_by_post(kind: str) -> None:
    table = scipy.sparse.coo_array(([1.0, 2.0, 3.0], ([1, 0, 1], [0, 2, 2])), shape=(2, 3)).asformat(kind)
    made = projection().connect_from_sparse(table, delays=2.0)
    assert sorted(listed(made)) == [(0, 2, 2.0), (1, 0, 1.0), (1, 2, 3.0)]
    assert made.delays == 2.0


def test_what_a_sparse_matrix_has_twice_is_added_up() -> None:
    table = scipy.sparse.coo_array(([1.0, 2.0], ([1, 1], [0, 0])), shape=(2, 3))
    assert listed(projection().connect_from_sparse(table)) == [(1, 0, 3.0)]
    assert table.nnz == 2


def test_a_list_has_weights_and_maybe_delays() -> None:
    made = projection().connect_from_list([(1, 2, 0.5), (0, 0, 0.25), (1, 2, 0.75)])
    assert listed(made) == [(1, 2, 0.5), (0, 0, 0.25), (1, 2, 0.75)]
    assert made.delays is None
    made.connect_from_list([(1, 2, 0.5, 3.0), (0, 0, 0.25, 4.0)])
    assert made.delays.tolist() == [3.0, 4.0]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_matrix_comes_back(data: st.DataObject) -> None:
    pre, post = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    cell = st.one_of(st.none(), st.floats(0, 10))
    rows = data.draw(st.lists(st.lists(cell, min_size=pre, max_size=pre), min_size=post, max_size=post))
    found = {(i, j): w for i, j, w in listed(projection(pre, post).connect_from_matrix(rows))}
    assert found == {(i, j): rows[j][i] for i in range(pre) for j in range(post) if rows[j][i] is not None}
