"""Measure a program in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench import cpu

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 3600.0
REST = "rest"


class Seconds(NamedTuple):
    """How long something took."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Measured:
    """One run of a program.

    Attributes
    ----------
    phases : dict of str to Seconds
        As the program told them; and as `REST` what is in none of them: the start of the interpreter and its
        end, with that of all other processes.
    result : object
        What the program found.
    """

    phases: Mapping[str, Seconds]
    result: Any


def measure(python: str, module: str, *arguments: object, folder: Path) -> Measured:
    """Run a module of `bench` as a program in a process of its own, and wait for all that it started.

    Parameters
    ----------
    python : str
        The interpreter.
    module : str
        The name of the module; its first argument is the file that it writes its phases to.
    *arguments
        The other arguments.
    folder : Path
        Its working directory, which also holds its caches: what is there from a run before is used again.
    """
    cpu.adopt_orphans()
    told = folder / "phases.json"
    told.unlink(missing_ok=True)
    begin, before = time.perf_counter(), cpu.of_waited_for()
    _run([python, "-P", "-m", f"bench.{module}", str(told), *map(str, arguments)], folder)
    cpu.await_orphans()
    total = Seconds(cpu.of_waited_for() - before, time.perf_counter() - begin)
    content = json.loads(told.read_text())
    phases = {name: Seconds(*seconds) for name, seconds in content["phases"].items()}
    rest = Seconds(*(all_ - sum(part) for all_, *part in zip(total, *phases.values(), strict=True)))
    return Measured({**phases, REST: rest}, content["result"])


def _run(command: list[str], folder: Path) -> None:
    output = folder / "output.txt"
    with output.open("w") as stream:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=_environment(command[0], folder),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {ended.returncode}\n{output.read_text()}")


def _environment(python: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ["PATH"]]),  # ANNarchy looks for cython
        "XDG_CACHE_HOME": str(folder / "cache"),  # Brian2's compiled code: what the first time costs is seen
    }
