"""The adaptive exponential integrate-and-fire neuron, as NEST's aeif_cond_exp.

Runge-Kutta of fourth order in substeps of at most FINEST ms; conductances decay exactly. As in NEST, the
exponential is taken of v_spike where v lies above it, and the neuron is reset within the step.
"""

from __future__ import annotations

import numpy as np

from workers.instance import Floats
from workers.simulators.updates.model import Model, Receptor, Values, keep, refractory

FINEST = 0.05  # ms


def _coefficients(p: Values, dt: float) -> dict[str, Floats]:
    own = ("v_spike", "v_rest", "v_reset", "v_thresh", "e_rev_E", "e_rev_I", "b")
    largest = float(np.max((p["v_spike"] - p["v_thresh"]) / p["delta_T"], initial=0.0))
    if largest > 600.0:
        raise ValueError("v_spike: so far above v_thresh, in units of delta_T, its exponential is no number")
    leak = p["cm"] / p["tau_m"]
    leaky: dict[str, Floats] = {
        "leak": leak,
        "upswing": leak * p["delta_T"],
        "per_delta": 1.0 / p["delta_T"],
    }
    return (
        leaky
        | {name: p[name] for name in own}
        | {
            "step": np.full_like(leak, dt),
            "sixth": np.full_like(leak, dt / 6.0),
            "per_cm": 1.0 / p["cm"],
            "a_w": 1e-3 * p["a"],  # nS -> uS
            "per_tau_w": 1.0 / p["tau_w"],
            "half_exc": keep(p["tau_syn_E"], dt / 2),
            "half_inh": keep(p["tau_syn_I"], dt / 2),
            "wait": (p["tau_refrac"] > 1e-9).astype(np.float64),
        }
    )


def _slopes(k: int, v: str, w: str) -> str:
    """Code of the derivatives of v and w at one of the four points."""
    rise = f"upswing*exponential((x_{k} - v_thresh)*per_delta) + leak*(v_rest - x_{k})"
    synaptic = f"g_exc*(e_rev_E - x_{k}) + g_inh*(e_rev_I - x_{k})"
    return f"""
        x_{k} = clip({v}, -1e9, v_spike)
        y_{k} = {w}
        v_{k} = free*per_cm*({rise} + {synaptic} + current - y_{k})
        w_{k} = per_tau_w*(a_w*(x_{k} - v_rest) - y_{k})
    """


_HALVE = """
        g_exc = g_exc*half_exc
        g_inh = g_inh*half_inh
"""

ADEX = Model(
    variables=("v", "w", "gsyn_exc", "gsyn_inh", "fired"),
    coefficients=_coefficients,
    update=f"""
        free = 1.0*int(left <= 0.0)
        g_exc = gsyn_exc
        g_inh = gsyn_inh
        {_slopes(1, "v", "w")}
        {_HALVE}
        {_slopes(2, "v + 0.5*step*v_1", "w + 0.5*step*w_1")}
        {_slopes(3, "v + 0.5*step*v_2", "w + 0.5*step*w_2")}
        {_HALVE}
        {_slopes(4, "v + step*v_3", "w + step*w_3")}
        gsyn_exc = g_exc
        gsyn_inh = g_inh
        next_v = v + sixth*(v_1 + 2.0*v_2 + 2.0*v_3 + v_4)
        next_w = w + sixth*(w_1 + 2.0*w_2 + 2.0*w_3 + w_4)
        up = free*int(next_v >= v_spike)
        v = up*v_reset + (1.0 - up)*clip(next_v, -1e9, 1e9)
        w = next_w + up*b
        left = left - int(left > 0.0) + up*wait*1e9
        fired = fired + up
    """,
    threshold="fired > 0.0",
    reset="fired = 0.0\nleft = hold",
    receptors={"exc": Receptor("gsyn_exc"), "inh": Receptor("gsyn_inh")},
    hold=refractory,
    finest=FINEST,
)
