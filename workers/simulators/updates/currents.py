"""Models whose inputs are currents or jumps; all but Izhikevich's are solved exactly.

See Rotter & Diesmann (1999), doi:10.1007/s004220050570, and NEST's models named below.
"""

from __future__ import annotations

import numpy as np

from workers.instance import Floats
from workers.simulators.updates.model import (
    Model,
    Receptor,
    Values,
    alpha,
    double,
    first_moment,
    keep,
    long,
    mean,
    refractory,
)


def _izhikevich(p: Values, dt: float) -> dict[str, Floats]:
    step = np.full_like(p["a"], dt)
    return {"b": p["b"], "c": p["c"], "d": p["d"], "step": step, "step_a": step * p["a"]}


# NEST's `izhikevich` with consistent_integration: forward Euler, both from the old v and u.
IZHIKEVICH = Model(
    variables=("v", "u"),
    coefficients=_izhikevich,
    update="""
        next_u = u + step_a*(b*v - u)
        next_v = v + step*(0.04*v*v + 5.0*v + 140.0 - u + 1000.0*current)
        v = next_v
        u = next_u
    """,
    threshold="v >= 30.0",
    reset="v = c\nu = u + d",
    receptors={"exc": Receptor("v"), "inh": Receptor("v", "-")},
    hold=lambda p: np.zeros_like(p["a"]),
)


def _leaky(p: Values, dt: float) -> dict[str, Floats]:
    leak = -dt / long(p["tau_m"])
    return {
        "v_rest": p["v_rest"],
        "v_reset": p["v_reset"],
        "v_thresh": p["v_thresh"],
        "keep_v": double(np.exp(leak)),
        "resistance": double(-np.expm1(leak) * long(p["tau_m"]) / long(p["cm"])),
    }


def _response(tau: Floats, p: Values, dt: float) -> Floats:
    """The change of v in a step, for each nA that a decaying current has at the step's start."""
    leak = dt / long(p["tau_m"])
    return double(np.exp(-leak) * mean(leak - dt / long(tau)) * dt / long(p["cm"]))


def _slope_response(tau: Floats, p: Values, dt: float) -> Floats:
    """The same, of a current that begins at 0 with a slope of 1 nA/ms, and decays."""
    leak = dt / long(p["tau_m"])
    return double(np.exp(-leak) * first_moment(leak - dt / long(tau)) * dt * dt / long(p["cm"]))


def _curr_exp(p: Values, dt: float) -> dict[str, Floats]:
    return _leaky(p, dt) | {
        "response_exc": _response(p["tau_syn_E"], p, dt),
        "response_inh": _response(p["tau_syn_I"], p, dt),
        "keep_exc": keep(p["tau_syn_E"], dt),
        "keep_inh": keep(p["tau_syn_I"], dt),
    }


# NEST's iaf_psc_exp.
CURR_EXP = Model(
    variables=("v", "isyn_exc", "isyn_inh"),
    coefficients=_curr_exp,
    update="""
        free = 1.0*int(left <= 0.0)
        synaptic = isyn_exc*response_exc + isyn_inh*response_inh
        v = free*(v_rest + (v - v_rest)*keep_v + synaptic + resistance*current) + (1.0 - free)*v
        left = left - int(left > 0.0)
        isyn_exc = isyn_exc*keep_exc
        isyn_inh = isyn_inh*keep_inh
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset\nleft = hold",
    receptors={"exc": Receptor("isyn_exc"), "inh": Receptor("isyn_inh", "-")},
    hold=refractory,
)


def _curr_alpha(p: Values, dt: float) -> dict[str, Floats]:
    climbs = {
        "climb_exc": _slope_response(p["tau_syn_E"], p, dt),
        "climb_inh": _slope_response(p["tau_syn_I"], p, dt),
    }
    return _curr_exp(p, dt) | alpha(p, dt) | climbs


# NEST's iaf_psc_alpha.
CURR_ALPHA = Model(
    variables=("v", "isyn_exc", "isyn_inh", "slope_exc", "slope_inh"),
    coefficients=_curr_alpha,
    update="""
        free = 1.0*int(left <= 0.0)
        exc = isyn_exc*response_exc + slope_exc*climb_exc
        inh = isyn_inh*response_inh + slope_inh*climb_inh
        v = free*(v_rest + (v - v_rest)*keep_v + exc + inh + resistance*current) + (1.0 - free)*v
        left = left - int(left > 0.0)
        isyn_exc = (isyn_exc + step*slope_exc)*keep_exc
        isyn_inh = (isyn_inh + step*slope_inh)*keep_inh
        slope_exc = slope_exc*keep_exc
        slope_inh = slope_inh*keep_inh
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset\nleft = hold",
    receptors={
        "exc": Receptor("slope_exc", "+", "peak_exc"),
        "inh": Receptor("slope_inh", "-", "peak_inh"),
    },
    hold=refractory,
)

# NEST's iaf_psc_delta: what arrives in a step in which the neuron is refractory is lost.
CURR_DELTA = Model(
    variables=("v", "free"),
    coefficients=_leaky,
    update="""
        free = 1.0*int(left <= 0.0)
        v = free*(v_rest + (v - v_rest)*keep_v + resistance*current) + (1.0 - free)*v
        left = left - int(left > 0.0)
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset\nleft = hold",
    receptors={"exc": Receptor("v", "+", "free"), "inh": Receptor("v", "-", "free")},
    hold=refractory,
)
