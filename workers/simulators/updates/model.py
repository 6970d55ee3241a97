"""What a model is where we write its update ourselves, on Brian2 and GeNN, and what the models share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.instance import Floats

Values: TypeAlias = Mapping[str, Floats]
Long: TypeAlias = NDArray[np.longdouble]

_POSITIVE = frozenset({"cm", "tau_m", "tau_syn_E", "tau_syn_I", "tau_w", "delta_T", "tau_rec", "w_max"})


@dataclass(frozen=True)
class Receptor:
    """What a spike that arrives does: it adds its weight to a variable, or subtracts it.

    Attributes
    ----------
    variable : str
    sign : {"+", "-"}
    scale : str
        A variable with which the weight is multiplied; none if empty.
    """

    variable: str
    sign: str = "+"
    scale: str = ""

    def code(self, weight: str) -> str:
        """Return the code of a synapse."""
        scaled = f"{weight}*{self.scale}_post" if self.scale else weight
        return f"{self.variable}_post {self.sign}= {scaled}"


@dataclass(frozen=True)
class Model:
    """One model of neurons.

    Attributes
    ----------
    variables : tuple of str
        The state variables; all but those that are given a value start at 0. "current" is besides them what
        flows into each neuron, in nA.
    coefficients : function
        From the parameters and the length of a substep to all that the code below uses and that does not
        change, besides "hold" and "parts", the
        number of substeps.
    update, threshold, reset : str
        Code of one substep, of the test for a spike, and of what a spike does to its own neuron.
    receptors : dict of str to Receptor
    hold : function
        From the parameters to the time in ms for which "left" counts down after a spike.
    finest : float
        The longest substep in ms.
    before : pairs of str
        Variables that are copied at the start of a step, and what they are copied to.
    draws : int
        How many numbers the update draws for each neuron.
    """

    variables: tuple[str, ...]
    coefficients: Callable[[Values, float], dict[str, Floats]]
    update: str
    threshold: str
    reset: str
    receptors: dict[str, Receptor]
    hold: Callable[[Values], Floats]
    finest: float = float("inf")
    before: tuple[tuple[str, str], ...] = ()
    draws: int = 0

    def substeps(self, dt: float) -> int:
        """How many times the update runs in a step."""
        return max(1, ceil(dt / self.finest - 1e-9))

    def constants(self, p: Values, dt: float) -> dict[str, Floats]:
        """All coefficients, for a step of `dt`; "hold" is in substeps."""
        parts = self.substeps(dt)
        steps: Floats = np.ceil(self.hold(p) / dt - 1e-9)
        return {
            **self.coefficients(p, dt / parts),
            "hold": steps * parts,
            "parts": np.full_like(steps, parts),
        }


def check(name: str, values: Floats) -> None:
    """Refuse what would silently give nonsense."""
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite")
    if name in _POSITIVE and not (values > 0).all():
        raise ValueError(f"{name} must be positive")
    if name == "tau_refrac" and not (values >= 0).all():
        raise ValueError("tau_refrac must not be negative")


def refractory(p: Values) -> Floats:
    """The refractory time of each neuron in ms."""
    return p["tau_refrac"]


def long(values: Floats | float) -> Long:
    """Values that numpy's exp rounds to the same double on every CPU, which it does not do with doubles."""
    return np.asarray(values, np.longdouble)


def double(values: Long) -> Floats:
    """Values as simulators take them."""
    return values.astype(np.float64)


def keep(tau: Floats, dt: float) -> Floats:
    """What is left after `dt` of something that decays."""
    return double(np.exp(-dt / long(tau)))


def alpha(p: Values, dt: float) -> dict[str, Floats]:
    """What responses have that rise and fall as alpha functions: the weight is their peak."""
    return {
        "step": np.full_like(p["cm"], dt),
        "peak_exc": double(np.exp(long(1.0)) / long(p["tau_syn_E"])),
        "peak_inh": double(np.exp(long(1.0)) / long(p["tau_syn_I"])),
    }


def mean(x: Long) -> Long:
    """The integral of exp(x u) over u from 0 to 1."""
    return np.asarray(np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x)))


def first_moment(x: Long) -> Long:
    """The integral of u exp(x u) over u from 0 to 1."""
    near = np.abs(x) < 0.5
    series = long(0.0)
    term = long(1.0)
    for k in range(20):
        series = np.asarray(series + term / (k + 2))
        term = np.asarray(term * x / (k + 1))
    far = np.where(near, 1, x)
    return np.asarray(np.where(near, series, (np.exp(far) * (far - 1) + 1) / far**2))
