"""Populations, views and assemblies of a PyNN script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common
from pyNN.core import deprecated
from pyNN.parameters import LazyArray, ParameterSpace

from sweep.pynn import state as simulator
from sweep.pynn.cells import described, model_of, translated
from sweep.pynn.recording import Recorder
from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.state import ID, state
from sweep.pynn.values import per_neuron
from workers import network
from workers.draw import parameter
from workers.network import Distribution, Monitor, SpikeSourceArray
from workers.network.patched import Patched

Floats = NDArray[np.float64]
ALL = slice(None)


class _Neurons:
    """What populations and views share: single neurons are made only when a script asks for them."""

    _simulator = simulator
    size: int
    all_cells: NDArray[np.int64]
    celltype: Any

    def _root(self) -> tuple[Population, Any]:
        """Return the whole population, and which of its neurons these are."""
        raise NotImplementedError

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, (int, np.integer)):
            return ID(int(self.all_cells[index]), self._root()[0])
        return super().__getitem__(index)  # type: ignore[misc]

    def __iter__(self) -> Iterator[ID]:
        root = self._root()[0]
        return (ID(int(number), root) for number in self.all_cells)

    all = __iter__

    def is_local(self, cell: ID) -> bool:
        """Say whether a neuron is simulated here: always."""
        return True

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def set(self, **parameters: Any) -> None:
        """Set parameters: before the first run in the description, later from the present time on."""
        space = ParameterSpace(parameters, self.celltype.get_schema(), (self.size,), type(self.celltype))
        root, ranks = self._root()
        for name, value in described(self.celltype, dict(space.items()), self.size).items():
            root.assign(name, value, ranks)

    def _set_initial_value_array(self, variable: str, values: LazyArray) -> None:
        root, ranks = self._root()
        root.initial(variable, per_neuron(variable, values, self.size), ranks)

    def _get_parameters(self, *names: str) -> ParameterSpace:
        root, ranks = self._root()
        found = {name: root.values(name, ranks) for name in names}
        return ParameterSpace(found, self.celltype.get_schema(), (self.size,))


class Assembly(common.Assembly):
    """Several populations and views, used as one."""

    _simulator = simulator

    @property
    def receptor_types(self) -> list[str]:
        """The receptors that all have, in the order of the first; PyNN's own changes from run to run."""
        first, *others = (p.celltype.receptor_types for p in self.populations)
        return [r for r in first if all(r in other for other in others)]


class PopulationView(_Neurons, common.PopulationView):
    """Some of the neurons of a population."""

    _assembly_class = Assembly

    def _root(self) -> tuple[Population, Any]:
        return self.grandparent, self.index_in_grandparent(np.arange(self.size))

    @property
    def described(self) -> network.Population:
        """The whole population in the description."""
        return self._root()[0].described

    @property
    def initial_values(self) -> dict[str, Any]:
        """The last initial values given to this view."""
        found: dict[str, Any] = self.__dict__.setdefault("_initial_values", {})
        return found


class Population(_Neurons, common.Population):
    """Neurons of one model.

    Attributes
    ----------
    described : workers.network.Population
        This population in the description: what ``net.get`` takes in a method of a sweep.
    monitor : Monitor or None
        What records it, once `record` has been called.
    monitors : list of Monitor
        What records it, where some variables are recorded of other neurons than others are.
    """

    _recorder_class = Recorder
    _assembly_class = Assembly

    def __init__(
        self,
        size: Any,
        cellclass: Any,
        cellparams: dict[str, Any] | None = None,
        structure: Any = None,
        initial_values: dict[str, Any] | None = None,
        label: str | None = None,
    ) -> None:
        state.changing("Population")
        if isinstance(cellclass, type):  # the manner of PyNN before 0.8, in which many scripts are written
            cellclass, cellparams = cellclass(**(cellparams or {})), None
        super().__init__(size, cellclass, cellparams, structure, initial_values or {}, label)

    def _root(self) -> tuple[Population, Any]:
        return self, ALL

    def _create_cells(self) -> None:
        first = state.id_counter
        state.id_counter += self.size
        self.all_cells = np.arange(first, first + self.size)
        self._mask_local = np.ones(self.size, bool)
        values = described(self.celltype, dict(self.celltype.parameter_space.items()), self.size)
        self._starts: dict[str, Any] = {}
        with state.network:
            model = model_of(self.celltype)(**values)
            self.described = network.Population(self.size, model, name=state.free_name(self.label))

    @property
    def monitor(self) -> Monitor | None:
        """What records this population, if all variables are recorded of the same neurons."""
        found = self.monitors
        if len(found) > 1:
            of = "; ".join(f"{', '.join(m.variables)} of {len(m.neurons)} neurons" for m in found)
            raise ValueError(f"{self.label} has {len(found)} monitors, take one from its monitors: {of}")
        return found[0] if found else None

    @property
    def monitors(self) -> list[Monitor]:
        """What records this population: a monitor for all variables of the same neurons."""
        return [m for m in self.recorder.monitors if m.variables]

    def assign(self, name: str, value: Any, ranks: Any) -> None:
        """Set a parameter of some neurons, by its name in the description."""
        if not state.compiled:
            state.changing("set")
        setattr(self.described, name, self._merged(name, value, ranks))

    def _merged(self, name: str, value: Any, ranks: Any) -> Any:
        if ranks is ALL:
            return value
        if issubclass(self.described.model, SpikeSourceArray):
            return self._merged_trains(value, ranks)
        before = getattr(self.described, name)
        if isinstance(before, Distribution) or isinstance(value, Distribution):
            return Patched(before, ranks, value)
        merged = np.full(self.size, before, np.float64)
        merged[ranks] = value
        return merged

    def _merged_trains(self, value: list[Any], ranks: NDArray[np.int64]) -> list[Any]:
        trains = list(self.described.given("spike_times"))
        each = value if value and np.ndim(value[0]) else [value] * len(ranks)
        for rank, train in zip(ranks, each, strict=True):
            trains[rank] = train
        return trains

    def initial(self, variable: str, value: Any, ranks: Any) -> None:
        """Set the initial value of a state variable, to which `reset` goes back."""
        if variable in self.described.model.state:
            self.assign(variable, value, ranks)
            if state.compiled:
                self._starts[variable] = getattr(self.described, variable)
        elif isinstance(value, Distribution) or np.any(value != 0):
            raise NotCoveredError(
                f"an initial value of {variable} other than 0",
                f"{self.described.model.__name__} has those of: {', '.join(self.described.model.state)}",
            )

    def restart(self) -> None:
        """After a reset, set the initial values that were given since the network was built."""
        for variable, values in self._starts.items():
            setattr(self.described, variable, values)

    def values(self, name: str, ranks: Any) -> Any:
        """Return present values of a parameter, by PyNN's name; what is random is drawn."""
        ours = translated(self.celltype, name)
        given = self.described.given(ours)
        if isinstance(given, tuple):
            return np.array([self._train(t) for t in given], object)[ranks]
        if state.compiled:
            return np.asarray(getattr(self.described, ours))[ranks]
        if isinstance(given, Distribution):
            return parameter(self.described, ours, given, state.network.key(state.seed))[ranks]
        return given[ranks] if isinstance(given, np.ndarray) else given

    def _train(self, times: Floats) -> Any:
        return self.celltype.get_schema()["spike_times"](times)

    def place_in_space(self) -> None:
        """Tell the description where the neurons are."""
        self.described.positions = self.positions.T


def _create(cellclass: Any, cellparams: dict[str, Any] | None = None, n: int = 1) -> Population:
    return Population(n, cellclass, cellparams)


create = deprecated("Population()")(_create)
