"""The functions of a PyNN script that set up, run and end a simulation."""

from __future__ import annotations

from typing import Any

from pyNN import common
from pyNN.common import Assembly, BasePopulation, build_connect, build_record
from pyNN.connectors import FixedProbabilityConnector
from pyNN.recording import get_io

from sweep.pynn import state as simulator
from sweep.pynn.cells import CELLS
from sweep.pynn.projections import Projection
from sweep.pynn.refusal import NotCoveredError
from sweep.pynn.state import SEED, state
from sweep.pynn.synapses import StaticSynapse
from workers.live import Network

_queries = common.build_state_queries(simulator)
get_current_time, get_time_step, get_min_delay, get_max_delay, num_processes, rank = _queries
run, run_until = common.build_run(simulator)
run_for = run
initialize = common.initialize
connect = build_connect(Projection, FixedProbabilityConnector, StaticSynapse)
record = build_record(simulator)
_reset = common.build_reset(simulator)


def setup(
    timestep: float = 0.1,
    min_delay: Any = "auto",
    *,
    rng_seed: int = SEED,
    simulator: str | None = None,
    **extra: Any,
) -> int:
    """Begin a new script, with an empty network.

    Parameters
    ----------
    timestep : float
        The length of a step in ms.
    min_delay : float or "auto"
        In ms; a delay that is not given is this, or one step.
    rng_seed : int
        What all that is random follows from, where the script itself runs.
    simulator : str, optional
        What `run` runs on: "nest" if not given, or what ``sweep run --simulator`` says.
    **extra
        max_delay, and options for other simulators of PyNN, which are let pass.
    """
    max_delay = extra.pop("max_delay", "auto")
    if extra.get("spike_precision") == "off_grid":
        raise NotCoveredError("spike_precision='off_grid'", "spikes are at the ends of steps: give 'on_grid'")
    checked = {k: v for k, v in extra.items() if k in ("mindelay", "maxdelay", "dt", "time_step")}
    common.setup(timestep, min_delay, max_delay=max_delay, **checked)
    state.begin(timestep, min_delay, max_delay, rng_seed, simulator)
    return 0


def end(compatible_output: bool = True) -> None:
    """Write what was to be written at the end."""
    for population, variables, filename in state.write_on_end:
        population.write_data(get_io(filename), variables)
    state.write_on_end = []


def reset(annotations: dict[str, Any] | None = None) -> None:
    """Go back to time 0 and the initial state, and begin a new Segment; Poisson sources draw new spikes."""
    recorders = list(state.recorders)
    _reset(annotations or {})
    for recorder in recorders:
        recorder.population.restart()


def network() -> Network:
    """Return the network that the script has described so far, not compiled: ``parallel_run`` takes it.

    In a method, populations and what they record are found by ``net.get(population.described)`` and
    ``net.get(population.monitor)``, or one of ``population.monitors``.
    """
    return state.network.copy()


def set(cells: Any, **parameters: Any) -> None:  # noqa: A001, PyNN's name
    """Set parameters of a population, a view or an assembly."""
    if not isinstance(cells, (BasePopulation, Assembly)):
        raise AttributeError("set: give a population, a view or an assembly, such as population[0:1]")
    cells.set(**parameters)


def list_standard_models() -> list[str]:
    """Return the names of the models of neurons that can be used."""
    return list(CELLS)
