"""Workers on a virtual clock, to see without any hardware how a sweep does on thousands of them.

Simulated are the workers, the seconds that networks take, the way of a message, and Dask: a scheduler and a
client that handle one message after the other. Real is what our client does for each task, and the time that
this takes passes on the virtual clock, too. Nothing is run, and there are receipts in place of results.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, NamedTuple

import cloudpickle
import numpy as np
from numpy.typing import NDArray

from cluster.pool import Handle, Pool, Running
from workers.spool import Done, Receipt
from workers.task import Task

WAY = 0.005  # seconds that a message takes


class Costs(NamedTuple):
    """CPU seconds of what is not our client's own.

    Attributes
    ----------
    scheduler, client, worker : float
        Of Dask's scheduler, of its client, and of a worker and its child process, for a task.
    store : float
        Of the client, to store what a network returned.
    """

    scheduler: float
    client: float
    worker: float
    store: float = 0.0


class VirtualTask:
    """A task that waits for its time to come."""

    def __init__(self, task: Task) -> None:
        self.task: Task | None = task
        self.found: Done | None = None

    def done(self) -> bool:
        """Whether the client has heard of its end."""
        return self.found is not None

    def result(self) -> Done:
        """Return the receipt of those networks that were begun."""
        assert self.found is not None
        return self.found


class _Event(NamedTuple):
    time: float
    place: int  # of two at the same time, the one that was foreseen first comes first
    kind: Literal["come", "end", "back"]
    task: VirtualTask


@dataclass(eq=False)
class VirtualPool(Pool):
    """A pool whose workers are on a virtual clock.

    Parameters
    ----------
    seconds : array of float, shape (networks,)
        What each network takes, by its index.
    size : int
        The number of workers.
    costs : Costs
    own : bool
        Whether the real time of our client passes on the virtual clock; without it, what happens is always
        the same.

    Attributes
    ----------
    now : float
        The virtual time in seconds.
    tasks, sent, most : int
        How many tasks were submitted, with how many bytes, and how many were in flight at the most.
    at_work : dict of str to float
        For how many seconds the client and the scheduler were at work.
    idle_since : float or None
        Since when a worker has had nothing to do.
    """

    seconds: NDArray[np.float64]
    size: int
    costs: Costs
    own: bool = True
    now: float = 0.0
    tasks: int = 0
    sent: int = 0
    most: int = 0
    at_work: dict[str, float] = field(default_factory=lambda: {"client": 0.0, "scheduler": 0.0})
    idle_since: float | None = None

    def __post_init__(self) -> None:
        self._free, self._flying, self._scheduler_free = self.size, 0, 0.0
        self._queue: deque[VirtualTask] = deque()
        self._events: list[_Event] = []
        self._places = count()
        self._left = time.process_time()

    @property
    def workers(self) -> int:
        return self.size

    def load(self, blob: bytes) -> Handle:
        return Handle("virtual")

    def unload(self, handle: Handle) -> None:
        """Nothing has been loaded."""

    def submit(self, handle: Handle, task: Task, timeout: float | None) -> Running:
        self.sent += len(cloudpickle.dumps(task))
        self._client_worked(self.costs.client / 2)
        running = VirtualTask(task)
        self._foresee(self.now + WAY, "come", running)
        self.tasks, self._flying = self.tasks + 1, self._flying + 1
        self.most = max(self.most, self._flying)
        self._left = time.process_time()
        return running

    def wait(self, tasks: Collection[Running]) -> list[Running]:
        self._client_worked(0.0)
        found: list[Running] = []
        while self._events and (self._events[0].time <= self.now or not found):
            event = heapq.heappop(self._events)
            self.now = max(self.now, event.time)
            if event.kind == "back":
                found.append(event.task)
            else:
                self._scheduled(event)
        self._flying -= len(found)
        self._left = time.process_time()
        networks = sum(len(task.result().part.index) for task in found)
        self._client_worked(len(found) * self.costs.client / 2 + networks * self.costs.store)
        return found

    def interrupt(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing has been started."""

    def _client_worked(self, more: float) -> None:
        """Let the time pass that the client has really taken, and more that is simulated."""
        seconds = more + (time.process_time() - self._left if self.own else 0.0)
        self.now += seconds
        self.at_work["client"] += seconds

    def _foresee(self, when: float, kind: Literal["come", "end", "back"], task: VirtualTask) -> None:
        heapq.heappush(self._events, _Event(when, next(self._places), kind, task))

    def _scheduled(self, event: _Event) -> None:
        """Let the scheduler handle a message, after those before it."""
        self._scheduler_free = max(self._scheduler_free, event.time) + self.costs.scheduler / 2
        self.at_work["scheduler"] += self.costs.scheduler / 2
        if event.kind == "come":
            self._queue.append(event.task)
        else:
            self._free += 1
            self._foresee(self._scheduler_free + WAY, "back", event.task)
        while self._queue and self._free:
            self._free -= 1
            self._run(self._queue.popleft())
        if not self._free:
            self.idle_since = None
        elif self.idle_since is None:
            self.idle_since = self._scheduler_free

    def _run(self, running: VirtualTask) -> None:
        """Run as many networks of a task as its time allows."""
        assert running.task is not None
        indices = np.array(running.task.indices)
        ends = np.cumsum(self.seconds[indices])
        number = 1 + int(np.searchsorted(ends[:-1], running.task.seconds, side="right"))
        seconds = float(ends[number - 1])
        receipt = Receipt("", indices[:number], np.zeros(number, np.uint8), 0)
        running.task, running.found = None, Done(receipt, seconds)
        end = self._scheduler_free + WAY + self.costs.worker + seconds + WAY
        self._foresee(end, "end", running)
