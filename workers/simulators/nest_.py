"""NEST (Gewaltig & Diesmann 2007, Scholarpedia 2(4):1430), through its own Python interface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.instance import Cells, Floats, Instance, Sources, Spikes, Synapses, Trace, in_order
from workers.simulators.base import NO_CURRENTS, Simulator

Names = dict[str, tuple[str, float]]  # ours -> NEST's name, and the factor to NEST's unit


@dataclass(frozen=True)
class Translation:
    """How a model is called in NEST, with its names and units (pF, pA, nS where PyNN has nF, nA, uS)."""

    model: str
    names: Names
    recorded: Names
    weight: float  # factor to NEST's unit
    fixed: dict[str, Any] = field(default_factory=dict)


LEAKY: Names = {
    "v": ("V_m", 1.0),
    "v_rest": ("E_L", 1.0),
    "v_reset": ("V_reset", 1.0),
    "v_thresh": ("V_th", 1.0),
    "cm": ("C_m", 1000.0),
    "tau_refrac": ("t_ref", 1.0),
    "tau_syn_E": ("tau_syn_ex", 1.0),
    "tau_syn_I": ("tau_syn_in", 1.0),
    "i_offset": ("I_e", 1000.0),
}

MODELS = {
    "IF_curr_exp": Translation(
        "iaf_psc_exp",
        {**LEAKY, "tau_m": ("tau_m", 1.0)},
        {"v": ("V_m", 1.0), "isyn_exc": ("V_m", 1000.0), "isyn_inh": ("V_m", 1000.0)},  # see CURRENTS
        weight=1000.0,
    ),
    "IF_cond_exp": Translation(
        "iaf_cond_exp",
        {**LEAKY, "e_rev_E": ("E_ex", 1.0), "e_rev_I": ("E_in", 1.0), "g_leak": ("g_L", 1000.0)},
        {"v": ("V_m", 1.0), "gsyn_exc": ("g_ex", 1000.0), "gsyn_inh": ("g_in", 1000.0)},
        weight=1000.0,
    ),
    "Izhikevich": Translation(
        "izhikevich",
        {n: (n, 1.0) for n in "abcd"} | {"i_offset": ("I_e", 1000.0), "v": ("V_m", 1.0), "u": ("U_m", 1.0)},
        {"v": ("V_m", 1.0), "u": ("U_m", 1.0)},
        weight=1.0,
        # With it a spike adds its weight to v whatever dt; without it the weight would be a current.
        fixed={"consistent_integration": True, "V_th": 30.0},
    ),
}

# iaf_psc_exp does not tell its synaptic currents before the next step is done. The V_m of a neuron that
# decays with tau_syn and jumps by each weight is the same current, and can be asked for at any time.
CURRENTS = {"isyn_exc": ("exc", "tau_syn_E"), "isyn_inh": ("inh", "tau_syn_I")}
CURRENT = {"E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 1e300}  # of iaf_psc_delta
TIC = 0.001  # ms; NEST counts time in these


class Nest(Simulator):
    """NEST with one thread; its own random generators are not used.

    Slices are always one step long, as the least delay is set to dt: so a recording is complete up to its
    last sample, which is the present state, and no distant synapse changes the order of what is summed.
    """

    name = "nest"
    module = "nest"
    install = "pip install nest-simulator"
    models = frozenset(MODELS)

    def __init__(self) -> None:
        os.environ["PYNEST_QUIET"] = "1"
        import nest

        self._nest = nest
        nest.verbosity = nest.VerbosityLevel.ERROR

    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""
        nest = self._nest
        nest.ResetKernel()
        nest.set(resolution=_whole_tics(instance.dt), print_time=False)
        dt = nest.resolution  # the same, but for rounding, which the next lines would not take
        longest = max([1, *(int(s.delays.max()) for s in instance.projections if s.delays.size)])
        nest.set(min_delay=dt, max_delay=longest * dt)
        nest.SetDefaults("static_synapse", {"delay": dt})  # its 1 ms may lie outside, which NEST refuses
        self._instance, self._step = instance, 0
        self._parameters = [dict(p.parameters) if isinstance(p, Cells) else {} for p in instance.populations]
        self._nodes = [self._create(p) for p in instance.populations]
        watched = sorted({(t.population, t.variable) for t in instance.traces if t.variable in CURRENTS})
        self._currents = {place: self._current(*place) for place in watched}
        for synapses in instance.projections:
            self._connect(synapses)
        self._recorders = {i: self._record_spikes(i) for i in instance.spikes}
        self._meters = {t: self._record_trace(t) for t in instance.traces}

    def _create(self, population: Cells | Sources) -> Any:
        if isinstance(population, Sources):
            # Not spike_generator: that is a device, and NEST 3.10 never gives back what each device takes, so
            # that every network of a process would be slower than the one before.
            return self._nest.Create("spike_train_injector", population.size)
        translation = MODELS[population.model]
        values = _native(population.model, {**population.parameters, **population.state})
        same = {n: v for n, v in values.items() if not isinstance(v, np.ndarray)}
        self._nest.SetDefaults(translation.model, {**translation.fixed, **same})
        varied = {n: v for n, v in values.items() if n not in same}
        return self._nest.Create(translation.model, population.size, varied or None)

    def _current(self, population: int, variable: str) -> Any:
        tau = self._cells(population).parameters[CURRENTS[variable][1]]
        return self._nest.Create("iaf_psc_delta", len(tau), {**CURRENT, "tau_m": _compact(tau)})

    def _connect(self, synapses: Synapses) -> None:
        if not synapses.sources.size:
            return
        sign = -1.0 if synapses.receptor == "inh" else 1.0
        values = {
            "weight": synapses.weights * (sign * MODELS[self._cells(synapses.post).model].weight),
            "delay": synapses.delays * self._instance.dt,
        }
        sources = synapses.sources + _first(self._nodes[synapses.pre])
        for nodes in self._receivers(synapses):
            self._nest.Connect(sources, synapses.targets + _first(nodes), "one_to_one", values)

    def _receivers(self, synapses: Synapses) -> list[Any]:
        return [self._nodes[synapses.post]] + [
            nodes
            for (population, variable), nodes in self._currents.items()
            if population == synapses.post and CURRENTS[variable][0] == synapses.receptor
        ]

    def _record_spikes(self, population: int) -> Any:
        recorder = self._nest.Create("spike_recorder", params={"time_in_steps": True})
        self._nest.Connect(self._nodes[population], recorder)
        return recorder

    def _record_trace(self, trace: Trace) -> Any:
        native, _ = self._recorded(trace)
        period = trace.period * self._instance.dt
        meter = self._nest.Create(
            "multimeter", params={"record_from": [native], "interval": period, "time_in_steps": True}
        )
        self._nest.Connect(meter, self._traced(trace))
        return meter

    def _traced(self, trace: Trace) -> Any:
        return self._currents.get((trace.population, trace.variable), self._nodes[trace.population])

    def _recorded(self, trace: Trace) -> tuple[str, float]:
        return MODELS[self._cells(trace.population).model].recorded[trace.variable]

    def _cells(self, population: int) -> Cells:
        cells = self._instance.populations[population]
        assert isinstance(cells, Cells)
        return cells

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        """Advance by `steps`, with these spikes of the sources."""
        for population, spikes in stimuli.items():
            self._feed(population, spikes)
        self._start, self._step = self._step, self._step + steps
        self._nest.Simulate(steps * self._instance.dt)

    def _feed(self, population: int, spikes: Spikes) -> None:
        if not spikes.steps.size:
            return
        order = np.argsort(spikes.ranks, kind="stable")
        ranks, first = np.unique(spikes.ranks[order], return_index=True)
        times = np.round(spikes.steps[order] * self._instance.dt, 9)
        # Only those with spikes: what a generator has emitted already does no harm.
        self._nodes[population][ranks.tolist()].set(
            [{"spike_times": train} for train in np.split(times, first[1:])]
        )

    def spikes(self, population: int) -> Spikes:
        """Spikes of a recorded population during the last run, with absolute steps."""
        recorder = self._recorders[population]
        events = _drain(recorder)
        return Spikes.in_order(events["times"], events["senders"] - _first(self._nodes[population]))

    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons)."""
        native, factor = self._recorded(trace)
        nodes, events = self._traced(trace), _drain(self._meters[trace])
        new = events["times"] > self._start  # the last sample of the run before arrives with this one
        order = in_order(events["times"][new], events["senders"][new])
        samples: Floats = events[native][new][order].reshape(-1, len(nodes))
        if self._step % trace.period == 0 and self._step > self._start:
            samples = np.vstack([samples, _state(nodes, native)])
        return samples / factor

    def get(self, population: int, variable: str) -> Floats:
        """Present values of a state variable, shape (neurons,)."""
        native, factor = MODELS[self._cells(population).model].names[variable]
        return _state(self._nodes[population], native) / factor

    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter or a state variable of every neuron."""
        model, known = self._cells(population).model, self._parameters[population]
        together = {n: known[n] for n in ("cm", "tau_m") if name in ("cm", "tau_m")}  # of both is g_L made
        self._nodes[population].set(_native(model, {**together, name: values}))
        known[name] = values
        for (watched, variable), nodes in self._currents.items():
            if watched == population and CURRENTS[variable][1] == name:
                nodes.set({"tau_m": _compact(values)})


def _whole_tics(dt: float) -> float:
    if dt < TIC * 0.999 or abs(dt / TIC - round(dt / TIC)) > 1e-6:
        raise ValueError(f"dt={dt!r} ms: simulator 'nest' needs a multiple of {TIC:g} ms")
    return dt


def _first(nodes: Any) -> int:
    return int(nodes[0].get("global_id"))


def _state(nodes: Any, native: str) -> Floats:
    values: Floats = np.asarray(np.atleast_1d(nodes.get(native)), np.float64)
    return values


def _native(model: str, values: Mapping[str, Floats]) -> dict[str, Any]:
    """Translate names and units; one number where all neurons have the same, which is faster."""
    translation, values = MODELS[model], dict(values)
    if model == "IF_cond_exp" and "tau_m" in values:
        values["g_leak"] = values["cm"] / values.pop("tau_m")
    native = {}
    for name, value in values.items():
        nest_name, factor = translation.names[name]
        native[nest_name] = _compact(value * factor)
    return native


def _drain(device: Any) -> Any:
    events = device.get("events")
    device.set([{"n_events": 0}])  # given a plain dict, NEST would first fetch all events once more
    return events


def _compact(values: Floats) -> float | Floats:
    return float(values[0]) if np.all(values == values[0]) else values
