"""A store that is gone on with: what it holds stays, what is missing is run, what has changed is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sweep
from sweep import (
    Constant,
    Failure,
    IF_curr_exp,
    Izhikevich,
    Network,
    Population,
    Projection,
    Results,
    SweepError,
    Uniform,
    grid,
    parallel_run,
    setup,
)
from sweep.store.keeping import ChangedSweep
from sweep.store.provenance import SIMULATORS
from sweep.store.schema import REPLACED

Run = Callable[..., Results]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run in this process, into one store."""
    return lambda method, *args, **kwargs: parallel_run(
        method, *args, **{"cluster": "debug", "store": tmp_path / "s.zarr"} | kwargs
    )


def draws(idx: int, net: Network, **parameters: Any) -> Any:
    return (idx, float(net.rng.random()), *parameters.values())


def calls(path: Path) -> list[int]:
    """Tell which call stored each network, by index."""
    tree = xr.open_datatree(path, engine="zarr")
    order = np.argsort(tree.network.values)
    return tree["provenance"]["call"].values[order].tolist()


def test_the_same_call_again_runs_nothing(run: Run, tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    def method(idx, net, ran=str(ran)):
        with Path(ran).open("a") as file:
            file.write("x")
        return idx

    first = run(method, number=3)
    second = run(method, number=3)
    assert first == second == [0, 1, 2]
    assert first.seed == second.seed
    assert ran.read_text() == "xxx"
    assert second.replay(1) == 1


def test_more_networks_are_added(run: Run, tmp_path: Path) -> None:
    three = list(run(draws, number=3, seed=5))
    assert run(draws, number=5, seed=5)[:3] == three
    assert run(draws, number=5) == parallel_run(draws, number=5, seed=5, cluster="debug")
    assert calls(tmp_path / "s.zarr") == [0, 0, 0, 1, 1]
    assert run(draws, number=2) == three[:2]


def test_a_finer_grid_keeps_what_there_is(run: Run) -> None:
    coarse = run(draws, points=grid(a=[0, 10], b=[1, 2]), seed=1)
    stored = {value[2:]: value for value in coarse}
    fine = run(draws, points=grid(a=[0.0, 5, 10], b=[1, 2]))
    assert [v[2:] for v in fine] == [(a, b) for a in (0, 5, 10) for b in (1, 2)]
    assert [v for v in fine if v[2:] in stored] == list(stored.values())
    assert sorted(v[0] for v in fine) == [*range(6)]
    assert fine.dataset["result.1"].dims == ("a", "b")
    assert fine.dataset["result.0"].sel(a=5, b=2).item() == 5
    assert fine.dataset.network.sel(a=10, b=1).item() == 2
    assert fine.replay(2) == fine[2]
    turned = run(draws, points=grid(b=[2, 1], a=[10, 5]))
    assert [v[:2] for v in turned] == [fine[i][:2] for i in (5, 3, 4, 2)]


def test_more_replicates_are_added(run: Run) -> None:
    two = run(draws, points=grid(a=[1, 2]), replicates=2, seed=1)
    three = run(draws, points=grid(a=[1, 2]), replicates=3)
    assert [three[i] for i in (0, 1, 3, 4)] == list(two)
    assert [three[i][0] for i in (2, 5)] == [4, 5]
    assert len({v[1] for v in three}) == 6
    assert three.dataset["result.1"].dims == ("a", "replicate")


def test_a_constant_that_comes_to_vary_has_a_column_from_the_start(run: Run, tmp_path: Path) -> None:
    run(draws, number=2, a=7, b="x", seed=1)
    results = run(draws, points=grid(a=[7, 8]), replicates=2, b="x")
    assert [v[0] for v in results] == [0, 1, 2, 3]
    assert results.dataset.a.values.tolist() == [7, 8]
    run(draws, number=2, a=7, b="y")
    data = xr.open_dataset(tmp_path / "s.zarr", engine="zarr").sortby("network")
    assert data.a.values.tolist() == [7, 7, 8, 8, 7, 7]
    assert data.b.values.tolist() == ["x"] * 4 + ["y"] * 2
    assert data.replicate.values.tolist() == [0, 1, 0, 1, 0, 1]


def test_lists_of_networks(run: Run) -> None:
    nets = []
    for size in (1, 2, 3):
        with Network() as net:
            Population(size, Izhikevich, name="cells")
        nets.append(net)

    def method(idx, net):
        return len(next(iter(net)))

    assert run(method, networks=nets[:2]) == [1, 2]
    assert run(method, networks=nets) == [1, 2, 3]
    next(iter(nets[1])).a = 0.03
    with pytest.raises(ChangedSweep, match=r"networks\[1\]: population cells: parameter a was 0.02, is 0.03"):
        run(method, networks=nets)


def test_another_seed_is_refused(run: Run) -> None:
    run(draws, number=1, seed=4)
    with pytest.raises(ValueError, match="has the seed 4, and not 5"):
        run(draws, number=1, seed=5)


def test_failed_networks_run_again_on_request(run: Run, tmp_path: Path) -> None:
    fine = tmp_path / "fine"

    def method(idx, net, fine=str(fine)):
        if idx % 2 and not Path(fine).exists():
            raise ValueError("not yet")
        return idx

    with pytest.raises(SweepError, match="2 of 4"):
        run(method, number=4)
    fine.touch()
    kept = run(method, number=4, on_error="keep")
    assert isinstance(kept[1], Failure)
    again = run(method, number=4, retry="failed")
    assert again == [0, 1, 2, 3]
    assert not again.errors
    data = xr.open_datatree(tmp_path / "s.zarr", engine="zarr")
    rows = data.network.values.tolist()
    assert sorted(rows) == [-1, -1, 0, 1, 2, 3]
    assert data.status.values[np.array(rows) < 0].tolist() == [REPLACED] * 2
    attempts = dict(zip(rows, data["provenance"].attempt.values.tolist(), strict=True))
    assert attempts == {-1: 1, 0: 1, 1: 2, 2: 1, 3: 2}
    assert len(again.timings.network) == 4


LIMIT = 3


def limited(idx: int, net: Network) -> int:
    return min(idx, LIMIT)


def test_a_changed_method_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(k, plus=lambda x: x + 1):
        def method(idx, net, n=2):
            # a comment changes nothing
            return plus(k * n)

        return method

    run(made(1), number=1)
    run(made(1), number=1)
    with pytest.raises(ChangedSweep, match=r"k, which the method .*method uses, was 1, is 2"):
        run(made(2), number=1)
    with pytest.raises(ChangedSweep, match="plus, which the method"):
        run(made(1, lambda x: x + 2), number=1)
    with pytest.raises(ChangedSweep, match=r"the method .*lambda.* has changed"):
        run(lambda idx, net: 3, number=1)
    assert run(made(2), number=2, resume="force") == [3, 5]


def test_a_changed_global_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(limited, number=5)
    monkeypatch.setitem(limited.__globals__, "LIMIT", 4)
    with pytest.raises(ChangedSweep, match="LIMIT, which the method limited uses, was 3, is 4"):
        run(limited, number=5)


def test_a_changed_network_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = Population(100, Izhikevich)
    synapses = Projection(cells, cells, "exc").connect_fixed_probability(weights=1.0, probability=0.2)
    run(draws, number=1)
    cells.a = 0.02  # its default
    run(draws, number=1)
    cells.a = Uniform(0.02, 0.03)
    synapses.connect_fixed_probability(weights=np.ones((100, 100)), probability=0.3)
    Population(2, IF_curr_exp, name="more")
    setup(dt=0.5)
    with pytest.raises(ChangedSweep) as error:
        run(draws, number=1)
    for words in [
        r"population Izhikevich[100]: parameter a was 0.02, is Uniform(min=0.02, max=0.03)",
        "connector was FixedProbability(probability=0.2",
        "weights was 1.0, is an array of shape (100, 100)",
        "population more is new",
        "dt was 1.0 ms, is 0.5 ms",
        'resume="force"',
    ]:
        assert words in str(error.value)


def test_a_changed_simulator_or_version_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(draws, number=1)
    with pytest.raises(ChangedSweep, match="the simulator was nest, is brian2"):
        run(draws, number=1, simulator="brian2")
    monkeypatch.setitem(SIMULATORS, "nest", "numpy")
    with pytest.raises(ChangedSweep, match=r"the version of nest was .*, is 2"):
        run(draws, number=1)


def test_other_parameters_are_refused(run: Run) -> None:
    def method(idx, net, **parameters):
        return idx

    run(method, number=2, a=1)
    with pytest.raises(ChangedSweep, match="the parameters were a, are a, b"):
        run(method, number=2, a=1, b=2)
    assert run(method, number=2, a=1, b=2, resume="force") == [2, 3]


def test_values_of_many_kinds_are_found_again(run: Run) -> None:
    values = [1, True, "1", 2.5, None, [1, 2], (1, 2), np.arange(3), 2**70, {"a": 1}]
    first = list(run(lambda idx, net, v, c: idx, v=values, c=Constant([1, 2]), seed=1))
    turned = run(lambda idx, net, v, c: idx, v=values[::-1], c=Constant([1, 2]), resume="force")
    assert list(turned) == first[::-1]


def test_equal_numbers_are_the_same_parameter(run: Run) -> None:
    run(draws, a=[0, 1, 2.5], seed=1)
    for same in ([-0.0, True + 0.0, 2.5], np.array([-0.0, 1, 2.5]), [np.int8(0), np.float32(1), 2.5]):
        assert [v[0] for v in run(draws, a=same)] == [0, 1, 2]


def test_what_is_no_store_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.zarr").mkdir()
    (tmp_path / "s.zarr" / "mine").touch()
    with pytest.raises(FileExistsError, match="is no store of a sweep"):
        run(draws, number=1)
    with pytest.raises(ValueError, match=r"'abc://bucket/s\.zarr': Protocol not known: abc"):
        run(draws, number=1, store="abc://bucket/s.zarr")
    with pytest.raises(ValueError, match="name it with store="):
        run(draws, number=1, store=None, retry="failed")


def test_a_wrong_cluster_is_refused_before_a_store_is_made(run: Run, tmp_path: Path) -> None:
    for wrong in ({"cluster": "locl"}, {"cluster": None, "max_processes": 0}):
        with pytest.raises(ValueError, match=r"cluster='locl'; expected None, local|cores=0; expected"):
            run(draws, number=1, **wrong)
    assert not [*tmp_path.iterdir()]


def test_a_changed_structure_is_stored_after_force(run: Run) -> None:
    def number(idx, net):
        if idx == 1:
            raise ValueError("not yet")
        return idx

    def text(idx, net):
        return {"name": f"{idx}", "v": np.arange(idx)} if idx < 4 else "other"

    run(number, number=3, on_error="keep")
    results = run(text, number=5, resume="force", retry="failed", on_error="keep")
    assert (results[0], results[2]) == (0, 2)
    assert (results[1]["name"], results[3]["v"].tolist()) == ("1", [0, 1, 2])
    assert "is a string, but a dict in the networks stored before" in results[4].message
    assert run(text, number=5, on_error="keep")[3]["name"] == "3"


def test_a_network_is_found_by_its_labels_after_the_grid_has_grown(tmp_path: Path) -> None:
    def method(idx, net, x):
        if x == 2:
            raise ValueError("of network two")
        return 10 * x

    call: dict[str, Any] = {"store": tmp_path / "s.zarr", "seed": 1, "cluster": "debug", "on_error": "keep"}
    parallel_run(method, points=grid(x=[2]), **call)
    results = parallel_run(method, points=grid(x=[1, 2, 3]), **call)
    (failure,) = results.errors

    assert results.places["network"].sel(x=2) == failure.index == 0  # its draws are those that it had
    assert results[results.places.sel(x=3).item()] == 30
    assert results.places.sel(x=2) == 1
    with pytest.raises(ValueError, match="of network two"):
        results.replay(failure)
    with pytest.raises(ValueError, match="not one of the errors of these results"):
        results.replay(parallel_run(method, x=[2], cluster="debug", on_error="keep").errors[0])


def test_where_results_come_from_is_told_and_the_network_made_again(tmp_path: Path) -> None:
    with Network(dt=0.5) as base:
        Population(3, IF_curr_exp(tau_m=15.0), name="cells")
    for number in (1, 2):
        parallel_run(lambda idx, net: idx, number, base, store=tmp_path / "s.zarr", seed=1, cluster="debug")
    first, last = sweep.open(tmp_path / "s.zarr").provenance
    assert first["time"] <= last["time"]
    assert "lambda idx, net: idx" in last["method"]["source"]
    assert {"numpy", "zarr", "neurosweep"} <= last["versions"].keys()
    assert Network.from_dict(last["networks"][0]).to_dict() == base.to_dict()
    (nothing,) = parallel_run(lambda idx, net: idx, 1, cluster="debug").provenance
    assert "method" not in nothing
