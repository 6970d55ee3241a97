"""NEST (Gewaltig & Diesmann 2007, Scholarpedia 2(4):1430), through its own Python interface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np

from workers.instance import Cells, Floats, Instance, Ranks, Sources, Spikes, Synapses, Trace, in_order, some
from workers.network import Description
from workers.simulators.base import NO_CURRENTS, SIMULTANEOUS, Simulator
from workers.simulators.nest import synapses as nest_synapses
from workers.simulators.nest.inputs import AHEAD, Currents, connect_background, seed
from workers.simulators.nest.models import MODELS, SHADOW, Translation, bound_together, compact, native
from workers.simulators.nest.refusals import refuse
from workers.simulators.nest.synapses import PlasticWeights, tau_minus


class _Plastic(NamedTuple):
    weights: PlasticWeights
    fired: Any  # spike recorder of the sources ...
    posts: Any  # ... and of the targets


class Nest(Simulator):
    """NEST with one thread; its own random generator is used for background input only.

    Slices are always one step long, as the least delay is set to dt: so a recording is complete up to its
    last sample, which is the present state, and no distant synapse changes the order of what is summed.
    """

    name = "nest"
    module = "nest"
    install = "pip install nest-simulator"
    models = frozenset(MODELS)
    features = frozenset(nest_synapses.MODELS) - {"StaticSynapse"} | {
        "Injection",
        "PoissonInput",
        SIMULTANEOUS,
    }
    longest: ClassVar[Mapping[str, float]] = {"HH_cond_exp": 0.25}  # then it misses spikes; v is NaN at 1 ms
    starts = 2.0
    ahead = AHEAD
    lifetime = 1000  # NEST 3.10 never gives back what each recorder took, and gets slower

    def __init__(self) -> None:
        os.environ["PYNEST_QUIET"] = "1"
        import nest

        self._nest = nest
        nest.verbosity = nest.VerbosityLevel.ERROR

    @classmethod
    def check(cls, network: Description) -> None:
        """Raise ValueError if NEST cannot take this network."""
        refuse(network)

    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""
        self._start_kernel(instance)
        self._instance, self._step = instance, 0
        self._parameters = [dict(p.parameters) if isinstance(p, Cells) else {} for p in instance.populations]
        self._nodes = [self._create(i) for i in range(len(instance.populations))]
        self._first = [_first(nodes) for nodes in self._nodes]
        watched = sorted({(t.population, t.variable) for t in instance.traces})
        self._shadows = {w: self._shadow(*w) for w in watched if w[1] in self._translation(w[0]).shadowed}
        self._plastic: dict[int, _Plastic] = {}
        for place, synapses in enumerate(instance.projections):
            if synapses.sources.size:
                self._connect(place, synapses)
        self._currents = Currents(self._nest, instance, self._first)
        for b in instance.backgrounds:
            unit = self._unit(b.population, b.receptor)
            connect_background(self._nest, b, self._first[b.population], unit, instance.dt)
        self._recorders = {i: self._record_spikes(i, instance.spikes_of.get(i)) for i in instance.spikes}
        self._meters = {t: self._record_trace(t) for t in instance.traces}

    def _start_kernel(self, instance: Instance) -> None:
        nest = self._nest
        nest.ResetKernel()
        nest.set(resolution=instance.dt, print_time=False, rng_seed=seed(instance))
        dt = nest.resolution  # the same, but for rounding, which the next lines would not take
        longest = max([1, *(int(s.delays.max()) for s in instance.projections if s.delays.size)])
        nest.set(min_delay=dt, max_delay=longest * dt)
        for model in ("static_synapse", *{nest_synapses.MODELS[s.kind] for s in instance.projections}):
            nest.SetDefaults(model, {"delay": dt})  # its 1 ms may lie outside, which NEST refuses

    def _create(self, place: int) -> Any:
        population = self._instance.populations[place]
        if isinstance(population, Sources):
            # Not spike_generator: that is a device, and NEST 3.10 never gives back what each device takes, so
            # that each network of a process would be slower than the one before. Nor can its synapses learn.
            return self._nest.Create("spike_train_injector", population.size)
        translation = MODELS[population.model]
        values = native(population.model, {**population.parameters, **population.state})
        values["tau_minus"] = compact(tau_minus(self._instance, place))
        same = {n: v for n, v in values.items() if not isinstance(v, np.ndarray)}
        self._nest.SetDefaults(translation.model, {**translation.fixed, **same})
        varied = {n: v for n, v in values.items() if n not in same}
        return self._nest.Create(translation.model, population.size, varied or None)

    def _shadow(self, population: int, variable: str) -> Any:
        _, tau, _ = self._translation(population).shadowed[variable]
        values = self._cells(population).parameters[tau]
        return self._nest.Create("iaf_psc_delta", len(values), {**SHADOW, "tau_m": compact(values)})

    def _unit(self, population: int, receptor: str) -> float:
        return self._translation(population).weight * (-1.0 if receptor == "inh" else 1.0)

    def _connect(self, place: int, synapses: Synapses) -> None:
        unit, model = self._unit(synapses.post, synapses.receptor), nest_synapses.MODELS[synapses.kind]
        if synapses.kind in nest_synapses.STDP:
            self._nest.CopyModel(model, model := f"projection {place}")
        values = {
            "synapse_model": model,
            "weight": synapses.weights * unit,
            "delay": synapses.delays * self._instance.dt,
            **nest_synapses.parameters(synapses, unit),
        }
        sources = synapses.sources + self._first[synapses.pre]
        for first in (self._first[synapses.post], *self._shadowed(synapses)):
            self._nest.Connect(sources, synapses.targets + first, "one_to_one", values)
        if synapses.kind in nest_synapses.STDP:
            connections = self._nest.GetConnections(synapse_model=model)
            weights = PlasticWeights(synapses, connections, unit, self._instance.dt)
            recorders = (self._record_spikes(p) for p in (synapses.pre, synapses.post))
            self._plastic[place] = _Plastic(weights, *recorders)

    def _shadowed(self, synapses: Synapses) -> list[int]:
        return [
            _first(nodes)
            for (population, variable), nodes in self._shadows.items()
            if population == synapses.post
            and self._translation(population).shadowed[variable][0] == synapses.receptor
        ]

    def _record_spikes(self, population: int, ranks: Ranks = None) -> Any:
        recorder = self._nest.Create("spike_recorder", params={"time_in_steps": True})
        self._nest.Connect(some(self._nodes[population], ranks), recorder)
        return recorder

    def _record_trace(self, trace: Trace) -> Any:
        nodes, native_name, _ = self._traced(trace)
        period = trace.period * self._instance.dt
        meter = self._nest.Create(
            "multimeter", params={"record_from": [native_name], "interval": period, "time_in_steps": True}
        )
        self._nest.Connect(meter, nodes)
        return meter

    def _traced(self, trace: Trace) -> tuple[Any, str, float]:
        """Return the nodes that have this variable, their name of it, and the factor to their unit."""
        place, translation = (trace.population, trace.variable), self._translation(trace.population)
        if place in self._shadows:
            return some(self._shadows[place], trace.ranks), "V_m", translation.shadowed[trace.variable][2]
        return some(self._nodes[trace.population], trace.ranks), *translation.recorded[trace.variable]

    def _cells(self, population: int) -> Cells:
        cells = self._instance.populations[population]
        assert isinstance(cells, Cells)
        return cells

    def _translation(self, population: int) -> Translation:
        return MODELS[self._cells(population).model]

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        """Advance by `steps`, with these spikes of the sources and these currents."""
        for population, spikes in stimuli.items():
            self._feed(population, spikes)
        start = self._start = self._step
        self._currents.feed(start, steps, currents)
        while currents and self._step < min(AHEAD, start + steps):
            self._with_constant(self._currents.constant(self._step - start, currents))
        self._simulate(start + steps - self._step)

    def _with_constant(self, totals: Mapping[int, Floats]) -> None:
        offsets = {population: self._parameters[population]["i_offset"] for population in totals}
        for population, total in totals.items():
            self.set(population, "i_offset", offsets[population] + total)
        self._simulate(1)
        for population, offset in offsets.items():
            self.set(population, "i_offset", offset)

    def _simulate(self, steps: int) -> None:
        self._step += steps
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
        return self._recorded(self._recorders[population], population)

    def _recorded(self, recorder: Any, population: int) -> Spikes:
        events = _drain(recorder)
        return Spikes.in_order(events["times"], events["senders"] - self._first[population])

    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons of the trace)."""
        nodes, name, factor = self._traced(trace)
        events = _drain(self._meters[trace])
        new = events["times"] > self._start  # the last sample of the run before arrives with this one
        order = in_order(events["times"][new], events["senders"][new])
        samples: Floats = events[name][new][order].reshape(-1, len(nodes))
        if self._step % trace.period == 0 and self._step > self._start:
            samples = np.vstack([samples, _state(nodes, name)])
        return samples / factor

    def get(self, population: int, variable: str) -> Floats:
        """Present values of a state variable, shape (neurons,)."""
        name, factor = self._translation(population).names[variable]
        return _state(self._nodes[population], name) / factor

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, shape (synapses,), as magnitudes in the unit of the model."""
        synapses = self._instance.projections[projection]
        if projection not in self._plastic:
            return synapses.weights
        weights, fired, posts = self._plastic[projection]
        return weights.read(
            self._step, self._recorded(fired, synapses.pre), self._recorded(posts, synapses.post)
        )

    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter or a state variable of every neuron."""
        model, known = self._cells(population).model, self._parameters[population]
        together = {n: known[n] for n in bound_together(model, name)}
        self._nodes[population].set(native(model, {**together, name: values}))
        known[name] = values
        for (watched, variable), nodes in self._shadows.items():
            if watched == population and MODELS[model].shadowed[variable][1] == name:
                nodes.set({"tau_m": compact(values)})


def _first(nodes: Any) -> int:
    return int(nodes[0].get("global_id"))


def _state(nodes: Any, name: str) -> Floats:
    values: Floats = np.asarray(np.atleast_1d(nodes.get(name)), np.float64)
    return values


def _drain(device: Any) -> Any:
    events = device.get("events")
    device.set([{"n_events": 0}])  # given a plain dict, NEST would first fetch all events once more
    return events
