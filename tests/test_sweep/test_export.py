from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import elephant.statistics
import h5py
import neo
import numpy as np
import pandas as pd
import pytest
import quantities as pq
from neo.io import NixIO
from neo_values import identical, signal, spike_train

from sweep.plan import Plan, make_plan
from sweep.points import grid
from sweep.results.as_neo import LISTS
from sweep.results.results import Results
from sweep.store.writing import Store
from workers.outcome import Failure, Outcome
from workers.part import pack
from workers.values import encode

TIMES, RANKS = np.array([1.0, 2.0, 2.0, 5.0]), np.array([2, 0, 2, 1])


def results_of(path: Path, values: list[Any], plan: Plan | None = None) -> Results:
    plan = plan or make_plan(len(values), seed=1)
    store = Store.create(path / "s.zarr", plan)
    store.append(
        [
            pack(
                [
                    Outcome(i, failure=v) if isinstance(v, Failure) else Outcome(i, encode(v))
                    for i, v in enumerate(values)
                ]
            )
        ]
    )
    return Results(store, plan, lambda i: i)


def segment() -> neo.Segment:
    made = neo.Segment(name="cells")
    made.spiketrains.extend([spike_train([1.0, 2.0]), spike_train([])])
    made.analogsignals.append(signal(np.zeros((3, 2))))
    return made


def test_a_raster_as_neo(tmp_path: Path) -> None:
    results = results_of(tmp_path, [(TIMES, RANKS), (TIMES[:0], RANKS[:0])])
    trains = results.neo(0, cells=4, t_stop=10.0).spiketrains
    assert trains._items is None
    assert len(trains) == 4
    assert [t.magnitude.tolist() for t in trains] == [[2.0], [5.0], [1.0, 2.0], []]
    assert trains[2].annotations["rank"] == 2
    assert elephant.statistics.mean_firing_rate(trains[2]).rescale("Hz") == 200
    assert len(results.neo(0).spiketrains) == 3
    assert len(results.neo(1, cells=4).spiketrains) == 4
    assert results.neo(-1).name == "network 1"
    with pytest.raises(ValueError, match="cells is 2; there are spikes of neuron 2"):
        results.neo(0, cells=2)


def test_several_populations_as_neo(tmp_path: Path) -> None:
    by_cell = {0: TIMES[:1], 1: TIMES[:0], 5: TIMES[:2]}
    results = results_of(
        tmp_path, [{"exc": (TIMES, RANKS), "deep": [1, by_cell], "v": signal(np.zeros((2, 1)))}]
    )
    found = results.neo(0)
    assert [t.annotations["population"] for t in found.spiketrains] == ["exc"] * 3 + ["deep.1"] * 6
    assert found.spiketrains[8].magnitude.tolist() == [1.0, 2.0]
    assert len(found.analogsignals) == 1


def test_a_segment_as_neo(tmp_path: Path) -> None:
    assert identical(results_of(tmp_path, [segment()]).neo(0), segment())


def test_nothing_of_a_segment_is_lost_where_there_is_more(tmp_path: Path) -> None:
    full = segment()
    times = [1.0, 2.0] * pq.ms
    full.events.append(neo.Event(times, labels=["a", "b"]))
    full.epochs.append(neo.Epoch(times, durations=times, labels=["a", "b"]))
    full.irregularlysampledsignals.append(neo.IrregularlySampledSignal(times, [[1.0], [2.0]] * pq.mV))
    value = {"rate": 3.0, "exc": (TIMES, RANKS), "full": full, "event": full.events[0]}
    found = results_of(tmp_path, [value]).neo(0)
    assert [len(getattr(found, name)) for name in LISTS.values()] == [5, 1, 1, 2, 1]


def test_nothing_for_neo(tmp_path: Path) -> None:
    results = results_of(tmp_path, [3, Failure(1, 1, {}, "crash", "SIGSEGV", "ended")])
    with pytest.raises(TypeError, match=r"network 0 returned nothing .* return raster_plot\(\)"):
        results.neo(0)
    with pytest.raises(
        TypeError, match=r"network 1 has no spikes or signals, as it failed: .*SIGSEGV: ended"
    ):
        results.neo(1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nix(tmp_path: Path) -> None:
    failure = Failure(1, 1, {}, "crash", "SIGSEGV", "ended")
    results = results_of(tmp_path, [segment(), failure, segment()])
    results.to_nix(tmp_path / "r.nix")
    with NixIO(str(tmp_path / "r.nix"), "ro") as file:
        blocks = file.read_all_blocks()
    assert [b.name for b in blocks] == ["network 0", "network 2"]
    assert blocks[1].segments[0].spiketrains[0].magnitude.tolist() == [1.0, 2.0]
    with pytest.raises(FileExistsError):
        results.to_nix(tmp_path / "r.nix")


def test_sonata(tmp_path: Path) -> None:
    results = results_of(tmp_path, [{"exc": (TIMES[::-1].copy(), RANKS[::-1].copy()), "inh": segment()}])
    results.to_sonata(tmp_path / "spikes")
    with h5py.File(tmp_path / "spikes" / "spikes_0.h5") as file:
        assert list(file["spikes"]) == ["exc", "inh"]
        exc = file["spikes/exc"]
        assert exc["timestamps"][:].tolist() == [1.0, 2.0, 2.0, 5.0]
        assert exc["timestamps"].attrs["units"] == "milliseconds"
        assert exc["node_ids"][:].tolist() == [2, 2, 0, 1]
        assert h5py.check_enum_dtype(exc.attrs.get_id("sorting").dtype)["by_time"] == exc.attrs["sorting"]


def test_trains_in_one_list_are_one_population(tmp_path: Path) -> None:
    trains = [spike_train([float(i + 1)] * i) for i in range(3)]
    value = {"a": trains, "b/c": segment(), "of": {"b": segment()}}
    results = results_of(tmp_path, [value, trains])
    results.to_sonata(tmp_path / "spikes")
    with h5py.File(tmp_path / "spikes" / "spikes_0.h5") as file:
        assert list(file["spikes"]) == ["a", "b_c", "of.b"]
        assert file["spikes/a/node_ids"][:].tolist() == [1, 2, 2]
        assert file["spikes/a/timestamps"][:].tolist() == [2.0, 3.0, 3.0]
    with h5py.File(tmp_path / "spikes" / "spikes_1.h5") as file:
        assert list(file["spikes"]) == ["cells"]


def test_what_cannot_be_exported_leaves_nothing_behind(tmp_path: Path) -> None:
    results = results_of(tmp_path, [(TIMES, RANKS), 1])
    with pytest.raises(TypeError, match="network 1 returned no spikes"):
        results.to_sonata(tmp_path / "spikes")
    with pytest.raises(TypeError, match=r"network 1 returned nothing that can be a neo.Segment"):
        results.to_nix(tmp_path / "r.nix")
    assert [p.name for p in tmp_path.iterdir()] == ["s.zarr"]


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_table(tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweep.results.export.ROWS", 3)
    plan = make_plan(points=grid(a=[1, 2], b=["x", "y"]), replicates=2, seed=1)
    failure = Failure(5, 1, {}, "crash", "SIGSEGV", "ended")
    values = [{"n": i, "s": f"é{i}", "t": np.arange(i), "v": np.zeros(2)} for i in range(8)]
    results_of(tmp_path, [*values[:5], failure, *values[6:]], plan).to_table(tmp_path / f"t.{end}")
    table = pd.read_csv(tmp_path / "t.csv") if end == "csv" else pd.read_parquet(tmp_path / "t.parquet")
    assert list(table.columns) == ["network", "status", "a", "b", "replicate", "n", "s"]
    assert table.network.tolist() == list(range(8))
    assert table.a.tolist() == [1] * 4 + [2] * 4
    assert table.b.tolist() == ["x", "x", "y", "y"] * 2
    assert table.n.tolist()[:5] == [0, 1, 2, 3, 4]
    assert np.isnan(table.n[5])
    assert table.status.tolist() == ["ok"] * 5 + ["crash", "ok", "ok"]
    assert table.s[3] == "é3"


def test_a_table_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a path that ends with .csv or .parquet"):
        results_of(tmp_path, [1]).to_table(tmp_path / "t.xlsx")


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"to_sonata needs h5py: pip install 'neurosweep\[export\]'"):
        results_of(tmp_path, [(TIMES, RANKS)]).to_sonata(tmp_path / "spikes")
