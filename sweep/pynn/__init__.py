"""A PyNN simulator that records: ``import sweep.pynn as sim`` in place of ``import pyNN.nest as sim``.

The script runs as it is, on NEST if nothing else is said. What it has described is besides a network like any
other: ``net = sim.network()``, and then ``parallel_run(method, networks=net, number=100)`` on any simulator.

What is random follows from the network's seed and index, by the redraw contract: a RandomDistribution, the
connectors, Poisson sources and noise are drawn anew in each network of a sweep, also where the script gave an
explicit ``NumpyRNG(seed)``; the generator is not used. What the script draws itself, by calling ``next`` of a
distribution or a generator, by ``sample``, by a random set for a CSAConnector, or by placing neurons with a
RandomStructure, is part of the description, and the same in every network.

Where nothing is random, scripts give the spikes and traces of pyNN.nest, but for what lies in its ways:

- All spikes are at the ends of steps, as with its ``setup(spike_precision="on_grid")``; its default is
  "off_grid". Those of a SpikeSourceArray that lie between two steps are moved up to the later one, as there.
  (Our own SpikeSourceArray moves them to the nearest step.)
- What is set between two runs acts from then on. pyNN.nest has run on by its least delay, and is late by it.
- With ``min_delay="auto"``, spikes of sources come too late in pyNN.nest, by the network's least delay less a
  step.
- Plastic weights are read as they are now; pyNN.nest gives those of the last spike of their source.
- TsodyksMarkramSynapse is a little different: see `workers.network.synapses`.
"""

from importlib import import_module
from typing import Any

from pyNN import errors, random, space
from pyNN.connectors import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedProbabilityConnector,
    FixedTotalNumberConnector,
    FromFileConnector,
    FromListConnector,
    IndexBasedProbabilityConnector,
    OneToOneConnector,
    SmallWorldConnector,
)
from pyNN.parameters import Sequence
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.space import Space
from pyNN.standardmodels import StandardModelType

from sweep.pynn.cells import CELLS
from sweep.pynn.control import (
    connect,
    end,
    get_current_time,
    get_max_delay,
    get_min_delay,
    get_time_step,
    initialize,
    list_standard_models,
    network,
    num_processes,
    rank,
    record,
    reset,
    run,
    run_for,
    run_until,
    set,  # noqa: A004, PyNN's name
    setup,
)
from sweep.pynn.electrodes import ACSource, DCSource, NoisyCurrentSource, StepCurrentSource
from sweep.pynn.populations import Assembly, Population, PopulationView, create
from sweep.pynn.projections import Projection
from sweep.pynn.refusal import NotCoveredError, missing
from sweep.pynn.state import state
from sweep.pynn.synapses import (
    AdditiveWeightDependence,
    MultiplicativeWeightDependence,
    SpikePairRule,
    StaticSynapse,
    STDPMechanism,
    TsodyksMarkramSynapse,
)
from sweep.pynn.values import NativeRNG

globals().update(CELLS)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"sweep.pynn does not cover {name}, which PyNN may have for one simulator or more")


COVERED = [*CELLS, "StaticSynapse", "TsodyksMarkramSynapse", "STDPMechanism"]
for _module in ("cells", "ion_channels", "receptors", "synapses"):
    for _name, _model in vars(import_module(f"pyNN.standardmodels.{_module}")).items():
        if isinstance(_model, type) and issubclass(_model, StandardModelType):
            globals().setdefault(_name, missing(_name, f"those covered are {', '.join(COVERED)}"))

__all__ = [
    *CELLS,
    "ACSource",
    "AdditiveWeightDependence",
    "AllToAllConnector",
    "ArrayConnector",
    "Assembly",
    "CSAConnector",
    "CloneConnector",
    "DCSource",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "GSLRNG",
    "IndexBasedProbabilityConnector",
    "MultiplicativeWeightDependence",
    "NativeRNG",
    "NoisyCurrentSource",
    "NotCoveredError",
    "NumpyRNG",
    "OneToOneConnector",
    "Population",
    "PopulationView",
    "Projection",
    "RandomDistribution",
    "STDPMechanism",
    "Sequence",
    "SmallWorldConnector",
    "Space",
    "SpikePairRule",
    "StaticSynapse",
    "StepCurrentSource",
    "TsodyksMarkramSynapse",
    "connect",
    "create",
    "end",
    "errors",
    "get_current_time",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "list_standard_models",
    "network",
    "num_processes",
    "random",
    "rank",
    "record",
    "reset",
    "run",
    "run_for",
    "run_until",
    "set",
    "setup",
    "space",
    "state",
]
