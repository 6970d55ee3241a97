"""Currents and background in Brian2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.instance import Background, Current, Floats
from workers.simulators.brian2.cells import BrianCells, receiver
from workers.simulators.brian2.groups import Make, Toolbox, array
from workers.simulators.keyed import expected
from workers.simulators.updates.model import check


def injector(
    cells: BrianCells, currents: list[tuple[Current, Floats]], steps: int, first: int
) -> Callable[[int], None]:
    """What sets the current of each neuron of a population in a step of a run, by courses in nA."""
    total, offset = cells.array("current"), cells.offset
    for current, course in currents:
        check(current.name, course)
        if len(course) != steps:
            raise ValueError(f"{current.name}: its course has {len(course)} steps; expected {steps}")

    def inject(step: int) -> None:
        total[:] = offset
        for current, course in currents:
            np.add.at(total, current.ranks, course[step - first])

    return inject


_NAMES = ("mean", "none", "weight", "got")
_WORDS = ("k0", "k1", "k2", "k3", "rank")
_CODE = "got = weight*poisson_of(uniform_of(k0, k1, k2, k3, rank, t_in_timesteps), mean, none)"


class BrianBackground:
    """Poisson spikes to each neuron, drawn from the key, the rank and the step, and nothing else."""

    def __init__(self, tools: Toolbox, background: Background, cells: BrianCells) -> None:
        check(f"weights of {background.name}", background.weights)
        mean, none = expected(background, tools.dt)
        declared = [f"{n} : 1" for n in _NAMES] + [f"{n} : integer" for n in _WORDS]
        group = tools.group(Make("background", len(mean), "\n".join(declared), update=_CODE))
        self._draw = group.update
        values: dict[str, NDArray[Any]] = {"mean": mean, "none": none, "weight": background.weights}
        words = background.keys.astype(np.uint32).view(np.int32)
        values |= dict(zip(_WORDS, [*words.T, background.ranks], strict=True))
        for name, value in values.items():
            array(group.brian, name)[:] = value
        self._got = array(group.brian, "got")
        self._receive = receiver(cells, background.receptor)

    def deliver(self) -> None:
        """Draw the spikes of this step and let the neurons have them."""
        self._draw()
        self._receive(self._got)
