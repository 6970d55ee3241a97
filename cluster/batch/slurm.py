"""Workers in the jobs of a Slurm cluster."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cluster.batch.cluster import BatchCluster
from cluster.batch.job import Job, whole
from cluster.batch.system import BatchSystem, Queued, call
from cluster.batch.units import mebibytes

SPELLED = {"time": "TIMELIMIT", "mem": "MEM_PER_NODE"}  # sbatch's variables that have names of their own
# With these a job would not be the one that is looked for, or sbatch would refuse it.
NEVER = {"SBATCH_ARRAY_INX", "SBATCH_WAIT", "SBATCH_ERROR", "SBATCH_MEM_PER_CPU", "SBATCH_MEM_PER_GPU"}
NEVER |= {"SBATCH_REQUEUE", "SBATCH_NO_REQUEUE"}


class Slurm(BatchSystem):
    """Slurm, by its commands.

    What people set in their environment for these commands would change what we ask: it counts for sbatch
    where the job's script says nothing, and nowhere else.
    """

    title = "Slurm"
    programs = ("sbatch", "squeue", "scancel")

    def submit(self, script: str) -> str:
        said = re.findall("^#SBATCH '?--([a-z-]+)", script, re.MULTILINE)
        stronger = NEVER | {f"SBATCH_{SPELLED.get(name, name.replace('-', '_').upper())}" for name in said}
        return call(["sbatch", "--parsable"], script, stronger.__contains__).strip().split(";")[0]

    def queued(self) -> list[Queued]:
        # By its number: the user's name in the environment may be another's.
        listed = _squeue("--user", str(os.getuid()), "--format", "%A %T %C %j")
        jobs = [line.split(maxsplit=3) for line in listed.splitlines()]
        return [Queued(job, name, state, int(cores)) for job, state, cores, name in jobs]

    def cancel(self, jobs: Iterable[str]) -> None:
        given = list(jobs)
        if given:
            call(["scancel", "--quiet", *given], without=lambda name: name.startswith("SCANCEL_"))

    def out_of_time(self, job: str) -> bool:
        return _squeue("--jobs", job, "--format", "%r").strip() == "TimeLimit"

    def ending(self, name: str) -> list[str]:
        return ["scancel", "--quiet", "--name", name]


def _squeue(*options: str) -> str:
    return call(["squeue", "--noheader", *options], without=lambda name: name.startswith("SQUEUE_"))


@dataclass(frozen=True, kw_only=True)
class SlurmJob(Job):
    """What a job asks Slurm for, with the meanings that `slurm` gives it."""

    system = Slurm()
    example = "--qos=short"
    taken: ClassVar[Mapping[str, str]] = {
        "--account": "account",
        "--array": "nothing: each job is one",
        "--chdir": "nothing: it is the folder of the script",
        "--cpus-per-task": "cores",
        "--error": "nothing: what a job says is all in one log",
        "--gpus": "gpus",
        "--gres": "gpus",
        "--job-name": "nothing: the jobs are found by it",
        "--mem": "memory",
        "--mem-per-cpu": "memory",
        "--mem-per-gpu": "memory",
        "--no-requeue": "nothing: jobs that are lost are replaced",
        "--nodes": "nothing: each job is on one node",
        "--ntasks": "nothing: each job is one task",
        "--output": "nothing: the log is looked for where it is",
        "--partition": "partition",
        "--requeue": "nothing: jobs that are lost are replaced",
        "--time": "walltime",
        "--wait": "nothing: nobody waits for sbatch",
    }

    gpus: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("gpus", self.gpus, 0)

    def names(self, option: str) -> list[str]:
        return [re.split("[= ]", option)[0]] if re.match("--[a-z]", option) else []

    def directives(
        self, name: str, folder: str, log: Callable[[str], str], again: bool, without: Sequence[str]
    ) -> list[str]:
        options = [
            f"--job-name={name}",
            f"--chdir={folder}",
            f"--output={log('%j')}",
            "--requeue" if again else "--no-requeue",
            "--nodes=1",
            "--ntasks=1",
            f"--cpus-per-task={self.cores}",
            f"--mem={mebibytes(self.memory)}M",
            f"--time={self.walltime}",
            *([f"--partition={self.partition}"] if self.partition else []),
            *([f"--account={self.account}"] if self.account else []),
            *([f"--gres=gpu:{self.gpus}"] if self.gpus else []),
        ]
        lines = [*map(shlex.quote, options), *_excluding(self.extra, without)]
        return [f"#SBATCH {line}" for line in lines]


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
) -> BatchCluster:
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
    job = SlurmJob(
        memory=memory,
        walltime=walltime,
        cores=cores,
        partition=partition,
        account=account,
        gpus=gpus,
        extra=extra,
    )
    return BatchCluster(job=job, jobs=jobs, interface=interface)


def _excluding(extra: Sequence[str], nodes: Sequence[str]) -> list[str]:
    """Exclude nodes besides those that the person excludes: of several --exclude sbatch takes the last."""
    theirs = [option for option in extra if re.match(r"--exclude[= ]", option)]
    names = [re.split("[= ]", option, maxsplit=1)[1] for option in theirs] + list(nodes)
    others = [option for option in extra if option not in theirs]
    return [*others, *([f"--exclude={','.join(names)}"] if names else [])]
