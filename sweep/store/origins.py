"""Where the rows of a store come from: the calls, what they ran, and the machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.store.arrays import Arrays


@dataclass(frozen=True)
class Origin:
    """Where the rows come from that are going to be appended: JSON, see `sweep.store.provenance`.

    Attributes
    ----------
    call : dict
    description : dict
    constants : dict
        The parameters that were the same in all networks so far.
    """

    call: Mapping[str, Any] = field(default_factory=dict)
    description: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)


class Origins:
    """The tables of a store in the group "provenance".

    Parameters
    ----------
    arrays : Arrays
    """

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._machines = {text: i for i, text in enumerate(self._texts("machines"))}

    def begin(self, origin: Origin) -> None:
        """Note one more call."""
        described = self._texts("descriptions")
        description = json.dumps(origin.description)
        if not described or described[-1] != description:
            described.append(description)
            self._extend("descriptions", [description])
        call = {**origin.call, "description": len(described) - 1}
        self._extend("calls", [json.dumps(call)])

    @property
    def call(self) -> int:
        """The place of the last call."""
        return self._arrays["provenance/calls"].shape[0] - 1

    @property
    def descriptions(self) -> list[dict[str, Any]]:
        """The descriptions that rows were run with, the last one last."""
        return [json.loads(text or "{}") for text in self._texts("descriptions")]

    def alike(self) -> NDArray[np.bool_]:
        """Tell which rows were run with the last description."""
        calls = [json.loads(text or "{}").get("description") for text in self._texts("calls")]
        alike = [place for place, description in enumerate(calls) if description == calls[-1]]
        return np.isin(self._arrays["provenance/call"][:], alike)

    def machine(self, name: str) -> int:
        """Give the place of a machine in its table."""
        if name not in self._machines:
            self._machines[name] = len(self._machines)
            self._extend("machines", [name])
        return self._machines[name]

    def _texts(self, name: str) -> list[str]:
        return [str(text) for text in self._arrays[f"provenance/{name}"][:]]

    def _extend(self, name: str, texts: Sequence[str]) -> None:
        self._arrays.extend(f"provenance/{name}", np.array(texts, np.dtypes.StringDType()))
