"""Rules that say which neurons of two populations are connected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.network.expression import compiled

Ints = NDArray[np.int64]
PAIRS = 1 << 20  # pairs of neurons looked at together, to bound memory


class Ends(NamedTuple):
    """The two populations that are to be connected.

    Attributes
    ----------
    pre, post : array of float, shape (neurons, dimensions)
        Positions.
    same : bool
        Whether they are one population.
    """

    pre: NDArray[np.float64]
    post: NDArray[np.float64]
    same: bool

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of neurons."""
        return len(self.pre), len(self.post)


class Edges(NamedTuple):
    """Ranks of the connected neurons, both of shape (connections,)."""

    sources: Ints
    targets: Ints


class Connector(ABC):
    """A rule of connection. `fixed` says that it gives the same connections in every network."""

    fixed = False

    @abstractmethod
    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        """Draw the connections; a rule that is fixed takes nothing from `rng`."""

    def check(self, owner: str, ends: Ends) -> None:  # noqa: B027, most rules need not check anything
        """Raise ValueError if the rule cannot connect these populations."""


@dataclass(frozen=True)
class OneToOne(Connector):
    """Neurons of equal rank."""

    fixed = True

    def check(self, owner: str, ends: Ends) -> None:
        if ends.shape[0] != ends.shape[1]:
            raise ValueError(
                f"{owner}: one_to_one needs populations of one size; these have {ends.shape[0]} and "
                f"{ends.shape[1]} neurons"
            )

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        ranks = np.arange(ends.shape[0])
        return Edges(ranks, ranks)


@dataclass(frozen=True)
class AllToAll(Connector):
    """Every pair of neurons."""

    allow_self_connections: bool = False
    fixed = True

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        columns = _columns(ends, self.allow_self_connections)
        return _edges(np.arange(ends.shape[0] * columns), columns, ends)


@dataclass(frozen=True)
class FixedProbability(Connector):
    """Every pair of neurons with the same probability."""

    probability: float
    allow_self_connections: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"{owner}: probability={self.probability!r}; expected a number from 0 to 1")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        columns = _columns(ends, self.allow_self_connections)
        return _edges(_successes(rng, ends.shape[0] * columns, self.probability), columns, ends)


@dataclass(frozen=True)
class FixedNumberPre(Connector):
    """For each neuron of post, a number of neurons of pre, all different."""

    number: int
    allow_self_connections: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        excluded = ends.same and not self.allow_self_connections
        _check_number(owner, self.number, ends.shape[0] - excluded, "neurons of pre to choose from")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        n_pre, n_post = ends.shape
        excluded = ends.same and not self.allow_self_connections
        chosen = _choices(rng, n_post, n_pre - excluded, self.number)
        targets = np.repeat(np.arange(n_post), self.number)
        sources = chosen.ravel()
        return Edges(sources + (excluded & (sources >= targets)), targets)


@dataclass(frozen=True)
class FixedNumberPost(Connector):
    """For each neuron of pre, a number of neurons of post, all different."""

    number: int
    allow_self_connections: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        excluded = ends.same and not self.allow_self_connections
        _check_number(owner, self.number, ends.shape[1] - excluded, "neurons of post to choose from")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        targets, sources = FixedNumberPre(self.number, self.allow_self_connections).edges(_turned(ends), rng)
        return Edges(sources, targets)


@dataclass(frozen=True)
class FixedTotalNumber(Connector):
    """A number of pairs of neurons, all different."""

    number: int
    allow_self_connections: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        pairs = ends.shape[0] * _columns(ends, self.allow_self_connections)
        _check_number(owner, self.number, pairs, "pairs of neurons")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        columns = _columns(ends, self.allow_self_connections)
        pairs = _choices(rng, 1, ends.shape[0] * columns, self.number)
        return _edges(np.sort(pairs.ravel()), columns, ends)


@dataclass(frozen=True)
class DistanceDependent(Connector):
    """Every pair of neurons with a probability that depends on their distance.

    `probability` is a function of an array of distances, or an expression of d such as "exp(-d / 2)"; a value
    above 1 counts as 1.
    """

    probability: str | Callable[[NDArray[np.float64]], NDArray[np.float64]]
    allow_self_connections: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        last = ends.shape[0] - 1  # corners of a grid are nearest to and farthest from all others
        for start in {0, last}:
            self._probabilities(_distances(ends, start, start + 1), f"{owner}: ")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        rows = max(1, PAIRS // ends.shape[1])
        parts = [self._rows(ends, rng, at, at + rows) for at in range(0, ends.shape[0], rows)]
        return Edges(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _rows(self, ends: Ends, rng: np.random.Generator, start: int, stop: int) -> tuple[Ints, Ints]:
        distances = _distances(ends, start, stop)
        chosen = rng.random(distances.shape) < self._probabilities(distances)
        sources, targets = np.nonzero(chosen)
        sources += start
        if ends.same and not self.allow_self_connections:
            other = sources != targets
            sources, targets = sources[other], targets[other]
        return sources, targets

    def _probabilities(self, distances: NDArray[np.float64], owner: str = "") -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            values = np.asarray(self._of(distances))
        if not np.all(np.isfinite(values) & (values >= 0)):
            raise ValueError(
                f"{owner}probability={self.probability!r} gives negative or undefined values; "
                "expected probabilities"
            )
        return values

    def _of(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        if callable(self.probability):
            return self.probability(distances)
        return compiled(self.probability, frozenset({"d"}))({"d": distances})


@dataclass(frozen=True, eq=False)
class Listed(Connector):
    """Given pairs of neurons."""

    sources: Ints
    targets: Ints
    fixed = True

    def check(self, owner: str, ends: Ends) -> None:
        for side, ranks, size in zip(("pre", "post"), (self.sources, self.targets), ends.shape, strict=True):
            outside = ranks[(ranks < 0) | (ranks >= size)]
            if outside.size:
                raise ValueError(f"{owner}: the rank {outside[0]} is not one of the {size} neurons of {side}")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        return Edges(self.sources, self.targets)


def _columns(ends: Ends, allow_self_connections: bool) -> int:
    """Count the targets that each source may have."""
    return ends.shape[1] - (ends.same and not allow_self_connections)


def _edges(pairs: Ints, columns: int, ends: Ends) -> Edges:
    """Turn places in a table with a row for each source into edges, skipping the neuron itself."""
    sources, targets = np.divmod(pairs, max(columns, 1))
    if columns < ends.shape[1]:
        targets += targets >= sources
    return Edges(sources, targets)


def _turned(ends: Ends) -> Ends:
    return Ends(ends.post, ends.pre, ends.same)


def _check_number(owner: str, number: int, available: int, what: str) -> None:
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 0 <= number <= available:
        raise ValueError(
            f"{owner}: number={number!r}; expected a whole number from 0 to {available}, the {what}"
        )


def _distances(ends: Ends, start: int, stop: int) -> NDArray[np.float64]:
    """Distances of some neurons of pre, in rows, from all of post."""
    dimensions = max(ends.pre.shape[1], ends.post.shape[1])
    pre, post = (np.pad(p, ((0, 0), (0, dimensions - p.shape[1]))) for p in (ends.pre, ends.post))
    return np.asarray(np.linalg.norm(pre[start:stop, None, :] - post[None, :, :], axis=2))


def _successes(rng: np.random.Generator, trials: int, probability: float) -> Ints:
    """Return the places of the successes in a row of independent trials, by the gaps between them."""
    if probability == 0 or trials == 0:
        return np.empty(0, np.int64)
    expected = trials * probability
    found, last = [], -1
    while last < trials:
        # A gap may exceed what an integer holds where the probability is tiny: any gap that long is the end.
        gaps = np.minimum(rng.geometric(probability, int(expected + 4 * np.sqrt(expected)) + 16), trials + 1)
        places = last + np.cumsum(gaps)
        found.append(places)
        last = int(places[-1])
    places = np.concatenate(found)
    return places[: np.searchsorted(places, trials)]


def _choices(rng: np.random.Generator, rows: int, options: int, number: int) -> Ints:
    """Choose in each row `number` different ones of `options`: shape (rows, number).

    The first different values of a row of independent draws are such a choice.
    """
    if number == 0:
        return np.empty((rows, 0), np.int64)
    if number * 4 > options:
        return np.argpartition(rng.random((rows, options)), number - 1, axis=1)[:, :number]
    chosen = np.empty((rows, number), np.int64)
    short = np.arange(rows)
    while short.size:
        draws = rng.integers(options, size=(len(short), number + number // 4 + 8))
        count = np.cumsum(new := _first_of_each(draws), axis=1)
        enough = count[:, -1] >= number  # a row that repeats itself too often is drawn again as a whole
        picked = draws[enough][(new & (count <= number))[enough]]
        chosen[short[enough]] = picked.reshape(-1, number)
        short = short[~enough]
    return chosen


def _first_of_each(draws: Ints) -> NDArray[np.bool_]:
    """Mark in each row the first occurrence of each value."""
    order = np.argsort(draws, axis=1, kind="stable")
    ordered = np.take_along_axis(draws, order, axis=1)
    first = np.ones(draws.shape, np.bool_)
    np.put_along_axis(first[:, :], order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
    return first
