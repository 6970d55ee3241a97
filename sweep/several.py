"""The same networks on several simulators: network i has the same key, and so the same draws, on each.

On the first of S simulators it has the index S x i in the store, on the next S x i + 1, and so on; the
simulator is a parameter like any other, but that the method is not called with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sweep.plan import Plan
from sweep.points import Values

NAME = "simulator"


def on_simulators(plan: Plan, simulators: Sequence[str]) -> Plan:
    """Plan the same networks on each of several simulators, one simulator after the other.

    Raises
    ------
    ValueError
        A parameter has the name that the dimension of the simulators needs.
    """
    if NAME in plan.columns or NAME in plan.constants:
        raise ValueError(
            f"a parameter is called {NAME!r}, which is the name of the dimension of several simulators; "
            "call it otherwise"
        )
    count, places = len(simulators), np.arange(plan.number)
    numbers = places if plan.indices is None else plan.indices
    columns: dict[str, Values] = {NAME: [name for name in simulators for _ in places]}
    columns |= {name: _repeated(values, count) for name, values in plan.columns.items()}
    return replace(
        plan,
        number=plan.number * count,
        columns=columns,
        dims=None if plan.dims is None else {NAME: list(simulators), **plan.dims},
        indices=(numbers * count + np.arange(count)[:, None]).ravel(),
        ranks=np.tile(plan.replicates_at(places).astype(np.int64), count),
        simulators=tuple(simulators),
    )


def _repeated(values: Values, count: int) -> Any:
    if isinstance(values, np.ndarray):
        return np.tile(values, (count, *[1] * (values.ndim - 1)))
    return [*values] * count
