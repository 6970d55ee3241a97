"""Kinds of synapses. Names, parameters, units and defaults are PyNN's."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar

from workers.network.distance import OfDistance
from workers.network.models import GivenOnce, Model, Quantity, documented, positive
from workers.network.values import Value, highest, parse, shown


class SynapseType(GivenOnce):
    """A kind of synapse, and the values given to its parameters.

    Parameters
    ----------
    **values
        Parameters by name: a number, an array with a value for each connection or of the shape (pre, post),
        or a distribution. What is not given has PyNN's default.

    Raises
    ------
    AttributeError
        If there is no such parameter.
    """

    parameters: ClassVar[dict[str, Quantity]] = {}

    def __init_subclass__(cls) -> None:
        cls.__doc__ = documented(cls.__doc__, cls.parameters, {})

    def __init__(self, **values: Any) -> None:
        kind = type(self).__name__
        for name in values:
            if name not in self.parameters:
                known = ", ".join(self.parameters)
                raise AttributeError(f"{kind} has no parameter {name!r}; it has: {known}")
        self.values: dict[str, Value] = {n: q.default for n, q in self.parameters.items()}
        for name, given in values.items():
            self.values[name] = self.parameters[name].check(kind, name, parse(kind, name, given))

    @classmethod
    def kind(cls) -> str:
        """Return what simulators know it by."""
        return cls.__name__

    def check_weights(self, owner: str, weights: Value | OfDistance) -> None:
        """Raise ValueError if it cannot begin with these weights."""

    @classmethod
    def check_ends(cls, pre: type[Model], post: type[Model]) -> None:
        """Raise ValueError if it cannot connect neurons of these models."""


class StaticSynapse(SynapseType):
    """A synapse whose weight does not change."""


class TsodyksMarkramSynapse(SynapseType):
    r"""A synapse with short-term depression and facilitation.

    With x the fraction of resources that is left (1 at first) and u the fraction of them that a spike uses
    (0 at first), each spike of the source does in this order

    .. math::

        u \leftarrow u + U (1 - u), \quad \text{the response is } w\,u\,x, \quad x \leftarrow x - u x

    and in between x recovers to 1 with tau_rec and u decays to 0 with tau_facil; with tau_facil = 0, u = U.
    So the first response is w U. (Maass & Markram 2002, Neural Networks 15:155-161, eqs. 4-5, after Markram,
    Wang & Tsodyks 1998, PNAS 95:5323-5328; NEST's tsodyks2_synapse. PyNN takes NEST's tsodyks_synapse
    instead, where what was used up is first inactive for the time constant of the synaptic current.)
    """

    parameters: ClassVar = {
        "U": Quantity(0.5, "", 0.0, most=1.0),
        "tau_rec": positive(100.0, "ms"),
        "tau_facil": Quantity(0.0, "ms", 0.0),
    }


class _PairSTDP(SynapseType):
    parameters: ClassVar = {
        "tau_plus": positive(20.0, "ms"),
        "tau_minus": positive(20.0, "ms"),
        "A_plus": Quantity(0.01, "", 0.0),
        "A_minus": Quantity(0.01, "", 0.0),
        "w_max": positive(1.0, "in the unit of the weight"),
    }

    def check_weights(self, owner: str, weights: Value | OfDistance) -> None:
        """Raise ValueError if weights may begin above w_max, but for a tail of what is drawn."""
        most = highest(self.values["w_max"])
        if not isinstance(weights, OfDistance) and most < highest(weights) < inf:
            raise ValueError(
                f"{owner}: weights={shown(weights, highest)} is above w_max={most:g} of its "
                f"{type(self).__name__}; both are in the unit of the model of post"
            )


class AdditiveSTDP(_PairSTDP):
    r"""Spike-timing dependent plasticity of all pairs of spikes, with additive weight dependence.

    The delay is dendritic: it lies between the synapse and the cell body. So a spike of the source is at the
    synapse at once, and one of the target after the delay. If there the source comes dt before the target,
    the weight changes by :math:`A_+ w_{max} e^{-dt/\tau_+}`, and if it comes dt after it, by
    :math:`-A_- w_{max} e^{-dt/\tau_-}`; two spikes at one time change nothing. The weight stays between 0
    and w_max; one that is drawn above falls to w_max when it first grows. A spike of the source is sent with
    the weight that it has changed. (Song, Miller & Abbott 2000, Nature Neuroscience 3:919-926; PyNN's
    SpikePairRule with AdditiveWeightDependence; NEST's stdp_synapse with mu = 0.)
    """


class MultiplicativeSTDP(_PairSTDP):
    r"""Spike-timing dependent plasticity of all pairs of spikes, with multiplicative weight dependence.

    As `AdditiveSTDP`, with potentiation by :math:`A_+ (w_{max} - w) e^{-dt/\tau_+}` and depression by
    :math:`-A_- w e^{-dt/\tau_-}`. (Rubin, Lee & Sompolinsky 2001, Physical Review Letters 86:364-367; PyNN's
    SpikePairRule with MultiplicativeWeightDependence; NEST's stdp_synapse with mu = 1.)
    """
