"""Rules that say which neurons of two populations are connected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.network.distance import Rule, of_distance
from workers.network.distributions import Distribution
from workers.network.sampling import choices, ragged_choices, successes
from workers.network.space import Space

Ints = NDArray[np.int64]
PAIRS = 1 << 20  # pairs of neurons looked at together, to bound memory


class Ends(NamedTuple):
    """The two populations that are to be connected.

    Attributes
    ----------
    pre, post : array of float, shape (neurons, dimensions)
        Positions.
    same : bool
        Whether they are the same neurons.
    space : Space
        How their distances are measured.
    """

    pre: NDArray[np.float64]
    post: NDArray[np.float64]
    same: bool
    space: Space = Space()

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
        return _edges(successes(rng, ends.shape[0] * columns, self.probability), columns, ends)


@dataclass(frozen=True)
class FixedNumberPre(Connector):
    """For each neuron of post, a number of neurons of pre, all different.

    The number may be a distribution, and be drawn for each neuron of post; with replacement, the same neuron
    may be chosen several times.
    """

    number: int | Distribution
    allow_self_connections: bool = False
    with_replacement: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        _check_number(owner, self.number, self._available(ends), "neurons of pre to choose from", self)

    def _available(self, ends: Ends) -> int:
        return ends.shape[0] - (ends.same and not self.allow_self_connections)

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        counts = _counts(self.number, rng, ends.shape[1])
        targets = np.repeat(np.arange(ends.shape[1]), counts)
        sources = self._sources(rng, self._available(ends), counts)
        excluded = ends.same and not self.allow_self_connections
        return Edges(sources + (excluded & (sources >= targets)), targets)

    def _sources(self, rng: np.random.Generator, options: int, counts: Ints) -> Ints:
        if self.with_replacement:
            return np.asarray(rng.integers(options, size=counts.sum()))
        if isinstance(self.number, Distribution):
            if counts.max(initial=0) > options:
                raise ValueError(f"{self.number!r} drew {counts.max()} neurons of {options}")
            return ragged_choices(rng, options, counts)
        return choices(rng, len(counts), options, self.number).ravel()


@dataclass(frozen=True)
class FixedNumberPost(Connector):
    """For each neuron of pre, a number of neurons of post; otherwise as `FixedNumberPre`."""

    number: int | Distribution
    allow_self_connections: bool = False
    with_replacement: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        available = ends.shape[1] - (ends.same and not self.allow_self_connections)
        _check_number(owner, self.number, available, "neurons of post to choose from", self)

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        turned = FixedNumberPre(self.number, self.allow_self_connections, self.with_replacement)
        targets, sources = turned.edges(_turned(ends), rng)
        return Edges(sources, targets)


@dataclass(frozen=True)
class FixedTotalNumber(Connector):
    """A number of pairs of neurons, all different, or each drawn independently with replacement."""

    number: int | Distribution
    allow_self_connections: bool = False
    with_replacement: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        pairs = ends.shape[0] * _columns(ends, self.allow_self_connections)
        _check_number(owner, self.number, pairs, "pairs of neurons", self)

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        columns = _columns(ends, self.allow_self_connections)
        number = int(_counts(self.number, rng, 1)[0])
        if self.with_replacement:
            pairs = rng.integers(ends.shape[0] * columns, size=number)
        else:
            pairs = choices(rng, 1, ends.shape[0] * columns, number).ravel()
        return _edges(np.sort(pairs), columns, ends)


class Pairwise(Connector):
    """Every pair of neurons with a probability of its own; one above 1 counts as 1."""

    probability: Any
    allow_self_connections: bool

    @abstractmethod
    def probabilities(self, ends: Ends, start: int, stop: int) -> NDArray[Any]:
        """Return the probabilities of some neurons of pre, in rows, with all of post."""

    def check(self, owner: str, ends: Ends) -> None:
        last = ends.shape[0] - 1  # corners of a grid are nearest to and farthest from all others
        for start in {0, last}:
            self._checked(ends, start, start + 1, f"{owner}: ")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        rows = max(1, PAIRS // ends.shape[1])
        parts = [self._rows(ends, rng, at, at + rows) for at in range(0, ends.shape[0], rows)]
        return Edges(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _rows(self, ends: Ends, rng: np.random.Generator, start: int, stop: int) -> tuple[Ints, Ints]:
        probabilities = self._checked(ends, start, min(stop, ends.shape[0]))
        chosen = rng.random(probabilities.shape) < probabilities
        sources, targets = np.nonzero(chosen)
        sources += start
        if ends.same and not self.allow_self_connections:
            other = sources != targets
            sources, targets = sources[other], targets[other]
        return sources, targets

    def _checked(self, ends: Ends, start: int, stop: int, owner: str = "") -> NDArray[Any]:
        with np.errstate(all="ignore"):
            values = np.broadcast_to(self.probabilities(ends, start, stop), (stop - start, ends.shape[1]))
        if not np.all(np.isfinite(values) & (values >= 0)):
            raise ValueError(
                f"{owner}probability={self.probability!r} gives negative or undefined values; "
                "expected probabilities"
            )
        return values


@dataclass(frozen=True)
class DistanceDependent(Pairwise):
    """Every pair of neurons with a probability that depends on their distance.

    `probability` is a function of an array of distances, or an expression of d such as "exp(-d / 2)"; a value
    above 1 counts as 1.
    """

    probability: Rule
    allow_self_connections: bool = False

    def probabilities(self, ends: Ends, start: int, stop: int) -> NDArray[Any]:
        return of_distance(self.probability, _distances(ends, start, stop))


@dataclass(frozen=True)
class IndexDependent(Pairwise):
    """Every pair of neurons with a probability that depends on their ranks.

    `probability` is a function of two arrays of ranks, shapes (rows, 1) and (1, columns).
    """

    probability: Callable[[Ints, Ints], NDArray[Any]]
    allow_self_connections: bool = False

    def probabilities(self, ends: Ends, start: int, stop: int) -> NDArray[Any]:
        return np.asarray(self.probability(np.arange(start, stop)[:, None], np.arange(ends.shape[1])[None]))


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


@dataclass(frozen=True, eq=False)
class Block(Connector):
    """The part of a rule's connections that lies between some neurons of a larger whole.

    Several populations that are connected as one each have their block. Projections that share the draws of
    their wiring (see `Projection`) then have, together, what the rule draws for the whole.
    """

    rule: Connector
    whole: Ends
    first: tuple[int, int]

    def __post_init__(self) -> None:
        self.__dict__["fixed"] = self.rule.fixed

    @property
    def allow_self_connections(self) -> bool:
        return bool(getattr(self.rule, "allow_self_connections", True))

    def check(self, owner: str, ends: Ends) -> None:
        self.rule.check(owner, self.whole)

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        edges = self.rule.edges(self.whole, rng)
        sources, targets = edges.sources - self.first[0], edges.targets - self.first[1]
        inside = (sources >= 0) & (sources < ends.shape[0]) & (targets >= 0) & (targets < ends.shape[1])
        return Edges(sources[inside], targets[inside])


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
    return Ends(ends.post, ends.pre, ends.same, ends.space)


def _check_number(
    owner: str,
    number: int | Distribution,
    available: int,
    what: str,
    rule: FixedNumberPre | FixedNumberPost | FixedTotalNumber,
) -> None:
    if isinstance(number, Distribution):
        return  # what is drawn is checked then
    if rule.with_replacement and available:
        available = np.iinfo(np.int64).max
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 0 <= number <= available:
        raise ValueError(
            f"{owner}: number={number!r}; expected a whole number from 0 to {available}, the {what}"
        )


def _distances(ends: Ends, start: int, stop: int) -> NDArray[np.float64]:
    """Distances of some neurons of pre, in rows, from all of post."""
    return ends.space.distances(ends.pre[start:stop], ends.post)


def _counts(number: int | Distribution, rng: np.random.Generator, rows: int) -> Ints:
    if not isinstance(number, Distribution):
        return np.full(rows, number, np.int64)
    counts = np.rint(number.draw(rng, rows)).astype(np.int64)
    if counts.min(initial=0) < 0:
        raise ValueError(f"{number!r} drew a negative number of connections; give it min=0")
    return counts
