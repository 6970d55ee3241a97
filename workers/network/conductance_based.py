"""Neurons with synaptic conductances. Names, parameters, units and defaults are PyNN's."""

from __future__ import annotations

from typing import ClassVar

from workers.network.current_based import LEAKY
from workers.network.models import Model, Quantity, positive


class IF_cond_exp(Model):
    r"""Leaky integrate-and-fire neuron with exponential synaptic conductances.

    .. math::

        C_m v' &= C_m (v_{rest} - v) / \tau_m + g_{exc} (e_{rev,E} - v) + g_{inh} (e_{rev,I} - v)
                  + i_{offset} \\
        \tau_{syn,E} g_{exc}' &= -g_{exc}, \quad \tau_{syn,I} g_{inh}' = -g_{inh}

    A spike adds its weight (uS) to g_exc or to g_inh. At v_thresh the neuron fires, and stays at v_reset for
    tau_refrac, rounded up to whole steps. NEST integrates it with an adaptive Runge-Kutta method; Brian2
    with the mean conductance of each step, to second order. The equations are those of PyNN's model of the
    same name (Davison et al. 2009, Frontiers in Neuroinformatics 2:11).
    """

    parameters: ClassVar = {
        **LEAKY,
        "tau_syn_E": positive(5.0, "ms"),
        "tau_syn_I": positive(5.0, "ms"),
        "e_rev_E": Quantity(0.0, "mV"),
        "e_rev_I": Quantity(-70.0, "mV"),
    }
    state: ClassVar = {"v": Quantity(-65.0, "mV")}
    recordable: ClassVar = {"v": "mV", "gsyn_exc": "uS", "gsyn_inh": "uS"}
    weight_unit = "uS"


class IF_cond_alpha(Model):
    r"""Leaky integrate-and-fire neuron with synaptic conductances shaped like alpha functions.

    .. math::

        C_m v' = C_m (v_{rest} - v) / \tau_m + g_{exc} (e_{rev,E} - v) + g_{inh} (e_{rev,I} - v) + i_{offset}

    A spike adds to g_exc or g_inh the conductance :math:`w\, (t / \tau) e^{1 - t/\tau}` with tau = tau_syn_E
    or tau_syn_I, t ms after it has arrived: its weight w (uS) is the peak, at t = tau. At v_thresh the neuron
    fires, and stays at v_reset for tau_refrac, rounded up to whole steps. The equations are those of PyNN's
    model of the same name (Davison et al. 2009, Frontiers in Neuroinformatics 2:11); NEST's iaf_cond_alpha,
    with an adaptive Runge-Kutta method.
    """

    parameters: ClassVar = {
        **LEAKY,
        "tau_syn_E": positive(0.3, "ms"),
        "tau_syn_I": positive(0.5, "ms"),
        "e_rev_E": Quantity(0.0, "mV"),
        "e_rev_I": Quantity(-70.0, "mV"),
    }
    state: ClassVar = {"v": Quantity(-65.0, "mV")}
    recordable: ClassVar = {"v": "mV", "gsyn_exc": "uS", "gsyn_inh": "uS"}
    weight_unit = "uS"


class EIF_cond_exp_isfa_ista(Model):
    r"""Adaptive exponential integrate-and-fire neuron with exponential synaptic conductances.

    .. math::

        C_m v' &= g_L (v_{rest} - v) + g_L \Delta_T e^{(v - v_{thresh}) / \Delta_T} - w
                  + g_{exc} (e_{rev,E} - v) + g_{inh} (e_{rev,I} - v) + i_{offset},
                  \quad g_L = C_m / \tau_m \\
        \tau_w w' &= a (v - v_{rest}) - w \\
        \tau_{syn,E} g_{exc}' &= -g_{exc}, \quad \tau_{syn,I} g_{inh}' = -g_{inh}

    A spike adds its weight (uS) to g_exc or to g_inh. At v_spike the neuron fires, w (nA) grows by b, and v
    stays at v_reset for tau_refrac, rounded up to whole steps, while w goes on. The exponential is taken of
    v_spike where v lies above it. Mind the units: a is in nS, b in nA. (Brette & Gerstner 2005, Journal of
    Neurophysiology 94:3637-3642, eqs. 1-3; PyNN's names and defaults; NEST's aeif_cond_exp.)
    """

    parameters: ClassVar = {
        "cm": positive(0.281, "nF"),
        "tau_refrac": Quantity(0.1, "ms", 0.0),
        "v_spike": Quantity(-40.0, "mV"),
        "v_reset": Quantity(-70.6, "mV"),
        "v_rest": Quantity(-70.6, "mV"),
        "tau_m": positive(9.3667, "ms"),
        "i_offset": Quantity(0.0, "nA"),
        "a": Quantity(4.0, "nS"),
        "b": Quantity(0.0805, "nA"),
        "delta_T": positive(2.0, "mV"),
        "tau_w": positive(144.0, "ms"),
        "v_thresh": Quantity(-50.4, "mV"),
        "e_rev_E": Quantity(0.0, "mV"),
        "tau_syn_E": positive(5.0, "ms"),
        "e_rev_I": Quantity(-80.0, "mV"),
        "tau_syn_I": positive(5.0, "ms"),
    }
    state: ClassVar = {"v": Quantity(-70.6, "mV"), "w": Quantity(0.0, "nA")}
    recordable: ClassVar = {"v": "mV", "w": "nA", "gsyn_exc": "uS", "gsyn_inh": "uS"}
    weight_unit = "uS"


class HH_cond_exp(Model):
    r"""Hodgkin-Huxley neuron of one compartment, with exponential synaptic conductances.

    .. math::

        C_m v' &= g_{leak} (e_{leak} - v) + \bar g_{Na} m^3 h (e_{Na} - v) + \bar g_K n^4 (e_K - v)
                  + g_{exc} (e_{rev,E} - v) + g_{inh} (e_{rev,I} - v) + i_{offset} \\
        x' &= \alpha_x (1 - x) - \beta_x x, \quad x = m, h, n; \quad U = v - v_{offset} \\
        \alpha_m &= 0.32\, (13 - U) / (e^{(13 - U)/4} - 1), \quad
        \beta_m = 0.28\, (U - 40) / (e^{(U - 40)/5} - 1) \\
        \alpha_h &= 0.128\, e^{(17 - U)/18}, \quad \beta_h = 4 / (1 + e^{(40 - U)/5}) \\
        \alpha_n &= 0.032\, (15 - U) / (e^{(15 - U)/5} - 1), \quad \beta_n = 0.5\, e^{(10 - U)/40} \\
        \tau_{syn,E} g_{exc}' &= -g_{exc}, \quad \tau_{syn,I} g_{inh}' = -g_{inh}

    A spike adds its weight (uS) to g_exc or to g_inh. The neuron fires in the first step in which v falls
    while it is at least 30 mV above v_offset, and not again within 2 ms; NEURON takes the crossing of 10 mV
    instead, a fraction of a ms earlier. (Traub & Miles 1991, Neuronal Networks of the Hippocampus, Cambridge
    University Press, as used by Brette et al. 2007, Journal of Computational Neuroscience 23:349-398,
    benchmark 3; PyNN's names and defaults; NEST's hh_cond_exp_traub.)
    """

    parameters: ClassVar = {
        "gbar_Na": Quantity(20.0, "uS", 0.0),
        "gbar_K": Quantity(6.0, "uS", 0.0),
        "g_leak": Quantity(0.01, "uS", 0.0),
        "cm": positive(0.2, "nF"),
        "v_offset": Quantity(-63.0, "mV"),
        "e_rev_Na": Quantity(50.0, "mV"),
        "e_rev_K": Quantity(-90.0, "mV"),
        "e_rev_leak": Quantity(-65.0, "mV"),
        "e_rev_E": Quantity(0.0, "mV"),
        "e_rev_I": Quantity(-80.0, "mV"),
        "tau_syn_E": positive(0.2, "ms"),
        "tau_syn_I": positive(2.0, "ms"),
        "i_offset": Quantity(0.0, "nA"),
    }
    state: ClassVar = {
        "v": Quantity(-65.0, "mV"),
        "m": Quantity(0.0, "", 0.0, most=1.0),
        "h": Quantity(1.0, "", 0.0, most=1.0),
        "n": Quantity(0.0, "", 0.0, most=1.0),
    }
    recordable: ClassVar = {"v": "mV", "gsyn_exc": "uS", "gsyn_inh": "uS", "m": "", "h": "", "n": ""}
    weight_unit = "uS"
