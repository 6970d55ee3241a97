"""Workers in the jobs of a Grid Engine cluster."""

from __future__ import annotations

import math
import os
import pwd
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from xml.etree import ElementTree

from cluster.batch.cluster import BatchCluster
from cluster.batch.job import Job, word
from cluster.batch.system import BatchError, BatchSystem, Queued, call
from cluster.batch.units import mebibytes, seconds


class GridEngine(BatchSystem):
    """Grid Engine, by its commands."""

    title = "Grid Engine"
    programs = ("qsub", "qstat", "qdel")

    def submit(self, script: str) -> str:
        # -w e: what no queue could ever run is refused, and does not wait for ever.
        return call(["qsub", "-terse", "-w", "e"], script).strip().splitlines()[-1]

    def queued(self) -> list[Queued]:
        listed = call(["qstat", "-u", pwd.getpwuid(os.getuid()).pw_name, "-xml"])
        try:
            jobs = ElementTree.fromstring(listed).iter("job_list")
        except ElementTree.ParseError as error:
            raise BatchError(f"qstat said what cannot be read: {error}") from None
        return [
            Queued(
                job.findtext("JB_job_number", ""),
                job.findtext("JB_name", ""),
                _state(job.findtext("state", "")),
                int(job.findtext("slots", "1")),
            )
            for job in jobs
        ]

    def states(self, name: str) -> dict[str, str]:
        """Return the state of each job of this name that there still is, by id.

        Jobs that could not be started, which would wait until somebody clears their error, are ended.
        """
        states = super().states(name)
        self.cancel(job for job, state in states.items() if state == "ERROR")
        return {job: state for job, state in states.items() if state != "ERROR"}

    def cancel(self, jobs: Iterable[str]) -> None:
        given = list(jobs)
        try:
            if given:
                call(["qdel", *given])
        except BatchError as error:
            if "does not exist" not in str(error):
                raise

    def out_of_time(self, job: str) -> bool:
        return any(queued.id == job and queued.state != "COMPLETING" for queued in self.queued())

    def ending(self, name: str) -> list[str]:
        return ["qdel", name]


def _state(code: str) -> str:
    if "d" in code:
        return "COMPLETING"
    if "E" in code:
        return "ERROR"
    return "PENDING" if "w" in code else "RUNNING"


@dataclass(frozen=True, kw_only=True)
class SgeJob(Job):
    """What a job asks Grid Engine for, with the meanings that `sge` gives it."""

    system = GridEngine()
    example = "-l gpu=1"
    taken: ClassVar[Mapping[str, str]] = {
        "-A": "account",
        "-N": "nothing: the jobs are found by it",
        "-cwd": "nothing: it is the folder of the script",
        "-e": "nothing: the log is looked for where it is",
        "-j": "nothing: the log is looked for where it is",
        "-l h": "partition, such as 'all.q@node7'; nodes where nothing works are left out by it",
        "-l h_rt": "walltime",
        "-l h_vmem": "memory",
        "-l hostname": "partition, such as 'all.q@node7'; nodes where nothing works are left out by it",
        "-notify": "nothing: it always is",
        "-o": "nothing: the log is looked for where it is",
        "-pe": "cores and parallel",
        "-q": "partition",
        "-r": "nothing: jobs that are lost are replaced",
        "-t": "nothing: each job is one",
        "-wd": "nothing: it is the folder of the script",
    }

    parallel: str = "smp"

    def __post_init__(self) -> None:
        super().__post_init__()
        word("parallel", self.parallel)

    def names(self, option: str) -> list[str]:
        name, _, value = option.partition(" ")
        if not re.fullmatch("-[a-zA-Z_]+", name):
            return []
        resources = re.findall(r"(?:^|,)\s*(\w+)", value) if name == "-l" else []
        return [name, *(f"-l {resource}" for resource in resources)]

    def directives(
        self, name: str, folder: str, log: Callable[[str], str], again: bool, without: Sequence[str]
    ) -> list[str]:
        each = math.ceil(mebibytes(self.memory) / self.cores)  # h_vmem is for each slot
        options = [
            f"-N {name}",
            f'-wd "{folder}"',
            f'-o "{log("$JOB_ID")}"',
            "-j y",
            "-S /bin/bash",
            "-V",
            f"-r {'y' if again else 'n'}",
            "-notify",  # SIGUSR2 before the end, so that what runs can be finished
            *([f"-pe {self.parallel} {self.cores}"] if self.cores > 1 else []),
            f"-l h_vmem={each}M",
            f"-l h_rt={seconds(self.walltime)}",
            *([f"-q {self.partition}"] if self.partition else []),
            *([f"-A {self.account}"] if self.account else []),
            *([f"-l hostname=!({'|'.join(without)})"] if without else []),
            *self.extra,
        ]
        return [f"#$ {option}" for option in options]


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
) -> BatchCluster:
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
    job = SgeJob(
        memory=memory,
        walltime=walltime,
        cores=cores,
        partition=partition,
        account=account,
        parallel=parallel,
        extra=extra,
    )
    return BatchCluster(job=job, jobs=jobs, interface=interface)
