"""The general adapter of PyNN's backends, run on one that is here: pyNN.nest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import numpy as np
import pytest

from workers import simulators
from workers.instance import Floats, Instance, Ints, Trace
from workers.simulators import GROUP, adapter, registered
from workers.simulators.base import SIMULTANEOUS, Simulator
from workers.simulators.pynn_ import Pynn
from workers.testing import SimulatorSuite
from workers.testing.networks import MODELS, between, cells, instance, random_network, same, told

pytest.importorskip("nest", reason="NEST is not installed: pip install nest-simulator")
pytestmark = pytest.mark.filterwarnings("ignore")  # pyNN.nest uses what NEST 3.10 deprecates


class PynnNest(Pynn):
    """pyNN.nest as any backend of PyNN.

    It cannot record v of IF_curr_delta, gives an initial w to NEST in the wrong unit, lets no source fire in
    the first step, and moves a source's spike to the next step where a difference of two floating point
    numbers is a bit too large; for the like reason the last step of a run may be missing. NEST is always one
    step ahead of PyNN's time, so that it cannot resume.
    """

    name = "pynn_nest"
    module = "nest"
    install = "pip install pyNN nest-simulator"
    backend = "nest"
    models = frozenset(MODELS) - {"IF_curr_delta"}
    features = frozenset({SIMULTANEOUS})
    options: ClassVar[Mapping[str, Any]] = {"spike_precision": "on_grid"}

    def _initial(self, state: dict[str, Any]) -> dict[str, Any]:
        return {n: v * 1000.0 if n == "w" else v for n, v in state.items()}

    def _times(self, steps: Ints) -> Floats:
        if 1 in steps:
            raise ValueError(f"simulator {self.name!r}: no source can fire in the first step")
        return super()._times(steps) - 1e-6


def or_skip(method: Callable[..., Any]) -> Callable[..., Any]:
    """Skip a test of what is refused."""

    def wrapped(*given: Any) -> Any:
        try:
            return method(*given)
        except ValueError as refused:
            if f"simulator {PynnNest.name!r}" not in str(refused):
                raise
            pytest.skip(str(refused))

    return wrapped


class Skipping(PynnNest):
    build, run, get, set = (or_skip(m) for m in (Pynn.build, Pynn.run, Pynn.get, Pynn.set))  # type: ignore[assignment]


@pytest.fixture(scope="module", autouse=True)
def _swept() -> Iterator[None]:
    """Remove the folder that pyNN.nest makes for each network."""
    from pyNN.nest import simulator

    yield
    for folder in simulator.state.tempdirs:
        shutil.rmtree(folder)
    simulator.state.tempdirs = []


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    known = {**registered(), PynnNest.name: EntryPoint(PynnNest.name, f"{__name__}:PynnNest", GROUP)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulators, "registered", lambda: known)
        adapter.cache_clear()
        yield
    adapter.cache_clear()


class TestPynnNest(SimulatorSuite):
    simulator = PynnNest.name

    def make(self) -> Simulator:
        return Skipping()

    def built(self, instance: Instance) -> Simulator:
        """Record v in each step: what PyNN does not record it does not tell."""
        return super().built(replace(instance, traces=(*instance.traces, Trace(1, "v", 1))))

    @pytest.mark.parametrize("model", ["IF_curr_exp", "EIF_cond_exp_isfa_ista"])
    def test_split_runs_give_the_same_bits_up_to_the_last_sample(self, model: str) -> None:
        """With spikes of the sources in the first run only."""
        network, stimulus = random_network(model, 0.1, 300)
        stimulus = between(stimulus, 1, 150)
        whole = self.run(network, stimulus, 300)
        assert whole[0][0].steps.max() > 150
        assert same(whole, self.run(network, stimulus, 150, 151, 158, 300))


def test_what_pynn_cannot_do_is_refused() -> None:
    simulator, spikes = PynnNest(), told((2, 0))
    with pytest.raises(ValueError, match="population cells: simulator 'pynn_nest' cannot record isyn_exc"):
        simulator.build(instance(cells("IF_curr_exp"), traces=[("v", 1), ("isyn_exc", 1)]))
    simulator.build(instance(cells("Izhikevich"), traces=[("u", 2)]))
    assert simulator.get(1, "v").tolist() == [-65.0]
    simulator.run(3, spikes)
    for variable in ("v", "u"):
        with pytest.raises(ValueError, match=f"knows {variable} only at the times.*period of 0.1 ms"):
            simulator.get(1, variable)
    with pytest.raises(
        ValueError, match=r"population sources: .*takes spikes of sources before the first run"
    ):
        simulator.run(3, told((5, 0)))
    for name in ("i_offset", "v"):
        with pytest.raises(ValueError, match=f"sets {name} before the first run only"):
            simulator.set(1, name, np.zeros(1))


def test_a_capacitance_is_set_whether_or_not_there_is_a_tau_m() -> None:
    for model in ("HH_cond_exp", "IF_cond_exp"):
        simulator = PynnNest()
        simulator.build(instance(cells(model)))
        simulator.set(1, "cm", np.array([0.3]))
        assert simulator._populations[1].get("cm") == pytest.approx(0.3)
