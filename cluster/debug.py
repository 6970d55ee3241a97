"""No workers at all: networks run in this process, where a debugger reaches them."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from cluster.pool import Cluster, Handle, Pool, Running
from hardware.machine import this_machine
from workers.parcel import key_of, unpack
from workers.part import pack
from workers.spool import Done, delivered
from workers.task import Job, Task, run_network


@dataclass(frozen=True, eq=False)
class Finished:
    """A task that was run when it was submitted."""

    value: Done

    def done(self) -> bool:
        """It is."""
        return True

    def result(self) -> Done:
        """Return what was found."""
        return self.value


class DebugPool(Pool):
    """Runs each task in this process when it is submitted.

    A time limit is not enforced, and a method that ends the process ends this one. The Job is packed and
    opened again, as on any cluster.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    @property
    def workers(self) -> int:
        return 1

    def load(self, blob: bytes) -> Handle:
        key = key_of(blob)
        self._jobs[key] = unpack(blob)
        return Handle(key)

    def unload(self, handle: Handle) -> None:
        self._jobs.pop(handle.key, None)

    def submit(self, handle: Handle, task: Task, timeout: float | None) -> Running:
        job = self._jobs[handle.key]
        begin, given = perf_counter(), zip(task.indices, task.parameters, strict=True)
        with _global_generators_kept():
            outcomes = [run_network(job, index, parameters) for index, parameters in given]
        part = pack(outcomes, task.attempts, this_machine())
        return Finished(Done(delivered(part, task.spool), perf_counter() - begin))

    def wait(self, tasks: Collection[Running]) -> list[Running]:
        return list(tasks)

    def interrupt(self) -> None:
        """Nothing runs outside of `submit`."""

    def close(self) -> None:
        self._jobs.clear()


@contextmanager
def _global_generators_kept() -> Iterator[None]:
    """Leave numpy's global generator and Python's as they were: each network seeds them."""
    of_numpy, of_python = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(of_numpy)
        random.setstate(of_python)


@dataclass(frozen=True)
class Debug(Cluster):
    """The present process."""

    def start(self) -> DebugPool:
        """Return a new pool."""
        return DebugPool()


def debug() -> Debug:
    """Run networks in this process, one after the other, for a debugger.

    A time limit is not enforced, and a method that ends the process ends this one.
    """
    return Debug()
