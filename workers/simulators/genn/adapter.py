"""GeNN (Yavuz, Turner & Nowotny 2016, doi:10.1038/srep18854), through its own Python interface."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from workers.instance import Cells, Floats, Instance, Sources, Spikes, Trace
from workers.simulators.base import NO_CURRENTS, Simulator
from workers.simulators.genn import cache, inputs
from workers.simulators.genn.parts import GennCells, GennSources, SpikeReader
from workers.simulators.genn.plan import Plan, plan_of
from workers.simulators.genn.synapse_equations import EquationSynapses
from workers.simulators.genn.synapses import GennSynapses
from workers.simulators.updates.equations import model as equation_model
from workers.simulators.updates.equations import noise_words
from workers.simulators.updates.model import Model, check
from workers.simulators.updates.models import MODELS
from workers.simulators.updates.synapses import KINDS

_KEPT = 16  # models that stay prepared in this process
_SPARE = 4  # how many times as many neurons code may be made for that serves a network for good
_LENT = 8  # how often code for more serves one until that gets its own


class Genn(Simulator):
    """GeNN on a CPU; or on a GPU, where there is one and GeNN has CUDA, but on a GPU it has never been run.

    Networks of one structure share their compiled code: all that may differ between them is a value in it.
    A GPU adds what arrives together in any order: there, runs of one network may differ in last bits.

    Parameters
    ----------
    backend : str, optional
        "single_threaded_cpu" or "cuda"; the fastest that can run here if not given.
    """

    name: ClassVar[str] = "genn"
    module: ClassVar[str] = "pygenn"
    install: ClassVar[str] = "not on PyPI; see https://github.com/genn-team/genn#installation"
    models: ClassVar[frozenset[str]] = frozenset(MODELS)
    features: frozenset[str] = frozenset(KINDS) - {"StaticSynapse"} | {
        "Injection",
        "Neuron",
        "PoissonInput",
        "Synapse",
        "noise in equations",
    }
    fuses: ClassVar[int] = 20_000
    keyed: ClassVar[bool] = True

    _prepared: ClassVar[dict[tuple[str, str, Plan], Any]] = {}
    _lent: ClassVar[Counter[tuple[str, Plan]]] = Counter()
    _model: Any
    _holder: ClassVar[Genn | None] = None  # two loaded in one process would corrupt each other

    def __init__(self, backend: str | None = None) -> None:
        self._genn = cache.imported()
        self._backend = backend or cache.backends()[0]

    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""
        self._instance, self._step = instance, 0
        cells = {i: p for i, p in enumerate(instance.populations) if isinstance(p, Cells)}
        models = {i: _model(p) for i, p in cells.items()}
        constants = {i: _constants(p, models[i], instance.dt) for i, p in cells.items()}
        plan, model = self._prepare(plan_of(instance, models, constants))
        self._piece = plan.piece
        self._cells = {
            i: GennCells(p, models[i], constants[i], _words(instance, i, models[i]), instance.dt)
            for i, p in cells.items()
        }
        self._sources = {
            i: GennSources(p, plan.populations[i].size, plan.piece)
            for i, p in enumerate(instance.populations)
            if isinstance(p, Sources)
        }
        self._readers = {
            i: SpikeReader(cells[i].size, plan.populations[i].size, plan.piece) for i in instance.spikes
        }
        self._traces: dict[Trace, list[Floats]] = {}
        self._load(plan, model)

    def _load(self, plan: Plan, model: Any) -> None:
        if Genn._holder is not None:
            Genn._holder._model.unload()
            Genn._holder = None
        self._model = model
        model.load(num_recording_timesteps=plan.piece)
        Genn._holder = self
        for i, sources in self._sources.items():
            sources.attach(_group(model, i))
        for i, cells in self._cells.items():
            cells.attach(_group(model, i))
        for i, reader in self._readers.items():
            reader.attach(model._runtime, _group(model, i))
        self._synapses = [
            (GennSynapses if synapses.equations is None else EquationSynapses)(
                model.synapse_populations[f"projection{i}"], synapses, plan.projections[i]
            )
            for i, synapses in enumerate(self._instance.projections)
        ]
        if any(p.transposed for p in plan.projections):
            model._runtime.initialize_sparse()  # finds the synapses of each target, and clears all values
        for synapses in self._synapses:
            synapses.write(self._instance.dt)

    def _prepare(self, plan: Plan) -> tuple[Plan, Any]:
        """Return a model whose code serves a network, and the plan that it was made for."""
        known, shelf = self._prepared, cache.Shelf(plan.family, self._backend)
        ready = (p for backend, family, p in known if (backend, family) == (self._backend, plan.family))
        chosen = self._fitting(plan, ready) or self._fitting(plan, map(plan.sized, shelf.sizes()))
        if chosen is None:
            with shelf.alone():
                chosen = self._fitting(plan, map(plan.sized, shelf.sizes()))
                if chosen is None:
                    chosen = plan.roomy()
                    shelf.add(chosen.sizes, lambda at: self._make(plan.roomy()).build(at))
        key = self._backend, plan.family, chosen
        model = known.pop(key, None)
        if model is None:
            model = self._make(chosen)
            model.build(str(shelf.place(chosen.sizes)), never_rebuild=True)
        known[key] = model
        while len(known) > _KEPT:
            del known[next(iter(known))]
        return chosen, model

    def _fitting(self, plan: Plan, compiled: Iterable[Plan]) -> Plan | None:
        """Choose of compiled code what serves a network, with the least to spare.

        Code for many more neurons takes longer to run, but less long than compiling, unless it is used often.
        """
        chosen = min((p for p in compiled if p.fits(plan)), key=lambda p: p.neurons, default=None)
        if chosen is not None and chosen.neurons > _SPARE * plan.neurons:
            key = self._backend, plan
            if self._lent[key] >= _LENT:
                return None
            self._lent[key] += 1
        return chosen

    def _make(self, plan: Plan) -> Any:
        return plan.model(self._genn, self._backend)

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        """Advance by `steps`, with these spikes of the sources and these currents."""
        if Genn._holder is not self:
            raise RuntimeError("simulator 'genn' holds another network by now")
        first, last = self._step + 1, self._step + steps
        for place, course in currents.items():
            check(self._instance.currents[place].name, course)
        self._traces = {t: [] for t in self._instance.traces}
        for start in range(first, last + 1, self._piece):
            stop = min(last, start + self._piece - 1)
            for i, sources in self._sources.items():
                sources.tell(stimuli.get(i, Spikes.none()), start, stop)
            for step in range(start, stop + 1):
                self._advance(step, self._injected(currents, step - first) if currents else {})
            for reader in self._readers.values():
                reader.read(start, stop)
        self._step = last

    def _advance(self, step: int, injected: Mapping[int, Floats]) -> None:
        for population, total in injected.items():
            self._cells[population].inject(total)
        self._model.step_time()
        for trace, samples in self._traces.items():
            if step % trace.period == 0:
                samples.append(self._cells[trace.population].get(trace.variable)[trace.chosen])

    def _injected(self, currents: Mapping[int, Floats], row: int) -> dict[int, Floats]:
        """Return the whole current of each neuron of the populations that get some, in nA."""
        totals: dict[int, Floats] = {}
        for place, course in currents.items():
            current = self._instance.currents[place]
            if current.population not in totals:
                totals[current.population] = self._cells[current.population].offset.copy()
            np.add.at(totals[current.population], current.ranks, course[row])
        return totals

    def spikes(self, population: int) -> Spikes:
        """Spikes of a recorded population during the last run, with absolute steps."""
        return self._readers[population].spikes().only(self._instance.spikes_of.get(population))

    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons of the trace)."""
        samples, width = self._traces[trace], trace.width(self._cells[trace.population].size)
        return np.array(samples).reshape(len(samples), width)

    def get(self, population: int, variable: str) -> Floats:
        """Present values of a state variable, shape (neurons,)."""
        return self._cells[population].get(variable)

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, shape (synapses,)."""
        return self._synapses[projection].weights(self._step)

    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter or a state variable of every neuron."""
        self._cells[population].set(name, values)


def _group(model: Any, place: int) -> Any:
    return model.neuron_populations[f"population{place}"]


def _model(cells: Cells) -> Model:
    return MODELS[cells.model] if cells.equations is None else equation_model(cells.equations)


def _words(instance: Instance, place: int, model: Model) -> dict[str, NDArray[Any]]:
    """Return what a population draws its noise and its background from."""
    cells = instance.populations[place]
    assert isinstance(cells, Cells)
    return {**noise_words(cells, model.draws), **inputs.values(instance, place)}


def _constants(cells: Cells, model: Model, dt: float) -> dict[str, Floats]:
    for name, values in cells.parameters.items():
        check(name, values)
    return model.constants(cells.parameters, dt)
