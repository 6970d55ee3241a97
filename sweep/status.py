"""How far a sweep is: what its store, its client's lease and the batch system's queue say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cluster.batch.system import BatchError, Queued
from cluster.batch.systems import KINDS
from sweep.store import root
from sweep.store.damage import expect
from sweep.store.heads import HeadNote, head_noted
from sweep.store.known import Known
from sweep.store.lease import holder
from sweep.store.reading import Reader
from sweep.store.root import WORK
from workers.folder import folder_at


@dataclass(frozen=True)
class Status:
    """How far a sweep is.

    Attributes
    ----------
    networks, done, failed : int
        How many networks the last call has, how many of them are stored, and how many of these failed.
    new : int
        How many networks the last call has stored.
    seconds : float
        How long it has run, up to now or to what it stored last.
    client : str
        Who writes the store; empty if nobody does.
    head : HeadNote or None
        The last job of ``sweep submit`` that wrote it.
    jobs : sequence of Queued
        Of the submission, as far as the batch system still has them.
    trouble : str
        Why the jobs are not known, if they are not.
    """

    networks: int
    done: int
    failed: int
    new: int
    seconds: float
    client: str
    head: HeadNote | None
    jobs: Sequence[Queued]
    trouble: str

    @property
    def left(self) -> int:
        """How many networks are not stored."""
        return self.networks - self.done

    def lines(self) -> list[str]:
        """Say it in words."""
        counts = (
            f"{self.done} of {self.networks} networks done, {self.failed} of them failed; {self.left} left"
        )
        return [counts, *self._who(), *self._speed()]

    def _who(self) -> list[str]:
        if self.client:
            who = [f"written by {self.client}"]
        elif self.left and not self._of_head():
            who = ["written by nobody: run the script again to go on"]
        else:
            who = []
        if self.head is not None and (self.jobs or (self.left and not self.client)):
            states = ", ".join(f"job {job.id} is {job.state}" for job in self._of_head())
            ended = self.trouble or f"its last job, {self.head.job}, has ended"
            who.append(f"submitted as {self.head.name}: {states or ended}; log: {self.head.log}")
        workers = [job for job in self.jobs if job not in self._of_head()]
        if workers:
            running = [job.cores for job in workers if job.state == "RUNNING"]
            rest = f"{len(workers) - len(running)} jobs wait or end"
            who.append(f"running on {sum(running)} cores of {len(running)} jobs; {rest}")
        return who

    def _of_head(self) -> list[Queued]:
        return [job for job in self.jobs if self.head is not None and job.name == self.head.name]

    def _speed(self) -> list[str]:
        if not self.new or self.seconds <= 0:
            return []
        each = self.seconds / self.new
        rest = f"; about {_duration(each * self.left)} left" if self.left and self.client else ""
        per = f"{60 / each:.3g} networks a minute"
        return [f"{self.new} networks in {_duration(self.seconds)}, {per}{rest}"]


def status(path: str | Path) -> Status:
    """Find out how far a sweep is.

    Parameters
    ----------
    path : str or Path
        Its store.

    Raises
    ------
    FileNotFoundError
        There are no results at the path.
    """
    folder = folder_at(path)
    expect(folder)
    reader, work = Reader(folder), folder.below(WORK)
    planned = Known.load(work).call
    counted = np.isin(reader.index // max(1, len(reader.attributes["simulators"])), planned)
    calls = np.asarray(reader.arrays["provenance/call"][:])
    texts = np.asarray(reader.arrays["provenance/calls"][:])
    since = datetime.fromisoformat(json.loads(str(texts[-1]))["time"])
    client, head = holder(work), head_noted(work)
    jobs, trouble = _jobs(head)
    return Status(
        networks=reader.attributes["networks"],
        done=int(counted.sum()),
        failed=int((reader.structure[counted] < 0).sum()),
        new=int(((calls == len(texts) - 1) & (reader.index >= 0)).sum()),
        seconds=((datetime.now(UTC) if client else folder.changed(root.FILE)) - since).total_seconds(),
        client=client,
        head=head,
        jobs=jobs,
        trouble=trouble,
    )


def _jobs(head: HeadNote | None) -> tuple[Sequence[Queued], str]:
    if head is None:
        return [], ""
    try:
        return KINDS[head.system].system.jobs_of(head.name), ""
    except BatchError as error:
        return [], f"its jobs are not known: {error}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    amounts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    told = [f"{amount} {unit}" for amount, unit in amounts if amount]
    return " ".join(told[:2]) or "0 s"
