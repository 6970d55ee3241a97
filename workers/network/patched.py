"""A value that is another one for some of the neurons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.network.distributions import Distribution
from workers.network.values import Value, highest, lowest

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Patched(Distribution):
    """`base` for a whole population, except for the neurons `ranks`, which have `patch`.

    What is drawn for the others does not depend on the patch.
    """

    base: Value
    ranks: NDArray[np.int64]
    patch: Value

    def __post_init__(self) -> None:
        pass  # these are values, not numbers

    @property
    def lowest(self) -> float:
        return min(lowest(self.base), lowest(self.patch))

    @property
    def highest(self) -> float:
        return max(highest(self.base), highest(self.patch))

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        values = _drawn(self.base, rng, size)
        values[self.ranks] = _drawn(self.patch, rng, len(self.ranks))
        return values


def _drawn(value: Value, rng: np.random.Generator, size: int) -> Floats:
    return value.draw(rng, size) if isinstance(value, Distribution) else np.full(size, value)
