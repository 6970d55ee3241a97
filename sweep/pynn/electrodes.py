"""PyNN's current sources as those of the description."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from pyNN.common import Assembly, Population, PopulationView
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import build_translations, electrodes

from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.state import state
from workers import network
from workers.network import Injection
from workers.network.currents import CurrentSource


class _Source:
    """A current source, whose parameters may be changed until the first run."""

    default_parameters: dict[str, Any]

    def __init__(self, **parameters: Any) -> None:
        self._injections: list[Injection] = []
        self._space = ParameterSpace(self.default_parameters, self.get_schema(), shape=(1,))  # type: ignore[attr-defined]
        self._space.update(**parameters)

    def _values(self) -> dict[str, Any]:
        space = deepcopy(self._space)  # which can be evaluated only once
        space.evaluate(simplify=True)
        return {n: getattr(v, "value", v) for n, v in space.as_dict().items()}

    def _described(self) -> CurrentSource:
        kind: type[CurrentSource] = getattr(network, type(self).__name__)
        return kind(**self._values())

    def inject_into(self, cells: Any) -> None:
        """Inject this current into a population, a part of one, an assembly, or a list of neurons."""
        state.changing("inject_into")
        for population, ranks in _targets(cells):
            if not population.celltype.injectable:
                raise TypeError("Can't inject current into a spike source.")
            name = state.free_name(f"{type(self).__name__}->{population.described.name}")
            with state.network:
                self._injections.append(Injection(population.described, self._described(), ranks, name))

    def set_native_parameters(self, parameters: Any) -> None:
        if self._injections and state.compiled:
            raise NotCoveredError(
                "a current source that is changed after the first run",
                "give a StepCurrentSource with all of its course, or set i_offset of the neurons",
            )
        parameters.evaluate(simplify=True)
        self._space.update(**parameters.as_dict())
        for injection in self._injections:
            injection.source = self._described()

    def get_native_parameters(self) -> Any:
        return ParameterSpace(self._values(), self.get_schema(), shape=(1,))  # type: ignore[attr-defined]

    def record(self) -> None:
        raise NotCoveredError("record() of a current source", "its course is known: compute it")


def _targets(cells: Any) -> list[tuple[Any, Any]]:
    """List populations, each with the ranks of neurons."""
    if isinstance(cells, Assembly):
        return [target for part in cells.populations for target in _targets(part)]
    if isinstance(cells, PopulationView):
        return [(cells.grandparent, cells.index_in_grandparent(np.arange(cells.size)))]
    if isinstance(cells, Population):
        return [(cells, np.arange(cells.size))]
    parents = {id(cell.parent): cell.parent for cell in cells}
    return [(p, p.id_to_index([int(c) for c in cells if c.parent is p])) for p in parents.values()]


def _made(given: type[Any]) -> type[Any]:
    same = build_translations(*((p, p) for p in given.default_parameters))
    return type(given.__name__, (_Source, given), {"translations": same, "__doc__": given.__doc__})


class NoisyCurrentSource(_Source, electrodes.NoisyCurrentSource):
    """White noise, with a new value in each step or each `dt` ms; drawn anew in each network."""

    translations = build_translations(*((p, p) for p in electrodes.NoisyCurrentSource.default_parameters))

    def __init__(self, **parameters: Any) -> None:
        if parameters.pop("rng", None) is not None:
            raise NotCoveredError("rng of NoisyCurrentSource", "its noise follows from the network's seed")
        super().__init__(**{"dt": state.dt, **parameters})

    def _described(self) -> CurrentSource:
        values = self._values()
        held = values["dt"] if values["dt"] > state.dt * 1.001 else 0.0
        return network.NoisyCurrentSource(**{**values, "dt": held})


DCSource = _made(electrodes.DCSource)
ACSource = _made(electrodes.ACSource)
StepCurrentSource = _made(electrodes.StepCurrentSource)
