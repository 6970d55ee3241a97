"""Networks -> tasks -> parts: lots of networks are handed to a pool, and it is kept busy."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cluster import Pool
from sweep.plan import Plan
from sweep.schedule import Lot, Places, Schedule
from workers.outcome import Failure, Outcome
from workers.parcel import label_of
from workers.part import Part, pack
from workers.spool import Receipt, Spool
from workers.task import Task

WAITING = (
    2000  # tasks in flight that wait for a worker: as many as there are workers, but not more than these
)
TRIES = 3  # how often a network is handed out whose worker is lost
SUSPECTS = 32  # into how many tasks the networks of a lost task are divided, and then into single ones

LATE, SLOW = 10.0, 4.0  # a task of so many seconds, and so many times as many as expected, is late
LOOK = 1.0  # seconds between two looks for what is late, of which there may be thousands


class _Flight(NamedTuple):
    """What is in flight, and since when."""

    lot: Lot
    since: float


class Dispatch:
    """Runs networks of a plan on a pool.

    Parameters
    ----------
    pool : Pool
    blob : bytes
        The packed job.
    plan : Plan
    timeout : float or None
        Seconds that a network may take.
    places : array of int, optional
        Which networks of the plan to run; all if not given.
    attempts : dict of int to int
        How many times networks have been handed out before, by index, where they have.
    spool : Spool, optional
        Where workers may leave parts.
    """

    def __init__(
        self,
        pool: Pool,
        blob: bytes,
        plan: Plan,
        timeout: float | None,
        places: NDArray[np.int64] | None = None,
        attempts: Mapping[int, int] | None = None,
        spool: Spool | None = None,
    ) -> None:
        self._pool, self._plan, self._timeout, self._spool = pool, plan, timeout, spool
        self._job = pool.load(blob)
        self._schedule = Schedule(np.arange(plan.number) if places is None else places, label_of(blob).fuse)
        self._attempts = attempts or {}
        self._losses: dict[int, int] = {}
        self._flying: dict[Any, _Flight] = {}
        self._twins: dict[Any, Any] = {}  # of what is in flight twice, each by the other
        self._looked = -math.inf

    def parts(self) -> Iterator[list[Part | Receipt]]:
        """Yield parts as they arrive, and an empty list now and then while none does."""
        while self._fill():
            finished = self._pool.wait(self._flying)
            yield [part for future in finished for part in self._collect(future)]

    def again(self, indices: Iterable[int]) -> None:
        """Hand networks out again whose results were lost on the way.

        Raises
        ------
        RuntimeError
            If this happens again and again.
        """
        indices = list(indices)
        for index in indices:
            if self._count(index) >= TRIES:
                raise RuntimeError(
                    f"what network {index} gave was damaged {TRIES} times on its way to the store"
                )
        self._schedule.back(self._plan.places(np.array(indices, np.int64)))

    def close(self) -> None:
        """Let the pool forget the job."""
        self._pool.unload(self._job)

    def _fill(self) -> bool:
        workers = max(1, self._pool.workers)
        while len(self._flying) < workers + min(workers, WAITING):
            lot = self._schedule.next(workers)
            if lot is None:
                self._double(time.monotonic())
                break
            running = self._pool.submit(self._job, self._task(lot), self._timeout)
            self._flying[running] = _Flight(lot, time.monotonic())
        return bool(self._flying)

    def _double(self, now: float) -> None:
        """Run what is late on another machine too, at the end of a sweep: what is done first counts."""
        if now < self._looked + LOOK:
            return
        self._looked = now
        for running, (lot, since) in list(self._flying.items()):
            usual = self._schedule.expected(len(lot.places))
            if running in self._twins or now - since < max(LATE, SLOW * usual):
                continue
            twin = self._pool.submit_elsewhere(running, self._job, self._task(lot), self._timeout)
            if twin is not None:
                self._flying[twin] = _Flight(lot, now)
                self._twins |= {running: twin, twin: running}

    def _task(self, lot: Lot) -> Task:
        indices = tuple(self._plan.indices_at(lot.places).tolist())
        known = self._attempts or self._losses
        attempts = tuple(1 + self._attempts.get(i, 0) + self._losses.get(i, 0) for i in indices)
        return Task(
            indices, self._plan.given(lot.places), self._spool, attempts if known else (), lot.seconds
        )

    def _collect(self, future: Any) -> list[Part | Receipt]:
        if future not in self._flying:  # its twin came first
            return []
        places, twin = self._flying.pop(future).lot.places, self._twins.pop(future, None)
        try:
            part, seconds = future.result()
        except Exception as error:  # the worker was lost, or could not do its part
            self._twins.pop(twin, None)
            return self._lost(places, error) if twin is None else []
        if twin is not None:
            del self._flying[twin], self._twins[twin]
            self._pool.cancel(twin)
        begun = len(part.index)
        self._schedule.learn(begun, seconds)
        self._schedule.back(places[begun:])
        return [part]

    def _count(self, index: int) -> int:
        """Count how often what a network gave was lost."""
        self._losses[index] = self._losses.get(index, 0) + 1
        return self._losses[index]

    def _lost(self, places: Places, error: Exception) -> list[Part | Receipt]:
        """Hand the networks of a lost task out again, in smaller tasks; give up on one that is lost alone."""
        indices = self._plan.indices_at(places)
        losses = max(self._count(index) for index in indices.tolist())
        if len(places) > 1 or losses < TRIES:
            self._schedule.apart(places, SUSPECTS if losses == 1 else len(places))
            return []
        (index,), (place,) = indices.tolist(), places.tolist()
        message = f"its worker was lost {losses} times{self._pool.advice}: {type(error).__name__}: {error}"
        given = self._plan.parameters(place)
        failure = Failure(index, self._plan.seed, given, "lost", "WorkerLost", message)
        return [pack([Outcome(index, failure=failure)], [self._attempts.get(index, 0) + losses])]
