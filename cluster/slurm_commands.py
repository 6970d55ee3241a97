"""Slurm's commands: sbatch, squeue, scancel."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterable
from typing import NamedTuple

from cluster.batch import BatchError, run

ENDING = 120
LOOK = 0.5


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
    return run(["sbatch", "--parsable"], script).strip().split(";")[0]


def states(name: str) -> dict[str, str]:
    """Return the state of each job of this name that Slurm still has, such as PENDING or RUNNING, by id."""
    listed = run(["squeue", "--noheader", "--user", getpass.getuser(), "--name", name, "--format", "%A %T"])
    return dict(line.split() for line in listed.splitlines())


def jobs_of(submission: str) -> list[Queued]:
    """Return the jobs of a submission: the head, and those of its workers, which are named after it."""
    listed = run(["squeue", "--noheader", "--user", getpass.getuser(), "--format", "%A %T %C %j"])
    jobs = [line.split(maxsplit=3) for line in listed.splitlines()]
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
        run(["scancel", "--quiet", *given])
