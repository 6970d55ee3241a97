"""Network i of a sweep with seed s is one fixed network, whatever ran it."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sweep import Izhikevich, Monitor, Normal, Population, Projection, Results, Uniform, local, parallel_run


@pytest.fixture
def drawn(page: SimpleNamespace) -> SimpleNamespace:
    """The page's network, with something drawn of every kind."""
    page.cells.v = Normal(-65.0, 5.0)
    page.cells.a = Uniform(0.02, 0.03)
    page.synapses.connect_fixed_probability(0.2, weights=Uniform(2.0, 8.0), delays=Uniform(1.0, 5.0))
    return page


def run(drawn: SimpleNamespace, seed: int = 7, simulator: str = "nest", **options: Any) -> Results:
    inputs, cells, synapses, spikes = drawn.inputs, drawn.cells, drawn.synapses, drawn.spikes

    def method(idx, net):
        net.get(inputs).rates = 10.0 + idx
        net.simulate(100.0)
        times, ranks = net.get(spikes).raster_plot()
        drawn = net.get(synapses)
        arrays = [*drawn.edges, drawn.weights, drawn.delays, net.get(cells).a, net.get(cells).v, times, ranks]
        return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()

    return parallel_run(method, number=7, seed=seed, simulator=simulator, **options)


@pytest.mark.parametrize("chunk", [1, 3, 7])
@pytest.mark.parametrize("cluster", [local(1), local(2), local(3), "debug"])
def test_workers_and_chunks_change_no_bit(
    drawn: SimpleNamespace, cluster: Any, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = list(_reference(drawn))
    monkeypatch.setattr("sweep.schedule.Schedule.size", lambda self, left, workers: min(chunk, left))

    assert run(drawn, cluster=cluster) == expected


_known: list[str] = []


def _reference(drawn: SimpleNamespace) -> list[str]:
    if not _known:
        _known.extend(run(drawn))
        assert len(set(_known)) == 7
    return _known


def test_another_seed_gives_other_networks(drawn: SimpleNamespace) -> None:
    assert not set(run(drawn, seed=8)) & set(_reference(drawn))


def test_a_fresh_seed_is_recorded_and_gives_the_same_again(drawn: SimpleNamespace) -> None:
    first = run(drawn, seed=None)

    assert list(run(drawn, seed=first.seed)) == list(first)


@pytest.mark.parametrize("what", ["monitor", "population before", "projection"])
def test_more_in_the_network_changes_no_draw_of_the_rest(what: str) -> None:
    def build(more: str) -> SimpleNamespace:
        from sweep import PoissonPopulation, clear

        clear()
        if more == "population before":
            Population(30, Izhikevich)
        inputs = PoissonPopulation(100, rates=10.0)
        cells = Population(100, Izhikevich)
        synapses = Projection(inputs, cells, "exc")
        synapses.connect_fixed_probability(0.2, weights=Uniform(2.0, 8.0), delays=Uniform(1.0, 5.0))
        cells.v = Normal(-65.0, 5.0)
        cells.a = Uniform(0.02, 0.03)
        if more == "monitor":
            Monitor(inputs, "spike")
            Monitor(cells, ["v", "u"], period=5.0)
        if more == "projection":
            other = Population(10, Izhikevich, name="other")
            Projection(cells, other, "inh").connect_fixed_probability(0.5, weights=1.0)
        return SimpleNamespace(inputs=inputs, cells=cells, synapses=synapses, spikes=Monitor(cells, "spike"))

    assert list(run(build(what), cluster="debug")) == list(run(build("nothing"), cluster="debug"))


def test_brian2_has_the_same_bits_wherever_it_runs(drawn: SimpleNamespace) -> None:
    everywhere = {tuple(run(drawn, simulator="brian2", cluster=c)) for c in (local(1), local(2), "debug")}

    assert len(everywhere) == 1
