"""The equations of the models, integrated by the textbook: what simulators are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.instance import Cells, Floats, Spikes

Values: TypeAlias = dict[str, Floats]
Which: TypeAlias = NDArray[np.bool_]
# ms; with these the error of RK4 is below that of simulators, which integrate currents exactly.
SUBSTEP = {"current": 0.01, "jump": 0.02, "conductance": 0.02}


class Arrival(NamedTuple):
    """Weights, shape (neurons,), that are added to a receptor, "exc" or "inh", at the end of a step."""

    step: int
    receptor: str
    weights: Floats


@dataclass(frozen=True)
class Equations:
    """A model, written as its docstring has it.

    Attributes
    ----------
    slope : function of (state, parameters, injected current in nA)
        The derivatives of all variables but the synaptic ones.
    synapse : {"current", "conductance", "jump"}
    alpha : bool
        Whether synapses are alpha functions.
    fires : function of (state before, state after, parameters)
        Which neurons fire in a step.
    reset : function of (state, parameters, which)
    euler : bool
        Whether the model is defined by Euler steps of dt.
    """

    slope: Callable[[Values, Values, Floats], Values]
    synapse: str
    fires: Callable[[Values, Values, Values], Which]
    reset: Callable[[Values, Values, Which], None]
    alpha: bool = False
    euler: bool = False


def _leaky(y: Values, p: Values, current: Floats) -> Values:
    return {"v": (p["v_rest"] - y["v"]) / p["tau_m"] + current / p["cm"]}


def _exponential(y: Values, p: Values, current: Floats) -> Values:
    leak, v = p["cm"] / p["tau_m"], np.minimum(y["v"], p["v_spike"])
    upswing = p["delta_T"] * np.exp((v - p["v_thresh"]) / p["delta_T"])
    slope = (leak * (p["v_rest"] - v + upswing) - y["w"] + current) / p["cm"]
    return {"v": slope, "w": (p["a"] / 1000.0 * (v - p["v_rest"]) - y["w"]) / p["tau_w"]}


def _ratio(x: Floats, scale: float) -> Floats:
    """X / (exp(x / scale) - 1), which is `scale` at 0."""
    safe = np.where(np.abs(x) < 1e-9, 1e-9, x)
    return np.asarray(safe / np.expm1(safe / scale))


def _hodgkin_huxley(y: Values, p: Values, current: Floats) -> Values:
    u = y["v"] - p["v_offset"]
    rates = {
        "m": (0.32 * _ratio(13 - u, 4), 0.28 * _ratio(u - 40, 5)),
        "h": (0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))),
        "n": (0.032 * _ratio(15 - u, 5), 0.5 * np.exp((10 - u) / 40)),
    }
    channels = p["gbar_Na"] * y["m"] ** 3 * y["h"] * (p["e_rev_Na"] - y["v"])
    channels += p["gbar_K"] * y["n"] ** 4 * (p["e_rev_K"] - y["v"])
    channels += p["g_leak"] * (p["e_rev_leak"] - y["v"])
    gates = {x: alpha * (1 - y[x]) - beta * y[x] for x, (alpha, beta) in rates.items()}
    return {"v": (channels + current) / p["cm"], **gates}


def _quadratic(y: Values, p: Values, current: Floats) -> Values:
    v, u = y["v"], y["u"]
    return {"v": 0.04 * v * v + 5 * v + 140 - u + 1000 * current, "u": p["a"] * (p["b"] * v - u)}


def _set(name: str, to: str, plus: str = "") -> Callable[[Values, Values, Which], None]:
    def reset(y: Values, p: Values, which: Which) -> None:
        y["v"] = np.where(which, p[to], y["v"])
        if name:
            y[name] = np.where(which, y[name] + p[plus], y[name])

    return reset


def _above(threshold: str) -> Callable[[Values, Values, Values], Which]:
    return lambda before, y, p: np.asarray(y["v"] >= p[threshold])


def _falling(before: Values, y: Values, p: Values) -> Which:
    return np.asarray((y["v"] < before["v"]) & (y["v"] >= p["v_offset"] + 30))


_LEAKY = _above("v_thresh"), _set("", "v_reset")
EQUATIONS = {
    "IF_curr_exp": Equations(_leaky, "current", *_LEAKY),
    "IF_curr_alpha": Equations(_leaky, "current", *_LEAKY, alpha=True),
    "IF_curr_delta": Equations(_leaky, "jump", *_LEAKY),
    "IF_cond_exp": Equations(_leaky, "conductance", *_LEAKY),
    "IF_cond_alpha": Equations(_leaky, "conductance", *_LEAKY, alpha=True),
    "EIF_cond_exp_isfa_ista": Equations(
        _exponential, "conductance", _above("v_spike"), _set("w", "v_reset", "b")
    ),
    "HH_cond_exp": Equations(_hodgkin_huxley, "conductance", _falling, lambda y, p, which: None),
    "Izhikevich": Equations(
        _quadratic, "jump", lambda before, y, p: np.asarray(y["v"] >= 30.0), _set("u", "c", "d"), euler=True
    ),
}


@dataclass
class Course:
    """What a population does: variables of shape (steps, neurons), from the end of step 1 on, and spikes."""

    values: Values
    spikes: Spikes


@dataclass
class _Run:
    cells: Cells
    dt: float
    y: Values = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.equations, zeros = EQUATIONS[self.cells.model], np.zeros(self.cells.size)
        self.p = self.cells.parameters
        self.y = {**self.cells.state, **dict.fromkeys(("exc", "inh", "rise_exc", "rise_inh"), zeros)}
        self.left = zeros
        tau = self.p.get("tau_refrac", zeros if self.cells.model != "HH_cond_exp" else zeros + 2.0)
        self.hold = np.ceil(tau / self.dt - 1e-9)
        self.clamped = self.cells.model != "HH_cond_exp"

    def slope(self, y: Values, injected: Floats) -> Values:
        """Return all derivatives."""
        p, current, d = self.p, self.p["i_offset"] + injected, {}
        for receptor, tau, reversal in (("exc", "tau_syn_E", "e_rev_E"), ("inh", "tau_syn_I", "e_rev_I")):
            if self.equations.synapse == "jump":
                continue
            g = y[receptor]
            d[receptor] = -g / p[tau]
            if self.equations.alpha:
                d[receptor] = (y[f"rise_{receptor}"] - g) / p[tau]
                d[f"rise_{receptor}"] = -y[f"rise_{receptor}"] / p[tau]
            current = current + g * (p[reversal] - y["v"] if reversal in p else 1.0)
        d |= self.equations.slope(y, p, current)
        if self.clamped:
            d["v"] = np.where(self.left > 0, 0.0, d["v"])
        return d

    def step(self, injected: Floats) -> None:
        """Advance by dt, without spikes."""
        if self.equations.euler:
            self.y = _moved(self.y, self.slope(self.y, injected), self.dt)
            return
        number = int(np.ceil(self.dt / SUBSTEP[self.equations.synapse] - 1e-9))
        h = self.dt / number
        for _ in range(number):
            a = self.slope(self.y, injected)
            b = self.slope(_moved(self.y, a, h / 2), injected)
            c = self.slope(_moved(self.y, b, h / 2), injected)
            d = self.slope(_moved(self.y, c, h), injected)
            mean = {n: (a[n] + 2 * b[n] + 2 * c[n] + d[n]) / 6 for n in a}
            self.y = _moved(self.y, mean, h)

    def fire(self, before: Values) -> Which:
        """Let neurons fire at the end of a step."""
        fired = self.equations.fires(before, self.y, self.p) & (self.left <= 0)
        self.equations.reset(self.y, self.p, fired)
        self.left = np.where(fired, self.hold, np.maximum(self.left - 1, 0))
        return np.asarray(fired)

    def arrive(self, arrival: Arrival) -> None:
        """Add weights to a receptor."""
        y, name, weights, alpha = self.y, arrival.receptor, arrival.weights, self.equations.alpha
        if self.equations.synapse != "conductance" and name == "inh":
            weights = -weights
        if self.equations.synapse == "jump":
            free = (self.left <= 0) | (self.cells.model == "Izhikevich")
            y["v"] = y["v"] + np.where(free, weights, 0.0)
        elif alpha:
            y[f"rise_{name}"] = y[f"rise_{name}"] + weights * np.e
        else:
            y[name] = y[name] + weights


def _moved(y: Values, slope: Values, h: float) -> Values:
    return {name: value + h * slope[name] if name in slope else value for name, value in y.items()}


def course(
    cells: Cells,
    dt: float,
    steps: int,
    arrivals: Sequence[Arrival] = (),
    injected: Floats | None = None,
) -> Course:
    """Integrate a population with the classical Runge-Kutta method, or by Euler steps where that is meant.

    Parameters
    ----------
    cells : Cells
    dt : float
        In ms: spikes are looked for at the ends of steps, and refractory periods are whole steps.
    steps : int
    arrivals : sequence of Arrival
        The spikes that arrive.
    injected : array, shape (steps, neurons), optional
        A current in nA in each step.
    """
    key = _key(cells, dt, steps, arrivals, injected)
    if key not in _known:
        _known[key] = _course(cells, dt, steps, arrivals, injected)
    return _known[key]


_known: dict[bytes, Course] = {}  # the suites of several simulators ask for the same


def _key(cells: Cells, dt: float, steps: int, arrivals: Sequence[Arrival], injected: Floats | None) -> bytes:
    parts = [cells.model, dt, steps, *((a.step, a.receptor, a.weights.tobytes()) for a in arrivals)]
    values = [(n, v.tobytes()) for n, v in (*cells.parameters.items(), *cells.state.items())]
    return repr((parts, values, None if injected is None else injected.tobytes())).encode()


def _course(
    cells: Cells, dt: float, steps: int, arrivals: Sequence[Arrival], injected: Floats | None
) -> Course:
    run, none = _Run(cells, dt), np.zeros(cells.size)
    record: dict[str, list[Floats]] = {name: [] for name in run.y}
    fired = []
    jumps = run.equations.synapse == "jump"  # of v, which may fire in the same step
    for step in range(1, steps + 1):
        before, now = run.y, [a for a in arrivals if a.step == step]
        run.step(none if injected is None else injected[step - 1])
        for arrival in now * jumps:
            run.arrive(arrival)
        fired.append(run.fire(before))
        for arrival in now * (not jumps):
            run.arrive(arrival)
        for name, values in record.items():
            values.append(run.y[name])
    at, ranks = np.nonzero(np.array(fired))
    return Course({n: np.array(v) for n, v in record.items()}, Spikes(at + 1, ranks))


SYNAPTIC = {"isyn_exc": "exc", "isyn_inh": "inh", "gsyn_exc": "exc", "gsyn_inh": "inh"}


def variable(values: Values, name: str) -> Floats:
    """Return a recorded variable by the name that monitors have for it."""
    return values[SYNAPTIC.get(name, name)]
