"""What batch systems have in common: jobs are submitted, listed and cancelled by commands."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from workers.launch import environment

PATIENCE = 60


class BatchError(RuntimeError):
    """A command of a batch system failed; says what it said."""


class Batch(Protocol):
    """A batch system."""

    def submit(self, script: str) -> str:
        """Submit a job script and return the job's id."""

    def states(self, name: str) -> dict[str, str]:
        """Return the state of each job of this name that there still is: PENDING, RUNNING or COMPLETING."""

    def cancel(self, jobs: Iterable[str]) -> None:
        """End jobs; one that has ended already does no harm."""

    def ending(self, name: str) -> list[str]:
        """Return the command that ends all jobs of this name."""


def run(command: list[str], given: str = "", without: Callable[[str], bool] = lambda name: False) -> str:
    """Run a command of a batch system on its login node, and return what it says.

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
        )
    except FileNotFoundError:
        raise BatchError(
            f"{command[0]} was not found: this machine cannot submit jobs; run this on a login node"
        ) from None
    except subprocess.TimeoutExpired:
        raise BatchError(f"{command[0]} did not answer within {PATIENCE} s") from None
    if done.returncode:
        raise BatchError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def job_script(directives: Sequence[str], program: Sequence[str]) -> str:
    """Return a job's script.

    Parameters
    ----------
    directives : sequence of str
        The lines that the batch system reads.
    program : sequence of str
        The command line of what the job does.
    """
    path = environment({})["PYTHONPATH"]
    lines = [
        "#!/bin/bash",
        *directives,
        'echo "node ${SLURMD_NODENAME:-$HOSTNAME}"',
        f"export PYTHONPATH={shlex.quote(path)}",
        f"exec {shlex.join(program)}",
        "",
    ]
    return "\n".join(lines)
