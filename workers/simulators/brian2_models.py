"""The models that Brian2 runs, as discrete updates with coefficients computed beforehand.

Nothing here is a differential equation: each model is the update of one step. The updates use only sums,
products and quotients, so that the same network gives the same bits on every machine and target. Units are
PyNN's (ms, mV, nF, nA, uS), which are coherent: no factors appear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from workers.instance import Floats

Values: TypeAlias = Mapping[str, Floats]
_Long: TypeAlias = NDArray[np.longdouble]

_POSITIVE = frozenset({"cm", "tau_m", "tau_syn_E", "tau_syn_I"})


@dataclass(frozen=True)
class Model:
    """One model of neurons.

    Attributes
    ----------
    variables : tuple of str
        The state variables.
    coefficients : function
        From the parameters and the length of a step to all that the code below uses and that does not change.
    update, threshold, reset : str
        Code of one step, of the test for a spike, and of what a spike does to its own neuron.
    receptors : dict of str to str
        What a spike that arrives does, by receptor; w is the synapse's weight.
    """

    variables: tuple[str, ...]
    coefficients: Callable[[Values, float], dict[str, Floats]]
    update: str
    threshold: str
    reset: str
    receptors: dict[str, str]


def check(name: str, values: Floats) -> None:
    """Refuse what Brian2 would silently compute nonsense with."""
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite")
    if name in _POSITIVE and not (values > 0).all():
        raise ValueError(f"{name} must be positive")
    if name == "tau_refrac" and not (values >= 0).all():
        raise ValueError("tau_refrac must not be negative")


def _izhikevich(p: Values, dt: float) -> dict[str, Floats]:
    h = np.full_like(p["a"], dt)
    own = {name: p[name] for name in ("b", "c", "d")}
    return own | {"h": h, "h_a": h * p["a"], "drive": 1000.0 * p["i_offset"]}


# NEST's `izhikevich` with consistent_integration: forward Euler, both from the old v and u.
_IZHIKEVICH = Model(
    variables=("v", "u"),
    coefficients=_izhikevich,
    update="""
        next_u = u + h_a*(b*v - u)
        v = v + h*(0.04*v*v + 5.0*v + 140.0 - u + drive)
        u = next_u
    """,
    threshold="v >= 30.0",
    reset="v = c\nu = u + d",
    receptors={"exc": "v_post += w", "inh": "v_post -= w"},
)


def _long(values: Floats | float) -> _Long:
    # numpy's exp of doubles differs between CPUs in the last bit; that of long doubles, rounded, does not.
    return np.asarray(values, np.longdouble)


def _double(values: _Long) -> Floats:
    return values.astype(np.float64)


def _refractory(p: Values, dt: float) -> dict[str, Floats]:
    steps = np.ceil(p["tau_refrac"] / dt - 1e-9)
    return {"v_rest": p["v_rest"], "v_reset": p["v_reset"], "v_thresh": p["v_thresh"], "hold": steps}


def _response(tau: Floats, p: Values, dt: float) -> Floats:
    """The change of v in a step, for each nA that a decaying current has at the step's start."""
    leak = dt / _long(p["tau_m"])
    x = leak - dt / _long(tau)
    slope = np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x))
    return _double(np.exp(-leak) * slope * dt / _long(p["cm"]))


def _curr_exp(p: Values, dt: float) -> dict[str, Floats]:
    leak = -dt / _long(p["tau_m"])
    return _refractory(p, dt) | {
        "keep_v": _double(np.exp(leak)),
        "drive": _double(-np.expm1(leak) * _long(p["tau_m"]) / _long(p["cm"]) * _long(p["i_offset"])),
        "response_exc": _response(p["tau_syn_E"], p, dt),
        "response_inh": _response(p["tau_syn_I"], p, dt),
        "keep_exc": _double(np.exp(-dt / _long(p["tau_syn_E"]))),
        "keep_inh": _double(np.exp(-dt / _long(p["tau_syn_I"]))),
    }


# NEST's iaf_psc_exp: exact, see Rotter & Diesmann (1999), doi:10.1007/s004220050570.
_CURR_EXP = Model(
    variables=("v", "isyn_exc", "isyn_inh"),
    coefficients=_curr_exp,
    update="""
        free = 1.0*int(left <= 0.0)
        synaptic = isyn_exc*response_exc + isyn_inh*response_inh
        v = free*(v_rest + (v - v_rest)*keep_v + synaptic + drive) + (1.0 - free)*v
        left = left - int(left > 0.0)
        isyn_exc = isyn_exc*keep_exc
        isyn_inh = isyn_inh*keep_inh
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset\nleft = hold",
    receptors={"exc": "isyn_exc_post += w", "inh": "isyn_inh_post -= w"},
)


def _cond_exp(p: Values, dt: float) -> dict[str, Floats]:
    exc, inh = dt / _long(p["tau_syn_E"]), dt / _long(p["tau_syn_I"])
    leak = p["cm"] / p["tau_m"]
    return _refractory(p, dt) | {
        "e_rev_E": p["e_rev_E"],
        "e_rev_I": p["e_rev_I"],
        "leak": leak,
        "offset": leak * p["v_rest"] + p["i_offset"],
        "eighth": dt / (8.0 * p["cm"]),
        "mean_exc": _double(-np.expm1(-exc) / exc),
        "mean_inh": _double(-np.expm1(-inh) / inh),
        "keep_exc": _double(np.exp(-exc)),
        "keep_inh": _double(np.exp(-inh)),
    }


# v relaxes exponentially under the step's mean conductance: second order, stable for any conductance. The
# exponential is 1/(Taylor polynomial of exp(y))**8 with y an eighth of the exponent: right to 1e-9 where it
# matters, and the same on every machine, which exp() is not.
_COND_EXP = Model(
    variables=("v", "gsyn_exc", "gsyn_inh"),
    coefficients=_cond_exp,
    update="""
        free = 1.0*int(left <= 0.0)
        g_exc = gsyn_exc*mean_exc
        g_inh = gsyn_inh*mean_inh
        g = leak + g_exc + g_inh
        v_end = (offset + g_exc*e_rev_E + g_inh*e_rev_I)/g
        y = g*eighth
        rise = 1.0 + y*(1.0 + y*(0.5 + y*(1.0/6.0 + y*(1.0/24.0 + y*(1.0/120.0 + y*(1.0/720.0))))))
        rise_2 = rise*rise
        rise_4 = rise_2*rise_2
        v = free*(v_end + (v - v_end)/(rise_4*rise_4)) + (1.0 - free)*v
        left = left - int(left > 0.0)
        gsyn_exc = gsyn_exc*keep_exc
        gsyn_inh = gsyn_inh*keep_inh
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset\nleft = hold",
    receptors={"exc": "gsyn_exc_post += w", "inh": "gsyn_inh_post += w"},
)

MODELS = {"Izhikevich": _IZHIKEVICH, "IF_curr_exp": _CURR_EXP, "IF_cond_exp": _COND_EXP}
