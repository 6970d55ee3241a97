"""Keeps as many batch jobs as there is work for, and watches over them."""

from __future__ import annotations

import logging
import math
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cluster.batch.system import BatchError, BatchSystem

LOOK = 5.0  # seconds from one look at the queue to the next
SILENCE = 120.0  # seconds that a running job may have no worker before it is given up
IDLE = 60.0  # seconds that a job may have nothing to do before it is ended
VAIN = 3  # jobs that end without a worker, beyond one of each, after which it is no use
SUSPECT = 2  # jobs that end so on a node, after which it is left out
UNANSWERED = 20  # looks in a row at which the batch system did not answer
BACKOFF = 60.0
TAIL = 2000  # characters of a log that are shown
LOG = logging.getLogger("sweep.cluster")


class Crowd(Protocol):
    """The workers, as the scheduler knows them."""

    def connected(self) -> Counter[str]:
        """How many workers of each job are connected."""

    def busy(self) -> set[str]:
        """The jobs of which a worker has something to do."""

    def unfinished(self) -> int:
        """How many tasks there are to do."""

    def dismiss(self, job: str) -> None:
        """Let a job's workers go, as soon as they have finished what they run."""

    def forget(self, job: str) -> None:
        """Take it that a job's workers have gone."""


@dataclass
class Job:
    """A submitted job.

    Attributes
    ----------
    seen : float or None
        When a worker of it was last connected.
    running : float or None
        When it was first seen to run.
    busy : float
        When a worker of it last had something to do.
    leaving : bool
        Whether it is about to end.
    cancelled : bool
        Whether it was told to end before it ran.
    without : int
        How many nodes it must not be placed on.
    """

    seen: float | None = None
    running: float | None = None
    busy: float = 0.0
    leaving: bool = False
    cancelled: bool = False
    without: int = 0


class Pilots(threading.Thread):
    """A thread that submits jobs as there is work, replaces those that end, and ends those without work.

    Parameters
    ----------
    system : BatchSystem
        Where they are submitted.
    name : str
        The jobs' name, of no other jobs.
    script : callable
        Given the names of nodes that a job must not be placed on, returns what to submit.
    jobs, cores : int
        How many jobs at the most, and how many workers each has.
    folder : Path
        Where the jobs' logs are.
    crowd : Crowd
        The workers.

    Attributes
    ----------
    error : str
        Why no more jobs are submitted, or nothing.
    """

    def __init__(
        self,
        system: BatchSystem,
        name: str,
        script: Callable[[Sequence[str]], str],
        jobs: int,
        cores: int,
        folder: Path,
        crowd: Crowd,
    ) -> None:
        super().__init__(name="cluster pilots", daemon=True)
        self.error, self._system = "", system
        self._name, self._script, self._folder, self._crowd = name, script, folder, crowd
        self._most, self._cores = jobs, cores
        self._jobs: dict[str, Job] = {}
        self._without: dict[str, str] = {}  # nodes, and what went wrong there
        self._unfit: set[str] = set()  # jobs on such nodes
        self._vain: Counter[str] = Counter()  # jobs that ended before their workers came, by node
        self._unanswered, self._begun = 0, False
        self._not_before = self._others_not_before = 0.0
        self._news, self._done = threading.Event(), threading.Event()

    def wake(self) -> None:
        """Look now: there is work."""
        self._news.set()

    def leave_out(self, node: str, job: str, why: str) -> None:
        """Have no more jobs on a node, and end one that is there; called by any thread."""
        self._without = {**self._without, node: why}
        self._unfit.add(job)
        self.wake()

    def stop(self) -> None:
        """End all jobs."""
        self._done.set()
        self._news.set()
        self.join()
        try:
            self._system.cancel(self._jobs)
        except BatchError as error:
            LOG.warning("jobs %s may still be there: %s", ", ".join(self._jobs), error)

    def run(self) -> None:
        """Watch until told to stop, or until it is no use."""
        while not self._done.is_set():
            self._news.clear()
            try:
                self._look(time.monotonic())
                self._unanswered = 0
            except Exception as error:
                if self._is_no_use(error):
                    self.error = "" if self._done.is_set() else str(error)
                    return
            self._news.wait(LOOK)

    def _is_no_use(self, error: Exception) -> bool:
        """Whether an error is no passing trouble of the batch system."""
        LOG.info("no look at the jobs at present: %s", error)
        self._unanswered += 1
        return not (isinstance(error, BatchError) and self._begun) or self._unanswered >= UNANSWERED

    def _look(self, now: float) -> None:
        states = self._system.states(self._name) if self._jobs else {}
        connected, busy = self._crowd.connected(), self._crowd.busy()
        for name, job in list(self._jobs.items()):
            self._note(job, states.get(name), connected[name], name in busy, now)
            self._judge(name, job, states.get(name), connected[name], now)
        self._match(now, states)

    def _note(self, job: Job, state: str | None, workers: int, busy: bool, now: float) -> None:
        if workers:
            if job.seen is None:
                self._vain.clear()
            job.seen = now
        if state == "RUNNING" and job.running is None:
            job.running = job.busy = now
        if state == "COMPLETING":
            job.leaving = True  # its workers finish what they run, if they can
        if busy:
            job.busy = now

    def _judge(self, name: str, job: Job, state: str | None, workers: int, now: float) -> None:
        """Strike a job off that has ended, or whose workers have: phantoms."""
        silent = job.running is not None and now - max(job.running, job.seen or 0.0) > SILENCE
        if state is not None and not silent:
            return
        if silent:
            self._system.cancel([name])
        del self._jobs[name]
        if workers:
            self._crowd.forget(name)  # a node that has gone without a word
        if job.seen is None and not job.cancelled:
            self._in_vain(name, now)

    def _in_vain(self, name: str, now: float) -> None:
        """Take into account that a job has ended before any worker of it came."""
        log = self._log(name)
        node, log = (re.match(r"node (\S+)", log) or ("", ""))[1], log[-TAIL:].strip()
        self._vain[node] += 1
        if node and self._vain[node] >= SUSPECT:
            self._without = {**self._without, node: log}
        left_out = f"; node {node} is left out" if node in self._without else ""
        text = f"job {name} ended before its workers came{left_out}; the end of its log:\n{log}"
        LOG.warning(text)
        if self._vain.total() >= self._most + VAIN:
            raise RuntimeError(f"{self._vain.total()} jobs ended before their workers came: {text}")
        self._not_before = now + min(2.0 ** (self._vain.total() - 1), BACKOFF)

    def _log(self, name: str) -> str:
        try:
            return (self._folder / f"{name}.log").read_text(errors="replace")
        except OSError:
            return "(it left no log)"

    def _match(self, now: float, states: dict[str, str]) -> None:
        """Have as many jobs as there is work for."""
        wanted = min(self._most, math.ceil(self._crowd.unfinished() / self._cores))
        for name, job in self._staying().items():
            if name in self._unfit or (states.get(name) == "PENDING" and job.without < len(self._without)):
                self._end(name, states)
        staying = self._staying()
        for _ in range(wanted - len(staying)):
            self._submit(now)
        surplus = len(staying) - wanted
        pending = [n for n in staying if states.get(n) == "PENDING"]
        idle = [n for n, job in staying.items() if job.seen is not None and now - job.busy > IDLE]
        for name in (pending + idle)[: max(0, surplus)]:
            self._end(name, states)

    def _staying(self) -> dict[str, Job]:
        return {name: job for name, job in self._jobs.items() if not job.leaving}

    def _submit(self, now: float) -> None:
        without = self._without
        if now < self._not_before or (now < self._others_not_before and self._staying()):
            return
        try:
            name = self._system.submit(self._script(list(without)))
        except BatchError as error:
            if self._staying():  # they do without another: a limit may have been reached
                LOG.warning("no other job at present: %s", error)
                self._others_not_before = now + BACKOFF
                return
            if not without:
                raise
            nodes = "; ".join(f"{node}: {why.strip().splitlines()[-1]}" for node, why in without.items())
            raise RuntimeError(f"{error}; nodes that are left out, and why: {nodes}") from None
        self._jobs[name], self._begun = Job(without=len(without)), True

    def _end(self, name: str, states: dict[str, str]) -> None:
        """Let a job's workers finish what they run; a job that has not begun never does."""
        if states.get(name) == "PENDING":
            self._system.cancel([name])
            self._jobs[name].cancelled = True
        else:
            self._crowd.dismiss(name)
        self._jobs[name].leaving = True
