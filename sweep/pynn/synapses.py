"""PyNN's kinds of synapses as those of the description."""

from __future__ import annotations

from typing import Any

from pyNN.standardmodels import build_translations, synapses

from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.state import state
from workers import network


def _same(*names: str) -> Any:
    return build_translations(*((n, n) for n in names))


class _Delayed:
    """A synapse whose delay, where none is given, is the least one of `setup`."""

    def _get_minimum_delay(self) -> float:
        return state.min_delay


class StaticSynapse(_Delayed, synapses.StaticSynapse):
    """A synapse with a fixed weight and delay."""

    translations = _same("weight", "delay")


class TsodyksMarkramSynapse(_Delayed, synapses.TsodyksMarkramSynapse):
    """A synapse with short-term depression and facilitation; see `workers.network.synapses`."""

    translations = _same("weight", "delay", "U", "tau_rec", "tau_facil")


class AdditiveWeightDependence(synapses.AdditiveWeightDependence):
    """Changes that do not depend on the weight."""

    kind = network.AdditiveSTDP
    translations = _same("w_min", "w_max")


class MultiplicativeWeightDependence(synapses.MultiplicativeWeightDependence):
    """Changes in proportion to what is left to the bound."""

    kind = network.MultiplicativeSTDP
    translations = _same("w_min", "w_max")


class SpikePairRule(synapses.SpikePairRule):
    """Changes by the intervals of all pairs of spikes."""

    translations = _same("tau_plus", "tau_minus", "A_plus", "A_minus")


class STDPMechanism(_Delayed, synapses.STDPMechanism):
    """Spike-timing dependent plasticity; the delay is dendritic."""

    base_translations = _same("weight", "delay", "dendritic_delay_fraction")


PARAMETERS = {
    "STDPMechanism": ("tau_plus", "tau_minus", "A_plus", "A_minus", "w_max"),
    "TsodyksMarkramSynapse": ("U", "tau_rec", "tau_facil"),
    "StaticSynapse": (),
}


def kind_of(synapse: Any) -> type[network.SynapseType]:
    """Return the kind of synapse in the description."""
    if isinstance(synapse, STDPMechanism):
        return _plastic(synapse)
    if isinstance(synapse, TsodyksMarkramSynapse):
        return network.TsodyksMarkramSynapse
    if isinstance(synapse, StaticSynapse):
        return network.StaticSynapse
    raise NotCoveredError(
        f"the synapse type {type(synapse).__name__}",
        "those covered are StaticSynapse, TsodyksMarkramSynapse and STDPMechanism",
    )


def _plastic(synapse: STDPMechanism) -> type[network.SynapseType]:
    dependence, timing = synapse.weight_dependence, synapse.timing_dependence
    if not isinstance(timing, SpikePairRule) or synapse.voltage_dependence is not None:
        raise NotCoveredError(f"the rule {type(timing).__name__}", "STDPMechanism takes a SpikePairRule")
    if not isinstance(dependence, (AdditiveWeightDependence, MultiplicativeWeightDependence)):
        raise NotCoveredError(
            f"the weight dependence {type(dependence).__name__}",
            "those covered are AdditiveWeightDependence and MultiplicativeWeightDependence",
        )
    if synapse.dendritic_delay_fraction != 1:
        raise NotCoveredError("a dendritic_delay_fraction other than 1", "all of the delay is dendritic")
    if dependence.parameter_space["w_min"].base_value != 0:
        raise NotCoveredError("a w_min other than 0", "plastic weights lie between 0 and w_max")
    kind: type[network.SynapseType] = dependence.kind
    return kind
