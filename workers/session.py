"""One drawn network in a simulator: it advances, and keeps what was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from workers.course import Course
from workers.draw import draw, parameter, redrawn
from workers.instance import Cells, Floats, Spikes, Trace
from workers.keys import Key, of_trial
from workers.network import (
    Description,
    Injection,
    Monitor,
    Poisson,
    Population,
    Projection,
    Source,
    SpikeSourceArray,
)
from workers.network.check import check_trains, refuse_passed, refuse_simultaneous, warn_if_crowded
from workers.outcome import Timings
from workers.simulators.base import SIMULTANEOUS, Simulator
from workers.stimulus import GivenSpikes, PoissonSpikes, Stimulus


class Weighing(NamedTuple):
    """The weights of a projection, by its place, recorded at every `period`-th step."""

    projection: int
    period: int


def _weighing(monitor: Monitor, network: Description) -> Weighing:
    names = [p.name for p in network.of(Projection)]
    assert monitor.projection is not None
    return Weighing(names.index(monitor.projection.name), monitor.period_steps(network.dt))


class Session:
    """A network from its drawing to its end.

    Parameters
    ----------
    network : Description
        A network that passed `check`.
    key : Key
        Its seed and index.
    simulator : Simulator
        Holds this network until another session builds its own.
    timings : Timings
        Where the seconds spent are added up.
    """

    def __init__(self, network: Description, key: Key, simulator: Simulator, timings: Timings) -> None:
        self._simulator, self._key, self.timings = simulator, key, timings
        self._network, self._populations = network, network.of(Population)
        self._places = {p.name: i for i, p in enumerate(self._populations)}
        self._listened = {m.population.name for m in network.of(Monitor)}
        self._weighed = {_weighing(m, network) for m in network.of(Monitor) if m.projection is not None}
        with self._timed("draw"):
            self.instance = draw(network, key)
        self.trial = 0
        self._stimuli: dict[int, Stimulus] = {}
        self.start()

    def _timed(self, phase: str) -> _Timed:
        return _Timed(self._simulator.clock, self.timings, phase)

    def start(self) -> None:
        """Build the network at step 0, with stimuli of its present trial and nothing recorded."""
        self.steps = 0
        self._spikes: dict[int, list[Spikes]] = defaultdict(list)
        self._traces: dict[Trace, list[Floats]] = defaultdict(list)
        self._weights: dict[Weighing, list[Floats]] = defaultdict(list)
        with self._timed("draw"):
            self._stimuli = {
                i: self._stimulus(i, p)
                for i, p in enumerate(self._populations)
                if issubclass(p.model, Source)
            }
            self._courses = [
                Course(i, self.instance.dt, self._generator(f"injection {i.name}"))
                for i in self._network.of(Injection)
            ]
        self._simulator.built = None  # should it fail, no session must go on with what is left
        with self._timed("build"):
            self._simulator.build(self.instance)
        self._simulator.built = self.instance

    def _stimulus(self, place: int, population: Population) -> Stimulus:
        dt, before = self.instance.dt, self._stimuli.get(place)
        if issubclass(population.model, SpikeSourceArray):
            return GivenSpikes(population.given("spike_times"), dt)
        owner = of_trial(f"population {population.name}", self.trial)
        if isinstance(before, PoissonSpikes):
            return PoissonSpikes(self._key, owner, dt=dt, **before.values)
        values = {n: parameter(population, n, population.given(n), self._key) for n in Poisson.parameters}
        return PoissonSpikes(self._key, owner, dt=dt, **values)

    def _generator(self, owner: str) -> np.random.Generator:
        return self._key.generator(of_trial(owner, self.trial), "noise")

    def reset(self) -> None:
        """Go back to step 0 and the initial state, with the same wiring, and stimuli and noise drawn anew."""
        self.trial += 1
        with self._timed("draw"):
            self.instance = redrawn(self.instance, self._key, self.trial)
        self.start()

    def advance(self, steps: int) -> dict[int, Spikes]:
        """Simulate a number of steps; return what the sources emitted."""
        self._hold()
        parts, stop = [], self.steps + steps
        while self.steps < stop:
            ends = [(self.steps // w.period + 1) * w.period for w in self._weighed]
            parts.append(self._run(min([stop, *ends]) - self.steps))
            for weighing in self._weighed:
                if self.steps % weighing.period == 0:
                    self._weights[weighing].append(self._simulator.weights(weighing.projection).copy())
        if len(parts) < 2:
            return parts[0] if parts else {}
        return {i: Spikes.joined([p[i] for p in parts]) for i in self._stimuli}

    def _run(self, steps: int) -> dict[int, Spikes]:
        start, stop = self.steps, self.steps + steps
        with self._timed("draw"):
            stimuli = {i: s.emit(start, stop) for i, s in self._stimuli.items()}
            currents = {i: c.until(start, stop + self._simulator.ahead) for i, c in enumerate(self._courses)}
        with self._timed("run"):
            self._simulator.run(steps, stimuli, currents)
        self.steps = stop
        with self._timed("read"):
            self._read(stimuli)
        return stimuli

    def _hold(self) -> None:
        if self._simulator.built is not self.instance:
            raise RuntimeError(
                f"{self._simulator.name} holds one network at a time in a process, and another one was "
                "compiled since; simulate them one after the other, or with parallel_run"
            )

    def _read(self, stimuli: dict[int, Spikes]) -> None:
        for i, spikes in stimuli.items():
            if self._populations[i].name in self._listened:
                self._spikes[i].append(spikes)
        for i in self.instance.spikes:
            self._spikes[i].append(self._simulator.spikes(i))
        for trace in self.instance.traces:
            self._traces[trace].append(self._simulator.trace(trace))

    def place(self, population: Population) -> int:
        """Return the place of a population in the Instance."""
        return self._places[population.name]

    def spikes(self, place: int) -> Spikes:
        """Return all recorded spikes of a population."""
        self._spikes[place] = [Spikes.joined(self._spikes[place])]
        return self._spikes[place][0]

    def weighing(self, monitor: Monitor) -> Weighing:
        """Return what a monitor of weights records."""
        return _weighing(monitor, self._network)

    def last_spikes(self, place: int) -> Spikes:
        """Return the spikes of a population that were recorded in the last advance."""
        return self._spikes[place][-1] if self._spikes[place] else Spikes.none()

    def trace(self, trace: Trace) -> Floats:
        """Return all samples of a variable, shape (samples, neurons of the trace)."""
        width = trace.width(self.instance.populations[trace.population].size)
        self._traces[trace] = [np.concatenate([*self._traces[trace], np.empty((0, width))])]
        return self._traces[trace][0]

    def recorded_weights(self, weighing: Weighing) -> Floats:
        """Return all samples of weights, shape (samples, synapses)."""
        size = len(self.instance.projections[weighing.projection].sources)
        return np.concatenate([np.empty((0, size)), *(w[None] for w in self._weights[weighing])])

    def weights(self, projection: int) -> Floats:
        """Return present weights, shape (synapses,)."""
        synapses = self.instance.projections[projection]
        if synapses.kind == "StaticSynapse":
            return synapses.weights
        self._hold()
        return self._simulator.weights(projection)

    def get(self, place: int, name: str) -> Floats:
        """Return present values of a parameter or a state variable, shape (neurons,)."""
        self._hold()
        cells = self.instance.populations[place]
        if isinstance(cells, Cells):
            if name in cells.parameters:
                return cells.parameters[name].copy()
            return self._simulator.get(place, name)
        stimulus = self._stimuli[place]
        assert isinstance(stimulus, PoissonSpikes)  # a population answers for given spikes itself
        return stimulus.values[name].copy()

    def set(self, place: int, name: str, value: Any) -> None:
        """Set a parsed value from the present step on."""
        self._hold()
        population, cells = self._populations[place], self.instance.populations[place]
        stimulus = self._stimuli.get(place)
        dt = self.instance.dt
        if isinstance(stimulus, GivenSpikes):
            check_trains(population.name, value, dt)
            refuse_passed(population.name, value, population.given("spike_times"), dt, self.steps)
            if SIMULTANEOUS not in self._simulator.features:
                refuse_simultaneous(population.name, value, dt)
            self._stimuli[place] = GivenSpikes(value, dt)
            return
        purpose = f"{name} at {self.steps} of trial {self.trial}" if self.steps or self.trial else name
        values = parameter(population, name, value, self._key, purpose)
        if isinstance(stimulus, PoissonSpikes):
            if name == "rates":
                warn_if_crowded(population.name, float(values.max()), dt)
            stimulus.set(name, values, self.steps)
        elif isinstance(cells, Cells):
            self._simulator.set(place, name, values)
            if name in cells.parameters:
                cells.parameters[name] = values


class _Timed:
    """Adds the seconds that pass within it to those of a phase."""

    __slots__ = ("_begin", "_clock", "_phase", "_timings")  # it is entered many times in each network

    def __init__(self, clock: Callable[[], float], timings: Timings, phase: str) -> None:
        self._clock, self._timings, self._phase = clock, timings, phase

    def __enter__(self) -> None:
        self._begin = self._clock()

    def __exit__(self, *error: object) -> None:
        spent = self._clock() - self._begin
        setattr(self._timings, self._phase, getattr(self._timings, self._phase) + spent)
