"""What batch systems have in common: jobs are submitted, listed and cancelled by commands."""

from __future__ import annotations

import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple

PATIENCE = 60
ENDING = 120
LOOK = 0.5


class BatchError(RuntimeError):
    """A command of a batch system failed; says what it said."""


class Queued(NamedTuple):
    """A job that a batch system still has.

    Attributes
    ----------
    id, name : str
    state : str
        PENDING, RUNNING, COMPLETING, ERROR, or another word of the batch system.
    cores : int
    """

    id: str
    name: str
    state: str
    cores: int


class BatchSystem(ABC):
    """A batch system, by its commands, as this user calls them on a login node.

    Attributes
    ----------
    title : str
        Its name.
    programs : tuple of str
        Its commands.
    """

    title: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]

    @abstractmethod
    def submit(self, script: str) -> str:
        """Submit a job script and return the job's id."""

    @abstractmethod
    def queued(self) -> list[Queued]:
        """Return this user's jobs."""

    @abstractmethod
    def cancel(self, jobs: Iterable[str]) -> None:
        """End jobs; one that has ended already does no harm."""

    @abstractmethod
    def out_of_time(self, job: str) -> bool:
        """Whether a job that was told to end was told so for its time, and not cancelled."""

    @abstractmethod
    def ending(self, name: str) -> list[str]:
        """Return the command that ends all jobs of this name."""

    def states(self, name: str) -> dict[str, str]:
        """Return the state of each job of this name that there still is, by id."""
        return {job.id: job.state for job in self.queued() if job.name == name}

    def jobs_of(self, submission: str) -> list[Queued]:
        """Return the jobs of a submission: the head, and those of its workers, which are named after it."""
        jobs = self.queued()
        return [job for job in jobs if job.name == submission or job.name.startswith(f"{submission}-")]

    def cancel_all(self, submission: str) -> list[str]:
        """End all jobs of a submission, and wait until they have ended; return their ids.

        Raises
        ------
        BatchError
            If some do not end.
        """
        cancelled: set[str] = set()
        end = time.monotonic() + ENDING
        while jobs := self.jobs_of(submission):
            # The head ends its workers; it may also have submitted itself again meanwhile.
            heads = [job for job in jobs if job.name == submission]
            new = {job.id for job in heads or jobs} - cancelled
            self.cancel(new)
            cancelled |= new
            if time.monotonic() > end:
                raise BatchError(f"jobs {', '.join(j.id for j in jobs)} have not ended within {ENDING} s")
            time.sleep(LOOK)
        return sorted(cancelled)


def call(command: list[str], given: str = "", without: Callable[[str], bool] = lambda name: False) -> str:
    """Call a command of a batch system, and return what it says.

    Parameters
    ----------
    command : list of str
    given : str
        What it reads.
    without : callable
        Whether it must not see a variable of the environment.

    Raises
    ------
    BatchError
        If it fails.
    """
    try:
        done = subprocess.run(
            command,
            input=given,
            env={name: value for name, value in os.environ.items() if not without(name)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            process_group=0,  # what a batch system sends to the processes of a job does not end it
        )
    except FileNotFoundError:
        raise BatchError(
            f"{command[0]} was not found: this machine cannot submit jobs; run this on a login node"
        ) from None
    except subprocess.TimeoutExpired:
        raise BatchError(f"{command[0]} did not answer within {PATIENCE} s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise BatchError(f"{command[0]} failed: {said or f'it ended with {done.returncode}'}")
    return done.stdout
