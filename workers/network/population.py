"""Populations of neurons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workers.network.description import Described
from workers.network.expression import compiled
from workers.network.models import Model
from workers.network.sources import Poisson, Source
from workers.network.values import parse

Geometry = int | tuple[int, ...]
MOST = 2**31 - 1


class LivePopulation(Protocol):
    """The population in the simulator, once its network is compiled."""

    def get(self, name: str) -> NDArray[np.float64]:
        """Present values, shape (neurons,)."""

    def set(self, name: str, value: Any) -> None:
        """Set a parsed value from now on."""


class Population(Described):
    """Neurons of one model.

    Parameters and initial states are attributes: ``pop.tau_m = 15.0``, ``pop.v = Normal(-60.0, 10.0)``. In a
    compiled network they have the present values of all neurons, in the shape of the geometry, and setting
    them acts from the next step on.

    Parameters
    ----------
    geometry : int or tuple of int
        The number of neurons, or the shape of the grid on which they lie, with unit distance.
    model : class or Model
        ``Izhikevich``, or ``Izhikevich(a=0.1)``.
    name : str, optional
        Derived from model and geometry if not given; what is drawn for the population depends on it.
    stop_condition : str, optional
        For `Network.simulate_until`: a condition on parameters, state and "spike", such as ``"v > 0"``, that
        must be met by any neuron; by all, if it ends in ``": all"``.
    positions : array, shape (neurons, dimensions), optional
        Where the neurons are, for connections that depend on distance; on their grid if not given.

    Raises
    ------
    AttributeError
        If a parameter is unknown.
    ValueError
        If a value has a wrong shape, is not finite, or makes no sense for the model.
    """

    _live: LivePopulation | None

    def __init__(
        self,
        geometry: Geometry,
        model: type[Model] | Model,
        name: str | None = None,
        stop_condition: str | None = None,
        positions: Any = None,
    ) -> None:
        fixed = self.__dict__  # these cannot be confused with parameters
        fixed["geometry"] = shape = _parse_geometry(geometry)
        fixed["size"] = int(np.prod(shape))
        fixed["model"], given = _parse_model(model)
        fixed["stop_condition"] = stop_condition
        fixed["_live"] = None
        kind = f"{self.model.__name__}[{'x'.join(map(str, shape))}]"
        owner = f"population {name or kind}"
        fixed["_values"] = {k: self.model.parse(owner, k, v, shape) for k, v in given.items()}
        if stop_condition is not None:
            self._compile_condition(stop_condition)
        if positions is not None:
            fixed["_positions"] = _parse_positions(owner, positions, self.size)
        super().__init__(kind, name)

    geometry: tuple[int, ...]
    size: int
    model: type[Model]
    stop_condition: str | None
    _values: dict[str, Any]
    _positions: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, chosen: Any) -> View:
        """Return some of the neurons: by a slice, a list of ranks, or a mask."""
        return View(self, chosen)

    def __getattr__(self, name: str) -> Any:
        # Called only for what is not found in the usual places: parameters and state.
        if name.startswith("_") or "model" not in self.__dict__:
            raise AttributeError(name)
        self.model.check_name(name)
        if self._live is not None and name != "spike_times":
            return self._live.get(name).reshape(self.geometry)
        value = self.given(name)
        return value.reshape(self.geometry) if isinstance(value, np.ndarray) else value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "name":
            self.__dict__[name] = value
            return
        if name == "positions":
            object.__setattr__(self, name, value)
            return
        if self._detached:
            raise AttributeError(
                f"{self!r} is the base network's; set {name} of this network's own: "
                f"net.get(population).{name} = ..."
            )
        parsed = self.model.parse(f"population {self.name}", name, value, self.geometry)
        if self._live is not None:
            self._live.set(name, parsed)
        self._values[name] = parsed

    def given(self, name: str) -> Any:
        """Return the value of parameter or state `name` as it was described, or the model's default."""
        return self._values.get(name, self.model.settable()[name].default)

    def clone(self) -> Population:
        """Return a copy that is not yet part of any network."""
        twin = super().clone()
        twin.__dict__["_values"] = dict(self._values)
        return twin

    @property
    def ranks(self) -> NDArray[np.int64]:
        """The numbers of the neurons, shape (neurons,)."""
        return np.arange(self.size)

    @property
    def positions(self) -> NDArray[np.float64]:
        """Coordinates of the neurons, shape (neurons, dimensions)."""
        if self._positions is not None:
            return self._positions
        return _grid(self.geometry)

    @positions.setter
    def positions(self, given: Any) -> None:
        self.__dict__["_positions"] = _parse_positions(f"population {self.name}", given, self.size)

    def condition(self) -> tuple[Any, bool]:
        """Return the compiled stop condition, and whether all neurons must meet it."""
        if self.stop_condition is None:
            raise ValueError(
                f"population {self.name} has no stop_condition; give one when making it, such as 'v > 0'"
            )
        return self._compile_condition(self.stop_condition)

    def _compile_condition(self, text: str) -> tuple[Any, bool]:
        expression, _, scope = text.partition(":")
        if scope.strip() not in {"", "any", "all"}:
            raise ValueError(f"stop_condition {text!r}: after ':' expected 'any' or 'all'")
        names = frozenset(self.model.settable()) - {"spike_times"} | {"spike"}
        return compiled(expression, names), scope.strip() == "all"


class View:
    """Some neurons of a population, to connect, to record, to give input to: ``pop[:80]``, ``pop[[1, 5]]``.

    Parameters
    ----------
    population : Population
    chosen : slice, sequence of int, or array of bool
        Ranks, or a mask with a value for each neuron.

    Raises
    ------
    IndexError
        If there is no such neuron.
    """

    def __init__(self, population: Population, chosen: Any) -> None:
        chosen = chosen if isinstance(chosen, slice) else np.asarray(chosen)
        self.population = population
        self.ranks: NDArray[np.int64] = np.unique(population.ranks[chosen])
        if not self.ranks.size:
            raise IndexError(f"{population!r}: no neuron is chosen by {chosen!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if "ranks" in self.__dict__:
            raise AttributeError(
                f"{self!r}: {name} is set of the whole population, by an array with a value for each neuron: "
                f"population.{name} = ..."
            )
        object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.ranks)

    def __repr__(self) -> str:
        return f"<View of {len(self)} neurons of {self.population.name}>"


def of_neurons(owner: str, given: Any) -> tuple[Population, NDArray[np.int64] | None]:
    """Return the population of neurons that takes an input, and which of them do; None for all."""
    population = given.population if isinstance(given, View) else given
    if not isinstance(population, Population) or issubclass(population.model, Source):
        raise TypeError(f"{owner}: population={given!r}; expected a population of neurons, or a view of one")
    return population, given.ranks if isinstance(given, View) else None


class PoissonPopulation(Population):
    """Neurons that fire Poisson spike trains, drawn anew in each network.

    Parameters
    ----------
    geometry : int or tuple of int
    rates : float, array or distribution
        In Hz. May be changed between two calls of `Network.simulate`.
    name : str, optional
    """

    def __init__(self, geometry: Geometry, rates: Any = 0.0, name: str | None = None) -> None:
        super().__init__(geometry, Poisson(rates=rates), name)


class Attached(Described):
    """Something that belongs to one population."""

    population: Population

    def relink(self, members: Mapping[str, Described]) -> None:
        """Refer to these members instead of others of the same names."""
        mine = members.get(self.population.name)
        if isinstance(mine, Population):
            vars(self)["population"] = mine

    def missing(self, members: Mapping[str, Described]) -> list[str]:
        """Name what this object needs and `members` lack."""
        return [] if members.get(self.population.name) is self.population else [self.population.name]


def _parse_geometry(geometry: Geometry) -> tuple[int, ...]:
    shape = geometry if isinstance(geometry, tuple) else (geometry,)
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n > 0 for n in shape)
    if not shape or not whole or len(shape) > 3:
        raise ValueError(
            f"Population: geometry={geometry!r}; expected a positive whole number of neurons, "
            "or a tuple of up to three"
        )
    if math.prod(map(int, shape)) > MOST:
        raise ValueError(
            f"Population: geometry={geometry!r}; expected at most {MOST} neurons, which simulators can number"
        )
    return tuple(int(n) for n in shape)


def _parse_model(model: type[Model] | Model) -> tuple[type[Model], dict[str, Any]]:
    if isinstance(model, type) and issubclass(model, Model):
        model = model()
    if isinstance(model, Model):
        return type(model), model.values
    raise TypeError(f"Population: model={model!r}; expected a model such as Izhikevich or IF_curr_exp()")


@lru_cache(maxsize=16)
def _grid(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Where neurons are that were given no positions: the same in all networks of a sweep."""
    grid = np.stack(np.unravel_index(np.arange(np.prod(shape)), shape), axis=1).astype(np.float64)
    grid.setflags(write=False)
    return grid


def _parse_positions(owner: str, given: Any, size: int) -> NDArray[np.float64]:
    positions = parse(owner, "positions", given)
    if not isinstance(positions, np.ndarray) or positions.ndim != 2 or len(positions) != size:
        raise ValueError(f"{owner}: positions={given!r}; expected an array of shape ({size}, dimensions)")
    return positions
