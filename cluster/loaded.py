"""The Jobs that a Dask worker knows."""

from __future__ import annotations

import pickle
from typing import Any

from distributed import WorkerPlugin

from workers.parcel import extend_path, label_of
from workers.process import run_task
from workers.spool import Done

_jobs: dict[str, bytes] = {}


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
        """Forget the Job."""
        _jobs.pop(self.key, None)


def run_loaded(key: str, task: bytes, timeout: float | None) -> Done:
    """Run a task of a loaded Job."""
    if key not in _jobs:
        raise LookupError(f"job {key} has been unloaded")
    return run_task(_jobs[key], key, pickle.loads(task), timeout)
