"""What one job asks Slurm for, checked before anything is submitted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster.batch import job_script
from cluster.units import mebibytes, seconds

OURS = {
    "--account": "account",
    "--array": "nothing: each job is one",
    "--chdir": "nothing: it is the folder of the script",
    "--cpus-per-task": "cores",
    "--error": "nothing: what a job says is all in one log",
    "--gpus": "gpus",
    "--gres": "gpus",
    "--job-name": "nothing: the jobs are found by it",
    "--mem": "memory",
    "--no-requeue": "nothing: jobs that are lost are replaced",
    "--nodes": "nothing: each job is on one node",
    "--ntasks": "nothing: each job is one task",
    "--output": "nothing: the log is looked for where it is",
    "--partition": "partition",
    "--requeue": "nothing: jobs that are lost are replaced",
    "--time": "walltime",
    "--wait": "nothing: nobody waits for sbatch",
}


@dataclass(frozen=True, kw_only=True)
class SlurmJob:
    """The resources of a job, with the meanings that `slurm` gives them."""

    memory: str
    walltime: str
    cores: int = 1
    partition: str | None = None
    account: str | None = None
    gpus: int = 0
    extra: Sequence[str] = ()

    def __post_init__(self) -> None:
        whole("cores", self.cores, 1)
        whole("gpus", self.gpus, 0)
        mebibytes(self.memory)
        seconds(self.walltime)
        for name in ("partition", "account"):
            word(name, getattr(self, name))
        if isinstance(self.extra, str) or not isinstance(self.extra, Sequence):
            raise ValueError(f"extra={self.extra!r}; expected a list of options, such as ['--qos=short']")
        for option in self.extra:
            _option(option)
        object.__setattr__(self, "extra", tuple(self.extra))

    def script(self, given: Mapping[str, str | None], program: Sequence[str]) -> str:
        """Return the script of a job.

        Parameters
        ----------
        given : dict of str to str or None
            Options of sbatch besides the resources; None for those without a value.
        program : sequence of str
            The command line of what the job does.
        """
        ours: dict[str, object] = {
            **given,
            "nodes": 1,
            "ntasks": 1,
            "cpus-per-task": self.cores,
            "mem": f"{mebibytes(self.memory)}M",
            "time": self.walltime,
        }
        named = {"partition": self.partition, "account": self.account}
        ours |= {name: value for name, value in named.items() if value is not None}
        ours |= {"gres": f"gpu:{self.gpus}"} if self.gpus else {}
        options = [f"--{name}" if value is None else f"--{name}={value}" for name, value in ours.items()]
        lines = [f"#SBATCH {shlex.quote(option)}" for option in options]
        return job_script([*lines, *(f"#SBATCH {option}" for option in self.extra)], program)


def whole(name: str, value: object, least: int) -> None:
    """Raise if an option is no whole number, or too small."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name}={value!r}; expected a whole number of at least {least}")


def word(name: str, value: object) -> None:
    """Raise if an option is no name."""
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"[\w.,:@+-]+", value)):
        raise ValueError(f"{name}={value!r}; expected a name, or None for the default")


def _option(option: object) -> None:
    if not isinstance(option, str) or not re.fullmatch(r"--[a-z][^\n]*", option):
        raise ValueError(f"extra: {option!r}; expected an option of sbatch, such as '--qos=short'")
    name = re.split(r"[= ]", option)[0]
    if name in OURS:
        raise ValueError(f"extra: {option!r} is set already; what sets it is {OURS[name]}")
