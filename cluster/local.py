"""Workers on this machine, started by command line: they never import the person's script."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.credentials import Credentials
from cluster.dask_pool import DaskPool
from cluster.keeper import Keeper
from cluster.pool import Cluster, Running
from hardware.cores import thread_limits, usable_cores
from workers.launch import environment

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 60


class LocalPool(DaskPool):
    """A scheduler and workers of our own, closed with the pool.

    Parameters
    ----------
    cores : int
        The number of workers; each runs one network at a time.
    """

    def __init__(self, cores: int) -> None:
        self.cores, self._owner = cores, os.getpid()
        self._folder = Path(tempfile.mkdtemp(prefix="sweep-"))
        self._open: list[Any] = []
        try:
            self._start()
        except BaseException:  # Ctrl-C too
            self.close()
            raise

    def _start(self) -> None:
        from distributed import Client

        credentials = Credentials(self._folder)
        scratch = self._folder / "tmp"
        scratch.mkdir()
        extra = {"TMPDIR": str(scratch), "DASK_LOGGING__DISTRIBUTED": "warning", **thread_limits(1)}
        self._keeper = Keeper(self.cores, self._folder, environment({**credentials.environment(), **extra}))
        self._keeper.start()
        self._open.append(self._keeper.stop)
        client = Client(self._address(), security=credentials.security(), set_as_default=False)
        self._open.append(client.close)
        self._await_workers(client)
        super().__init__(client)

    def _address(self) -> str:
        try:
            return self._keeper.address.result(PATIENCE)
        except TimeoutError:
            raise RuntimeError(f"the cluster's scheduler did not start within {PATIENCE} s") from None

    def _await_workers(self, client: Client) -> None:
        end = time.monotonic() + PATIENCE
        while len(client.nthreads()) < self.cores:
            if not self._keeper.well or time.monotonic() > end:
                raise RuntimeError(self._keeper.error or f"the workers did not start within {PATIENCE} s")
            time.sleep(0.02)

    @property
    def usable(self) -> bool:
        """Whether it can take another sweep: not closed, not broken, and not of a process we forked from."""
        return self._owner == os.getpid() and bool(self._open) and self._keeper.well

    def wait(self, tasks: Sequence[Running]) -> list[Running]:
        if not self._keeper.well:
            raise RuntimeError(self._keeper.error or "the local cluster is closed")
        return super().wait(tasks)

    def close(self) -> None:
        if self._owner != os.getpid():
            return
        while self._open:
            self._open.pop()()
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(frozen=True)
class Local(Cluster):
    """A number of this machine's cores; all that may be used if None."""

    cores: int | None = None

    def start(self) -> LocalPool:
        """Return the pool of this size, which is kept for the next call."""
        global _kept
        cores = usable_cores() if self.cores is None else self.cores
        if _kept is not None and not (_kept.usable and _kept.cores == cores):
            closing, _kept = _kept, None
            closing.close()
        if _kept is None:
            _kept = LocalPool(cores)
            atexit.unregister(_close_kept)
            atexit.register(_close_kept)  # now, so that it comes before Dask's own
        return _kept


_kept: LocalPool | None = None


def _close_kept() -> None:
    global _kept
    closing, _kept = _kept, None
    if closing is not None:
        closing.close()


def local(cores: int | None = None) -> Local:
    """Run on this machine.

    Parameters
    ----------
    cores : int, optional
        How many networks run at once; as many as there are cores if not given.

    Raises
    ------
    ValueError
        If `cores` is less than 1.
    """
    if cores is not None and cores < 1:
        raise ValueError(f"local: cores={cores!r}; expected at least 1")
    return Local(cores)
