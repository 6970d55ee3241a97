"""Leaky integrators with synaptic currents. Names, parameters, units and defaults are PyNN's."""

from __future__ import annotations

from typing import ClassVar

from workers.network.models import Model, Quantity, positive

LEAKY = {
    "v_rest": Quantity(-65.0, "mV"),
    "cm": positive(1.0, "nF"),
    "tau_m": positive(20.0, "ms"),
    "tau_refrac": Quantity(0.1, "ms", 0.0),
    "i_offset": Quantity(0.0, "nA"),
    "v_reset": Quantity(-65.0, "mV"),
    "v_thresh": Quantity(-50.0, "mV"),
}


class IF_curr_exp(Model):
    r"""Leaky integrate-and-fire neuron with exponential synaptic currents.

    .. math::

        C_m v' &= C_m (v_{rest} - v) / \tau_m + i_{exc} + i_{inh} + i_{offset} \\
        \tau_{syn,E} i_{exc}' &= -i_{exc}, \quad \tau_{syn,I} i_{inh}' = -i_{inh}

    A spike adds its weight (nA) to i_exc, or subtracts it from i_inh. At v_thresh the neuron fires, and
    stays at v_reset for tau_refrac, rounded up to whole steps. Integrated exactly (Rotter &
    Diesmann 1999, Biological Cybernetics 81:381-402); NEST's iaf_psc_exp.
    """

    parameters: ClassVar = {**LEAKY, "tau_syn_E": positive(5.0, "ms"), "tau_syn_I": positive(5.0, "ms")}
    state: ClassVar = {"v": Quantity(-65.0, "mV")}
    recordable: ClassVar = {"v": "mV", "isyn_exc": "nA", "isyn_inh": "nA"}
    weight_unit = "nA"


class IF_curr_alpha(Model):
    r"""Leaky integrate-and-fire neuron with synaptic currents shaped like alpha functions.

    .. math::

        C_m v' = C_m (v_{rest} - v) / \tau_m + i_{exc} + i_{inh} + i_{offset}

    A spike adds to i_exc, or subtracts from i_inh, the current :math:`w\, (t / \tau) e^{1 - t/\tau}` with
    tau = tau_syn_E or tau_syn_I, t ms after it has arrived: its weight w (nA) is the peak, at t = tau. At
    v_thresh the neuron fires, and stays at v_reset for tau_refrac, rounded up to whole steps. Integrated
    exactly (Rotter & Diesmann 1999, Biological Cybernetics 81:381-402, sect. 3); NEST's iaf_psc_alpha.
    """

    parameters: ClassVar = {**LEAKY, "tau_syn_E": positive(0.5, "ms"), "tau_syn_I": positive(0.5, "ms")}
    state: ClassVar = {"v": Quantity(-65.0, "mV")}
    recordable: ClassVar = {"v": "mV"}
    weight_unit = "nA"


class IF_curr_delta(Model):
    r"""Leaky integrate-and-fire neuron whose v jumps at each spike.

    .. math::

        C_m v' = C_m (v_{rest} - v) / \tau_m + i_{offset}

    A spike makes v jump by its weight (mV), up or down; one that arrives while the neuron is refractory is
    lost. At v_thresh the neuron fires, and stays at v_reset for tau_refrac, rounded up to whole steps.
    Integrated exactly (Rotter & Diesmann 1999, Biological Cybernetics 81:381-402); NEST's iaf_psc_delta.
    """

    parameters: ClassVar = LEAKY
    state: ClassVar = {"v": Quantity(-65.0, "mV")}
    recordable: ClassVar = {"v": "mV"}
    weight_unit = "mV"
