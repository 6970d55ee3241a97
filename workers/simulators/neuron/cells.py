"""What neurons are in NEURON: where their variables lie, and which steps they bear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workers.instance import Cells, Floats, Sources
from workers.simulators.steps import refuse_long_steps

# ms; NEURON takes one Newton step per time step, which misleads where v rises fast
LONGEST = dict.fromkeys(("Izhikevich", "EIF_cond_exp_isfa_ista", "HH_cond_exp"), 0.1)
FIXED = {"v_spike"}  # read by NEURON at the start only

TAU = {"exc": "tau_syn_E", "inh": "tau_syn_I"}
STATE: dict[str, Callable[[Any], Any]] = {
    "v": lambda cell: cell(0.5)._ref_v,
    "u": lambda cell: cell.izh._ref_u,
    "w": lambda cell: cell.adexp._ref_w,
    "m": lambda cell: cell(0.5).hh_traub._ref_m,
    "h": lambda cell: cell(0.5).hh_traub._ref_h,
    "n": lambda cell: cell(0.5).hh_traub._ref_n,
    "gsyn_exc": lambda cell: cell.esyn._ref_g,
    "gsyn_inh": lambda cell: cell.isyn._ref_g,
    "isyn_exc": lambda cell: cell.esyn._ref_i,
    "isyn_inh": lambda cell: cell.isyn._ref_i,
}


class Pointers:
    """One variable of many neurons or synapses.

    Parameters
    ----------
    h : the interpreter of NEURON
    references : list
        To the variable of each of them.
    owners : list
        What must live as long.
    """

    def __init__(self, h: Any, references: list[Any], owners: list[Any]) -> None:
        self._owners, self._values = owners, h.Vector(len(references))
        self._pointers = h.PtrVector(max(1, len(references)))
        for i, reference in enumerate(references):
            self._pointers.pset(i, reference)

    def read(self) -> Floats:
        """Return a copy of the present values."""
        if self._owners:
            self._pointers.gather(self._values)
        return np.array(self._values.as_numpy(), np.float64)

    def write(self, values: Floats) -> None:
        """Set a value for each, or one for all."""
        self._values.as_numpy()[:] = values
        if self._owners:
            self._pointers.scatter(self._values)


def check(population: Cells | Sources, dt: float) -> None:
    """Raise ValueError if steps of dt are too long for the alpha functions of a population."""
    if isinstance(population, Cells) and population.model.endswith("_alpha"):
        longest = min(population.parameters[tau].min() for tau in TAU.values())
        why = "it takes an alpha function's value in the middle of each step, which then misses its shape"
        refuse_long_steps(population.name, population.model, "neuron", dt, longest, why)


def rounded(name: str, values: Floats, dt: float) -> Floats:
    """Return a parameter as NEURON is to have it, which rounds refractory periods to the nearest step."""
    return np.ceil(np.round(values / dt, 9)) * dt if name == "tau_refrac" else values


def tireless(population: Cells | Sources) -> bool:
    """Say whether some neurons may fire in each step: NEURON must then look at them in between."""
    return isinstance(population, Cells) and 0.0 in population.parameters.get("tau_refrac", ())


def mean_over_step(cells: Cells, receptor: str, dt: float) -> Floats:
    """Return the mean over a step of what decays from 1 at a receptor, for each neuron; 1 if not exponential.

    An exponential synapse has in each step of NEURON's the value that it had at the step's beginning. With
    weights that are scaled by this it is the mean value instead.
    """
    if "_exp" not in cells.model:
        return np.ones(cells.size)
    steps = dt / cells.parameters[TAU[receptor]]
    return -np.expm1(-steps) / steps
