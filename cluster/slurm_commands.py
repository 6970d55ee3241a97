"""Slurm's commands: sbatch, squeue, scancel.

What people set in their environment for these commands would change what we ask: it counts for sbatch where
the job's script says nothing, and nowhere else.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from typing import NamedTuple

from cluster.batch import BatchError, run

ENDING = 120
LOOK = 0.5
SPELLED = {"time": "TIMELIMIT", "mem": "MEM_PER_NODE"}  # sbatch's variables that have names of their own
# With these a job would not be the one that is looked for, or sbatch would refuse it.
NEVER = {"SBATCH_ARRAY_INX", "SBATCH_WAIT", "SBATCH_ERROR", "SBATCH_MEM_PER_CPU", "SBATCH_MEM_PER_GPU"}
NEVER |= {"SBATCH_REQUEUE", "SBATCH_NO_REQUEUE"}


class Queued(NamedTuple):
    """A job that Slurm still has.

    Attributes
    ----------
    id, name : str
    state : str
        Such as PENDING or RUNNING.
    cores : int
    """

    id: str
    name: str
    state: str
    cores: int


def submit(script: str) -> str:
    """Submit a job script and return the job's id."""
    said = re.findall("^#SBATCH '?--([a-z-]+)", script, re.MULTILINE)
    stronger = NEVER | {f"SBATCH_{SPELLED.get(name, name.replace('-', '_').upper())}" for name in said}
    return run(["sbatch", "--parsable"], script, stronger.__contains__).strip().split(";")[0]


def states(name: str) -> dict[str, str]:
    """Return the state of each job of this name that Slurm still has, such as PENDING or RUNNING, by id."""
    return dict(line.split() for line in _listed("%A %T", "--name", name))


def jobs_of(submission: str) -> list[Queued]:
    """Return the jobs of a submission: the head, and those of its workers, which are named after it."""
    jobs = [line.split(maxsplit=3) for line in _listed("%A %T %C %j")]
    found = [Queued(job, name, state, int(cores)) for job, state, cores, name in jobs]
    return [job for job in found if job.name == submission or job.name.startswith(f"{submission}-")]


def cancel_all(submission: str) -> list[str]:
    """End all jobs of a submission, and wait until they have ended; return their ids.

    Raises
    ------
    BatchError
        If some do not end.
    """
    cancelled: set[str] = set()
    end = time.monotonic() + ENDING
    while jobs := jobs_of(submission):
        # The head ends its workers; it may also have submitted itself again meanwhile.
        heads = [job for job in jobs if job.name == submission]
        new = {job.id for job in heads or jobs} - cancelled
        cancel(new)
        cancelled |= new
        if time.monotonic() > end:
            raise BatchError(f"jobs {', '.join(j.id for j in jobs)} have not ended within {ENDING} s")
        time.sleep(LOOK)
    return sorted(cancelled)


def cancel(jobs: Iterable[str]) -> None:
    """End jobs; one that has ended already does no harm."""
    given = list(jobs)
    if given:
        run(["scancel", "--quiet", *given], without=lambda name: name.startswith("SCANCEL_"))


def ending(name: str) -> list[str]:
    """Return the command that ends all jobs of this name."""
    return ["scancel", "--quiet", "--name", name]


def _listed(columns: str, *options: str) -> list[str]:
    """List jobs of this user, whose name in the environment may be another's."""
    words = ["squeue", "--noheader", "--user", str(os.getuid()), "--format", columns, *options]
    return run(words, without=lambda name: name.startswith("SQUEUE_")).splitlines()
