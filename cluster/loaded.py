"""The Jobs that a Dask worker knows."""

from __future__ import annotations

import pickle
from typing import Any

from distributed import WorkerPlugin, get_worker

from cluster.unfit import Unfit, come_back, step_aside
from hardware.machine import node_name
from workers.parcel import extend_path, label_of
from workers.process import UnfitWorker, run_task, stop_children
from workers.spool import Done

_jobs: dict[str, bytes] = {}
_aside: set[tuple[str, str]] = set()  # workers, and the jobs that they cannot run


class Loaded(WorkerPlugin):  # type: ignore[misc]
    """Brings a Job to every worker once, whenever it comes, before it is given any task."""

    idempotent = True

    def __init__(self, key: str, blob: bytes) -> None:
        self.key, self.blob = key, blob

    def setup(self, worker: Any) -> None:
        """Keep the Job."""
        extend_path(label_of(self.blob).path)  # parameters may be of a class from the person's modules
        _jobs[self.key] = self.blob

    def teardown(self, worker: Any) -> None:
        """Forget the Job, and end what of it still runs: it came too late."""
        _jobs.pop(self.key, None)
        stop_children(self.key)
        if (worker.address, self.key) in _aside:
            _aside.discard((worker.address, self.key))
            come_back(worker)


def run_loaded(key: str, task: bytes, timeout: float | None) -> Done:
    """Run a task of a loaded Job.

    Raises
    ------
    Unfit
        If this worker can run no network of the job.
    """
    if key not in _jobs:
        raise LookupError(f"job {key} has been unloaded")
    try:
        return run_task(_jobs[key], key, pickle.loads(task), timeout)
    except UnfitWorker as error:
        worker = get_worker()
        _aside.add((worker.address, key))
        step_aside(worker)
        raise Unfit(worker.address, str(worker.name), node_name(), str(error)) from None
