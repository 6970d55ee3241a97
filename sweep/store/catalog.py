"""The structures of the values in a store: by number, and what leaves they have."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from workers.part import Part
from workers.values import leaves_of, units_of


class Catalog:
    """The structures of a store.

    Attributes
    ----------
    structures : list of str
        In the order of their numbers.
    """

    def __init__(self, structures: Iterable[str]) -> None:
        self.structures: list[str] = []
        self._places: dict[str, int] = {}
        self._leaves: list[set[str]] = []
        self._units: dict[str, set[str]] = {}
        for structure in structures:
            self._add(structure)

    def number(self, part: Part) -> NDArray[np.int32]:
        """Give the numbers of the structures of a part's rows, -1 where a network failed."""
        for structure in part.structures:
            if structure not in self._places:
                self._add(structure)
        places = np.array([*(self._places[s] for s in part.structures), -1], np.int32)
        return places[part.structure]

    def having(self, leaf: str) -> list[int]:
        """Give the numbers of the structures that have a leaf."""
        return [i for i, names in enumerate(self._leaves) if leaf in names]

    def unit(self, leaf: str) -> str | None:
        """Give the unit of a leaf; None where it has none, or values of several."""
        units = self._units.get(leaf, {""})
        return next(iter(units)) or None if len(units) == 1 else None

    def _add(self, structure: str) -> None:
        self._places[structure] = len(self.structures)
        self.structures.append(structure)
        leaves, units = leaves_of(structure), units_of(structure)
        self._leaves.append(leaves)
        for leaf in leaves:
            self._units.setdefault(leaf, set()).add(units.get(leaf, ""))
