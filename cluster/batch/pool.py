"""A pool whose workers are in the jobs of a batch system."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import threading
from collections import Counter
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cluster.batch.handed import own_head
from cluster.batch.pilots import VAIN, Pilots
from cluster.dask_pool import LOG, Submitted
from cluster.host import own_address
from cluster.keeper import LAST_WORDS
from cluster.own_pool import OwnPool
from cluster.pool import Running
from cluster.unfit import Unfit, told
from cluster.versions import versions

if TYPE_CHECKING:
    from cluster.batch.cluster import BatchCluster


class BatchPool(OwnPool):
    """A scheduler on this machine, and jobs with workers as there is work for them.

    Parameters
    ----------
    cluster : BatchCluster
        What the jobs are like.
    """

    def __init__(self, cluster: BatchCluster) -> None:
        head = own_head()
        self._cluster, self._name = cluster, f"{head.name if head else 'sweep'}-{uuid4().hex[:12]}"
        self._unfinished: set[Any] = set()
        self._proven = False  # whether any task has been done
        self._lock = threading.Lock()
        folder = state_folder() / self._name
        folder.mkdir(mode=0o700)
        super().__init__(folder, own_address(cluster.interface), 0)

    def _start(self, host: str, workers: int) -> None:
        super()._start(host, workers)
        (self._folder / "address").write_text(self._listens_at())
        (self._folder / "versions").write_text(json.dumps(versions()))
        cluster = self._cluster
        # Whatever becomes of this process, its jobs do not wait in the queue: the scheduler outlives it.
        (self._folder / LAST_WORDS).write_text(shlex.join(cluster.job.system.ending(self._name)))
        script = partial(cluster.job_script, self._name, self._folder)
        self._pilots = Pilots(
            cluster.job.system,
            self._name,
            script,
            cluster.jobs,
            cluster.job.cores,
            self._folder,
            _Crowd(self),
        )
        self._pilots.start()
        self._open.append(self._stop_pilots)

    def _stop_pilots(self) -> None:
        self._pilots.stop()
        (self._folder / LAST_WORDS).unlink()

    @property
    def workers(self) -> int:
        """How many networks can run at once when all jobs run: as many tasks show how many jobs to have."""
        return self._cluster.jobs * self._cluster.job.cores

    @property
    def advice(self) -> str:
        job = self._cluster.job
        has = f"walltime={job.walltime!r}, and memory={job.memory!r} for {job.cores} cores"
        return f"; its job has {has}: is that enough?"

    @property
    def usable(self) -> bool:
        return super().usable and not self._pilots.error

    def _follow(self, running: Submitted) -> None:
        super()._follow(running)
        with self._lock:
            first = not self._unfinished
            self._unfinished.add(running.key)
        running.future.add_done_callback(self._finished)
        if first:
            self._pilots.wake()

    def _finished(self, future: Any) -> None:
        with self._lock:
            if future.done():  # and not handed out again meanwhile
                self._unfinished.discard(future.key)

    def unfinished(self) -> int:
        """Return how many tasks have been submitted and are not done."""
        with self._lock:
            return len(self._unfinished)

    def wait(self, tasks: Collection[Running]) -> list[Running]:
        if self._pilots.error:
            raise self._gone() if self.client.status != "running" else RuntimeError(self._pilots.error)
        done = super().wait(tasks)
        self._proven = self._proven or bool(done)
        return done

    def _leave_out(self, unfit: Unfit, known: bool) -> None:
        if not known:
            LOG.warning("left out, for it can run none of these networks: node %s", told({"": unfit}))
        nodes = {u.node for u in self._unfit.values()}
        if not self._proven and len(nodes) >= self._cluster.jobs + VAIN:
            raise RuntimeError(f"no node has been able to run these networks; {told(self._unfit)}")
        self._pilots.leave_out(unfit.node, job_of(unfit.name), unfit.why)


class _Crowd:
    """The workers of a pool, by the names that the jobs give them."""

    def __init__(self, pool: BatchPool) -> None:
        self._pool = pool

    def _addresses(self) -> dict[str, str]:
        workers = self._pool.client.scheduler_info(n_workers=-1)["workers"]
        return {address: job_of(worker["name"]) for address, worker in workers.items()}

    def connected(self) -> Counter[str]:
        return Counter(self._addresses().values())

    def busy(self) -> set[str]:
        jobs = self._addresses()
        processing: Iterable[tuple[str, Any]] = self._pool.client.processing().items()
        return {jobs[address] for address, tasks in processing if tasks and address in jobs}

    def unfinished(self) -> int:
        return self._pool.unfinished()

    def dismiss(self, job: str) -> None:
        from cluster.node import drain

        workers = self._of(job)
        self._pool.ask(lambda: self._pool.client.run(drain, workers=workers, on_error="ignore"))

    def forget(self, job: str) -> None:
        self._pool.client.retire_workers(self._of(job), close_workers=True)

    def _of(self, job: str) -> list[str]:
        return [address for address, of in self._addresses().items() if of == job]


def job_of(worker: str) -> str:
    """Return the job of a worker of this name."""
    return str(worker).split("-")[0]


def state_folder() -> Path:
    """Return the folder for the files of clusters: private, and seen by the nodes as homes are.

    Raises
    ------
    PermissionError
        If it cannot be made, is another user's, or others can read it.
    """
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(base) / "neurosweep"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PermissionError(f"{error}; set XDG_STATE_HOME to a folder of yours") from None
    about = folder.stat()
    if about.st_uid != os.getuid():
        raise PermissionError(f"{folder} is another user's; set XDG_STATE_HOME to a folder of yours")
    if about.st_mode & 0o077:
        raise PermissionError(f"others can read {folder}: chmod 700 {folder}")
    return folder


def remove_credentials(name: str) -> None:
    """Remove the files of a submission's clusters."""
    for folder in state_folder().glob(f"{name}-*"):
        shutil.rmtree(folder, ignore_errors=True)
