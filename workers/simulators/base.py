"""What every simulator must do, and nothing more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType
from typing import ClassVar

from workers.instance import Floats, Instance, Spikes, Trace
from workers.network import Description

AT_ARRIVAL = "variables of neurons in pre_spike"
SIMULTANEOUS = "several spikes of a source in one step"
NO_CURRENTS: Mapping[int, Floats] = MappingProxyType({})


class Simulator(ABC):
    """One simulator in this process, running one network at a time.

    A package of anybody's makes its adapter known by an entry point, in its pyproject.toml::

        [project.entry-points."sweep.simulators"]
        mysim = "mypackage.adapter:MySim"

    and tests it by a subclass of `workers.testing.SimulatorSuite`. An adapter's module must import without
    the simulator: the simulator itself is imported by `__init__`, in the process and the thread that use it.

    The meanings every adapter keeps:

    - Step k covers the time from (k-1) dt to k dt. A recorded value of step k is the state at its end, and
      a neuron that crosses its threshold in it fires at step k.
    - A spike of step k through a delay of d steps adds its weight to the receptor's variable at the end of
      step k + d: a recording of that variable shows it there.
    - A neuron with a refractory period fires at the earliest ceil(tau_refrac / dt) + 1 steps after a spike.
    """

    name: ClassVar[str]
    """The name people give it, such as "nest"."""

    module: ClassVar[str]
    """The Python package that must be importable for it."""

    install: ClassVar[str]
    """What to type to get that package."""

    models: ClassVar[frozenset[str]]
    """The names of the models of cells that it has."""

    longest: ClassVar[Mapping[str, float]] = MappingProxyType({})
    """The longest dt in ms for those models that it gets wrong with longer ones."""

    features: frozenset[str] = frozenset()
    """What else it has: kinds of synapses besides "StaticSynapse", "Injection", "PoissonInput", "Neuron" for
    models in equations, "noise in equations", "Synapse" for synapses in equations, `AT_ARRIVAL`,
    `SIMULTANEOUS`."""

    fuses: ClassVar[int] = 0
    """How many neurons it best simulates at once; 0 where fusing small networks does not pay."""

    starts: ClassVar[float] = 10.0
    """About how many seconds pass before its first network runs, where nothing has been compiled before."""

    keyed: ClassVar[bool] = False
    """Whether it draws each neuron's PoissonInput from that neuron's key alone, as `workers.simulators.keyed`
    does, so that it can be fused."""

    ahead: int = 0
    """For how many steps after a run it must be told the currents already."""

    lifetime: ClassVar[int | None] = None
    """How many networks a process may run before a fresh one takes its place; None for any number."""

    built: Instance | None = None
    """The network it holds; kept by the Session."""

    @classmethod  # noqa: B027 - most have nothing to add
    def check(cls, network: Description) -> None:
        """Raise ValueError if it cannot take a network, for reasons that `models`, `features` do not tell.

        Called before anything runs, in processes that do not import the simulator itself. The message should
        name the object, what is wrong, and what to do instead.
        """

    def clock(self) -> float:
        """Return seconds that pass, for timings."""
        return perf_counter()

    @abstractmethod
    def build(self, instance: Instance) -> None:
        """Make this network, at step 0, in place of any other."""

    @abstractmethod
    def run(
        self, steps: int, stimuli: Mapping[int, Spikes], currents: Mapping[int, Floats] = NO_CURRENTS
    ) -> None:
        """Advance by `steps`.

        Parameters
        ----------
        steps : int
        stimuli : dict of int to Spikes
            The spikes of each population of Sources in these steps, by its place; the steps are absolute,
            counted from the start of the network and not of this run.
        currents : dict of int to array, shape (steps + ahead,) or (steps + ahead, neurons)
            The course of each Current in nA, by its place: its value in each step, the same for all of its
            neurons or one for each; and in the steps of the next run of which it must be told already.
        """

    @abstractmethod
    def spikes(self, population: int) -> Spikes:
        """Spikes of a recorded population during the last run, with absolute steps.

        Of the neurons in the instance's `spikes_of`, where it names the population. It is asked for exactly
        once after each run.
        """

    @abstractmethod
    def trace(self, trace: Trace) -> Floats:
        """Samples taken during the last run: shape (samples, neurons of the trace).

        Sampled are the steps that are a multiple of the trace's period, counted from the network's start.
        Each trace is asked for exactly once after each run.
        """

    @abstractmethod
    def get(self, population: int, variable: str) -> Floats:
        """Present values of a state variable, shape (neurons,)."""

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, shape (synapses,), as magnitudes in the unit of the model."""
        assert self.built is not None
        return self.built.projections[projection].weights

    @abstractmethod
    def set(self, population: int, name: str, values: Floats) -> None:
        """Set a parameter or a state variable of every neuron; `values` has shape (neurons,)."""
