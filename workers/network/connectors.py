"""Rules that say which neurons of two populations are connected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.network.connector import Connector, Edges, Ends, Ints, columns_of, numbered
from workers.network.counting import FixedNumberPost, FixedNumberPre, FixedTotalNumber
from workers.network.pairwise import DistanceDependent, IndexDependent
from workers.network.sampling import successes

__all__ = [
    "AllToAll",
    "Block",
    "Connector",
    "DistanceDependent",
    "Edges",
    "Ends",
    "FixedNumberPost",
    "FixedNumberPre",
    "FixedProbability",
    "FixedTotalNumber",
    "IndexDependent",
    "Listed",
    "OneToOne",
]


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
        columns = columns_of(ends, self.allow_self_connections)
        return numbered(np.arange(ends.shape[0] * columns), columns, ends)


@dataclass(frozen=True)
class FixedProbability(Connector):
    """Every pair of neurons with the same probability."""

    probability: float
    allow_self_connections: bool = False

    def check(self, owner: str, ends: Ends) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"{owner}: probability={self.probability!r}; expected a number from 0 to 1")

    def edges(self, ends: Ends, rng: np.random.Generator) -> Edges:
        columns = columns_of(ends, self.allow_self_connections)
        return numbered(successes(rng, ends.shape[0] * columns, self.probability), columns, ends)


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
