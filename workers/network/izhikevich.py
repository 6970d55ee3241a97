"""Izhikevich's model."""

from __future__ import annotations

from typing import ClassVar

from workers.network.models import Model, Quantity


class Izhikevich(Model):
    r"""Izhikevich's neuron (2003, IEEE Transactions on Neural Networks 14:1569-1572, eqs. 1-3).

    .. math::

        v' &= 0.04 v^2 + 5 v + 140 - u + 1000\, i_{offset} \\
        u' &= a (b v - u)

    At 30 mV the neuron fires, v becomes c and u grows by d. A spike makes v jump by its weight (mV), up or
    down, whatever dt. All but NEURON take Euler steps. i_offset is in nA, as in PyNN: .01 nA is Izhikevich's
    I of 10. The defaults are those of regular spiking; PyNN has a d of 2, and starts v and u at -70 and -14.
    """

    parameters: ClassVar = {
        "a": Quantity(0.02, "1/ms"),
        "b": Quantity(0.2, "1/ms"),
        "c": Quantity(-65.0, "mV"),
        "d": Quantity(8.0, "mV/ms"),
        "i_offset": Quantity(0.0, "nA"),
    }
    state: ClassVar = {"v": Quantity(-65.0, "mV"), "u": Quantity(-13.0, "mV/ms")}
    recordable: ClassVar = {"v": "mV", "u": "mV/ms"}
    weight_unit = "mV"
