"""A pool with a scheduler of our own, started by command line."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection
from pathlib import Path

from cluster.credentials import Credentials
from cluster.dask_pool import DaskPool
from cluster.host import LOOPBACK
from cluster.keeper import Keeper
from cluster.pool import Running
from hardware.cores import thread_limits
from workers.launch import environment

PATIENCE = 60


class OwnPool(DaskPool):
    """A scheduler, and the client of it; both end with the pool.

    Parameters
    ----------
    folder : Path
        For the credentials and other files; private to this user, removed with the pool.
    host : str
        The address of this machine at which the scheduler listens.
    workers : int
        How many workers to start beside it.
    """

    def __init__(self, folder: Path, host: str, workers: int) -> None:
        self._folder, self._owner = folder, os.getpid()
        self._open: list[Callable[[], object]] = []
        try:
            self._start(host, workers)
        except BaseException:  # Ctrl-C too
            self.close()
            raise

    def _start(self, host: str, workers: int) -> None:
        from distributed import Client

        credentials = Credentials.made(self._folder)
        scratch = self._folder / "tmp"
        scratch.mkdir()
        extra = {"TMPDIR": str(scratch), "DASK_LOGGING__DISTRIBUTED": "warning", **thread_limits(1)}
        self._keeper = Keeper(
            workers, self._folder, environment({**credentials.environment(), **extra}), host
        )
        self._keeper.start()
        self._open.append(self._keeper.stop)
        # What workers of this machine give back need not go through the scheduler.
        client = Client(
            self._listens_at(),
            security=credentials.security(),
            set_as_default=False,
            direct_to_workers=host == LOOPBACK,
        )
        self._open.append(client.close)
        super().__init__(client)

    def _listens_at(self) -> str:
        try:
            return self._keeper.address.result(PATIENCE)
        except TimeoutError:
            raise RuntimeError(f"the cluster's scheduler did not start within {PATIENCE} s") from None

    @property
    def usable(self) -> bool:
        """Whether it can take another sweep: not closed, not broken, and not of a process we forked from."""
        return self._owner == os.getpid() and bool(self._open) and self._keeper.well

    def wait(self, tasks: Collection[Running]) -> list[Running]:
        if not self._keeper.well:
            raise self._gone()
        return super().wait(tasks)

    def _gone(self) -> RuntimeError:
        end = time.monotonic() + 1.0
        while self._keeper.well and time.monotonic() < end:  # it may be about to see why
            time.sleep(0.02)
        return RuntimeError(self._keeper.error or "the cluster is closed")

    def close(self) -> None:
        if self._owner != os.getpid():
            return
        while self._open:
            self._open.pop()()
        shutil.rmtree(self._folder, ignore_errors=True)
