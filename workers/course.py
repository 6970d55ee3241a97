"""The course of an injected current, step by step."""

from __future__ import annotations

import numpy as np

from workers.instance import Floats
from workers.network import Injection


class Course:
    """A current from step to step; what a simulator was told ahead of time is told again in its run."""

    def __init__(self, injection: Injection, dt: float, rng: np.random.Generator) -> None:
        self._injection, self._dt, self._rng = injection, dt, rng
        self._known: Floats | None = None
        self._from = self._until = 0  # the steps that `_known` is of

    def until(self, start: int, stop: int) -> Floats:
        """Return the values in steps start + 1 to stop; each call begins not before the last one did."""
        if self._until < stop:
            times = np.arange(self._until, stop, dtype=np.float64) * self._dt
            new = self._injection.source.amplitudes(times, len(self._injection.ranks), self._rng)
            before = [] if self._known is None else [self._known[start - self._from :]]
            self._known, self._from, self._until = np.concatenate([*before, new]), start, stop
        assert self._known is not None
        return self._known[start - self._from : stop - self._from]
