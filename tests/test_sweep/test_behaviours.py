"""The behaviours that ANNarchy's parallel_run has or should have had, on NEST."""

from __future__ import annotations

import functools
import importlib
import os
import random
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sweep import Constant, Failure, Network, Normal, SweepError, parallel_run


def test_results_come_in_the_order_of_the_input_whatever_finishes_first() -> None:
    def slow_at_first(idx, net):
        time.sleep(0.3 if idx == 0 else 0.0)
        return idx

    assert parallel_run(slow_at_first, number=7) == [0, 1, 2, 3, 4, 5, 6]


def test_the_first_network_is_silent_and_the_others_fire_more_with_more_input(page: SimpleNamespace) -> None:
    inputs, spikes = page.inputs, page.spikes

    def simulation(idx, net, rates):
        net.get(inputs).rates = rates
        net.simulate(500.0)
        return net.get(spikes).mean_fr()

    silent, some, more = parallel_run(simulation, number=3, rates=[0, 10, 20], seed=2)

    assert silent == 0.0
    assert 0.0 < some < more


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_sequences_hold_one_value_for_each_network(kind: type) -> None:
    def method(idx, net, a, b, c):
        return a, b, c

    results = parallel_run(method, number=2, a=kind([1, 2]), b=5, c=Constant([7, 8]))

    assert results == [(1, 5, [7, 8]), (2, 5, [7, 8])]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"number": 3, "rates": [1.0, 2.0]}, ["rates", "2", "3"]),
        ({"number": 2, "rates": [1.0, 2.0], "weights": 3.0}, ["weights"]),
        ({"number": 2}, ["rates"]),
        ({"number": 0, "rates": 1.0}, ["number"]),
        ({"number": -1, "rates": 1.0}, ["number", "-1"]),
        ({"rates": [1.0], "timeout": "10s"}, ["timeout", "'10s'", "seconds"]),
        ({"rates": [1.0], "store": 3}, ["store", "3", "path"]),
        ({"rates": [1.0], "store": ""}, ["store", "''", "path"]),
        ({"rates": [1.0], "networks": 3}, ["networks", "3", "Network"]),
        ({"number": 2, "rates": 1.0, "seed": -1}, ["seed", "-1"]),
        ({"number": 2, "rates": 1.0, "seed": "one"}, ["seed", "'one'"]),
    ],
)
def test_wrong_arguments_are_named_before_any_run(arguments: dict, words: list[str], tmp_path) -> None:
    ran = tmp_path / "ran"

    def method(idx, net, rates):
        ran.touch()

    with pytest.raises((ValueError, TypeError)) as error:
        parallel_run(method, **arguments)

    assert all(word in str(error.value) for word in words)
    assert not ran.exists()


def test_the_same_seed_gives_the_same_bits_whatever_ran_them(page: SimpleNamespace) -> None:
    inputs, cells, spikes = page.inputs, page.cells, page.spikes
    cells.v = Normal(-65.0, 5.0)

    def simulation(idx, net):
        net.get(inputs).rates = 15.0
        net.simulate(200.0)
        return *net.get(spikes).raster_plot(), net.get(cells).v, np.random.rand(), random.random()

    two = parallel_run(simulation, number=5, seed=3)

    assert parallel_run(simulation, number=5, seed=3, max_processes=1) == list(two)
    assert parallel_run(simulation, number=5, seed=3, cluster="debug") == list(two)
    assert two.replay(3)[2].tobytes() == two[3][2].tobytes()


def test_different_networks_have_different_draws_of_every_kind(page: SimpleNamespace) -> None:
    cells, synapses = page.cells, page.synapses
    cells.v = Normal(-65.0, 5.0)

    def simulation(idx, net):
        net.compile()
        edges = net.get(synapses).edges
        return {
            "edges": edges.sources * 100 + edges.targets,
            "state": net.get(cells).v,
            "numpy": np.random.rand(3),
            "python": random.random(),
            "own": net.rng.random(3),
        }

    results = list(parallel_run(simulation, number=6, seed=1))

    for name in ("edges", "state", "numpy", "python", "own"):
        seen = {np.asarray(value[name]).tobytes() for value in results}
        assert len(seen) == 6, name


def test_the_base_network_and_other_copies_are_untouched(page: SimpleNamespace) -> None:
    inputs = page.inputs

    def simulation(idx, net):
        before = float(net.get(inputs).rates)
        net.get(inputs).rates = 99.0
        return before

    assert parallel_run(simulation, number=4) == [10.0] * 4
    assert parallel_run(simulation, number=4, cluster="debug") == [10.0] * 4
    assert inputs.rates == 10.0


def test_one_after_the_other_equals_side_by_side(page: SimpleNamespace) -> None:
    spikes = page.spikes

    def simulation(idx, net):
        net.simulate(300.0)
        return net.get(spikes).raster_plot()

    parallel = parallel_run(simulation, number=4, seed=9)

    assert parallel_run(simulation, number=4, seed=9, cluster="debug") == list(parallel)


def test_a_population_that_a_network_lacks_is_named(page: SimpleNamespace) -> None:
    inputs, cells, spikes = page.inputs, page.cells, page.spikes
    net1 = Network()
    net1.add([cells, spikes])
    net2 = Network(everything=True)

    def simulation(idx, net):
        net.get(inputs).rates = 20.0

    results = parallel_run(simulation, networks=[net1, net2], on_error="keep")

    assert isinstance(results[0], Failure)
    assert "Poisson[100]" in results[0].message
    assert "not in this network" in results[0].message
    assert results[1] is None


def _dies_of(how: str) -> None:
    if how == "exception":
        raise ValueError("as planned")
    if how == "exit":
        os._exit(3)
    if how == "hang":
        time.sleep(3600)
    os.kill(os.getpid(), getattr(signal, how))


@pytest.mark.parametrize(
    ("how", "kind", "error"),
    [
        ("exception", "exception", "ValueError"),
        ("exit", "crash", "exit code 3"),
        ("SIGSEGV", "crash", "SIGSEGV"),
        ("SIGKILL", "crash", "SIGKILL"),
        ("hang", "timeout", "TimeoutError"),
    ],
)
def test_one_failure_keeps_the_others(how: str, kind: str, error: str) -> None:
    def method(idx, net, x):
        if idx == 4:
            _dies_of(how)
        return x

    results = parallel_run(
        method, x=list(range(10)), seed=5, on_error="keep", timeout=3.0 if how == "hang" else None
    )

    assert [v for i, v in enumerate(results) if i != 4] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    (failure,) = results.errors
    assert failure == results[4]
    assert (failure.index, failure.seed, failure.parameters["x"]) == (4, 5, 4)
    assert (failure.kind, failure.error) == (kind, error)
    if how == "exception":
        assert "_dies_of(how)" in failure.traceback
        assert "as planned" in failure.traceback


def test_a_failure_is_raised_after_all_are_done_and_holds_the_results() -> None:
    def method(idx, net):
        return 1 // (idx - 1)

    with pytest.raises(SweepError, match="1 of 4 networks failed") as error:
        parallel_run(method, number=4)

    results = error.value.results
    assert [results[i] for i in (0, 2, 3)] == [-1, 1, 0]
    assert results.errors[0].error == "ZeroDivisionError"
    with pytest.raises(ZeroDivisionError):
        results.replay(1)


def test_lambdas_and_closures_over_large_arrays_travel() -> None:
    table = np.arange(1_000_000)

    assert parallel_run(lambda idx, net: int(table[idx * 1000]), number=5) == [0, 1000, 2000, 3000, 4000]


def test_a_partial_travels() -> None:
    def method(factor, idx, net, x):
        return factor * x

    assert parallel_run(functools.partial(method, 3), x=[1, 2], cluster="debug") == [3, 6]


def test_an_edited_module_is_seen_by_workers_and_by_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    path, store = tmp_path / "helpers_of_a_person.py", tmp_path / "s.zarr"
    path.write_text("def scaled(x): return x")
    helpers = importlib.import_module(path.stem)

    def method(idx, net, x):
        return helpers.scaled(x)

    assert parallel_run(method, x=[1, 2], seed=1, store=store) == [1, 2]
    path.write_text("def scaled(x): return 10 * x")
    importlib.reload(helpers)
    assert parallel_run(method, x=[1, 2], seed=1) == [10, 20]
    with pytest.raises(ValueError, match=r"helpers\.scaled, which the method .* uses, has changed"):
        parallel_run(method, x=[1, 2, 3], seed=1, store=store)


def test_reset_and_simulate_until_work_in_a_method(page: SimpleNamespace) -> None:
    cells, spikes = page.cells, page.spikes

    def method(idx, net):
        net.simulate(100.0)
        first = net.get(spikes).raster_plot()
        net.reset()
        assert net.time == 0.0
        assert len(net.get(spikes).raster_plot()[0]) == 0
        net.simulate(100.0)
        return first, net.get(spikes).raster_plot(), net.get(cells).v

    (first, second, _), (other, _, _) = parallel_run(method, number=2, seed=1)

    assert not np.array_equal(first[0], second[0])
    assert not np.array_equal(first[0], other[0])
