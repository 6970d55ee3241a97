"""What a sweep gives back."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np

from sweep.plan import Plan
from sweep.results.same import same
from sweep.store.reading import Reader
from workers.folder import Folder
from workers.outcome import Failure

if TYPE_CHECKING:
    import xarray as xr

BLOCK_BYTES = 1 << 23
LARGEST_BLOCK = 4096


class Kept(Protocol):
    """Something that keeps results in a folder, for as long as it exists."""

    @property
    def folder(self) -> Folder: ...


class Results(Sequence[Any]):
    """What the method returned in each network, in order of the indices; a Failure where it failed.

    Values are read from the store when they are asked for.

    Parameters
    ----------
    store : Store, or another object with a folder
        Where the values are; what is appended later is not seen.
    plan : Plan
        The plan of the sweep.
    replay : callable
        ``replay(i)`` runs network `i` again in this process.
    """

    def __init__(self, store: Kept, plan: Plan, replay: Callable[[int], Any]) -> None:
        self._store = store  # a temporary store lives as long as its results
        self._plan = plan
        self._replay = replay
        self._reader = Reader(store.folder)
        self._block: tuple[int, list[Callable[[], Any]]] = (-1, [])

    @property
    def store(self) -> Path | str:
        """Where the results are stored: a path, or the URL of a cloud."""
        return self._store.folder.path

    @property
    def seed(self) -> int:
        """The seed of the sweep."""
        return self._plan.seed

    @cached_property
    def choice(self) -> str:
        """What the last call with ``simulator="auto"`` chose, and why; empty where it named a simulator."""
        return str(self.provenance[-1].get("choice", ""))

    @property
    def provenance(self) -> list[dict[str, Any]]:
        """Where the results come from: a record of each call that wrote their store, the last one last.

        It has "time", "machine", "command", "versions", and "git": the commit and what was changed since,
        where the script is in a repository; "method", with its "source" as text; and "networks", of which
        ``Network.from_dict(results.provenance[-1]["networks"][0])`` makes the base network again. Without
        ``store=`` nothing of this is kept. The store's group "provenance" tells the call, the machine and
        the attempt of each network.
        """
        return self._reader.calls

    @cached_property
    def dataset(self) -> xr.Dataset:
        """The results with their parameters as coordinates; NaN where a network has no value.

        The points of a grid lie along its axes, replicates along "replicate".
        """
        from sweep.results.dataset import dataset_of

        return dataset_of(self._reader, self._plan)

    @cached_property
    def timings(self) -> xr.Dataset:
        """What each network took, in seconds: draw, build, run, read, write."""
        from sweep.results.dataset import timings_of

        return timings_of(self._reader, self._plan)

    @property
    def errors(self) -> list[Failure]:
        """The failures, in order of the indices."""
        failed = self._reader.index[self._failed_rows]
        return [self._reader.failures[index] for index in failed.tolist()]

    @cached_property
    def places(self) -> xr.DataArray:
        """Where in these results a network is, by the labels of the dataset.

        ``results[results.places.sel(g=5.0, replicate=0).item()]`` is what that network returned. The
        coordinate "network" is another number: the index on which the draws depend, which stays when a
        sweep is extended.
        """
        from sweep.results.dataset import places_of

        return places_of(self._reader, self._plan)

    def replay(self, i: int | Failure) -> Any:
        """Run a network again in this process, and give back what the method returns.

        An exception in the method is raised here, so that a debugger finds it: run the script by
        ``python -m pdb``, or say ``%debug`` in a notebook. Nothing is stored.

        Parameters
        ----------
        i : int or Failure
            The place in these results, or one of `errors`.

        Raises
        ------
        IndexError, ValueError
            If these results have no such place, or no such failure.
        """
        return self._replay(self._place_of(i) if isinstance(i, Failure) else self._place(i))

    def _place_of(self, failure: Failure) -> int:
        for index in self._reader.index[self._failed_rows]:
            if self._reader.failures[int(index)] is failure:
                return int(self._plan.places(np.array([index]))[0])
        raise ValueError(f"replay: {failure!r} is not one of the errors of these results")

    def neo(self, i: int, cells: int | None = None, t_stop: float | None = None) -> Any:
        """Give the spikes and signals of network `i` as a `neo.Segment`, ready for elephant.

        Spikes are what `raster_plot()` or `get("spike")` of a monitor gave, and objects of neo, wherever in
        the returned value they are. The trains are built when they are first looked at.

        Parameters
        ----------
        i : int
            The place in these results.
        cells : int, optional
            How many neurons each population has; as many as the last one that fired if not given. What a
            monitor's `to_neo()` gave knows better.
        t_stop : float, optional
            The end of the trains in ms; the last spike if not given.

        Raises
        ------
        TypeError
            The network returned nothing of the kind, or failed.
        """
        from sweep.results.as_neo import segment_of

        value = self[i]
        if isinstance(value, Failure):
            raise TypeError(
                f"network {range(len(self))[i]} has no spikes or signals, as it failed: {value!r}"
            )
        return segment_of(value, range(len(self))[i], cells, t_stop)

    def to_nix(self, path: str | Path, cells: int | None = None, t_stop: float | None = None) -> None:
        """Write spikes and signals to a NIX file, a block for each network; `cells`, `t_stop` as in `neo`."""
        from sweep.results.export import to_nix

        to_nix(self, path, cells, t_stop)

    def to_sonata(self, folder: str | Path) -> None:
        """Write spikes to SONATA files, spikes_0.h5 for network 0 and so on, in a new folder.

        Each place in the returned value that has spikes is a population of the name that leads there, as in
        "exc" or "deep.1"; what was returned alone is called as neo calls it, or "cells".
        """
        from sweep.results.export import to_sonata

        to_sonata(self, folder)

    def to_table(self, path: str | Path) -> None:
        """Write parameters, and numbers and strings returned, to a .csv or .parquet, a row for each network.

        Arrays are left out. The column "status" says "ok", how the network failed, or "not_run".
        """
        from sweep.results.export import to_table

        to_table(self.dataset, path)

    def __len__(self) -> int:
        return self._plan.number

    @overload
    def __getitem__(self, i: int) -> Any: ...
    @overload
    def __getitem__(self, i: slice) -> list[Any]: ...
    def __getitem__(self, i: int | slice) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        return self._value(self._place(i))

    def _place(self, i: int) -> int:
        try:
            return range(len(self))[operator.index(i)]
        except IndexError:
            raise IndexError(f"results[{i}]: there are {len(self)} networks") from None

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, (str, bytes)):
            return NotImplemented
        return len(self) == len(other) and all(map(same, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        missing = int((self._rows < 0).sum())
        told = [f"{len(self)} networks", f"{len(self._failed_rows)} failed"] + (
            [f"{missing} not run"] if missing else []
        )
        return f"<Results: {', '.join(told)}, seed {self.seed}, in {str(self.store)!r}>"

    @cached_property
    def _failed_rows(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        rows = self._rows[self._rows >= 0]
        return rows[self._reader.structure[rows] < 0]

    @cached_property
    def _size(self) -> int:
        """How many networks to read at once."""
        return max(1, min(LARGEST_BLOCK, BLOCK_BYTES // max(1, self._reader.row_bytes)))

    @cached_property
    def _rows(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return self._plan.rows(self._reader.index)

    def _value(self, i: int) -> Any:
        if self._rows[i] < 0:
            raise LookupError(f"results[{i}]: network {self._plan.index(i)} has not been run")
        start = i - i % self._size
        if self._block[0] != start:
            self._block = (-1, [])  # first, since two blocks in memory are one too many
            self._block = (start, self._read(start))
        value = self._block[1][i - start]
        if self._size == 1:
            self._block = (-1, [])  # nothing else is in it, and it may be large
        return value()

    def _read(self, start: int) -> list[Callable[[], Any]]:
        rows = self._rows[start : start + self._size]
        there = np.flatnonzero(rows >= 0)
        values: list[Callable[[], Any]] = [lambda: None] * len(rows)
        for k, value in zip(
            there.tolist(), self._reader.later(rows[there], copies=self._size > 1), strict=True
        ):
            values[k] = value
        return values


class SweepError(RuntimeError):
    """Networks of a sweep failed.

    Attributes
    ----------
    results : Results
        What all networks gave, with a Failure in place of each that failed.
    """

    def __init__(self, results: Results) -> None:
        self.results = results
        errors = results.errors
        more = f"\n... and {len(errors) - 1} more in .results.errors" if len(errors) > 1 else ""
        super().__init__(
            f"{len(errors)} of {len(results)} networks failed; .results of this error holds all, "
            f'on_error="keep" returns them.\n{errors[0] if errors else ""}{more}'
        )
