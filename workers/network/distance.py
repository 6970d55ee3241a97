"""Weights and delays that depend on the distance of two neurons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from workers.network.expression import compiled

Floats = NDArray[np.float64]
Rule = str | Callable[[Floats], Floats]


def of_distance(rule: Rule, distances: Floats) -> Floats:
    """Evaluate a function of distances, or an expression of d such as "exp(-d / 2)"."""
    with np.errstate(all="ignore"):
        if callable(rule):
            return np.asarray(rule(distances))
        return np.asarray(compiled(rule, frozenset({"d"}))({"d": distances}))


@dataclass(frozen=True)
class OfDistance:
    """A value for each connection that follows from its length.

    Attributes
    ----------
    rule : str or callable
        An expression of d such as "0.1 + 0.05 * d", or a function of an array of distances.
    """

    rule: Rule

    def checked(self, owner: str) -> Self:
        """Return this, or raise ValueError if the expression cannot be read."""
        try:
            of_distance(self.rule, np.ones(1))
        except ValueError as error:
            raise ValueError(f"{owner}: {error}") from None
        return self

    def at(self, owner: str, purpose: str, distances: Floats) -> Floats:
        """Return the values of connections of these lengths."""
        values = np.broadcast_to(of_distance(self.rule, distances), distances.shape).astype(np.float64)
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{owner}: {purpose}={self.rule!r} gives undefined values for some distances")
        return values
