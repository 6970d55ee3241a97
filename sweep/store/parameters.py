"""The parameters of networks as columns of a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Plan
from sweep.store.columns import Columns
from sweep.store.identity import same
from workers.part import Column, columns
from workers.values import Leaf, encode


class Parameters:
    """Writes parameters.

    Parameters
    ----------
    columns : Columns
    plan : Plan
    constants : dict
        The parameters that were the same in all networks so far.
    """

    def __init__(self, columns: Columns, plan: Plan, constants: Mapping[str, Any]) -> None:
        self._columns, self._plan, self._constants = columns, plan, constants

    def append(self, index: NDArray[np.int64], start: int, stop: int) -> None:
        """Store parameters; one that was the same in all networks until now for the rows before, too."""
        places, rows = self._plan.places(index), np.arange(len(index))
        for name in self._varying():
            first, blocks = start, self._block(name, rows, places)
            if name in self._constants and start > 0 and not self._columns.name_of("parameter", name):
                values = [*[self._constants[name]] * start, *self._plan.values(name, places)]
                first, blocks = 0, columns((row, name, leaf_of(v)) for row, v in enumerate(values))
            self._columns.append("parameter", name, blocks, first, stop)

    def _varying(self) -> list[str]:
        """Name the parameters that have a column, or need one."""
        now = self._plan.constants
        changed = [n for n, v in self._constants.items() if n in now and not same(now[n], v)]
        return [*dict.fromkeys([*self._columns.leaves("parameter"), *self._plan.columns, *changed])]

    def _block(self, name: str, rows: NDArray[np.int64], places: NDArray[np.int64]) -> list[Column]:
        column = self._plan.columns.get(name)
        if column is None and name not in self._plan.constants:
            return []  # of an earlier method
        if isinstance(column, np.ndarray) and column.dtype.kind in "biufc":
            return [Column(name, rows, column[places])]
        values = self._plan.values(name, places)
        return columns((row, name, leaf_of(v)) for row, v in enumerate(values))


def leaf_of(value: Any) -> Leaf:
    """Take a parameter for one column: itself where it is a number, a string or an array, else its repr."""
    if not isinstance(value, (bool, int, float, complex, str, np.generic)) and type(value) is not np.ndarray:
        return ascii(value)
    try:
        (leaf,) = encode(value).leaves.values()
    except TypeError:
        return ascii(value)
    return leaf
