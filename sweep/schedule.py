"""Which networks go into the next task, and how many: no pool and no clock, so that it can be simulated."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

TARGET = 2.0  # seconds that a task should take, ...
LEAST = 0.25  # ... towards the end of a sweep, when all workers should end together, at least so many, ...
RATE = 200.0  # ... and with many workers so long that the scheduler is asked for so many tasks a second ...
PEAK = 300.0  # ... or, towards the end, for so many: it can do with 400 to 800, as bench/schedule.md has it
SMALL = 0.05  # ... and never less than so many, if there is as much to do
TAIL = 4  # tasks for each worker that what is left is divided into, so that all end together
FIRST = 256  # networks that a task has at the most before any was timed
GROWTH = 16  # how many times longer a task may be than those timed before
GRACE = 2.0  # a task that takes so many times longer than expected gives back what it has not begun


class Lot(NamedTuple):
    """The networks of one task.

    Attributes
    ----------
    places : array of int
        Their places in the plan.
    seconds : float
        After how many seconds no more of them is begun: those come back.
    """

    places: Places
    seconds: float


class Schedule:
    """The networks that wait to be run.

    Of networks whose times are not known yet a task has few, and little time. From what is learned later
    ones are made to last about `TARGET` seconds, and shorter towards the end.

    Parameters
    ----------
    places : array of int
        The networks to run.
    width : int
        How many networks run as one: lots are multiples of it where there are enough.
    """

    def __init__(self, places: Places, width: int = 1) -> None:
        self._spans = deque([places])
        self._apart: deque[Places] = deque()
        self._left, self._width = len(places), width
        self._most = 0
        self._each: float | None = None  # seconds for one network

    def next(self, workers: int) -> Lot | None:
        """Give the next lot; None where no network waits."""
        if self._apart:
            return Lot(self._apart.popleft(), math.inf)
        if not self._left:
            return None
        number = self.size(self._left, workers)
        expected = number * (self._each or 0.0)
        return Lot(self._taken(number), GRACE * max(expected, _shortest(workers)))

    def back(self, places: Places) -> None:
        """Take back networks that were not begun: they are next."""
        if len(places):
            self._spans.appendleft(places)
            self._left += len(places)

    def apart(self, places: Places, pieces: int) -> None:
        """Take back networks that shall go into so many lots of their own, before all others."""
        self._apart.extend(np.array_split(places, min(pieces, len(places))))

    def learn(self, networks: int, seconds: float) -> None:
        """Take into account how long some networks took."""
        if not networks:
            return
        each = max(seconds / networks, 1e-7)
        weight = networks / (networks + self._most)
        self._each = each if self._each is None else (1 - weight) * self._each + weight * each
        self._most = max(self._most, networks)

    def expected(self, networks: int) -> float:
        """Return how many seconds so many networks should take; infinity before any was timed."""
        return math.inf if self._each is None else networks * self._each

    def size(self, left: int, workers: int) -> int:
        """Return how many networks the next lot has, of `left`."""
        share = left / (TAIL * workers)
        if self._each is None:
            wanted = min(share, FIRST)
        else:
            wanted = max(share, _shortest(workers) / self._each)
            wanted = min(wanted, max(TARGET, workers / RATE) / self._each, GROWTH * max(self._most, FIRST))
        wanted = max(self._width, int(wanted) // self._width * self._width)
        return min(left, wanted, max(math.ceil(left / workers), self._least(left)))

    def _least(self, left: int) -> int:
        """Return how many networks a lot has at least, though not all workers may get one then.

        In lots of k networks, those that are left take the scheduler left / (k PEAK) seconds, and the worker
        of the last lot k times what a network takes; k is such that the sum is least.
        """
        if self._each is None:
            return 1
        return math.ceil(max(SMALL / self._each, math.sqrt(left / (PEAK * self._each))))

    def _taken(self, number: int) -> Places:
        """Take so many networks from the front."""
        self._left -= number
        found: list[Places] = []
        while number:
            span = self._spans.popleft()
            found.append(span[:number])
            if number < len(span):
                self._spans.appendleft(span[number:])
            number -= len(found[-1])
        return found[0] if len(found) == 1 else np.concatenate(found)


def _shortest(workers: int) -> float:
    return max(LEAST, workers / PEAK)
