"""What is recorded of a population in Brian2, step by step."""

from __future__ import annotations

import numpy as np

from workers.instance import Floats, Spikes, Trace
from workers.simulators.brian2.cells import BrianCells
from workers.simulators.brian2.groups import fired


class SpikeRecorder:
    """The spikes of one run."""

    def __init__(self, cells: BrianCells) -> None:
        self._fired = fired(cells.group).data  # of which small parts are copied sooner than of arrays
        self.start(1, 0)

    def start(self, first: int, last: int) -> None:
        """Forget what was recorded: a run of these steps begins."""
        self._steps: list[int] = []
        self._ranks: list[bytes] = []

    def sample(self, step: int) -> None:
        """Take in the step that has just ended."""
        number = self._fired[-1]
        if number:
            self._steps.append(step)
            self._ranks.append(self._fired[:number].tobytes())

    def spikes(self) -> Spikes:
        """All spikes of the run."""
        if not self._steps:
            return Spikes.none()
        ranks = np.frombuffer(b"".join(self._ranks), np.int32)
        numbers = np.array([len(r) for r in self._ranks]) // ranks.itemsize
        return Spikes(np.repeat(np.array(self._steps, np.int64), numbers), ranks.astype(np.int64))


class TraceRecorder:
    """The samples of one variable in one run."""

    def __init__(self, cells: BrianCells, trace: Trace) -> None:
        self._values, self._chosen = cells.array(trace.variable), trace.chosen
        self._period, self._width = trace.period, trace.width(self._values.size)
        self.start(1, 0)

    def start(self, first: int, last: int) -> None:
        """Make room: a run of these steps begins."""
        self._before = (first - 1) // self._period + 1
        self.samples: Floats = np.empty((last // self._period + 1 - self._before, self._width))

    def sample(self, step: int) -> None:
        """Take in the step that has just ended."""
        if step % self._period == 0:
            self.samples[step // self._period - self._before] = self._values[self._chosen]
