"""What comes back from one network: its value or its failure, and what it took."""

from __future__ import annotations

import signal
import traceback as tb
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workers.values import Encoded

Kind = Literal["exception", "crash", "timeout", "lost"]


@dataclass(frozen=True)
class Failure:
    """Why a network has no result.

    Attributes
    ----------
    index : int
        The network's index in its sweep.
    seed : int
        The sweep's seed; with the index it is all that the network's draws depend on.
    parameters : dict
        What the method was called with, besides the index and the network.
    kind : {"exception", "crash", "timeout", "lost"}
        An exception in the method; the end of its process; the time limit; or the end of the worker.
    error : str
        The name of the exception or of the signal, such as "ValueError" or "SIGSEGV".
    message : str
        What the exception said, or how the process ended.
    traceback : str
        The method's traceback; empty where the process ended without one.
    """

    index: int
    seed: int
    parameters: Mapping[str, Any]
    kind: Kind
    error: str
    message: str
    traceback: str = ""

    def __repr__(self) -> str:
        return f"<Failure of {self._head}>"

    def __str__(self) -> str:
        return self._head + (f"\n{self.traceback}" if self.traceback else "")

    @property
    def _head(self) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items())
        return (
            f"network {self.index} (seed {self.seed}{', ' + given if given else ''}): "
            f"{self.error}: {self.message}"
        )


@dataclass
class Timings:
    """Seconds that a network took, by what they were spent on."""

    draw: float = 0.0
    build: float = 0.0
    run: float = 0.0
    read: float = 0.0
    write: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """One network's value, or its failure; exactly one of them is not None."""

    index: int
    value: Encoded | None = None
    failure: Failure | None = None
    timings: Timings = field(default_factory=Timings)


def failure_of(
    error: BaseException, index: int, seed: int, parameters: Mapping[str, Any], traceback: str | None = None
) -> Failure:
    """Make the record of an exception raised by the method of network `index`."""
    text = "".join(tb.format_exception(error)) if traceback is None else traceback
    return Failure(index, seed, dict(parameters), "exception", type(error).__name__, str(error), text)


def traceback_below(error: BaseException, file: str) -> str:
    """Format a traceback without the frames, at its top, of the file that called for it."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == file:
        frames = frames.tb_next
    return "".join(tb.format_exception(type(error), error, frames or error.__traceback__))


def end_of_process(returncode: int) -> tuple[str, str]:
    """Name and describe how a process ended, from its return code as subprocess gives it."""
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        return name, f"the process of the network was ended by {name}"
    return f"exit code {returncode}", f"the process of the network ended with exit code {returncode}"
