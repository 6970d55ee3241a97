"""Slurm's commands: sbatch, squeue, scancel."""

from __future__ import annotations

import getpass
import subprocess
import time
from collections.abc import Iterable
from typing import NamedTuple

PATIENCE = 60
ENDING = 120
LOOK = 0.5


class SlurmError(RuntimeError):
    """A command of Slurm's failed; says what it said."""


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
    return _run(["sbatch", "--parsable"], script).strip().split(";")[0]


def states(name: str) -> dict[str, str]:
    """Return the state of each job of this name that Slurm still has, such as PENDING or RUNNING, by id."""
    listed = _run(["squeue", "--noheader", "--user", getpass.getuser(), "--name", name, "--format", "%A %T"])
    return dict(line.split() for line in listed.splitlines())


def jobs_of(submission: str) -> list[Queued]:
    """Return the jobs of a submission: the head, and those of its workers, which are named after it."""
    listed = _run(["squeue", "--noheader", "--user", getpass.getuser(), "--format", "%A %T %C %j"])
    jobs = [line.split(maxsplit=3) for line in listed.splitlines()]
    found = [Queued(job, name, state, int(cores)) for job, state, cores, name in jobs]
    return [job for job in found if job.name == submission or job.name.startswith(f"{submission}-")]


def cancel_all(submission: str) -> list[str]:
    """End all jobs of a submission, and wait until they have ended; return their ids.

    Raises
    ------
    SlurmError
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
            raise SlurmError(f"jobs {', '.join(j.id for j in jobs)} have not ended within {ENDING} s")
        time.sleep(LOOK)
    return sorted(cancelled)


def cancel(jobs: Iterable[str]) -> None:
    """End jobs; one that has ended already does no harm."""
    given = list(jobs)
    if given:
        _run(["scancel", "--quiet", *given])


def _run(command: list[str], given: str = "") -> str:
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except FileNotFoundError:
        raise SlurmError(
            f"{command[0]} was not found: this machine cannot submit to Slurm; run this on a login node"
        ) from None
    except subprocess.TimeoutExpired:
        raise SlurmError(f"{command[0]} did not answer within {PATIENCE} s") from None
    if done.returncode:
        raise SlurmError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
