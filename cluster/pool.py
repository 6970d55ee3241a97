"""What a sweep sees of any cluster: a Pool that runs tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import NamedTuple, Protocol

from workers.spool import Done
from workers.task import Task


class Handle(NamedTuple):
    """A Job that a pool has loaded."""

    key: str


class Running(Protocol):
    """A submitted task."""

    def done(self) -> bool:
        """Whether it has finished, one way or another."""

    def result(self) -> Done:
        """Return what the worker gave back, or raise what kept it from that, such as a lost worker."""


class Pool(ABC):
    """Workers that run the networks of one sweep at a time. Used by one thread."""

    @property
    def advice(self) -> str:
        """What may help a network that loses its worker each time."""
        return ""

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many networks can run at once at present."""

    @abstractmethod
    def load(self, blob: bytes) -> Handle:
        """Make a packed Job known to all workers, those that come later too; twice does no harm."""

    @abstractmethod
    def unload(self, handle: Handle) -> None:
        """Forget a Job."""

    @abstractmethod
    def submit(self, handle: Handle, task: Task, timeout: float | None) -> Running:
        """Have a task run, each network of it for at most `timeout` seconds."""

    def submit_elsewhere(
        self, running: Running, handle: Handle, task: Task, timeout: float | None
    ) -> Running | None:
        """Have a task that runs also run on another machine, which has nothing to do; None without one."""
        return None

    def cancel(self, running: Running) -> None:  # noqa: B027
        """Let go of a task that nobody waits for any more; it may run on all the same."""

    @abstractmethod
    def wait(self, tasks: Collection[Running]) -> list[Running]:
        """Wait a moment, or until the first of these tasks is done; return those that are, each once.

        Raises
        ------
        RuntimeError
            If the workers are gone for good.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """Give up all tasks at once, those that run too; the pool stays usable."""

    @abstractmethod
    def close(self) -> None:
        """End what this pool has started."""


class Cluster(ABC):
    """Says where workers come from."""

    @abstractmethod
    def start(self) -> Pool:
        """Get them."""
