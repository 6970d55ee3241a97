"""Groups of neurons in Brian2, which the next network takes over where it has some of the same make.

Brian2 takes as long to make a group as some ten small networks take to run. All that a group depends on is
its `Make`; all that changes while it runs is in its arrays, which are cleared before a network gets it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.simulators.brian2.code import Call, ready


@dataclass(frozen=True)
class Make:
    """All that a group depends on, besides values.

    Attributes
    ----------
    name : str
        It is part of the code, and is compiled once for all networks.
    size : int
    variables : str
        As Brian2 wants them declared.
    threshold, reset : str, optional
    update : str
        Code that is run for all neurons.
    """

    name: str
    size: int
    variables: str = ""
    threshold: str | None = None
    reset: str | None = None
    update: str = ""


class Group:
    """A group of neurons: Brian2's, and what runs its code once."""

    def __init__(self, brian: Any, make: Make, **options: Any) -> None:
        self._make = make
        self.brian = brian.NeuronGroup(
            make.size,
            make.variables,
            threshold=make.threshold,
            reset=make.reset,
            name=make.name,
            **options,
        )

    @cached_property
    def update(self) -> Call:
        """Run the update."""
        return regularly(self.brian, self._make.update)

    @cached_property
    def threshold(self) -> Call:
        """List the neurons that fire."""
        return ready(self.brian.thresholder["spike"])

    @cached_property
    def reset(self) -> Call:
        """Reset the neurons that fire."""
        return ready(self.brian.resetter["spike"])

    def clear(self) -> None:
        """Set all to 0, as it is in a new group; Brian2 lets no code write what is read-only."""
        for name, variable in self.brian.variables.items():
            if variable.array and not variable.read_only:
                array(self.brian, name)[:] = 0


Groups: TypeAlias = dict[Make, list[Group]]


@dataclass(frozen=True)
class Toolbox:
    """What all parts of a network are made with.

    Attributes
    ----------
    brian : module
    clock
        Its step is that of the network, for code that asks for t_in_timesteps.
    code : class
        Of Brian2's code objects.
    functions : dict
        Those that code may call.
    dt : float
        In ms.
    idle, used : dict of Make to list of Group
        Groups of the former network, and those of this one.
    """

    brian: Any
    clock: Any
    code: Any
    functions: dict[str, Any]
    dt: float
    idle: Groups
    used: Groups = field(default_factory=lambda: defaultdict(list))

    @property
    def compiles(self) -> bool:
        """Whether there is a compiler."""
        return bool(self.code.class_name == "cython")

    def group(self, make: Make) -> Group:
        """A group of neurons in which all values are 0."""
        idle = self.idle.get(make)
        group = idle.pop() if idle else self._new(make)
        group.clear()
        self.used[make].append(group)
        return group

    def _new(self, make: Make) -> Group:
        return Group(self.brian, make, clock=self.clock, namespace=self.functions, codeobj_class=self.code)


def regularly(group: Any, code: str) -> Call:
    """What runs `code` once for all neurons, or synapses, of a group of Brian2's."""
    name = f"{group.name}_update"
    return ready(group.run_regularly(code, clock=group.clock, name=name, codeobj_class=group.codeobj_class))


def array(group: Any, variable: str) -> Any:
    """The values of a variable of a group of Brian2's: not a copy."""
    return group.variables[variable].get_value()


def fired(group: Any) -> NDArray[np.int32]:
    """Brian2's list of the neurons that fire in this step; its last element is their number."""
    spiking: NDArray[np.int32] = array(group, "_spikespace")
    return spiking
