"""What the methods of several networks are called with, parameter by parameter: small to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload


class Given(Sequence[dict[str, Any]]):
    """The arguments of some networks; each network's are put together when asked for.

    Parameters
    ----------
    number : int
        How many networks there are.
    columns : dict of str to sequence, of length number
        The arguments that differ between networks.
    constants : dict of str to object
        The arguments that all share.
    """

    def __init__(self, number: int, columns: Mapping[str, Any], constants: Mapping[str, Any]) -> None:
        self._number, self._columns, self._constants = number, columns, constants

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, i: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, i: slice) -> Given: ...

    def __getitem__(self, i: int | slice) -> dict[str, Any] | Given:
        if isinstance(i, slice):
            columns = {name: column[i] for name, column in self._columns.items()}
            return Given(len(range(self._number)[i]), columns, self._constants)
        if not -self._number <= i < self._number:
            raise IndexError(f"network {i} of {self._number}")
        return {name: column[i] for name, column in self._columns.items()} | dict(self._constants)
