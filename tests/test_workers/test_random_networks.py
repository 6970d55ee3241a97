"""The redraw contract, on networks that hypothesis makes up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.draw import draw as drawn_from
from workers.instance import Cells, Instance
from workers.keys import Key
from workers.live import Network
from workers.network import (
    Binomial,
    DiscreteUniform,
    Exponential,
    Gamma,
    IF_cond_exp,
    IF_curr_alpha,
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
)

Made = dict[str, Population]
Part = tuple[str, Callable[[Made], Any]]
"""The name of a population, projection or background, and what makes it among the populations there are."""

POSITIVE = [Uniform(1.0, 2.0), LogNormal(0.0, 0.5), Exponential(2.0, min=0.1), Gamma(2.0, 1.0, min=0.1)]
RULES = {
    "all_to_all": {},
    "fixed_probability": {"probability": 0.5},
    "fixed_number_pre": {"number": 2},
    "fixed_number_post": {"number": 2},
    "fixed_total_number": {"number": 5},
    "distance_dependent": {"probability": "exp(-d / 3)"},
}


def values(size: int) -> st.SearchStrategy[Any]:
    """A number, an array, or a distribution."""
    return st.sampled_from([1.5, np.linspace(1.0, 2.0, size), *POSITIVE])


@st.composite
def population(draw: st.DrawFn, name: str, kinds: list[Any]) -> tuple[Part, int]:
    size, kind = draw(st.integers(3, 8)), draw(st.sampled_from(kinds))
    first, second = draw(values(size)), draw(values(size) | st.just(Normal(-60.0, 3.0)))

    def make(made: Made) -> None:
        if kind is None:
            made[name] = PoissonPopulation(size, rates=first, name=name)
        else:
            parameter = "a" if kind is Izhikevich else "cm"
            made[name] = Population(size, kind(**{parameter: first, "v": second}), name=name)

    return (name, make), size


@st.composite
def projection(draw: st.DrawFn, name: str, sizes: dict[str, int]) -> Part:
    pre = draw(st.sampled_from(sorted(sizes)))
    post = draw(st.sampled_from(sorted(n for n in sizes if "source" not in n)))
    rule = draw(st.sampled_from(sorted(RULES)))
    table = np.arange(1.0, sizes[pre] * sizes[post] + 1).reshape(sizes[pre], sizes[post])
    weights = draw(st.sampled_from([0.5, table, *POSITIVE]))
    delays = draw(st.sampled_from([None, 2.0, table, DiscreteUniform(1, 5), Gamma(2.0, 1.0, min=1.0)]))
    synapse = draw(st.sampled_from([None, TsodyksMarkramSynapse(U=Uniform(0.1, 0.9), tau_rec=POSITIVE[0])]))

    def make(made: Made) -> None:
        projection = Projection(made[pre], made[post], name=name, synapse=synapse)
        getattr(projection, f"connect_{rule}")(**RULES[rule], weights=weights, delays=delays)

    return name, make


@st.composite
def background(draw: st.DrawFn, name: str, sizes: dict[str, int]) -> Part:
    post = draw(st.sampled_from(sorted(n for n in sizes if "source" not in n)))
    rate, weight = draw(values(sizes[post])), draw(values(sizes[post]))
    return name, lambda made: PoissonInput(made[post], rate, weight, name=name)


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Part], list[Part]]:
    """Populations, and projections and backgrounds: to be made in any order of each."""
    names = [f"cells {i}" for i in range(draw(st.integers(1, 3)))]
    made = [draw(population(name, [IF_curr_alpha, IF_cond_exp, Izhikevich])) for name in names]
    made += [draw(population(f"source {i}", [None])) for i in range(draw(st.integers(0, 1)))]
    sizes = {name: size for (name, _), size in made}
    number = draw(st.integers(0, 4))
    parts = [draw(projection(f"projection {i}", sizes)) for i in range(number)]
    parts += [draw(background(f"background {i}", sizes)) for i in range(draw(st.integers(0, 2)))]
    return [p for p, _ in made], parts


def instance(parts: Sequence[Part], key: Key) -> Instance:
    made: Made = {}
    with Network() as net:
        for _, make in parts:
            make(made)
    return drawn_from(net, key)


def bits(found: Instance) -> dict[str, bytes]:
    """All that was drawn, by name."""
    of = {}
    for cells in found.populations:
        if isinstance(cells, Cells):
            of[cells.name] = b"".join(v.tobytes() for v in (cells.parameters | cells.state).values())
    for s in found.projections:
        drawn = (s.sources, s.targets, s.weights, s.delays, *s.parameters.values())
        of[s.name] = b"".join(a.tobytes() for a in drawn)
    for b in found.backgrounds:
        of[b.name] = b"".join(a.tobytes() for a in (b.rates, b.weights, b.keys))
    return of


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(0, 2**70), st.integers(0, 2**40), st.data())
def test_what_is_drawn_depends_on_seed_index_and_object_alone(
    network: tuple[list[Part], list[Part]], seed: int, index: int, data: st.DataObject
) -> None:
    populations, projections = network
    whole = bits(instance([*populations, *projections], Key(seed, index)))
    turned = [*data.draw(st.permutations(populations)), *data.draw(st.permutations(projections))]
    assert bits(instance(turned, Key(seed, index))) == whole
    fewer = [p for p in projections if data.draw(st.booleans())]
    some = bits(instance([*populations, *fewer], Key(seed, index)))
    assert some == {n: b for n, b in whole.items() if n in some}
    monitored = [*populations, *projections, ("m", lambda made: Monitor(made["cells 0"], "spike"))]
    assert bits(instance(monitored, Key(seed, index))) == whole


def test_a_distribution_is_drawn_anew_wherever_it_may_stand() -> None:
    def same(value: Any, delay: Any) -> list[bool]:
        with Network() as net:
            cells = Population(6, Izhikevich(a=value, v=value))
            Projection(cells, cells).connect_all_to_all(weights=value, delays=delay)
        found = []
        for index in range(2):
            drawn = drawn_from(net, Key(1, index))
            (of,), (s,) = drawn.populations, drawn.projections
            assert isinstance(of, Cells)
            found.append([of.parameters["a"], of.state["v"], np.resize(s.weights, 6), np.resize(s.delays, 6)])
        return [bool(np.array_equal(a, b)) for a, b in zip(*found, strict=True)]

    for value in [*POSITIVE, Normal(2.0, 0.1), Normal(1.0, 1.0, min=0.1)]:
        assert same(value, Uniform(1.0, 9.0)) == [False] * 4, value
    for delay in (DiscreteUniform(1, 9), Binomial(40, 0.5), Gamma(2.0, 5.0, min=1.0)):
        assert same(1.0, delay) == [True, True, True, False], delay
    assert same(1.0, 2.0) == [True] * 4
