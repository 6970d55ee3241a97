"""Rules that connect every pair of neurons with a probability of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.network.connector import Connector, Edges, Ends, Ints
from workers.network.distance import Rule, of_distance

PAIRS = 1 << 20  # pairs of neurons looked at together, to bound memory


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
        return of_distance(self.probability, ends.space.distances(ends.pre[start:stop], ends.post))


@dataclass(frozen=True)
class IndexDependent(Pairwise):
    """Every pair of neurons with a probability that depends on their ranks.

    `probability` is a function of two arrays of ranks, shapes (rows, 1) and (1, columns).
    """

    probability: Callable[[Ints, Ints], NDArray[Any]]
    allow_self_connections: bool = False

    def probabilities(self, ends: Ends, start: int, stop: int) -> NDArray[Any]:
        return np.asarray(self.probability(np.arange(start, stop)[:, None], np.arange(ends.shape[1])[None]))
