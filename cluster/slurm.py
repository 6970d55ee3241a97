"""Workers in the jobs of a Slurm cluster.

Not on dask-jobqueue: it learns nothing of a job that ends before its workers come, only logs that sbatch
failed, does not replace a job that was cancelled, and starts workers and a scheduler that open ports for
HTTP without credentials.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cluster import slurm_commands
from cluster.batch import Batch
from cluster.pool import Cluster
from cluster.slurm_job import SlurmJob, whole
from cluster.slurm_pool import SlurmPool, kept
from cluster.units import seconds


@dataclass(frozen=True, kw_only=True)
class Slurm(SlurmJob, Cluster):
    """Jobs of a Slurm cluster, as `slurm` describes them."""

    jobs: int
    interface: str | None = None

    def __post_init__(self) -> None:
        whole("jobs", self.jobs, 1)
        super().__post_init__()

    @property
    def batch(self) -> Batch:
        """The commands of the batch system."""
        return slurm_commands

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
        # One that Slurm starts again by itself would not be known to be new.
        given = {"job-name": name, "output": str(Path(folder) / "%j.log"), "no-requeue": None}
        pilot = [sys.executable, "-P", "-m", "cluster.pilot", str(folder), str(self.cores)]
        job = replace(self, extra=_excluding(self.extra, without))
        return job.script(given, [*pilot, str(seconds(self.walltime))])

    def start(self) -> SlurmPool:
        """Return the pool of these jobs, which is kept for the next call."""
        return kept(self)


def slurm(
    *,
    jobs: int,
    cores: int,
    memory: str,
    walltime: str,
    partition: str | None = None,
    account: str | None = None,
    gpus: int = 0,
    interface: str | None = None,
    extra: Sequence[str] = (),
) -> Slurm:
    """Run in jobs of a Slurm cluster, submitted from here as there is work for them.

    Each job starts a worker on each of its cores. Jobs that end while there is work are replaced; those
    without work are ended. Before its walltime is over a job hands back what it would not finish.

    Parameters
    ----------
    jobs : int
        How many jobs there are at the most.
    cores : int
        The cores of each job: how many networks it runs at once.
    memory : str
        The memory of each job, with its unit: "4GB".
    walltime : str
        How long a job may take: "01:00:00", or with days "2-12:00:00".
    partition, account : str, optional
        As sbatch's; Slurm's own default if not given.
    gpus : int
        The GPUs of each job, which its workers share out among them.
    interface : str, optional
        The network interface of this machine that the nodes reach, such as "ib0"; the one that leads
        out of this machine if not given.
    extra : sequence of str
        More options of sbatch, each as one string: "--qos=short".

    Raises
    ------
    ValueError
        If one of them cannot be meant; nothing has been submitted then.

    Examples
    --------
    >>> print(slurm(jobs=4, cores=16, memory="32GB", walltime="04:00:00").job_script())
    """
    return Slurm(
        jobs=jobs,
        cores=cores,
        memory=memory,
        walltime=walltime,
        partition=partition,
        account=account,
        gpus=gpus,
        interface=interface,
        extra=extra,
    )


def _excluding(extra: Sequence[str], nodes: Sequence[str]) -> list[str]:
    """Exclude nodes besides those that the person excludes: of several --exclude sbatch takes the last."""
    theirs = [option for option in extra if re.match(r"--exclude[= ]", option)]
    names = [re.split("[= ]", option, maxsplit=1)[1] for option in theirs] + list(nodes)
    others = [option for option in extra if option not in theirs]
    return [*others, *([f"--exclude={','.join(names)}"] if names else [])]
