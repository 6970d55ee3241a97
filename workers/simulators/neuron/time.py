"""When things happen in NEURON within a step.

At the beginning of a step NEURON delivers all events that are due, in order of their times. The events of
step k are therefore given times a little before its end, and are delivered there. In this order:

- background, which nothing comes before;
- what goes to a neuron's receptors, and to a learning synapse from its target: `EARLY` before the end;
- the spikes of sources, by rank, so that the division of time into runs does not change what is summed first;
- what goes to a learning synapse from its source.
"""

from __future__ import annotations

from typing import Any

import numpy as np

EARLY = 2.0**-16  # ms; so long before the end of its step a spike arrives, lest rounding makes it late
GRAIN = 2.0**-34  # ms; sums of multiples of it are exact, and so is the order of spikes
RANKS = EARLY / 4 // GRAIN  # so many sources are told apart by the times of their spikes in one step


def exact(times: Any) -> Any:
    """Round times in ms such that sums and differences of them are not rounded."""
    return np.rint(times / GRAIN) * GRAIN
