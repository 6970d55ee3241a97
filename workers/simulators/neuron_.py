"""NEURON (Carnevale & Hines 2006, The NEURON Book, Cambridge University Press), through PyNN."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from workers.instance import Cells, Current, Floats, Instance, Sources, Spikes, Synapses, Trace
from workers.simulators import mechanisms
from workers.simulators.base import NO_CURRENTS, SIMULTANEOUS
from workers.simulators.neuron_synapses import TIRING, Connections
from workers.simulators.pynn_ import RECEPTORS, Pynn, quiet, simplest

MOMENT = 1e-30  # ms; a step that delivers what is due and is too short to change any digit of the state
EARLY = 2.0**-20  # ms; so long before the end of its step a spike arrives, lest rounding makes it late
GRAIN = 2.0**-34  # ms; sums of multiples of it are exact, and so is the order of spikes
CLAMP = 1e20  # uS; v stays at v_reset to the last digit, whatever current flows
STRETCH = 1000  # steps, after which the sum of the steps is set right
LONGEST = {"Izhikevich": 0.1, "EIF_cond_exp_isfa_ista": 0.1}  # ms; from there on Newton's step misleads
FIXED = {"v_spike"}  # read by NEURON at the start only

TAU = {"exc": "tau_syn_E", "inh": "tau_syn_I"}
STATE: dict[str, Callable[[Any], Any]] = {
    "v": lambda cell: cell(0.5)._ref_v,
    "u": lambda cell: cell.izh._ref_u,
    "w": lambda cell: cell.adexp._ref_w,
    "m": lambda cell: cell(0.5).hh_traub._ref_m,
    "h": lambda cell: cell(0.5).hh_traub._ref_h,
    "n": lambda cell: cell(0.5).hh_traub._ref_n,
    "gsyn_exc": lambda cell: cell.esyn._ref_g,
    "gsyn_inh": lambda cell: cell.isyn._ref_g,
    "isyn_exc": lambda cell: cell.esyn._ref_i,
    "isyn_inh": lambda cell: cell.isyn._ref_i,
}


class Neuron(Pynn):
    """NEURON with PyNN's cells, in fixed steps of the second order (Crank-Nicolson).

    NEURON delivers the spikes of a step, and resets who fired in it, at the beginning of the next one. So
    after each step that somebody looks at comes one of no length, which does that and nothing else.

    An exponential synapse has in each step of NEURON's the value that it had at the step's beginning. Weights
    are scaled such that it is the mean value instead.
    """

    name: ClassVar[str] = "neuron"
    module: ClassVar[str] = "neuron"
    install: ClassVar[str] = (
        "pip install 'neurosweep[neuron]', and then: python -m workers.simulators.prepare"
    )
    backend: ClassVar[str] = "neuron"
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
    features: frozenset[str] = frozenset({"Injection", TIRING, SIMULTANEOUS})

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
            _check(population, instance.dt)
        for holder in _holder:
            holder.let_go()
        _holder[:] = [self]
        self._pointers: dict[tuple[int, str], Pointers] = {}
        with quiet():
            super().build(instance)
        self._clamps = [self._clamp(c) for c in instance.currents]
        self._stretch = 1 if any(map(_tireless, instance.populations)) else STRETCH
        self._initialize()

    def let_go(self) -> None:
        """Remove the network: its objects hold each other, out of the sight of Python's collector.

        What refers to the cells goes first: NEURON does not look whether they still exist.
        """
        populations, self._populations, self._projections = self._populations, [], []
        self._pointers, self._clamps = {}, []
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
        for place, population in enumerate(self._instance.populations):
            for source in self._native(place) if isinstance(population, Sources) else ():
                source.ping = EARLY  # from now on it looks for spikes so long after the end of each run
        self._pynn.state.parallel_context.set_maxstep(10.0)
        h.finitialize()
        for place, population in enumerate(self._instance.populations):
            for name, values in population.state.items() if isinstance(population, Cells) else ():
                self._pointer(place, name).write(values)

    def _initial(self, state: dict[str, Any]) -> dict[str, Any]:
        return {}  # written when NEURON's own initialization is done

    def _parameters(self, cells: Cells) -> Mapping[str, Floats]:
        return {n: self._value(n, v) for n, v in cells.parameters.items()}

    def _value(self, name: str, values: Floats) -> Floats:
        """Return a parameter as NEURON is to have it, which rounds refractory periods to the nearest step."""
        dt = self._instance.dt
        return np.ceil(np.round(values / dt, 9)) * dt if name == "tau_refrac" else values

    def _native(self, population: int) -> list[Any]:
        return [neuron._cell for neuron in self._populations[population].all_cells]

    def _gids(self, population: int) -> list[int]:
        return [int(neuron) for neuron in self._populations[population].all_cells]

    def _project(self, synapses: Synapses) -> Connections:
        cells = self._native(synapses.post)
        receptors = [getattr(cell, RECEPTORS[synapses.receptor]) for cell in cells]
        made = Connections(self._h, synapses, self._gids(synapses.pre), cells, receptors)
        scale = self._scale(synapses.post, synapses.receptor)[synapses.targets]
        made.make(self._signed(synapses) * scale, _exact(synapses.delays * self._instance.dt - EARLY))
        return made

    def _scale(self, population: int, receptor: str) -> Floats:
        """Return the mean over a step of what decays exponentially from 1, for each neuron."""
        cells = self._cells(population)
        if "_exp" not in cells.model:
            return np.ones(cells.size)
        steps = self._instance.dt / cells.parameters[TAU[receptor]]
        return -np.expm1(-steps) / steps

    def _record(self) -> None:
        self._fired = {i: self._listen(i) for i in self._instance.spikes}
        self._samples: dict[Trace, list[Floats]] = {t: [] for t in self._instance.traces}

    def _clamp(self, current: Current) -> Pointers:
        cells = self._native(current.population)
        clamps = [self._h.IClamp(cells[rank].source_section(0.5)) for rank in current.ranks.tolist()]
        for clamp in clamps:
            clamp.delay, clamp.dur = 0.0, 1e12
        return Pointers(self._h, [clamp._ref_amp for clamp in clamps], clamps)

    def _listen(self, population: int) -> tuple[Any, Any]:
        times, gids = self._h.Vector(), self._h.Vector()
        self._h.ParallelContext().spike_record(self._h.Vector(self._gids(population)), times, gids)
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
        for place, population in enumerate(self._instance.populations):
            if isinstance(population, Sources):
                self._feed(place, stimuli.get(place, Spikes.none()), steps)
        self._samples = {t: [] for t in self._samples}
        changes = _changes(currents, self._start)
        for step in self._stops(stop, changes):
            for place in changes.get(self._step, ()):
                self._clamps[place].write(currents[place][self._step - self._start])
            self._advance(step)

    def _stops(self, stop: int, changes: Mapping[int, object]) -> list[int]:
        """Return the steps at which something is to be done, the last of all included."""
        start, periods = self._start, {self._stretch, *(t.period for t in self._samples)}
        regular = {k for p in periods for k in range((start // p + 1) * p, stop + 1, p)}
        return sorted(regular | (changes.keys() - {start}) | {stop})

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
                samples.append(self._read(trace.population, trace.variable))

    def _feed(self, population: int, spikes: Spikes, steps: int) -> None:
        order = np.argsort(spikes.ranks, kind="stable")
        dt, ranks, sources = self._instance.dt, spikes.ranks[order], self._native(population)
        ends = np.searchsorted(ranks, np.arange(1, len(sources)))
        # Spikes of one step go through the queue in the order of the ranks, however the time is divided.
        times = _exact(spikes.steps[order] * dt) + ranks % (EARLY / 4 // GRAIN) * GRAIN
        wait = float(_exact((self._step + steps) * dt) - _exact(self._step * dt))
        for source, train in zip(sources, np.split(times, ends), strict=True):
            source._spike_times = self._h.Vector(train)  # read while the run lasts
            source.play(source._spike_times)
            source.ping = wait

    def spikes(self, population: int) -> Spikes:
        """Spikes of a recorded population during the last run, with absolute steps."""
        times, gids = self._fired[population]
        steps = np.rint(times.as_numpy() / self._instance.dt).astype(np.int64)
        ranks = gids.as_numpy().astype(np.int64) - self._gids(population)[0]
        times.resize(0)
        gids.resize(0)
        return Spikes.in_order(np.maximum(steps, self._start + 1), ranks)

    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons)."""
        samples = self._samples[trace]
        return np.array(samples, np.float64).reshape(len(samples), self._cells(trace.population).size)

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

    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter or a state variable of every neuron."""
        if name in STATE:
            self._pointer(population, name).write(values)
            return
        if name in FIXED:
            raise ValueError(
                f"population {self._cells(population).name}: NEURON cannot change {name} any more"
            )
        self._populations[population].set(**{name: simplest(self._value(name, values))})
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
        if "_exp" in cells.model:
            pointer = self._pointer(population, f"{'g' if '_cond_' in cells.model else 'i'}syn_{receptor}")
            pointer.write(pointer.read() * factor)


class Pointers:
    """One variable of many neurons.

    Parameters
    ----------
    h : the interpreter of NEURON
    references : list
        To the variable of each neuron.
    owners : list
        What must live as long.
    """

    def __init__(self, h: Any, references: list[Any], owners: list[Any]) -> None:
        self._owners, self._values = owners, h.Vector(len(references))
        self._pointers = h.PtrVector(max(1, len(references)))
        for i, reference in enumerate(references):
            self._pointers.pset(i, reference)

    def read(self) -> Floats:
        """Return a copy of the present values."""
        if self._owners:
            self._pointers.gather(self._values)
        return np.array(self._values.as_numpy(), np.float64)

    def write(self, values: Floats) -> None:
        """Set a value for each, or one for all."""
        self._values.as_numpy()[:] = values
        if self._owners:
            self._pointers.scatter(self._values)


_holder: list[Neuron] = []  # who has built the one network that NEURON holds in this process


def _check(population: Cells | Sources, dt: float) -> None:
    if not isinstance(population, Cells):
        return
    longest, why = LONGEST.get(population.model, np.inf), "one Newton step per time step, which then misleads"
    if population.model.endswith("_alpha"):
        longest = min(population.parameters[tau].min() for tau in TAU.values())
        why = "an alpha function's value in the middle of each step, which then misses its shape"
    if dt > longest * (1 + 1e-9):
        raise ValueError(
            f"population {population.name}: {population.model} on simulator 'neuron' needs a dt of at most "
            f"{longest:g} ms, and dt is {dt:g} ms: it takes {why}; use a smaller dt, as setup(dt=0.1), or "
            "another simulator"
        )


def _exact(times: Any) -> Any:
    return np.rint(times / GRAIN) * GRAIN


def _tireless(population: Cells | Sources) -> bool:
    """Say whether some neurons may fire in each step: NEURON must then look at them in between."""
    return isinstance(population, Cells) and 0.0 in population.parameters.get("tau_refrac", ())


def _changes(currents: Mapping[int, Floats], start: int) -> dict[int, list[int]]:
    """Return the steps before which currents change, each with their places."""
    found: dict[int, list[int]] = {}
    for place, course in currents.items():
        rows = course.reshape(len(course), -1)
        changed = np.flatnonzero(np.any(rows[1:] != rows[:-1], axis=1)) + 1
        for row in [0, *changed.tolist()]:
            found.setdefault(start + row, []).append(place)
    return found
