"""Workers in the jobs of a Slurm cluster.

Not on dask-jobqueue: it learns nothing of a job that ends before its workers come, only logs that sbatch
failed, does not replace a job that was cancelled, and starts workers and a scheduler that open ports for
HTTP without credentials.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.pool import Cluster
from cluster.slurm_pool import SlurmPool, kept
from cluster.units import mebibytes, seconds
from workers.launch import environment

OURS = {
    "--account": "account",
    "--chdir": "nothing: it is the folder of the script",
    "--cpus-per-task": "cores",
    "--gpus": "gpus",
    "--gres": "gpus",
    "--job-name": "nothing: the jobs are found by it",
    "--mem": "memory",
    "--nodes": "jobs",
    "--ntasks": "jobs",
    "--output": "nothing: it is kept with the cluster's files",
    "--partition": "partition",
    "--time": "walltime",
}


@dataclass(frozen=True)
class Slurm(Cluster):
    """Jobs of a Slurm cluster, as `slurm` describes them."""

    jobs: int
    cores: int
    memory: str
    walltime: str
    partition: str | None = None
    account: str | None = None
    gpus: int = 0
    interface: str | None = None
    extra: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _whole("jobs", self.jobs, 1)
        _whole("cores", self.cores, 1)
        _whole("gpus", self.gpus, 0)
        mebibytes(self.memory)
        seconds(self.walltime)
        for name in ("partition", "account"):
            _word(name, getattr(self, name))
        for option in self.extra:
            _option(option)

    def job_script(self, name: str = "sweep", folder: str | Path = "FOLDER") -> str:
        """Return the script of a job.

        Parameters
        ----------
        name : str
            The job's name.
        folder : str or Path
            Where the credentials of the cluster are.
        """
        lines = [f"#SBATCH {line}" for line in self._directives(name, Path(folder))]
        path = environment({})["PYTHONPATH"]
        pilot = [sys.executable, "-P", "-m", "cluster.pilot", str(folder), str(self.cores)]
        return "\n".join(
            [
                "#!/bin/bash",
                *lines,
                'echo "node $SLURMD_NODENAME"',
                f"export PYTHONPATH={shlex.quote(path)}",
                f"exec {shlex.join(pilot)} {seconds(self.walltime)}",
                "",
            ]
        )

    def _directives(self, name: str, folder: Path) -> list[str]:
        ours = {
            "job-name": name,
            "output": str(folder / "%j.log"),
            "nodes": 1,
            "ntasks": 1,
            "cpus-per-task": self.cores,
            "mem": f"{mebibytes(self.memory)}M",
            "time": self.walltime,
            "partition": self.partition,
            "account": self.account,
            "gres": f"gpu:{self.gpus}" if self.gpus else None,
        }
        given = [f"--{key}={value}" for key, value in ours.items() if value is not None]
        # One that Slurm starts again by itself would not be known to be new.
        return [*given, "--no-requeue", *self.extra]

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
    if isinstance(extra, str):
        raise ValueError(f"extra={extra!r}; expected a list of options, such as [{extra!r}]")
    return Slurm(jobs, cores, memory, walltime, partition, account, gpus, interface, tuple(extra))


def _whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name}={value!r}; expected a whole number of at least {least}")


def _word(name: str, value: object) -> None:
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"[\w.,:@+-]+", value)):
        raise ValueError(f"{name}={value!r}; expected a name, or None for Slurm's default")


def _option(option: object) -> None:
    if not isinstance(option, str) or not re.fullmatch(r"--[a-z][^\n]*", option):
        raise ValueError(f"extra: {option!r}; expected an option of sbatch, such as '--qos=short'")
    name = re.split(r"[= ]", option)[0]
    if name in OURS:
        raise ValueError(f"extra: {option!r} is set already; what sets it is {OURS[name]}")
