"""Brian2 (Stimberg, Brette & Goodman 2019, doi:10.7554/eLife.47314) as a simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from workers.instance import Cells, Floats, Instance, Sources, Spikes, Synapses, Trace
from workers.simulators.base import AT_ARRIVAL, NO_CURRENTS, Simulator
from workers.simulators.brian2.cells import BrianCells, BrianSources
from workers.simulators.brian2.code import Call
from workers.simulators.brian2.direct import DirectSynapses
from workers.simulators.brian2.functions import functions
from workers.simulators.brian2.groups import Groups, Toolbox, array
from workers.simulators.brian2.inputs import BrianBackground, injector
from workers.simulators.brian2.recorders import SpikeRecorder, TraceRecorder
from workers.simulators.brian2.setup import clock_of, code_class, imported, quiet, set_preferences
from workers.simulators.brian2.synapse_equations import EquationSynapses
from workers.simulators.brian2.synapses import BrianSynapses, projected
from workers.simulators.updates.models import MODELS
from workers.simulators.updates.synapses import KINDS


class Brian2(Simulator):
    """Brian2, with compiled code where there is a C++ compiler and with numpy where there is none.

    The parts of a network are Brian2's; the loop over the steps is ours: `brian2.Network.run` generates all
    code anew on every call, which costs more than a short run, and forgets spikes of a run's last step.
    Objects are named by what they are and not by their place, so that a model is compiled once for all
    networks.

    Parameters
    ----------
    target : {"cython", "numpy"}, optional
        How the code is run; both give the same results.
    """

    name: ClassVar[str] = "brian2"
    module: ClassVar[str] = "brian2"
    install: ClassVar[str] = "pip install brian2"
    models: ClassVar[frozenset[str]] = frozenset(MODELS)
    fuses: ClassVar[int] = 20_000
    starts: ClassVar[float] = 20.0
    keyed: ClassVar[bool] = True
    features: frozenset[str] = frozenset(KINDS) - {"StaticSynapse"} | {
        "Injection",
        "Neuron",
        "PoissonInput",
        "Synapse",
        "noise in equations",
        AT_ARRIVAL,
    }

    def __init__(self, target: str | None = None) -> None:
        self._brian = imported()
        set_preferences(self._brian)
        with quiet():
            self._code = code_class(target)
            self._functions = functions(self._brian)
            self._steps = clock_of(self._brian)
        self._clock = array(self._steps, "timestep")
        self._groups: Groups = {}

    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""
        with quiet():
            self._build(instance)

    def _build(self, instance: Instance) -> None:
        self._step, self._instance = 0, instance
        self._clock[0] = 0
        tools = Toolbox(self._brian, self._steps, self._code, self._functions, instance.dt, self._groups)
        self._populations = [self._population(p, tools) for p in instance.populations]
        self._synapses = [self._projection(s, tools) for s in instance.projections]
        backgrounds = [BrianBackground(tools, b, self._cells(b.population)) for b in instance.backgrounds]
        synapses = [s for s in self._synapses if s is not None]
        self._spikes = {i: SpikeRecorder(self._cells(i)) for i in instance.spikes}
        self._traces = {t: TraceRecorder(self._cells(t.population), t) for t in instance.traces}
        cells = [p for p in self._populations if isinstance(p, BrianCells)]
        updates = [call for c in cells for call in c.update]
        deliveries = [call for s in synapses for call in s.deliveries] + [b.deliver for b in backgrounds]
        own = [call for s in synapses for call in s.updates]  # of the values before the step, as the neurons'
        self._calls: list[Call] = [*own, *updates, *deliveries, *(c.threshold for c in cells)]
        self._after: list[Call] = [call for s in synapses for call in s.learning]
        self._after += [c.reset for c in cells]
        self._groups = tools.used

    def _population(self, population: Cells | Sources, tools: Toolbox) -> BrianCells | BrianSources:
        if isinstance(population, Cells):
            return BrianCells(tools, population)
        return BrianSources(tools, population)

    def _projection(self, synapses: Synapses, tools: Toolbox) -> BrianSynapses | DirectSynapses | None:
        if not synapses.sources.size:
            return None
        pre, post = self._populations[synapses.pre], self._cells(synapses.post)
        if synapses.equations is not None:
            return EquationSynapses(tools, synapses, pre, post)
        return projected(tools, synapses, pre.group, post)

    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        """Advance by `steps`, with these spikes of the sources and these currents."""
        first, last = self._step + 1, self._step + steps
        sources = [(i, p) for i, p in enumerate(self._populations) if isinstance(p, BrianSources)]
        emits = [p.emitter(stimuli.get(i, Spikes.none()), first, last) for i, p in sources]
        injections = self._injections(currents, first, last)
        recorders: list[SpikeRecorder | TraceRecorder] = [*self._spikes.values(), *self._traces.values()]
        for recorder in recorders:
            recorder.start(first, last)
        for step in range(first, last + 1):
            self._clock[0] = step
            for inject in injections:
                inject(step)
            for call in self._calls:
                call()
            for emit in emits:
                emit(step)
            for call in self._after:
                call()
            for recorder in recorders:
                recorder.sample(step)
        self._step = last

    def _injections(
        self, currents: Mapping[int, Floats], first: int, last: int
    ) -> list[Callable[[int], None]]:
        known = self._instance.currents
        return [
            injector(
                self._cells(place),
                [(known[i], course) for i, course in currents.items() if known[i].population == place],
                last + 1 - first,
                first,
            )
            for place in sorted({c.population for c in known})
        ]

    def spikes(self, population: int) -> Spikes:
        """Spikes of a recorded population during the last run, with absolute steps."""
        return self._spikes[population].spikes().only(self._instance.spikes_of.get(population))

    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons of the trace)."""
        return self._traces[trace].samples

    def get(self, population: int, variable: str) -> Floats:
        """Present values of a state variable, shape (neurons,)."""
        return self._cells(population).get(variable)

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, shape (synapses,)."""
        synapses = self._synapses[projection]
        return self._instance.projections[projection].weights if synapses is None else synapses.weights

    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter or a state variable of every neuron."""
        self._cells(population).set(name, values)

    def _cells(self, population: int) -> BrianCells:
        cells = self._populations[population]
        if not isinstance(cells, BrianCells):
            raise ValueError(f"population {population} has no neurons, only told spikes")
        return cells
