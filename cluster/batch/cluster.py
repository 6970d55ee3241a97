"""Workers in the jobs of a batch system: what a person describes, and the pool that is kept of it.

Not on dask-jobqueue: it learns nothing of a job that ends before its workers come, only logs that a job
could not be submitted, does not replace a job that was cancelled, and starts workers and a scheduler that
open ports for HTTP without credentials.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.batch.job import Job, whole
from cluster.batch.pool import BatchPool
from cluster.batch.units import seconds
from cluster.pool import Cluster


@dataclass(frozen=True, kw_only=True)
class BatchCluster(Cluster):
    """Jobs of a batch system, each with workers.

    Attributes
    ----------
    job : Job
        What each is like.
    jobs : int
        How many there are at the most.
    interface : str or None
        The network interface of this machine that they reach.
    """

    job: Job
    jobs: int
    interface: str | None = None

    def __post_init__(self) -> None:
        whole("jobs", self.jobs, 1)

    def job_script(
        self, name: str = "sweep", folder: str | Path = "FOLDER", without: Sequence[str] = ()
    ) -> str:
        """Return the script of a job.

        Parameters
        ----------
        name : str
            The job's name.
        folder : str or Path
            Where the credentials of the cluster are.
        without : sequence of str
            Nodes that it must not be placed on.
        """
        job = self.job
        arguments = [str(folder), str(job.cores), str(seconds(job.walltime))]
        return job.script(
            name,
            str(Path.cwd()),
            lambda number: str(Path(folder) / f"{number}.log"),
            [sys.executable, "-P", "-m", "cluster.batch.pilot", *arguments],
            without=without,  # not again=True: one that is started again would not be known to be new
        )

    def start(self) -> BatchPool:
        """Return the pool of these jobs: that of the last call, if it is still usable."""
        if self in _kept and not _kept[self].usable:
            _kept.pop(self).close()
        if self not in _kept:
            _kept[self] = BatchPool(self)
            atexit.unregister(close_kept)
            atexit.register(close_kept)  # now, so that it comes before Dask's own
        return _kept[self]


_kept: dict[BatchCluster, BatchPool] = {}


def close_kept() -> None:
    """End all jobs of this process."""
    while _kept:
        _kept.popitem()[1].close()
