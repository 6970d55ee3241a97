"""What a sweep is going to run: how many networks, and what the method is called with in each."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, MappingView
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.points import Points, Values, points_from
from workers.given import Given


@dataclass(frozen=True, eq=False)
class Constant:
    """A sequence that is meant for all networks, rather than one value of it for each.

    Parameters
    ----------
    value : object
        What the method of every network is called with.

    Examples
    --------
    ``parallel_run(method, number=3, lags=Constant([1.0, 2.0]))`` calls ``method(idx, net, lags=[1.0, 2.0])``.
    """

    value: Any


@dataclass(frozen=True, eq=False)
class Plan:
    """The networks of a sweep.

    Attributes
    ----------
    number : int
        How many networks there are. Their places are point x replicates + replicate.
    seed : int
        The seed of the sweep.
    columns : dict of str to sequence, of length number
        The parameters that differ between networks.
    constants : dict of str to object
        The parameters that all networks share.
    dims : dict of str to sequence, or None
        The axes where the points are those of a grid, the last varying fastest.
    replicates : int
        How many networks there are of each point.
    indices : array of int, shape (number,), optional
        The index of the network at each place, where a store has given them others than 0, 1, 2 ...
    ranks : array of int, shape (number,), optional
        How many networks with the same parameters come before each; from `replicates` if not given.
    simulators : tuple of str
        Where each network runs on several simulators: these, the first on all of the first.
    """

    number: int
    seed: int
    columns: Mapping[str, Values]
    constants: Mapping[str, Any]
    dims: Mapping[str, Values] | None = None
    replicates: int = 1
    indices: NDArray[np.int64] | None = None
    ranks: NDArray[np.int64] | None = None
    simulators: tuple[str, ...] = ()

    def parameters(self, place: int) -> dict[str, Any]:
        """Give what the method of the network at one place is called with."""
        return {name: column[place] for name, column in self.columns.items()} | dict(self.constants)

    def given(self, places: NDArray[np.int64]) -> Given:
        """Give what the methods of the networks at some places are called with."""
        columns = {name: _at(column, places) for name, column in self.columns.items()}
        return Given(len(places), columns, self.constants)

    def values(self, name: str, places: NDArray[np.int64]) -> list[Any]:
        """Give one parameter at some places."""
        if name in self.constants:
            return [self.constants[name]] * len(places)
        return list(_at(self.columns[name], places))

    def replicates_at(self, places: NDArray[np.int64]) -> NDArray[np.int32]:
        """Tell which of the networks with the same parameters those at some places are."""
        if self.ranks is not None:
            return self.ranks[places].astype(np.int32)
        return (places if not self.columns else places % self.replicates).astype(np.int32)

    def index(self, place: int) -> int:
        """Give the index of the network at one place, on which its draws depend."""
        return place if self.indices is None else int(self.indices[place])

    def indices_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the indices of the networks at some places."""
        return places if self.indices is None else self.indices[places]

    @property
    def stride(self) -> int:
        """By how much the indices of networks of other draws differ: on how many simulators each runs."""
        return max(1, len(self.simulators))

    def places_of(self, simulator: int) -> range:
        """Give the places of the networks on one of the simulators."""
        each = self.number // self.stride
        return range(simulator * each, (simulator + 1) * each)

    def places(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the places of networks; -1 for those that are not in this plan."""
        if self.indices is None:
            return np.where((indices >= 0) & (indices < self.number), indices, -1)
        inside = indices.clip(0, len(self._place_of) - 1)
        return np.where(inside == indices, self._place_of[inside], -1)

    @cached_property
    def _place_of(self) -> NDArray[np.int64]:
        """The place of each index."""
        assert self.indices is not None
        places = np.full(int(self.indices.max(initial=0)) + 1, -1, np.int64)
        there = self.indices >= 0
        places[self.indices[there]] = np.flatnonzero(there)
        return places

    def rows(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the row of each network of this plan among rows of networks; -1 where there is none."""
        places = self.places(indices)
        there = places >= 0
        rows = np.full(self.number, -1, np.int64)
        rows[places[there]] = np.flatnonzero(there)
        return rows


def _at(values: Values, places: NDArray[np.int64]) -> Values:
    """Take the values at some places."""
    if len(places) and places[-1] - places[0] == len(places) - 1 and (np.diff(places) == 1).all():
        return values[int(places[0]) : int(places[-1]) + 1]
    if isinstance(values, np.ndarray):
        return values[places]
    return [values[place] for place in places.tolist()]


def make_plan(
    number: int = 0,
    networks: int | None = None,
    points: Points | Iterable[Mapping[str, Any]] | None = None,
    replicates: int = 1,
    seed: int | None = None,
    args: Mapping[str, Any] | None = None,
) -> Plan:
    """Plan a sweep from what `parallel_run` was given.

    Parameters
    ----------
    number : int
        How many networks; 0 where this follows from the other arguments.
    networks : int, optional
        The length of the list of networks.
    points : Points or iterable of dict, optional
        The points of the sweep.
    replicates : int
        How many networks to run of each point, or of each value where there are no points.
    seed : int, optional
        The seed of the sweep; drawn afresh if None.
    args : dict of str to object, optional
        Arguments of the method. Lists, tuples, ranges and arrays have one value per network; others, and
        what is in a `Constant`, are for all.

    Raises
    ------
    TypeError, ValueError
        The arguments do not fit one another.
    """
    args = {name: _in_order(name, value) for name, value in (args or {}).items()}
    number, replicates = _whole("number", number, 0), _whole("replicates", replicates, 1)
    taken = None if points is None else points_from(points)
    _check_names(taken, args)
    lists = {name: value for name, value in args.items() if is_per_network(value)}
    total = _total(number, networks, taken, replicates, lists)
    columns = {} if taken is None else {n: _repeated(v, replicates) for n, v in taken.columns.items()}
    columns |= {name: _column(name, value, total, replicates) for name, value in lists.items()}
    constants = {n: v.value if isinstance(v, Constant) else v for n, v in args.items() if n not in lists}
    dims = None if taken is None else taken.dims
    return Plan(total, _seed(seed), columns, constants, dims, replicates)


def is_per_network(value: Any) -> bool:
    """Whether an argument has one value for each network, rather than one for all."""
    return isinstance(value, (list, tuple, range)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _in_order(name: str, value: Any) -> Any:
    """Take a column of a table as an array; refuse what may be one value for each network, without order."""
    if isinstance(value, (set, frozenset, MappingView, Iterator)):
        raise TypeError(
            f"{name} is a {type(value).__name__}; for one value for each network give a list, as in "
            f"{name}=list(...), for one value for all networks {name}=Constant(...)"
        )
    plain = isinstance(value, np.ndarray) or not hasattr(value, "__array__")
    return value if plain or getattr(value, "ndim", 0) != 1 else np.asarray(value)


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}; expected a whole number of at least {least or 1}")
    if value < least:
        raise ValueError(f"{name} is {value}; expected at least {least or 1}")
    return int(value)


def _seed(seed: Any) -> int:
    if seed is None:
        return secrets.randbits(63)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed is {seed!r}; expected a whole number of at least 0, or None for a fresh one")
    if seed < 0:
        raise ValueError(f"seed is {seed}; expected at least 0, or None for a fresh one")
    return int(seed)


def _check_names(points: Points | None, args: Mapping[str, Any]) -> None:
    both = sorted(points.columns.keys() & args.keys()) if points is not None else []
    if both:
        raise ValueError(f"{both[0]} is given both in points and as an argument; give it once")


def _total(
    number: int, networks: int | None, points: Points | None, replicates: int, lists: Mapping[str, Values]
) -> int:
    """Find how many networks there are; whoever says a number must say the same."""
    said: dict[str, int] = {}
    if networks is not None:
        said["networks"] = networks
    if points is not None:
        said["points"] = len(points) * replicates
    if number:
        said["number"] = number if points is not None or networks is not None else number * replicates
    said = said or {name: len(value) * replicates for name, value in lists.items()}
    if not said or 0 in said.values():
        empty = next(iter(said), "number")
        raise ValueError(
            f"{empty} is 0 or empty: there is no network to run; give number=, networks= or points="
        )
    if len(set(said.values())) > 1:
        raise ValueError(_disagreement(said, points, replicates))
    return next(iter(said.values()))


def _disagreement(said: Mapping[str, int], points: Points | None, replicates: int) -> str:
    each = f" ({len(points)} points x {replicates} replicates)" if points is not None else ""
    told = ", ".join(f"{name} {n}{each if name == 'points' else ''}" for name, n in said.items())
    return f"the numbers of networks differ: {told}; give only one of them, or make them equal"


def _column(name: str, value: Values, total: int, replicates: int) -> Values:
    if len(value) == total:
        return value
    if len(value) * replicates == total:
        return _repeated(value, replicates)
    wanted = f"{total}" if replicates == 1 else f"{total // replicates} (one per point) or {total}"
    raise ValueError(
        f"{name} has {len(value)} values; expected {wanted}, one for each network; "
        f"for one sequence that all networks share, give {name}=Constant(...)"
    )


def _repeated(values: Values, times: int) -> Values:
    if times == 1:
        return values
    if isinstance(values, np.ndarray):
        return np.repeat(values, times, axis=0)
    return [v for v in values for _ in range(times)]
