"""Some of the neurons of a population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from workers.network.population import Population


class View:
    """Some of the neurons of a population, as ends of a projection: ``pop[:80]``, ``pop[[1, 5]]``.

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

    def __len__(self) -> int:
        return len(self.ranks)

    def __repr__(self) -> str:
        return f"<View of {len(self)} neurons of {self.population.name}>"
