"""Leaky integrators with synaptic conductances.

v relaxes exponentially under the step's mean conductance: second order, stable for any conductance.
"""

from __future__ import annotations

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


def _cond_exp(p: Values, dt: float) -> dict[str, Floats]:
    leak = p["cm"] / p["tau_m"]
    own = {name: p[name] for name in ("v_reset", "v_thresh", "e_rev_E", "e_rev_I")}
    return own | {
        "leak": leak,
        "offset": leak * p["v_rest"],
        "eighth": dt / (8.0 * p["cm"]),
        "mean_exc": double(mean(-dt / long(p["tau_syn_E"]))),
        "mean_inh": double(mean(-dt / long(p["tau_syn_I"]))),
        "keep_exc": keep(p["tau_syn_E"], dt),
        "keep_inh": keep(p["tau_syn_I"], dt),
    }


# The exponential is 1/(Taylor polynomial of exp(y))**8 with y an eighth of the exponent: right to 1e-9 where
# it matters, and the same on every machine, which exp() is not.
_RELAX = """
        g = leak + g_exc + g_inh
        v_end = (offset + current + g_exc*e_rev_E + g_inh*e_rev_I)/g
        y = g*eighth
        rise = 1.0 + y*(1.0 + y*(0.5 + y*(1.0/6.0 + y*(1.0/24.0 + y*(1.0/120.0 + y*(1.0/720.0))))))
        rise_2 = rise*rise
        rise_4 = rise_2*rise_2
        v = free*(v_end + (v - v_end)/(rise_4*rise_4)) + (1.0 - free)*v
        left = left - int(left > 0.0)
"""

COND_EXP = Model(
    variables=("v", "gsyn_exc", "gsyn_inh"),
    coefficients=_cond_exp,
    update=f"""
        free = 1.0*int(left <= 0.0)
        g_exc = gsyn_exc*mean_exc
        g_inh = gsyn_inh*mean_inh
        {_RELAX}
        gsyn_exc = gsyn_exc*keep_exc
        gsyn_inh = gsyn_inh*keep_inh
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset\nleft = hold",
    receptors={"exc": Receptor("gsyn_exc"), "inh": Receptor("gsyn_inh")},
    hold=refractory,
)


def _cond_alpha(p: Values, dt: float) -> dict[str, Floats]:
    climbs = {
        "climb_exc": double(dt * first_moment(-dt / long(p["tau_syn_E"]))),
        "climb_inh": double(dt * first_moment(-dt / long(p["tau_syn_I"]))),
    }
    return _cond_exp(p, dt) | alpha(p, dt) | climbs


COND_ALPHA = Model(
    variables=("v", "gsyn_exc", "gsyn_inh", "slope_exc", "slope_inh"),
    coefficients=_cond_alpha,
    update=f"""
        free = 1.0*int(left <= 0.0)
        g_exc = gsyn_exc*mean_exc + slope_exc*climb_exc
        g_inh = gsyn_inh*mean_inh + slope_inh*climb_inh
        {_RELAX}
        gsyn_exc = (gsyn_exc + step*slope_exc)*keep_exc
        gsyn_inh = (gsyn_inh + step*slope_inh)*keep_inh
        slope_exc = slope_exc*keep_exc
        slope_inh = slope_inh*keep_inh
    """,
    threshold="v >= v_thresh",
    reset="v = v_reset\nleft = hold",
    receptors={
        "exc": Receptor("slope_exc", "+", "peak_exc"),
        "inh": Receptor("slope_inh", "+", "peak_inh"),
    },
    hold=refractory,
)
