"""The populations of a network that GeNN has loaded: their values, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.instance import Cells, Floats, Ints, Sources, Spikes
from workers.simulators.updates.model import Model, check


class GennCells:
    """A population of neurons.

    Parameters
    ----------
    cells : Cells
    model : Model
    constants : dict of str to array
        The model's coefficients with the cells' parameters.
    inputs : dict of str to array
        What else the code reads.
    dt : float
        In ms.
    """

    def __init__(
        self,
        cells: Cells,
        model: Model,
        constants: Mapping[str, Floats],
        inputs: Mapping[str, NDArray[Any]],
        dt: float,
    ) -> None:
        self._cells, self._model, self._dt, self._given = cells, model, dt, {**constants, **inputs}
        self.size = cells.size
        self.parameters = {name: np.array(values, float) for name, values in cells.parameters.items()}
        self.offset = self.parameters.get("i_offset", np.zeros(cells.size))  # nA

    def attach(self, group: Any) -> None:
        """Take over what GeNN has loaded for it."""
        self._variables = group.vars
        for variable in self._variables.values():
            variable.view[:] = 0.0
        for name in self._model.variables:
            self._write(name, np.zeros(self.size), np.nan)  # those beyond the last one never fire
        self._write_all(self._given)
        self._write("current", self.offset)
        for name, values in self._cells.state.items():
            self.set(name, values)
        for variable in self._variables.values():
            variable.push_to_device()

    def get(self, name: str) -> Floats:
        """Present values of a parameter or a variable."""
        if name not in self._model.variables:
            return self.parameters[name].copy()
        variable = self._variables[name]
        variable.pull_from_device()
        values: Floats = variable.view[: self.size].copy()
        return values

    def set(self, name: str, values: Floats) -> None:
        """Set a parameter or a variable."""
        check(name, values)
        if name in self._model.variables:
            self._write(name, values, np.nan)
            return
        self.parameters[name][:] = values
        self._write_all(self._model.constants(self.parameters, self._dt))
        if name == "i_offset":
            self._write("current", values)

    def inject(self, current: Floats) -> None:
        """Set what flows into each neuron in the next step, in nA."""
        self._write("current", current)

    def _write_all(self, given: Mapping[str, NDArray[Any]]) -> None:
        for name, values in given.items():
            self._write(name, values)

    def _write(self, name: str, values: NDArray[Any], beyond: float = 0.0) -> None:
        if name in self._variables:  # the code may not need it
            variable = self._variables[name]
            variable.view[: self.size] = values
            variable.view[self.size :] = beyond
            variable.push_to_device()


class GennSources:
    """A population that fires as it is told, for the next `piece` steps at once."""

    def __init__(self, sources: Sources, padded: int, piece: int) -> None:
        self._name, self._padded, self._piece = sources.name, padded, piece
        self._written: Ints = np.empty(0, np.int64)

    def attach(self, group: Any) -> None:
        """Take over what GeNN has loaded for it."""
        self._fires = group.extra_global_params["fires"]

    def tell(self, spikes: Spikes, first: int, last: int) -> None:
        """Say how it fires in steps `first` to `last`."""
        a, b = np.searchsorted(spikes.steps, [first - 1, last], side="right")
        fires: NDArray[np.uint8] = self._fires.view
        fires[self._written] = 0
        self._written = (spikes.steps[a:b] - 1) % self._piece * self._padded + spikes.ranks[a:b]
        fires[self._written] = 1
        self._fires.push_to_device()


class SpikeReader:
    """The spikes that GeNN has recorded of a population, read before its ring of steps is full.

    GeNN's own way reads them only when it is.
    """

    def __init__(self, size: int, padded: int, piece: int) -> None:
        self._size, self._words, self._piece = size, -(-padded // 32), piece
        self._parts: list[Spikes] = []

    def attach(self, runtime: Any, group: Any) -> None:
        """Take over what GeNN has loaded for it."""
        self._array = runtime.get_array(group, "recordSpk")

    def read(self, first: int, last: int) -> None:
        """Take in steps `first` to `last`."""
        self._array.pull_from_device()
        words = np.asarray(self._array.host_view).view("<u4").reshape(self._piece, self._words)
        steps = np.arange(first, last + 1)
        places = np.nonzero(words[(steps - 1) % self._piece])
        found = words[(steps[places[0]] - 1) % self._piece, places[1]]
        bits = np.unpackbits(found.view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
        which, bit = np.nonzero(bits)
        ranks = places[1][which] * 32 + bit
        own = ranks < self._size
        self._parts.append(Spikes(steps[places[0]][which][own], ranks[own]))

    def spikes(self) -> Spikes:
        """All since it was asked last."""
        parts, self._parts = self._parts, []
        return Spikes.joined(parts)
