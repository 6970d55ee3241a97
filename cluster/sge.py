"""Workers in the jobs of a Grid Engine cluster."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster import sge_commands
from cluster.batch import Batch, job_script
from cluster.pool import Cluster
from cluster.slurm_job import whole, word
from cluster.slurm_pool import SlurmPool, kept
from cluster.units import mebibytes, seconds

OURS = {
    "-N": "nothing: the jobs are found by it",
    "-j": "nothing: the log is looked for where it is",
    "-o": "nothing: the log is looked for where it is",
    "-pe": "cores and parallel",
    "-q": "partition",
    "-r": "nothing: jobs that are lost are replaced",
    "-t": "nothing: each job is one",
    "-A": "account",
}


@dataclass(frozen=True, kw_only=True)
class Sge(Cluster):
    """Jobs of a Grid Engine cluster, as `sge` describes them."""

    jobs: int
    cores: int
    memory: str
    walltime: str
    partition: str | None = None
    account: str | None = None
    parallel: str = "smp"
    interface: str | None = None
    extra: Sequence[str] = ()

    def __post_init__(self) -> None:
        whole("jobs", self.jobs, 1)
        whole("cores", self.cores, 1)
        mebibytes(self.memory)
        seconds(self.walltime)
        for name in ("partition", "account", "parallel"):
            word(name, getattr(self, name))
        if isinstance(self.extra, str) or not isinstance(self.extra, Sequence):
            raise ValueError(f"extra={self.extra!r}; expected a list of options, such as ['-l gpu=1']")
        for option in self.extra:
            _option(option)
        object.__setattr__(self, "extra", tuple(self.extra))

    @property
    def batch(self) -> Batch:
        """The commands of the batch system."""
        return sge_commands

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
        each = math.ceil(mebibytes(self.memory) / self.cores)  # h_vmem is for each slot
        options = [
            f"-N {name}",
            f"-o {folder}/$JOB_ID.log",
            "-j y",
            "-S /bin/bash",
            "-cwd",
            "-V",
            "-r n",
            "-notify",  # SIGUSR2 before the end, so that what runs can be finished
            f"-pe {self.parallel} {self.cores}",
            f"-l h_vmem={each}M",
            f"-l h_rt={seconds(self.walltime)}",
            *([f"-q {self.partition}"] if self.partition else []),
            *([f"-A {self.account}"] if self.account else []),
            *([f"-l hostname=!({'|'.join(without)})"] if without else []),
            *self.extra,
        ]
        pilot = [sys.executable, "-P", "-m", "cluster.pilot", str(folder), str(self.cores)]
        return job_script([f"#$ {option}" for option in options], [*pilot, str(seconds(self.walltime))])

    def start(self) -> SlurmPool:
        """Return the pool of these jobs, which is kept for the next call."""
        return kept(self)


def sge(
    *,
    jobs: int,
    cores: int,
    memory: str,
    walltime: str,
    partition: str | None = None,
    account: str | None = None,
    parallel: str = "smp",
    interface: str | None = None,
    extra: Sequence[str] = (),
) -> Sge:
    """Run in jobs of a Grid Engine cluster, submitted from here as there is work for them.

    All is as with `slurm`.

    Parameters
    ----------
    jobs : int
        How many jobs there are at the most.
    cores : int
        The cores of each job: how many networks it runs at once.
    memory : str
        The memory of each job, with its unit: "4GB". Grid Engine limits addresses (h_vmem), of which a
        process needs more than it uses: NEST some 2 GB.
    walltime : str
        How long a job may take: "01:00:00", or with days "2-12:00:00".
    partition : str, optional
        The queue; Grid Engine's own choice if not given.
    account : str, optional
        As qsub's -A.
    parallel : str
        The parallel environment whose slots are all on one node; ``qconf -spl`` lists them.
    interface : str, optional
        The network interface of this machine that the nodes reach, such as "ib0"; the one that leads
        out of this machine if not given.
    extra : sequence of str
        More options of qsub, each as one string: "-l gpu=1".

    Raises
    ------
    ValueError
        If one of them cannot be meant; nothing has been submitted then.
    """
    return Sge(
        jobs=jobs,
        cores=cores,
        memory=memory,
        walltime=walltime,
        partition=partition,
        account=account,
        parallel=parallel,
        interface=interface,
        extra=extra,
    )


def _option(option: object) -> None:
    if not isinstance(option, str) or not re.fullmatch(r"-[a-zA-Z]+( [^\n]*)?", option):
        raise ValueError(f"extra: {option!r}; expected an option of qsub, such as '-l gpu=1'")
    name = option.split()[0]
    if name in OURS:
        raise ValueError(f"extra: {option!r} is set already; what sets it is {OURS[name]}")
