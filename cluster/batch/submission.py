"""A script that is submitted to a batch system as a job, the head, which starts the jobs of its workers."""

from __future__ import annotations

import inspect
import json
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from cluster.batch.cluster import BatchCluster
from cluster.batch.job import Job
from cluster.batch.systems import DEFAULT, KINDS


@dataclass(frozen=True)
class Submission:
    """A script and what its jobs are like.

    Attributes
    ----------
    system : str
        The batch system, by its name in `KINDS`.
    name : str
        The name of the head's jobs, one after the other, and of no others.
    command : sequence of str
        The script and its arguments.
    folder : str
        Where it is run.
    head, workers : dict
        What the job and the cluster of the batch system are made with.
    """

    system: str
    name: str
    command: Sequence[str]
    folder: str
    head: Mapping[str, Any]
    workers: Mapping[str, Any]

    @classmethod
    def new(cls, script: Path, arguments: Sequence[str], cluster: Path) -> Submission:
        """Describe a submission from here.

        Parameters
        ----------
        script : Path
        arguments : sequence of str
            The script's own.
        cluster : Path
            A TOML file: ``system``, the options of `slurm` or its like for the workers, and those of the head
            in a table [head].

        Raises
        ------
        ValueError
            Names the option that is unknown, missing, or cannot be meant.
        """
        workers = _read(cluster)
        system = workers.pop("system", DEFAULT)
        if system not in KINDS:
            raise ValueError(f"{cluster}: system={system!r}; expected one of {', '.join(KINDS)}")
        head = workers.pop("head", None)
        if not isinstance(head, dict):
            raise ValueError(
                f"{cluster} has no table [head], which says what the script's own job is like; it needs at "
                'least walltime = "24:00:00" and memory = "4GB"'
            )
        _check(f"{cluster}", KINDS[system].cluster, workers)
        _check(f"{cluster}, [head]", KINDS[system].job, head)
        name = f"sweep-{uuid4().hex[:8]}"
        return cls(system, name, (str(script), *arguments), str(Path.cwd()), head, workers)

    @classmethod
    def from_json(cls, text: str) -> Submission:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Write it as text."""
        return json.dumps(asdict(self))

    @property
    def job(self) -> Job:
        """What the head asks for."""
        return KINDS[self.system].job(**self.head)

    @property
    def cluster(self) -> BatchCluster:
        """The jobs of the workers."""
        return KINDS[self.system].cluster(**self.workers)

    def job_script(self) -> str:
        """Return the script of the head's job, which holds all that it takes to submit it again."""
        program = [sys.executable, "-P", "-m", "cluster.batch.head", self.to_json()]
        # Again when its node fails; the store says where to go on.
        return self.job.script(self.name, self.folder, self.log, program, again=True)

    def log(self, job: str) -> str:
        """Return the file for what a job says."""
        return str(Path(self.folder) / f"{Path(self.command[0]).stem}-{job}.log")

    def submit(self) -> str:
        """Submit the head; return the job's id."""
        return self.job.system.submit(self.job_script())


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None


def _check(where: str, called: Callable[..., Any], options: Mapping[str, Any]) -> None:
    known = inspect.signature(called).parameters
    for name in options:
        if name not in known:
            raise ValueError(f"{where}: unknown option {name!r}; expected some of {', '.join(known)}")
    for name, parameter in known.items():
        if name not in options and parameter.default is parameter.empty:
            raise ValueError(f"{where}: {name} is missing")
    try:
        called(**options)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
