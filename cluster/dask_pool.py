"""A pool of Dask workers."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cloudpickle

from cluster.pool import Handle, Pool, Running
from workers.parcel import key_of
from workers.process import stop_children
from workers.task import Task

if TYPE_CHECKING:
    from distributed import Client

MOMENT = 0.2
STOPPING = 5.0


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
        future.add_done_callback(lambda _: self._news.set())
        self._submitted.add(future)
        running: Running = future
        return running

    def wait(self, tasks: Sequence[Running]) -> list[Running]:
        self._news.clear()
        if not any(task.done() for task in tasks):
            self._news.wait(MOMENT)
        return [task for task in tasks if task.done()]

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
