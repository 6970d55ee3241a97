"""Where neurons are, and how far they are from each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """How distances are measured; names and meanings are PyNN's.

    Attributes
    ----------
    axes : tuple of int, optional
        The coordinates that count; all if not given.
    scale_factor, offset : float
        Positions of post are moved by the offset and then multiplied by the factor.
    periodic : tuple, optional
        For each axis None or the two ends between which space closes into a ring.
    """

    axes: tuple[int, ...] | None = None
    scale_factor: float = 1.0
    offset: float = 0.0
    periodic: tuple[tuple[float, float] | None, ...] | None = None

    def distances(self, pre: Floats, post: Floats) -> Floats:
        """Return the distance of each of `pre` from each of `post`, shape (pre, post)."""
        pre, post = _of_equal_dimension(pre, post)
        return self._lengths(pre[:, None, :] - self._moved(post)[None, :, :])

    def between(self, pre: Floats, post: Floats) -> Floats:
        """Return the distances of pairs of positions, shape (pairs,)."""
        pre, post = _of_equal_dimension(pre, post)
        return self._lengths(pre - self._moved(post))

    def _moved(self, post: Floats) -> Floats:
        return (
            post
            if self.offset == 0.0 and self.scale_factor == 1.0
            else self.scale_factor * (post + self.offset)
        )

    def _lengths(self, difference: Floats) -> Floats:
        for axis, ends in enumerate((self.periodic or ())[: difference.shape[-1]]):
            if ends is not None:
                along = np.abs(difference[..., axis])
                difference[..., axis] = np.minimum(along, ends[1] - ends[0] - along)
        if self.axes is not None:
            difference = difference[..., [a for a in self.axes if a < difference.shape[-1]]]
        return np.asarray(np.linalg.norm(difference, axis=-1))


def _of_equal_dimension(pre: Floats, post: Floats) -> tuple[Floats, Floats]:
    dimensions = max(pre.shape[1], post.shape[1])
    return _padded(pre, dimensions), _padded(post, dimensions)


def _padded(positions: Floats, dimensions: int) -> Floats:
    return np.pad(positions, ((0, 0), (0, dimensions - positions.shape[1])))
