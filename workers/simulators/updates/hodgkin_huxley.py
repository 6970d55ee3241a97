"""The Hodgkin-Huxley neuron of Traub & Miles (1991), as NEST's hh_cond_exp_traub.

Each substep of at most FINEST ms is split: v for half of it, the gates for all of it, v for the other half,
each solved exactly while the others stand still (Rush & Larsen 1978, doi:10.1109/TBME.1978.326270, made
symmetric). That is of second order, and stable for any conductance: spikes come within .01 ms of where they
should, each.

As in NEST, a spike is a v that falls while it is above a height. NEST looks once in each step, which misses
spikes where steps are long; here the looks are at most LOOK ms apart.
"""

from __future__ import annotations

import numpy as np

from workers.instance import Floats
from workers.simulators.updates.model import Model, Receptor, Values, keep

FINEST = 0.01  # ms
LOOK = 0.1  # ms between two looks for a spike
REFRACTORY = 2.0  # ms; NEST's, PyNN has no parameter for it


def _coefficients(p: Values, dt: float) -> dict[str, Floats]:
    own = (
        "gbar_Na",
        "gbar_K",
        "g_leak",
        "v_offset",
        "e_rev_Na",
        "e_rev_K",
        "e_rev_leak",
        "e_rev_E",
        "e_rev_I",
    )
    return {name: p[name] for name in own} | {
        "step": np.full_like(p["cm"], dt),
        "half_step": 0.5 * dt / p["cm"],
        "half_exc": keep(p["tau_syn_E"], dt / 2),
        "half_inh": keep(p["tau_syn_I"], dt / 2),
        "height": p["v_offset"] + 30.0,
        "looks": np.full_like(p["cm"], np.ceil(LOOK / dt - 1e-9)),
    }


def _relax(k: int) -> str:
    """Code that moves v for half a substep."""
    synaptic = "gsyn_exc*e_rev_E + gsyn_inh*e_rev_I"
    return f"""
        na_{k} = gbar_Na*m*m*m*h
        ka_{k} = gbar_K*n*n*n*n
        g_{k} = na_{k} + ka_{k} + g_leak + gsyn_exc + gsyn_inh
        pull_{k} = na_{k}*e_rev_Na + ka_{k}*e_rev_K + g_leak*e_rev_leak + {synaptic} + current
        v = v + (pull_{k} - g_{k}*v)*half_step*fading(g_{k}*half_step)
    """


def _gate(x: str, alpha: str, beta: str) -> str:
    """Code that moves a gate for a substep."""
    return f"""
        up_{x} = {alpha}
        sum_{x} = up_{x} + {beta}
        end_{x} = up_{x}/sum_{x}
        {x} = end_{x} + ({x} - end_{x})*exponential(-step*sum_{x})
    """


HODGKIN_HUXLEY = Model(
    variables=("v", "m", "h", "n", "gsyn_exc", "gsyn_inh", "v_before", "since", "fired"),
    coefficients=_coefficients,
    update=f"""
        gsyn_exc = gsyn_exc*half_exc
        gsyn_inh = gsyn_inh*half_inh
        {_relax(1)}
        level = v - v_offset
        {_gate("m", "1.28*linoid((13.0 - level)*0.25)", "1.4*linoid((level - 40.0)*0.2)")}
        {_gate("h", "0.128*exponential((17.0 - level)/18.0)", "4.0/(1.0 + exponential((40.0 - level)*0.2))")}
        {_gate("n", "0.16*linoid((15.0 - level)*0.2)", "0.5*exponential((10.0 - level)*0.025)")}
        {_relax(2)}
        gsyn_exc = gsyn_exc*half_exc
        gsyn_inh = gsyn_inh*half_inh
        left = left - int(left > 0.0)
        since = since + 1.0
        look = 1.0*int(since >= looks)
        fired = fired + look*int(left <= 0.0)*int(v >= height)*int(v_before > v)
        v_before = look*v + (1.0 - look)*v_before
        since = since*(1.0 - look)
    """,
    threshold="fired > 0.0",
    reset="fired = 0.0\nleft = hold + parts",
    receptors={"exc": Receptor("gsyn_exc"), "inh": Receptor("gsyn_inh")},
    hold=lambda p: np.full_like(p["cm"], REFRACTORY),
    finest=FINEST,
    before=(("v", "v_before"),),
)
