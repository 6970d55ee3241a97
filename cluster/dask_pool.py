"""A pool of Dask workers."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cloudpickle

from cluster.pool import Handle, Pool, Running
from cluster.unfit import Unfit, told
from workers.parcel import key_of
from workers.process import stop_children
from workers.task import Task

if TYPE_CHECKING:
    from distributed import Client

MOMENT = 0.2
STOPPING = 5.0
LOG = logging.getLogger("sweep.cluster")


class DaskPool(Pool):
    """The workers of a Dask client, which stays its owner's.

    Parameters
    ----------
    client : distributed.Client
        Connected to a scheduler.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._submitted: weakref.WeakSet[Any] = weakref.WeakSet()
        self._loaded: set[str] = set()
        self._unfit: dict[str, Unfit] = {}  # by the addresses of workers
        self._news = threading.Event()
        self._check()

    def _check(self) -> None:
        try:
            self.client.run(key_of, b"")
        except ImportError as error:
            raise RuntimeError(
                f"the workers at {self.client.scheduler.address} cannot import this package ({error}); "
                f"install it there too"
            ) from error

    @property
    def workers(self) -> int:
        return sum(self.client.nthreads().values())

    def load(self, blob: bytes) -> Handle:
        from cluster.loaded import Loaded

        key = key_of(blob)
        if key not in self._loaded:
            self.client.register_plugin(Loaded(key, blob), name=key)
            self._loaded.add(key)
        return Handle(key)

    def unload(self, handle: Handle) -> None:
        self._unfit.clear()
        if handle.key in self._loaded:
            self._loaded.discard(handle.key)
            self.client.unregister_worker_plugin(handle.key)

    def submit(self, handle: Handle, task: Task, timeout: float | None) -> Running:
        from cluster.loaded import run_loaded

        # As bytes: Dask would search the parameters for tasks of its own.
        future = self.client.submit(
            run_loaded,
            handle.key,
            cloudpickle.dumps(task),
            timeout,
            key=f"networks-{uuid4().hex}",
            pure=False,
        )
        self._follow(future)
        running: Running = future
        return running

    def _follow(self, future: Any) -> None:
        """Hear of it when a task is done that has been submitted, or handed out again."""
        future.add_done_callback(lambda _: self._news.set())
        self._submitted.add(future)

    def wait(self, tasks: Sequence[Running]) -> list[Running]:
        self._news.clear()
        if not any(task.done() for task in tasks):
            self._news.wait(MOMENT)
        return [task for task in tasks if task.done() and not self._again(task)]

    def _again(self, task: Any) -> bool:
        """Hand a task out again that its worker could not begin; that is held against no network."""
        error = task.exception() if task.status == "error" else None
        if not isinstance(error, Unfit):
            return False
        if error.worker not in self._unfit:
            known = error.node in {u.node for u in self._unfit.values()}
            self._unfit[error.worker] = error
            self._leave_out(error, known)
        self.client.retry([task])
        self._follow(task)
        return True

    def _leave_out(self, unfit: Unfit, known: bool) -> None:
        """Do without a worker.

        Parameters
        ----------
        unfit : Unfit
        known : bool
            Whether another of its node was left out before.

        Raises
        ------
        RuntimeError
            If there is no other.
        """
        if not self._others():
            raise RuntimeError(f"no worker can run these networks; {told(self._unfit)}")
        if not known:
            LOG.warning("left out, for it can run none of these networks: node %s", told({"": unfit}))

    def _others(self) -> bool:
        """Whether there are workers that can run the job, for all that is known."""
        return bool(set(self.client.nthreads()) - set(self._unfit))

    def interrupt(self) -> None:
        self.client.cancel([future for future in self._submitted if not future.done()], force=True)
        end, quiet = time.monotonic() + STOPPING, 0
        while quiet < 2 and time.monotonic() < end:  # a worker may hear of it later than it starts the next
            running = self.client.run(stop_children, on_error="ignore")
            quiet = 0 if any(running.values()) else quiet + 1
            time.sleep(0.02)

    def close(self) -> None:
        for key in list(self._loaded):
            self.unload(Handle(key))
