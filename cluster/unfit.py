"""Workers that can run no network of a job: they are given no more of its tasks, and are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4


class Unfit(Exception):  # noqa: N818
    """What a task gives back that could not be begun.

    Attributes
    ----------
    worker, name : str
        The address and the name of its worker.
    node : str
        The name of the worker's machine.
    why : str
        What went wrong there.
    """

    def __init__(self, worker: str, name: str, node: str, why: str) -> None:
        super().__init__(worker, name, node, why)
        self.worker, self.name, self.node, self.why = worker, name, node, why


def told(unfit: Mapping[str, Unfit]) -> str:
    """Name the nodes of unfit workers, each once, with what went wrong on the last of them."""
    nodes = {u.node: u.why for u in unfit.values()}
    last = next(reversed(nodes.values()), "")
    return f"{', '.join(nodes)}:\n{last.strip()}"


def step_aside(worker: Any) -> None:
    """Have the scheduler give a worker no more tasks; called in any thread of the worker."""
    worker.loop.add_callback(_announce, worker, "closing_gracefully")


def come_back(worker: Any) -> None:
    """Have the scheduler give a worker tasks again; called in its event loop."""
    _announce(worker, worker.status.name)


def _announce(worker: Any, status: str) -> None:
    # Only to the scheduler: a worker that were of this status itself would not begin what it has been given
    # already, which would then wait for ever instead of coming back as unfit.
    message = {"op": "worker-status-change", "status": status, "stimulus_id": f"unfit-{uuid4().hex}"}
    worker.batched_send(message)
