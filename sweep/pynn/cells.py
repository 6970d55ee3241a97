"""PyNN's models of neurons, by PyNN's names, as models of the description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyNN.parameters import LazyArray
from pyNN.standardmodels import StandardCellType, build_translations, cells

from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.values import per_neuron, spike_times
from workers import network
from workers.network import Model, Poisson

RENAMED = {"SpikeSourcePoisson": (Poisson, {"rate": "rates"})}
SOURCES = ("SpikeSourceArray", "SpikeSourcePoisson")
REST = 0.0  # what a synaptic variable starts with


def _covered() -> dict[str, type[Any]]:
    """Make a class for each of PyNN's models that the description has too."""
    return {
        name: _cell(name, given)
        for name, given in vars(cells).items()
        if isinstance(given, type) and issubclass(given, StandardCellType) and _model(name) is not None
    }


def _model(name: str) -> type[Model] | None:
    if name in RENAMED:
        return RENAMED[name][0]
    found = getattr(network, name, None)
    return found if isinstance(found, type) and issubclass(found, Model) else None


def _cell(name: str, given: type[Any]) -> type[Any]:
    same = build_translations(*((p, p) for p in given.default_parameters))
    return type(name, (given,), {"translations": same, "__doc__": given.__doc__, "__module__": __name__})


CELLS = _covered()


def translated(celltype: Any, name: str) -> str:
    """Return what a parameter is called in the description."""
    return RENAMED.get(type(celltype).__name__, (None, {}))[1].get(name, name)


def model_of(celltype: Any) -> type[Model]:
    """Return the model in the description."""
    model = _model(type(celltype).__name__)
    if model is None or not isinstance(celltype, StandardCellType):
        raise NotCoveredError(f"the model {type(celltype).__name__}", f"use one of {', '.join(CELLS)}")
    return model


def described(celltype: Any, values: dict[str, LazyArray], size: int) -> dict[str, Any]:
    """Return values of parameters by their names in the description."""
    reader: dict[str, Callable[[LazyArray, int], Any]] = {"spike_times": spike_times}
    return {
        translated(celltype, name): reader.get(name, lambda v, n, name=name: per_neuron(name, v, n))(
            lazy, size
        )
        for name, lazy in values.items()
    }
