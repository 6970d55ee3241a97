"""Slurm's commands: sbatch, squeue, scancel."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterable

PATIENCE = 60


class SlurmError(RuntimeError):
    """A command of Slurm's failed; says what it said."""


def submit(script: str) -> str:
    """Submit a job script and return the job's id."""
    return _run(["sbatch", "--parsable"], script).strip().split(";")[0]


def states(name: str) -> dict[str, str]:
    """Return the state of each job of this name that Slurm still has, such as PENDING or RUNNING, by id."""
    listed = _run(["squeue", "--noheader", "--user", getpass.getuser(), "--name", name, "--format", "%A %T"])
    return dict(line.split() for line in listed.splitlines())


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
