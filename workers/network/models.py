"""Models of neurons. Names, parameters, units and defaults are PyNN's unless a docstring says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from workers.network.distributions import Distribution
from workers.network.values import Value, lowest, per_neuron, shown


@dataclass(frozen=True)
class Quantity:
    """A parameter or a state variable of a model.

    Attributes
    ----------
    default : float
    unit : str
        Empty for a number without dimension.
    least : float
        The least value that makes sense.
    positive : bool
        Whether `least` itself is excluded.
    """

    default: float
    unit: str = ""
    least: float = float("-inf")
    positive: bool = False

    def check(self, owner: str, name: str, value: Value) -> Value:
        """Return the value, or say why it makes no sense."""
        low, random = lowest(value), isinstance(value, Distribution)
        if random and low == float("-inf"):
            return value  # without a lower end; what is drawn is checked then
        if low < self.least or (self.positive and low == self.least and not random):
            sign = ">" if self.positive else ">="
            raise ValueError(
                f"{owner}: {name}={shown(value)}; expected {sign} {self.least:g} {self.unit}".rstrip()
            )
        return value


def positive(default: float, unit: str) -> Quantity:
    """Make a quantity that must be above zero."""
    return Quantity(default, unit, 0.0, positive=True)


class Model:
    """A model of a neuron, and the values given to its parameters.

    Parameters
    ----------
    **values
        Parameters and initial states by name: a number, an array with a value for each neuron, or a
        distribution. What is not given has the model's default.

    Raises
    ------
    AttributeError
        If the model has no such parameter or state.
    """

    parameters: ClassVar[dict[str, Quantity]] = {}
    state: ClassVar[dict[str, Quantity]] = {}
    recordable: ClassVar[dict[str, str]] = {}
    """What a Monitor can record besides "spike", with units."""
    weight_unit: ClassVar[str] = ""

    def __init__(self, **values: Any) -> None:
        for name in values:
            self.check_name(name)
        self.values = values

    @classmethod
    def settable(cls) -> dict[str, Quantity]:
        """All that can be set: parameters and state."""
        return {**cls.parameters, **cls.state}

    @classmethod
    def check_name(cls, name: str) -> None:
        """Raise if the model has neither a parameter nor a state of this name."""
        if name not in cls.settable():
            known = ", ".join(cls.settable())
            raise AttributeError(f"{cls.__name__} has no parameter {name!r}; it has: {known}")

    @classmethod
    def parse(cls, owner: str, name: str, given: Any, geometry: tuple[int, ...]) -> Any:
        """Check a value given to a population of this model."""
        cls.check_name(name)
        return cls.settable()[name].check(owner, name, per_neuron(owner, name, given, geometry))


class IF_curr_exp(Model):
    r"""Leaky integrate-and-fire neuron with exponential synaptic currents.

    .. math::

        C_m v' &= C_m (v_{rest} - v) / \tau_m + i_{exc} + i_{inh} + i_{offset} \\
        \tau_{syn,E} i_{exc}' &= -i_{exc}, \quad \tau_{syn,I} i_{inh}' = -i_{inh}

    A spike adds its weight (nA) to i_exc, or subtracts it from i_inh. At v_thresh the neuron fires, and
    stays at v_reset for tau_refrac, rounded up to whole steps. Both simulators integrate it exactly
    (Rotter & Diesmann 1999, Biological Cybernetics 81:381-402).
    """

    parameters: ClassVar = {
        "v_rest": Quantity(-65.0, "mV"),
        "cm": positive(1.0, "nF"),
        "tau_m": positive(20.0, "ms"),
        "tau_refrac": Quantity(0.1, "ms", 0.0),
        "tau_syn_E": positive(5.0, "ms"),
        "tau_syn_I": positive(5.0, "ms"),
        "i_offset": Quantity(0.0, "nA"),
        "v_reset": Quantity(-65.0, "mV"),
        "v_thresh": Quantity(-50.0, "mV"),
    }
    state: ClassVar = {"v": Quantity(-65.0, "mV")}
    recordable: ClassVar = {"v": "mV", "isyn_exc": "nA", "isyn_inh": "nA"}
    weight_unit = "nA"


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
        "v_rest": Quantity(-65.0, "mV"),
        "cm": positive(1.0, "nF"),
        "tau_m": positive(20.0, "ms"),
        "tau_refrac": Quantity(0.1, "ms", 0.0),
        "tau_syn_E": positive(5.0, "ms"),
        "tau_syn_I": positive(5.0, "ms"),
        "e_rev_E": Quantity(0.0, "mV"),
        "e_rev_I": Quantity(-70.0, "mV"),
        "v_thresh": Quantity(-50.0, "mV"),
        "v_reset": Quantity(-65.0, "mV"),
        "i_offset": Quantity(0.0, "nA"),
    }
    state: ClassVar = {"v": Quantity(-65.0, "mV")}
    recordable: ClassVar = {"v": "mV", "gsyn_exc": "uS", "gsyn_inh": "uS"}
    weight_unit = "uS"


class Izhikevich(Model):
    r"""Izhikevich's neuron (2003, IEEE Transactions on Neural Networks 14:1569-1572, eqs. 1-3).

    .. math::

        v' &= 0.04 v^2 + 5 v + 140 - u + 1000\, i_{offset} \\
        u' &= a (b v - u)

    At 30 mV the neuron fires, v becomes c and u grows by d. A spike makes v jump by its weight (mV), up or
    down, whatever dt. Both simulators take Euler steps. i_offset is in nA, as in PyNN: .01 nA is Izhikevich's
    I of 10. The default of d is 8, regular spiking, where PyNN has 2; v and u start at -65 and -13.
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
