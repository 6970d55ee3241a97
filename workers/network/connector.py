"""What a rule of connection is given, and what it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.division import divided
from workers.network.space import Space

Ints = NDArray[np.int64]


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


def columns_of(ends: Ends, allow_self_connections: bool) -> int:
    """Count the targets that each source may have."""
    return ends.shape[1] - (ends.same and not allow_self_connections)


def numbered(pairs: Ints, columns: int, ends: Ends) -> Edges:
    """Turn places in a table with a row for each source into edges, skipping the neuron itself."""
    sources, targets = divided(pairs, max(columns, 1))
    if columns < ends.shape[1]:
        targets += targets >= sources
    return Edges(sources, targets)
