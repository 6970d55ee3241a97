"""What a network gave back, to be compared bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.outcome import Outcome


def bits(outcome: Outcome) -> Any:
    """All that a network gave back, but for how long it took."""
    if outcome.failure is not None:
        return outcome.failure
    assert outcome.value is not None
    leaves = {name: np.asarray(leaf).tobytes() for name, leaf in outcome.value.leaves.items()}
    return outcome.value.structure, leaves
