"""Simulators that are reached through PyNN (Davison et al. 2009, Frontiers in Neuroinformatics 2:11)."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import gcd
from typing import Any, ClassVar

import numpy as np

from workers.instance import (
    Cells,
    Floats,
    Instance,
    Ints,
    Ranks,
    Sources,
    Spikes,
    Synapses,
    Trace,
    places,
    some,
    united,
)
from workers.simulators.base import NO_CURRENTS, Simulator

RECEPTORS = {"exc": "excitatory", "inh": "inhibitory"}
TOGETHER = ("cm", "tau_m")  # of both backends make a conductance; given one, some take an older other one


class Pynn(Simulator):
    """A backend of PyNN, through what all of PyNN's backends have.

    Its populations are made of PyNN's own models, which carry our names and units. All values are given when
    a population or a projection is made: set afterwards, PyNN would loop over neurons or synapses once more.

    PyNN tells a state only where it is recorded, and sets one only before the first run. Injected currents,
    background and plastic synapses are not claimed: a backend that has them in our meaning adds them.
    """

    backend: ClassVar[str]
    """The name of the module in PyNN, such as "neuron"."""

    options: ClassVar[Mapping[str, Any]] = {}
    """What this backend's `setup` is given besides."""

    resumes: ClassVar[bool] = False
    """Whether spikes of sources and parameters that are given between two runs act from the next step on. In
    pyNN.nest 0.13 they come one or two steps late, and in pyNN.neuron such spikes are lost, silently."""

    def __init__(self) -> None:
        with quiet():
            self._sim = importlib.import_module(f"pyNN.{self.backend}")

    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""
        self._instance, self._step, dt = instance, 0, instance.dt
        self._known = [_values(p) for p in instance.populations]
        longest = max([1, *(int(s.delays.max()) for s in instance.projections if s.delays.size)])
        self._sim.setup(timestep=dt, min_delay=dt, max_delay=longest * dt, **self.options)
        self._populations = [self._population(p) for p in instance.populations]
        self._projections = [self._project(s) for s in instance.projections]
        self._record()

    def _population(self, population: Cells | Sources) -> Any:
        if isinstance(population, Sources):
            model, state = self._sim.SpikeSourceArray(spike_times=[]), {}
        else:
            parameters = {n: simplest(v) for n, v in self._parameters(population).items()}
            model = getattr(self._sim, population.model)(**parameters)
            state = {n: simplest(v) for n, v in population.state.items()}
        return self._sim.Population(
            population.size, model, initial_values=self._initial(state), label=population.name
        )

    def _parameters(self, cells: Cells) -> Mapping[str, Floats]:
        """Return the parameters as this backend is to have them."""
        return cells.parameters

    def _initial(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the initial state as this backend is to have it."""
        return state

    def _project(self, synapses: Synapses) -> Any:
        """Make the synapses of one projection."""
        columns = (
            synapses.sources.tolist(),
            synapses.targets.tolist(),
            (synapses.weights * self._sign(synapses.post, synapses.receptor)).tolist(),
            (synapses.delays * self._instance.dt).tolist(),
        )
        return self._sim.Projection(
            self._populations[synapses.pre],
            self._populations[synapses.post],
            self._sim.FromListConnector(list(zip(*columns, strict=True))),
            self._sim.StaticSynapse(),
            receptor_type=RECEPTORS[synapses.receptor],
            label=synapses.name,
        )

    def _sign(self, population: int, receptor: str) -> float:
        """Return the sign of PyNN's weights: conductances are positive, currents that inhibit are not."""
        return -1.0 if receptor == "inh" and "_cond_" not in self._cells(population).model else 1.0

    def _record(self) -> None:
        """Record what the instance says: PyNN has one sampling interval for each population."""
        self._periods: dict[int, int] = {}
        self._recorded: dict[tuple[int, str], Ranks] = {}
        for population in self._instance.spikes:
            some(self._populations[population], self._instance.spikes_of.get(population)).record("spikes")
        for population in {t.population for t in self._instance.traces}:
            traces = [t for t in self._instance.traces if t.population == population]
            self._periods[population] = period = gcd(*(t.period for t in traces))
            names = sorted({t.variable for t in traces})
            lacking = [n for n in names if not self._populations[population].can_record(n)]
            if lacking:
                raise self._cannot(population, f"cannot record {', '.join(lacking)}")
            for name in names:
                ranks = united(t.ranks for t in traces if t.variable == name)
                neurons = some(self._populations[population], ranks)
                neurons.record(name, sampling_interval=period * self._instance.dt)
                self._recorded[population, name] = ranks

    def _cells(self, population: int) -> Cells:
        cells = self._instance.populations[population]
        assert isinstance(cells, Cells)
        return cells

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        """Advance by `steps`, with these spikes of the sources."""
        for population, spikes in stimuli.items():
            if spikes.steps.size and not self.resumes:
                self._refuse_later(population, "takes spikes of sources")
            self._populations[population].set(spike_times=self._trains(population, spikes))
        self._start, self._step = self._step, self._step + steps
        self._sim.run(steps * self._instance.dt)
        recorded = {*self._instance.spikes, *self._periods}
        # All since the start: told to clear it, pyNN.nest loses track of what a short run has recorded.
        self._segments = {i: self._populations[i].get_data().segments[-1] for i in recorded}

    def _refuse_later(self, population: int, what: str) -> None:
        if self._step:
            raise self._cannot(population, f"{what} before the first run only: simulate in one call")

    def _cannot(self, population: int, what: str) -> ValueError:
        name = self._instance.populations[population].name
        return ValueError(f"population {name}: simulator {self.name!r} {what}")

    def _trains(self, population: int, spikes: Spikes) -> list[Any]:
        order, size = np.argsort(spikes.ranks, kind="stable"), self._instance.populations[population].size
        ends = np.searchsorted(spikes.ranks[order], np.arange(1, size))
        trains = np.split(self._times(spikes.steps[order]), ends)
        return [self._sim.Sequence(train) for train in trains]

    def _times(self, steps: Ints) -> Floats:
        """Return times in ms as this backend is to have them, to find the same steps."""
        return np.round(steps * self._instance.dt, 9)

    def spikes(self, population: int) -> Spikes:
        """Spikes of a recorded population during the last run, with absolute steps."""
        trains = self._segments[population].spiketrains
        ranks = np.repeat([int(t.annotations["source_index"]) for t in trains], [len(t) for t in trains])
        steps = np.concatenate([np.empty(0), *map(np.asarray, trains)]) / self._instance.dt
        found = Spikes.in_order(np.rint(steps).astype(np.int64), ranks)
        new = found.steps > self._start
        return Spikes(found.steps[new], found.ranks[new])

    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons of the trace)."""
        steps, samples = self._sampled(trace.population, trace.variable)
        among = self._recorded[trace.population, trace.variable]
        due: Floats = samples[steps % trace.period == 0][:, places(trace.ranks, among)]
        return due

    def _sampled(self, population: int, variable: str) -> tuple[Ints, Floats]:
        """Return the samples of the last run, and their steps."""
        period = self._periods[population]
        samples: Floats = np.asarray(self._segments[population].filter(name=variable)[0], np.float64)
        due = np.arange(self._start // period + 1, self._step // period + 1)
        if len(samples) != self._step // period + 1:  # with that of step 0
            raise RuntimeError(f"{self._cannot(population, f'gave {len(samples)} samples of {variable}')}")
        return due * period, samples[due]

    def get(self, population: int, variable: str) -> Floats:
        """Present values of a state variable that is recorded, shape (neurons,)."""
        if not self._step:
            return self._known[population][variable].copy()
        whole = self._recorded.get((population, variable), ()) is None
        if not whole or self._step % self._periods[population]:
            raise self._cannot(
                population,
                f"knows {variable} only at the times at which it is recorded; add a Monitor of it with a "
                f"period of {self._instance.dt:g} ms",
            )
        _, samples = self._sampled(population, variable)
        return np.array(samples[-1])

    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter of every neuron, or before the first run a state variable."""
        known, parameters = self._known[population], self._cells(population).parameters
        if not (self.resumes and name in parameters):
            self._refuse_later(population, f"sets {name}")
        known[name] = values
        if name in parameters:
            together = parameters.keys() & TOGETHER if name in TOGETHER else {name}
            self._populations[population].set(**{n: simplest(known[n]) for n in sorted(together)})
        else:
            self._populations[population].initialize(**self._initial({name: simplest(values)}))


def _values(population: Cells | Sources) -> dict[str, Floats]:
    """Return the parameters of neurons and their state at step 0."""
    return {**population.parameters, **population.state} if isinstance(population, Cells) else {}


def simplest(values: Floats) -> float | Floats:
    """Return one number where all neurons have the same, which PyNN handles faster."""
    return float(values[0]) if values.size and np.all(values == values[0]) else values


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what PyNN says on import, of MPI, of CMake and of mechanisms that are loaded, from the person."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
