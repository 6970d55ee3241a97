"""Models of neurons that fire as they are told: the stimuli of a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from workers.network.models import Model, Quantity

SpikeTimes = tuple[NDArray[np.float64], ...]


class Source(Model):
    """A model whose spikes do not depend on the network."""


class Poisson(Source):
    """Poisson spike trains, drawn anew in each network.

    Each neuron has a Poisson process of unit rate, drawn once and mapped through the integral of its rate. So
    a rate changed to itself, or a simulation in two halves, changes no spike. A neuron emits at most one
    spike in a step. It is silent before `start`, and from `start` + `duration` on; both are moved to the
    nearest step.
    """

    parameters: ClassVar = {
        "rates": Quantity(0.0, "Hz", 0.0),
        "start": Quantity(0.0, "ms", 0.0),
        "duration": Quantity(1e10, "ms", 0.0),
    }


class SpikeSourceArray(Source):
    """Given spike trains, the same in each network.

    Parameters
    ----------
    spike_times : sequence
        Times in ms: one sequence of numbers for all neurons, or a sequence of such sequences, one for each
        neuron. Each is moved to the nearest step. Several of a neuron may fall into one step on simulators
        that have this, such as NEST; others refuse them. They may be set anew between two calls of
        `Network.simulate`, for times that are to come.
    """

    parameters: ClassVar = {"spike_times": Quantity(0.0, "ms")}

    def __init__(self, spike_times: Iterable[Any] = ()) -> None:
        super().__init__(spike_times=spike_times)

    @classmethod
    def parse(cls, owner: str, name: str, given: Any, geometry: tuple[int, ...]) -> SpikeTimes:
        """Check spike times and make them one sorted array for each neuron."""
        cls.check_name(name)
        size = int(np.prod(geometry))
        trains = list(given)
        if not trains or all(np.ndim(t) == 0 for t in trains):
            return (_train(owner, trains),) * size
        if len(trains) != size:
            raise ValueError(
                f"{owner}: spike_times has {len(trains)} spike trains for {size} neurons; "
                "give one for each, or one sequence of numbers for all"
            )
        return tuple(_train(owner, t) for t in trains)


def nearest_steps(times: NDArray[np.float64], dt: float) -> NDArray[np.int64]:
    """Return the step nearest to each time; half a step, within rounding, counts up."""
    return np.floor(times / dt + (0.5 + 1e-6)).astype(np.int64)


def _train(owner: str, times: Iterable[Any]) -> NDArray[np.float64]:
    train = np.sort(np.array(list(times), dtype=np.float64))
    if train.ndim != 1:
        raise ValueError(f"{owner}: spike_times has a train of shape {train.shape}; expected a list of times")
    bad = train[~(np.isfinite(train) & (train > 0))]
    if bad.size:
        raise ValueError(f"{owner}: spike_times has {bad[0]:g}; expected times above 0 ms")
    train.setflags(write=False)
    return train
