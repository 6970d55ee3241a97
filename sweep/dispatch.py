"""Networks -> tasks -> parts: chunks of networks are handed to a pool, and it is kept busy."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster import Pool
from sweep.plan import Plan
from workers.outcome import Failure, Outcome
from workers.part import Part, pack
from workers.spool import Receipt, Spool
from workers.task import Task

AHEAD = 2  # tasks in flight for each worker: one that runs, and one that waits for it to end
TARGET = 2.0  # seconds that a task should take
GROWTH = 16  # how much longer a chunk may be than those timed before
TAIL = 4  # chunks for each worker that what is left is divided into, so that all end together
TRIES = 3  # how often a network is handed out again after its worker was lost


class Chunks:
    """How many networks go into one task.

    The first tasks are single networks; from their times the others are made to last about `TARGET`
    seconds, and shorter towards the end.

    Parameters
    ----------
    workers : int
    size : int, optional
        Always take so many.
    """

    def __init__(self, workers: int, size: int | None = None) -> None:
        self._workers, self._size = workers, size
        self._longest = 1
        self._seconds: float | None = None  # for one network

    def size(self, left: int) -> int:
        """Return the length of the next chunk, of `left` networks."""
        if self._size is not None:
            return self._size
        if self._seconds is None:
            return 1
        fitting = TARGET / max(self._seconds, 1e-6)
        share = math.ceil(left / (TAIL * self._workers))
        return max(1, int(min(fitting, share, GROWTH * self._longest)))

    def learn(self, networks: int, seconds: float) -> None:
        """Take into account how long a task took."""
        each = seconds / networks
        weight = networks / (networks + self._longest)
        self._seconds = each if self._seconds is None else (1 - weight) * self._seconds + weight * each
        self._longest = max(self._longest, networks)


class Dispatch:
    """Runs all networks of a plan on a pool.

    Parameters
    ----------
    pool : Pool
    blob : bytes
        The packed job.
    plan : Plan
    timeout : float or None
        Seconds that a network may take.
    chunk : int, optional
        Networks in a task; found by timing if not given.
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
        chunk: int | None = None,
        places: NDArray[np.int64] | None = None,
        attempts: Mapping[int, int] | None = None,
        spool: Spool | None = None,
    ) -> None:
        self._pool, self._plan, self._timeout, self._spool = pool, plan, timeout, spool
        self._job = pool.load(blob)
        self._chunks = Chunks(pool.workers, chunk)
        self._places = np.arange(plan.number) if places is None else places
        self._attempts = attempts or {}
        self._next = 0
        self._again: deque[int] = deque()  # networks whose worker was lost: each in a task of its own
        self._losses: dict[int, int] = {}
        self._flying: dict[Any, Task] = {}

    def parts(self) -> Iterator[list[Part | Receipt]]:
        """Yield parts as they arrive, and an empty list now and then while none does."""
        while self._fill():
            finished = self._pool.wait(list(self._flying))
            yield [part for future in finished for part in self._collect(future)]

    def again(self, indices: Iterable[int]) -> None:
        """Hand networks out again whose results were lost on the way.

        Raises
        ------
        RuntimeError
            If this happens again and again.
        """
        for index in indices:
            self._losses[index] = self._losses.get(index, 0) + 1
            if self._losses[index] >= TRIES:
                raise RuntimeError(
                    f"what network {index} gave was damaged {TRIES} times on its way to the store"
                )
            self._again.append(index)

    def close(self) -> None:
        """Let the pool forget the job."""
        self._pool.unload(self._job)

    def _fill(self) -> bool:
        while len(self._flying) < AHEAD * max(1, self._pool.workers):
            places = self._take()
            if not places:
                break
            indices = tuple(self._plan.index(p) for p in places)
            attempts = tuple(1 + self._attempts.get(i, 0) + self._losses.get(i, 0) for i in indices)
            parameters = tuple(self._plan.parameters(p) for p in places)
            task = Task(indices, parameters, self._spool, attempts)
            self._flying[self._pool.submit(self._job, task, self._timeout)] = task
        return bool(self._flying)

    def _take(self) -> tuple[int, ...]:
        if self._again:
            return tuple(self._plan.places(np.array([self._again.popleft()])).tolist())
        start, number = self._next, len(self._places)
        self._next = min(number, start + self._chunks.size(number - start))
        return tuple(self._places[start : self._next].tolist())

    def _collect(self, future: Any) -> list[Part | Receipt]:
        task = self._flying.pop(future)
        try:
            part, seconds = future.result()
        except Exception as error:  # the worker was lost, or could not do its part
            return self._lost(task, error)
        self._chunks.learn(len(task.indices), seconds)
        return [part]

    def _lost(self, task: Task, error: Exception) -> list[Part | Receipt]:
        """Hand the networks of a lost task out again, each by itself; give up on those lost too often."""
        given_up = []
        for index, parameters in zip(task.indices, task.parameters, strict=True):
            self._losses[index] = self._losses.get(index, 0) + 1
            if self._losses[index] < TRIES:
                self._again.append(index)
                continue
            message = f"its worker was lost {TRIES} times: {type(error).__name__}: {error}"
            failure = Failure(index, self._plan.seed, parameters, "lost", "WorkerLost", message)
            given_up.append(Outcome(index, failure=failure))
        attempts = [1 + self._attempts.get(o.index, 0) + TRIES - 1 for o in given_up]
        return [pack(given_up, attempts)] if given_up else []
