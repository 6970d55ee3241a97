"""The populations of a network in Brian2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from workers.instance import Cells, Floats, Sources, Spikes
from workers.simulators.brian2.code import Call
from workers.simulators.brian2.groups import Make, Toolbox, array, fired
from workers.simulators.updates.equations import model as equation_model
from workers.simulators.updates.equations import noise_words
from workers.simulators.updates.model import Model, check
from workers.simulators.updates.models import MODELS


class BrianCells:
    """A population of neurons in Brian2."""

    def __init__(self, tools: Toolbox, cells: Cells) -> None:
        self.model: Model = (
            MODELS[cells.model] if cells.equations is None else equation_model(cells.equations)
        )
        self._dt = tools.dt
        self.offset = cells.parameters.get("i_offset", np.zeros(cells.size)).copy()  # nA
        self._parameters = {name: np.array(values, float) for name, values in cells.parameters.items()}
        for name, values in self._parameters.items():
            check(name, values)
        constants = self.model.constants(self._parameters, tools.dt)
        names = (*self.model.variables, "left", "current", *constants)
        words = noise_words(cells, self.model.draws)
        variables = "\n".join([*(f"{n} : 1" for n in names), *(f"{n} : integer" for n in words)])
        group = tools.group(
            Make(
                cells.model,
                cells.size,
                variables,
                self.model.threshold,
                self.model.reset,
                self.model.update,
            )
        )
        self.group, self.threshold, self.reset = group.brian, group.threshold, group.reset
        self.update: list[Call] = [
            partial(np.copyto, self.array(to), self.array(what)) for what, to in self.model.before
        ] + [group.update] * self.model.substeps(tools.dt)
        self._write(constants)
        for name, word in words.items():
            array(self.group, name)[:] = word.view(np.int32)
        self.array("current")[:] = self.offset
        for name, values in cells.state.items():
            self.set(name, values)

    def array(self, variable: str) -> Floats:
        """The values themselves, not a copy."""
        values: Floats = array(self.group, variable)
        return values

    def get(self, name: str) -> Floats:
        """Present values of a parameter or a variable."""
        values = self.array(name) if name in self.model.variables else self._parameters[name]
        return values.copy()

    def set(self, name: str, values: Floats) -> None:
        """Set a parameter or a variable."""
        check(name, values)
        if name in self.model.variables:
            self._write({name: values})
            return
        self._parameters[name][:] = values
        self._write(self.model.constants(self._parameters, self._dt))
        if name == "i_offset":
            self.offset[:] = values
            self.array("current")[:] = values

    def _write(self, values: Mapping[str, Floats]) -> None:
        for name, written in values.items():
            self.array(name)[:] = written


class BrianSources:
    """A population that fires as told: a group without code, whose list of spikes we write."""

    def __init__(self, tools: Toolbox, sources: Sources) -> None:
        self.group = tools.group(Make("sources", sources.size, threshold="False", reset="")).brian
        self._fired = fired(self.group).data  # into which a few are written sooner than into an array

    def emitter(self, spikes: Spikes, first: int, last: int) -> Callable[[int], None]:
        """What fires the spikes of one step."""
        if spikes.steps.size and not first <= spikes.steps[0] <= spikes.steps[-1] <= last:
            raise ValueError(f"stimuli outside of this run's steps {first} to {last}")
        ends = np.searchsorted(spikes.steps, np.arange(first - 1, last + 1), side="right").tolist()
        fired, ranks = self._fired, spikes.ranks.astype(np.int32).data

        def emit(step: int) -> None:
            start, end = ends[step - first], ends[step - first + 1]
            fired[: end - start] = ranks[start:end]
            fired[-1] = end - start

        return emit


def receiver(cells: BrianCells, receptor: str) -> Callable[[Floats], None]:
    """What lets the neurons have the weights of spikes, one sum for each neuron."""
    how = cells.model.receptors[receptor]
    to, scale = cells.array(how.variable), cells.array(how.scale) if how.scale else None
    operation = np.add if how.sign == "+" else np.subtract

    def receive(weights: Floats) -> None:
        operation(to, weights if scale is None else weights * scale, out=to)

    return receive
