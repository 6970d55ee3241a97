"""What a PyNN script has recorded, as neo objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors, recording

from sweep.pynn import state as simulator
from sweep.pynn.state import state
from workers.instance import Cells
from workers.network import Monitor, View

Floats = NDArray[np.float64]


class Recorder(recording.Recorder):
    """Records one population; PyNN's own class makes Blocks and Segments of it.

    Attributes
    ----------
    monitors : list of Monitor
        One for all variables that are recorded of the same neurons.
    """

    _simulator = simulator
    _cleared = 0.0

    def __init__(self, population: Any, file: Any = None) -> None:
        super().__init__(population, file)
        self.monitors: list[Monitor] = []

    def record(
        self,
        variables: Any,
        ids: NDArray[np.int64],
        sampling_interval: float | None = None,
        locations: Any = None,
    ) -> None:
        """Record variables of some neurons, all at the same interval."""
        state.changing("record")
        self._check_sampling_interval(sampling_interval)
        for variable in self._localize_variables(variables, locations):
            if not self.population.can_record(variable.name, variable.location):
                raise errors.RecordingError(variable.name, self.population.celltype)
            recorded = self.recorded[variable] = self.recorded[variable].union(ids.tolist())
            self._listen(_ours(variable), self.population.described[self._ranks(list(recorded))])
        if sampling_interval is not None:
            self.sampling_interval = sampling_interval
        for monitor in self.monitors:
            monitor.period = self.sampling_interval

    def _listen(self, variable: str, view: View) -> None:
        same = next((m for m in self.monitors if np.array_equal(m.neurons, view.ranks)), None)
        before = self._monitor(variable)
        if before is not None and before is not same:
            before.variables = tuple(v for v in before.variables if v != variable)
        if same is None:
            with state.network:
                self.monitors.append(Monitor(view, variable))
        elif variable not in same.variables:
            same.variables += (variable,)

    def _monitor(self, variable: str) -> Monitor | None:
        return next((m for m in self.monitors if variable in m.variables), None)

    def _ranks(self, ids: Any) -> NDArray[np.int64]:
        return np.array(ids, np.int64) - int(self.population.first_id)

    def _reset(self) -> None:
        state.changing("record(None)")
        for monitor in self.monitors:
            monitor.variables = ()

    def _clear_simulator(self) -> None:
        self._cleared = state.t

    def store_to_cache(self, annotations: dict[str, Any] | None = None) -> None:
        """Keep the segment that ends with a reset."""
        super().store_to_cache(annotations)
        self._cleared = 0.0

    def _spikes(self) -> tuple[Floats, NDArray[np.int64]]:
        monitor = self._monitor("spike")
        if monitor is None or not state.compiled:
            return np.empty(0), np.empty(0, np.int64)
        times, ranks = monitor.raster_plot()
        later = times > self._cleared
        return np.asarray(times[later], np.float64), ranks[later]

    def _get_spiketimes(self, ids: list[int], clear: bool = False) -> tuple[NDArray[np.int64], Floats]:
        times, ranks = self._spikes()
        senders = ranks + self.population.first_id
        wanted = np.isin(senders, ids)
        return senders[wanted], times[wanted]

    def _get_all_signals(self, variable: Any, ids: list[int], clear: bool = False) -> tuple[Floats, None]:
        monitor, ranks = self._monitor(variable.name), self._ranks(ids)
        assert monitor is not None
        samples = monitor.get(variable.name)[:, np.searchsorted(monitor.neurons, ranks)]
        from_ = round(self._cleared / self.sampling_interval)
        return np.vstack([self._first(variable.name)[ranks], samples])[from_:], None

    def _first(self, variable: str) -> Floats:
        """Return the values at time 0, with which PyNN's signals begin."""
        cells = state.drawn().populations[state.place(self.population.described)]
        assert isinstance(cells, Cells)
        starts = self.population._starts.get(variable, cells.state.get(variable))
        return np.zeros(cells.size) if starts is None else np.asarray(starts)

    def _local_count(self, variable: Any, filter_ids: Any = None) -> dict[int, int]:
        counts = np.bincount(self._spikes()[1], minlength=self.population.size)
        first = int(self.population.first_id)
        return {i: int(counts[i - first]) for i in sorted(self.filter_recorded(variable, filter_ids))}

    def filter_recorded(self, variable: Any, filter_ids: Any) -> set[int]:
        """Return which neurons of some are recorded."""
        recorded: set[int] = self.recorded[variable]
        return recorded if filter_ids is None else recorded.intersection(np.asarray(filter_ids).tolist())


def _ours(variable: Any) -> str:
    return "spike" if variable.name == "spikes" else str(variable.name)
