"""NEURON (Carnevale & Hines 2006, The NEURON Book, Cambridge University Press), through PyNN."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from workers.instance import Background, Cells, Floats, Instance, Spikes, Synapses, Trace, places
from workers.simulators.base import NO_CURRENTS, SIMULTANEOUS
from workers.simulators.neuron import mechanisms
from workers.simulators.neuron.cells import (
    FIXED,
    LONGEST,
    STATE,
    TAU,
    Pointers,
    check,
    mean_over_step,
    rounded,
    tireless,
)
from workers.simulators.neuron.inputs import Backgrounds, changes, clamps, trains
from workers.simulators.neuron.synapses import KINDS, Connections, Ends, connections
from workers.simulators.pynn_ import RECEPTORS, Pynn, quiet, simplest

MOMENT = 1e-30  # ms; a step that delivers what is due and is too short to change any digit of the state
CLAMP = 1e20  # uS; v stays at v_reset to the last digit, whatever current flows
STRETCH = 1000  # steps, after which the sum of the steps is set right


class Neuron(Pynn):
    """NEURON with PyNN's cells, in fixed steps of the second order (Crank-Nicolson).

    NEURON delivers the spikes of a step, and resets who fired in it, at the beginning of the next one. So
    after each step that somebody looks at comes one of no length, which does that and nothing else.
    """

    name: ClassVar[str] = "neuron"
    module: ClassVar[str] = "neuron"
    install: ClassVar[str] = (
        "pip install 'neurosweep[neuron]', and then: python -m workers.simulators.prepare"
    )
    backend: ClassVar[str] = "neuron"
    longest: ClassVar[Mapping[str, float]] = LONGEST
    keyed: ClassVar[bool] = True
    lifetime: ClassVar[int | None] = 1
    models: ClassVar[frozenset[str]] = frozenset(
        {
            "IF_curr_exp",
            "IF_curr_alpha",
            "IF_cond_exp",
            "IF_cond_alpha",
            "EIF_cond_exp_isfa_ista",
            "HH_cond_exp",
            "Izhikevich",
        }
    )
    features: frozenset[str] = frozenset({"Injection", "PoissonInput", SIMULTANEOUS}) | KINDS

    def __init__(self) -> None:
        os.environ["NEURON_MODULE_OPTIONS"] = "-nogui"
        mechanisms.load()
        super().__init__()
        from neuron import h
        from pyNN.neuron import simulator

        self._h, self._pynn, self._populations = h, simulator, []
        h.spikewidth_ResetRefrac = 0.0
        h.g_on_ResetRefrac = h.gon_AdExpIF = CLAMP

    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""
        for population in instance.populations:
            check(population, instance.dt)
        for holder in _holder:
            holder.let_go()
        _holder[:] = [self]
        self._pointers: dict[tuple[int, str], Pointers] = {}
        with quiet():
            super().build(instance)
        self._clamps = [clamps(self._h, c, self._native(c.population)) for c in instance.currents]
        self._backgrounds = [self._background(b) for b in instance.backgrounds]
        self._trains_of = trains(self._h, instance, self._native)
        self._stretch = 1 if any(map(tireless, instance.populations)) else STRETCH
        self._initialize()

    def let_go(self) -> None:
        """Remove the network: its objects hold each other, out of the sight of Python's collector.

        What refers to the cells goes first: NEURON does not look whether they still exist.
        """
        populations, self._populations, self._projections = self._populations, [], []
        self._pointers, self._clamps, self._backgrounds, self._trains_of = {}, [], [], {}
        self._fired: dict[int, tuple[Any, Any]] = {}
        self._pynn.initializer.clear()
        self._pynn.state.clear()
        for population in populations:
            for neuron in population.all_cells:
                object.__getattribute__(neuron._cell, "__dict__").clear()
                neuron.__dict__.clear()
        gc.collect()

    def _initialize(self) -> None:
        h = self._h
        h.secondorder = 2
        self._pynn.state.parallel_context.set_maxstep(10.0)
        h.finitialize()
        for place, population in enumerate(self._instance.populations):
            for name, values in population.state.items() if isinstance(population, Cells) else ():
                self._pointer(place, name).write(values)

    def _initial(self, state: dict[str, Any]) -> dict[str, Any]:
        return {}  # written when NEURON's own initialization is done

    def _parameters(self, cells: Cells) -> Mapping[str, Floats]:
        return {n: rounded(n, v, self._instance.dt) for n, v in cells.parameters.items()}

    def _native(self, population: int) -> list[Any]:
        return [neuron._cell for neuron in self._populations[population].all_cells]

    def _gids(self, population: int) -> list[int]:
        return [int(neuron) for neuron in self._populations[population].all_cells]

    def _receptors(self, population: int, receptor: str) -> list[Any]:
        return [getattr(cell, RECEPTORS[receptor]) for cell in self._native(population)]

    def _project(self, synapses: Synapses) -> Connections:
        post, receptor = synapses.post, synapses.receptor
        ends = Ends(self._gids(synapses.pre), self._gids(post), self._receptors(post, receptor))
        units = self._units(post, receptor)[synapses.targets]
        return connections(self._h, synapses, ends, units, self._instance.dt)

    def _background(self, background: Background) -> Backgrounds:
        receptors = self._receptors(background.population, background.receptor)
        units = self._units(background.population, background.receptor)
        return Backgrounds(self._h, background, receptors, units, self._instance.dt)

    def _units(self, population: int, receptor: str) -> Floats:
        """Return what NEURON is to have for a weight of 1, at each neuron."""
        return self._scale(population, receptor) * self._sign(population, receptor)

    def _scale(self, population: int, receptor: str) -> Floats:
        return mean_over_step(self._cells(population), receptor, self._instance.dt)

    def _record(self) -> None:
        self._fired = {i: self._listen(i) for i in self._instance.spikes}
        self._samples: dict[Trace, list[Floats]] = {t: [] for t in self._instance.traces}

    def _listen(self, population: int) -> tuple[Any, Any]:
        times, gids = self._h.Vector(), self._h.Vector()
        wanted = np.array(self._gids(population))[places(self._instance.spikes_of.get(population))]
        self._h.ParallelContext().spike_record(self._h.Vector(wanted), times, gids)
        return times, gids

    def _pointer(self, population: int, variable: str) -> Pointers:
        if (population, variable) not in self._pointers:
            cells = self._native(population)
            self._pointers[population, variable] = Pointers(
                self._h, [STATE[variable](c) for c in cells], cells
            )
        return self._pointers[population, variable]

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        """Advance by `steps`, with these spikes of the sources."""
        self._start, stop = self._step, self._step + steps
        for place, sources in self._trains_of.items():
            sources.feed(stimuli.get(place, Spikes.none()), self._start, steps)
        self._samples = {t: [] for t in self._samples}
        changed = changes(currents, self._start)
        for step in self._stops(stop, changed):
            for place in changed.get(self._step, ()):
                self._clamps[place].write(currents[place][self._step - self._start])
            self._advance(step)

    def _stops(self, stop: int, changed: Mapping[int, object]) -> list[int]:
        """Return the steps at which something is to be done, the last of all included."""
        start, periods = self._start, {self._stretch, *(t.period for t in self._samples)}
        regular = {k for p in periods for k in range((start // p + 1) * p, stop + 1, p)}
        return sorted(regular | (changed.keys() - {start}) | {stop})

    def _advance(self, step: int) -> None:
        h, dt = self._h, self._instance.dt
        h.ParallelContext().psolve(step * dt)
        h.dt = MOMENT
        h.fadvance()
        if self._stretch == 1:
            h.fadvance()  # and sees that those who were reset are below the threshold
        if step % self._stretch == 0:
            h.t = step * dt
        h.dt, self._step = dt, step
        for trace, samples in self._samples.items():
            if step % trace.period == 0:
                samples.append(self._read(trace.population, trace.variable)[trace.chosen])

    def spikes(self, population: int) -> Spikes:
        """Spikes of a recorded population during the last run, with absolute steps."""
        times, gids = self._fired[population]
        steps = np.rint(times.as_numpy() / self._instance.dt).astype(np.int64)
        ranks = gids.as_numpy().astype(np.int64) - self._gids(population)[0]
        times.resize(0)
        gids.resize(0)
        return Spikes.in_order(np.maximum(steps, self._start + 1), ranks)

    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons of the trace)."""
        samples, width = self._samples[trace], trace.width(self._cells(trace.population).size)
        return np.array(samples, np.float64).reshape(len(samples), width)

    def get(self, population: int, variable: str) -> Floats:
        """Present values of a state variable, shape (neurons,)."""
        return self._read(population, variable)

    def _read(self, population: int, variable: str) -> Floats:
        values = self._pointer(population, variable).read()
        what, _, receptor = variable.partition("syn_")
        if not receptor:
            return values
        # NEURON counts the currents of synapses outwards.
        return values / self._scale(population, receptor) * (-1.0 if what == "i" else 1.0)

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, shape (synapses,), as magnitudes in the unit of the model."""
        made: Connections = self._projections[projection]
        return made.weights

    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter or a state variable of every neuron."""
        if name in STATE:
            self._pointer(population, name).write(values)
            return
        if name in FIXED:
            raise ValueError(
                f"population {self._cells(population).name}: NEURON cannot change {name} any more"
            )
        self._populations[population].set(**{name: simplest(rounded(name, values, self._instance.dt))})
        if name in TAU.values():
            self._set_tau(population, name, values)

    def _set_tau(self, population: int, name: str, values: Floats) -> None:
        receptor = "exc" if name == TAU["exc"] else "inh"
        cells, before = self._cells(population), self._scale(population, receptor)
        cells.parameters[name] = values
        factor = self._scale(population, receptor) / before
        for made, synapses in zip(self._projections, self._instance.projections, strict=True):
            if (synapses.post, synapses.receptor) == (population, receptor):
                made.rescale(factor[synapses.targets])
        for drawn, background in zip(self._backgrounds, self._instance.backgrounds, strict=True):
            if (background.population, background.receptor) == (population, receptor):
                drawn.rescale(factor)
        if "_exp" in cells.model:
            pointer = self._pointer(population, f"{'g' if '_cond_' in cells.model else 'i'}syn_{receptor}")
            pointer.write(pointer.read() * factor)


_holder: list[Neuron] = []  # who has built the one network that NEURON holds in this process
