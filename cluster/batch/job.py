"""What one job asks a batch system for, checked before anything is submitted."""

from __future__ import annotations

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cluster.batch.system import BatchSystem
from cluster.batch.units import mebibytes, seconds
from workers.launch import environment


@dataclass(frozen=True, kw_only=True)
class Job(ABC):
    """The resources of a job, in words that mean the same for all batch systems.

    Attributes
    ----------
    system : BatchSystem
        Where it is submitted.
    taken : dict of str to str
        Options of the batch system that cannot be given in extra, and what sets them.
    example : str
        An option that can.
    """

    system: ClassVar[BatchSystem]
    taken: ClassVar[Mapping[str, str]]
    example: ClassVar[str]

    memory: str
    walltime: str
    cores: int = 1
    partition: str | None = None
    account: str | None = None
    extra: Sequence[str] = ()

    def __post_init__(self) -> None:
        whole("cores", self.cores, 1)
        mebibytes(self.memory)
        seconds(self.walltime)
        for name in ("partition", "account"):
            if getattr(self, name) is not None:
                word(name, getattr(self, name))
        if isinstance(self.extra, str) or not isinstance(self.extra, Sequence):
            raise ValueError(f"extra={self.extra!r}; expected a list of options, such as [{self.example!r}]")
        for option in self.extra:
            self._check(option)
        object.__setattr__(self, "extra", tuple(self.extra))

    def _check(self, option: object) -> None:
        names = self.names(option) if isinstance(option, str) and "\n" not in option else []
        if not names:
            program = self.system.programs[0]
            raise ValueError(f"extra: {option!r}; expected an option of {program}, such as {self.example!r}")
        for name in names:
            if name in self.taken:
                raise ValueError(f"extra: {option!r} is set already; what sets it is {self.taken[name]}")

    @abstractmethod
    def names(self, option: str) -> list[str]:
        """Return what an option sets, by the names of `taken`; nothing if it is no option."""

    @abstractmethod
    def directives(
        self, name: str, folder: str, log: Callable[[str], str], again: bool, without: Sequence[str]
    ) -> list[str]:
        """Return the lines of a script that the batch system reads; as for `script`."""

    def script(
        self,
        name: str,
        folder: str,
        log: Callable[[str], str],
        program: Sequence[str],
        again: bool = False,
        without: Sequence[str] = (),
    ) -> str:
        """Return the script of a job.

        Parameters
        ----------
        name : str
            The job's name.
        folder : str
            Where it is run.
        log : callable
            Given the job's id, returns the file for what it says.
        program : sequence of str
            The command line of what it does.
        again : bool
            Whether the batch system is to start it again when its node fails.
        without : sequence of str
            Nodes that it must not be placed on.
        """
        lines = [
            "#!/bin/bash",
            *self.directives(name, folder, log, again, without),
            'echo "node ${SLURMD_NODENAME:-$HOSTNAME}"',
            f"export PYTHONPATH={shlex.quote(environment({})['PYTHONPATH'])}",
            f"exec {shlex.join(program)}",
            "",
        ]
        return "\n".join(lines)


def whole(name: str, value: object, least: int) -> None:
    """Raise if an option is no whole number, or too small."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name}={value!r}; expected a whole number of at least {least}")


def word(name: str, value: object) -> None:
    """Raise if an option is no name."""
    if not isinstance(value, str) or not re.fullmatch(r"[\w.,:@+-]+", value):
        raise ValueError(f"{name}={value!r}; expected a name")
