"""Workers on this machine, started by command line: they never import the person's script."""

from __future__ import annotations

import atexit
import tempfile
import time
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from cluster import own_pool
from cluster.host import LOOPBACK
from cluster.own_pool import OwnPool
from cluster.pool import Cluster
from hardware.cores import usable_cores


class LocalPool(OwnPool):
    """A scheduler and workers of our own, closed with the pool.

    Parameters
    ----------
    cores : int
        The number of workers; each runs one network at a time.
    """

    def __init__(self, cores: int) -> None:
        self.cores = cores
        super().__init__(Path(tempfile.mkdtemp(prefix="sweep-")), LOOPBACK, cores)

    def _start(self, host: str, workers: int) -> None:
        super()._start(host, workers)
        end = time.monotonic() + own_pool.PATIENCE
        while len(self.client.nthreads()) < workers:
            if not self._keeper.well or time.monotonic() > end:
                late = f"the workers did not start within {own_pool.PATIENCE} s"
                raise RuntimeError(self._keeper.error or late)
            time.sleep(0.02)

    def _others(self) -> bool:
        """Whether there are workers that can run the job; one that is being started again may."""
        return len(set(self.client.nthreads()) & set(self._unfit)) < self.cores


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
        If `cores` is no whole number of at least 1.
    """
    given: Any = cores
    if cores is not None and (isinstance(given, bool) or not isinstance(given, Integral) or cores < 1):
        raise ValueError(f"local: cores={cores!r}; expected a whole number of at least 1")
    return Local(cores)
