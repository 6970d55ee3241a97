"""A pool of Dask workers."""

from __future__ import annotations

import logging
import math
import time
import weakref
from collections.abc import Callable, Collection
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cloudpickle

from cluster.pool import Handle, Pool, Running
from cluster.unfit import Unfit, told
from workers.parcel import key_of
from workers.process import stop_children
from workers.spool import Done
from workers.task import Task

if TYPE_CHECKING:
    from distributed import Client

MOMENT = 0.2
STOPPING = 5.0
LOADING = 60.0
LOG = logging.getLogger("sweep.cluster")


class Submitted:
    """A task that has been submitted to Dask; what it gives back is fetched in the background.

    Parameters
    ----------
    future : distributed.Future
    """

    def __init__(self, future: Any) -> None:
        self.future = future
        self._found: Done | Exception | None = None

    @property
    def key(self) -> str:
        """Its name at the scheduler."""
        return str(self.future.key)

    @property
    def error(self) -> Exception | None:
        """What kept it from giving anything back."""
        return self._found if isinstance(self._found, Exception) else None

    async def fetch(self) -> None:
        """Wait until it is done; called in the client's event loop."""
        try:
            self._found = await self.future.client.gather(self.future, asynchronous=True)
        except Exception as error:
            self._found = error

    def forget(self) -> None:
        """Let it be run again."""
        self._found = None

    def done(self) -> bool:
        """Whether it has finished, one way or another."""
        return self._found is not None

    def result(self) -> Done:
        """Return what the worker gave back, or raise what kept it from that."""
        if not isinstance(self._found, Done):
            raise self._found or RuntimeError("the task is not done")
        return self._found


class DaskPool(Pool):
    """The workers of a Dask client, which stays its owner's.

    Parameters
    ----------
    client : distributed.Client
        Connected to a scheduler.
    """

    def __init__(self, client: Client) -> None:
        self.client, self._address = client, client.scheduler.address
        self._submitted: weakref.WeakSet[Any] = weakref.WeakSet()
        self._loaded: set[str] = set()
        self._unfit: dict[str, Unfit] = {}  # by the addresses of workers
        self._ended: SimpleQueue[Submitted] = SimpleQueue()
        self._unasked: weakref.WeakSet[Submitted] = weakref.WeakSet()  # ended, but nobody has asked for them
        self._counted = (-math.inf, 0)
        self._check()

    def _check(self) -> None:
        try:
            self.client.run(key_of, b"")
        except ImportError as error:
            raise RuntimeError(
                f"the workers at {self._address} cannot import this package ({error}); install it there too"
            ) from error

    @property
    def workers(self) -> int:
        when, number = self._counted
        if time.monotonic() > when + MOMENT:  # to ask the scheduler takes some ms
            try:
                number = self.client.sync(self.client.scheduler.identity, n_workers=0)["total_threads"]
            except OSError:
                raise self._gone() from None
            self._counted = time.monotonic(), number
        return number

    def _gone(self) -> RuntimeError:
        """Say that the scheduler cannot be reached any more."""
        return RuntimeError(
            f"the connection to the scheduler at {self._address} was lost; run the call again: "
            "with a store, it goes on from what is stored"
        )

    def load(self, blob: bytes) -> Handle:
        from cluster.loaded import Loaded

        key = key_of(blob)
        if key not in self._loaded:
            self.ask(lambda: self.client.register_plugin(Loaded(key, blob), name=key), LOADING)
            self._loaded.add(key)
        return Handle(key)

    def unload(self, handle: Handle) -> None:
        self._unfit.clear()
        if handle.key in self._loaded:
            self._loaded.discard(handle.key)
            self.ask(lambda: self.client.unregister_worker_plugin(handle.key))

    def ask(self, request: Callable[[], Any], seconds: float = 2.0) -> Any:
        """Ask something of all workers; who hangs or is cut off from the network does not hold this.

        Parameters
        ----------
        request : callable
            Calls a method of the client.
        seconds : float
            How long to wait.

        Returns
        -------
        object or None
            What was answered, or nothing.
        """
        if self.client.status != "running":  # there is nobody to ask
            return None
        with suppress(OSError, AttributeError):  # the latter of a client that is losing its scheduler
            return self.client.sync(request, callback_timeout=seconds)
        return None

    def submit(self, handle: Handle, task: Task, timeout: float | None) -> Running:
        return self._submit(handle, task, timeout)

    def submit_elsewhere(
        self, running: Any, handle: Handle, task: Task, timeout: float | None
    ) -> Running | None:
        from distributed.comm import get_address_host

        given = self.client.processing()
        hosts = {get_address_host(worker) for worker, keys in given.items() if running.key in keys}
        idle = [worker for worker, keys in given.items() if not keys and worker not in self._unfit]
        free = [worker for worker in idle if get_address_host(worker) not in hosts]
        return self._submit(handle, task, timeout, workers=free) if hosts and free else None

    def cancel(self, running: Any) -> None:
        self.client.cancel([running.future], force=True)

    def _submit(self, handle: Handle, task: Task, timeout: float | None, **where: Any) -> Running:
        from cluster.loaded import run_loaded

        # As bytes: Dask would search the parameters for tasks of its own.
        future = self.client.submit(
            run_loaded,
            handle.key,
            cloudpickle.dumps(task),
            timeout,
            key=f"networks-{uuid4().hex}",
            pure=False,
            **where,
        )
        running = Submitted(future)
        self._follow(running)
        return running

    def _follow(self, running: Submitted) -> None:
        """Hear of it when a task is done that has been submitted, or handed out again."""
        self._submitted.add(running.future)
        self.client.loop.add_callback(self._fetch, running)

    async def _fetch(self, running: Submitted) -> None:
        await running.fetch()
        self._ended.put(running)

    def wait(self, tasks: Collection[Running]) -> list[Running]:
        patience = 0.0 if any(task in tasks for task in self._unasked) else MOMENT
        ended = {*self._unasked}
        with suppress(Empty):
            ended.add(self._ended.get(timeout=patience))
            while True:
                ended.add(self._ended.get_nowait())
        found = [task for task in ended if task in tasks]
        self._unasked = weakref.WeakSet(ended.difference(found))
        if self.client.status != "running":  # then all tasks ended, which is held against no network
            raise self._gone()
        return [task for task in found if not self._again(task)]

    def _again(self, task: Submitted) -> bool:
        """Hand a task out again that its worker could not begin; that is held against no network."""
        error = task.error
        if not isinstance(error, Unfit):
            return False
        if error.worker not in self._unfit:
            known = error.node in {u.node for u in self._unfit.values()}
            self._unfit[error.worker] = error
            self._leave_out(error, known)
        task.forget()
        self.client.retry([task.future])
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
        left = [future for future in self._submitted if not future.done()]
        self.ask(lambda: self.client.cancel(left, force=True), STOPPING)
        end, quiet = time.monotonic() + STOPPING, 0
        while quiet < 2 and time.monotonic() < end:  # a worker may hear of it later than it starts the next
            running = self.ask(lambda: self.client.run(stop_children, on_error="ignore"))
            quiet = 0 if any((running or {}).values()) else quiet + 1
            time.sleep(0.02)

    def close(self) -> None:
        for key in list(self._loaded):
            self.unload(Handle(key))
