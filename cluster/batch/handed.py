"""What a script knows of the job that it runs as, if it was submitted by ``sweep submit``."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

VARIABLE = "NEUROSWEEP_HEAD"


@dataclass(frozen=True)
class Head:
    """The job of a script, which starts the workers' jobs.

    Attributes
    ----------
    system : str
        The batch system, by the name that it has in ``cluster.toml``.
    name : str
        Of the submission: of the head, and what its workers' jobs are named after.
    job : str
        Its id.
    log : str
        The file with what it says.
    workers : dict
        What `slurm`, or its like, is called with for its workers.
    """

    system: str
    name: str
    job: str
    log: str
    workers: Mapping[str, Any]

    def environment(self) -> dict[str, str]:
        """Return the environment by which the script finds this."""
        return {VARIABLE: json.dumps(asdict(self))}


def own_head() -> Head | None:
    """Return the job that this process is the script of; None if it is none."""
    if VARIABLE not in os.environ:
        return None
    head = Head(**json.loads(os.environ[VARIABLE]))
    # The jobs of the workers, which inherit the variable, have other ids.
    return head if head.job == own_job() else None


def own_job() -> str:
    """Return the id of the job of a batch system that this process is of; nothing if it is of none."""
    return os.environ.get("SLURM_JOB_ID") or os.environ.get("JOB_ID", "")


def leave_sigterm_to_the_head() -> None:
    """Have this process go on at SIGTERM, which Slurm sends to all processes of a job that it ends.

    The head's program gets it too, and ends the script in order by SIGINT.
    """
    unheard = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if unheard and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: None)  # not SIG_IGN, which its own processes would inherit
